#include "tests/linalg/amx_emulator.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "core/linalg/amx.h"
#include "tests/linalg/flushing.h"

enum { TILES = 8, ROWS = 16, ROW_BYTES = 64 };

// What ldtilecfg reads: palette, start row, bytes to a row and rows of each tile.
struct configuration {
    uint8_t palette, start_row, zeros[14];
    uint16_t bytes[16];
    uint8_t rows[16];
};

static _Thread_local struct configuration configuration;
static _Thread_local uint8_t tiles[TILES][ROWS][ROW_BYTES];
static atomic_ulong emulated;

static void expect(int holds, const char *what)
{
    if (holds) return;
    write(STDERR_FILENO, "amx emulator: ", 14);
    write(STDERR_FILENO, what, strlen(what));
    write(STDERR_FILENO, "\n", 1);
    abort();
}

// ====== Decoding ======

// A VEX instruction of the map 0F38 with its operands.
struct instruction {
    int prefix, opcode;      // implied prefix: none, 66, F3, F2 as 0..3
    int reg, rm, vvvv, w, l; // registers by the fields that name them
    int in_memory;           // rm is an operand in memory
    uintptr_t address;       // of which: base and displacement, or all
    intptr_t index;          // scaled index register, of a tile's rows the stride
    size_t length;
};

static intptr_t register_of(const ucontext_t *context, int number)
{
    static const int order[16] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    return (intptr_t)context->uc_mcontext.gregs[order[number]];
}

static int32_t read_32(const uint8_t *at)
{
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

// The operand in memory, from the ModRM byte at `at`; returns how many bytes it has after ModRM.
static size_t decode_memory(struct instruction *it, const ucontext_t *context,
                            const uint8_t *at, int x, int b)
{
    int mod = at[0] >> 6, low = at[0] & 7, base = low | b << 3, based = 1;
    size_t used = 0;
    if (low == 4) {
        int sib = at[++used], index = (sib >> 3 & 7) | x << 3;
        if (index != 4) it->index = register_of(context, index) * (1 << (sib >> 6));
        low = sib & 7, base = low | b << 3;
        based = !(low == 5 && mod == 0);
    }
    int relative = used == 0 && low == 5 && mod == 0; // to the next instruction
    intptr_t sum = based && !relative ? register_of(context, base) : 0;
    if (mod == 1) {
        sum += (int8_t)at[1 + used];
        used += 1;
    } else if (mod == 2 || relative || !based) {
        sum += read_32(at + 1 + used);
        used += 4;
    }
    // No immediate follows, so that the instruction ends here.
    if (relative) sum += (intptr_t)(at + 1 + used);
    it->address = (uintptr_t)sum;
    return used;
}

static int decode(struct instruction *it, const ucontext_t *context)
{
    const uint8_t *code =
        (const uint8_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    *it = (struct instruction){0};
    if (code[0] != 0xc4 || (code[1] & 0x1f) != 2) return 0;
    int r = !(code[1] & 0x80), x = !(code[1] & 0x40), b = !(code[1] & 0x20);
    it->w = code[2] >> 7, it->l = code[2] >> 2 & 1, it->prefix = code[2] & 3;
    it->vvvv = ~(code[2] >> 3) & 15;
    it->opcode = code[3];
    it->reg = (code[4] >> 3 & 7) | r << 3, it->rm = (code[4] & 7) | b << 3;
    it->in_memory = code[4] >> 6 != 3;
    it->length = 5;
    if (it->in_memory) it->length += decode_memory(it, context, code + 4, x, b);
    return it->w == 0 && it->l == 0;
}

// ====== Executing ======

static void configure(const struct configuration *wanted)
{
    static const uint8_t zeros[14];
    expect(wanted->palette == 1 && wanted->start_row == 0, "palette 1 from row 0");
    expect(!memcmp(wanted->zeros, zeros, sizeof zeros), "reserved bytes are 0");
    for (int t = 0; t < 16; ++t)
        expect(wanted->rows[t] <= (t < TILES ? ROWS : 0) &&
                   wanted->bytes[t] <= (t < TILES ? ROW_BYTES : 0),
               "8 tiles of at most 16 rows of 64 bytes");
    configuration = *wanted;
    memset(tiles, 0, sizeof tiles);
}

static void use(int tile)
{
    expect(configuration.palette == 1, "this thread has not configured its tiles");
    expect(tile < TILES && configuration.rows[tile] && configuration.bytes[tile],
           "no such tile");
}

static void load(int tile, uintptr_t base, intptr_t stride)
{
    use(tile);
    memset(tiles[tile], 0, sizeof tiles[tile]);
    for (int i = 0; i < configuration.rows[tile]; ++i)
        memcpy(tiles[tile][i], (const void *)(base + (uintptr_t)(i * stride)),
               configuration.bytes[tile]);
}

static void store(uintptr_t base, intptr_t stride, int tile)
{
    use(tile);
    for (int i = 0; i < configuration.rows[tile]; ++i)
        memcpy((void *)(base + (uintptr_t)(i * stride)), tiles[tile][i],
               configuration.bytes[tile]);
}

static float number(const uint8_t *row, int i)
{
    uint16_t half;
    memcpy(&half, row + 2 * i, sizeof half);
    return float_of_half(half);
}

// TDPBF16PS c, a, b. Each row of a, and each column of b, is a sequence of pairs.
static void multiply(int c, int a, int b)
{
    use(c), use(a), use(b);
    expect(c != a && c != b && a != b, "three different tiles");
    expect(configuration.rows[c] == configuration.rows[a] &&
               configuration.bytes[c] == configuration.bytes[b] &&
               configuration.bytes[a] == 4 * configuration.rows[b],
           "tiles that fit each other");
    for (int m = 0; m < configuration.rows[c]; ++m)
        for (int n = 0; n < configuration.bytes[c] / 4; ++n) {
            float first = 0, second = 0, sum;
            for (int k = 0; k < configuration.rows[b]; ++k) {
                first = fma_flushed(number(tiles[a][m], 2 * k),
                                    number(tiles[b][k], 2 * n), first);
                second = fma_flushed(number(tiles[a][m], 2 * k + 1),
                                     number(tiles[b][k], 2 * n + 1), second);
            }
            memcpy(&sum, tiles[c][m] + 4 * n, sizeof sum);
            sum = add_flushed(sum, add_flushed(first, second));
            memcpy(tiles[c][m] + 4 * n, &sum, sizeof sum);
        }
}

// Opcode, implied prefix and kind of operand name the instruction; 0 for none of ours.
static int execute(const struct instruction *it)
{
    enum { NONE, P66, PF3, PF2 };
    int name = it->opcode << 8 | it->prefix << 4 | it->in_memory;
    if (name == (0x49 << 8 | NONE << 4 | 1) && it->reg == 0)
        configure((const struct configuration *)it->address);
    else if (name == (0x49 << 8 | P66 << 4 | 1) && it->reg == 0)
        memcpy((void *)it->address, &configuration, sizeof configuration);
    else if (name == (0x49 << 8 | NONE << 4 | 0) && it->reg == 0 && it->rm == 0)
        memset(&configuration, 0, sizeof configuration);
    else if (name == (0x49 << 8 | PF2 << 4 | 0) && it->rm == 0) {
        use(it->reg);
        memset(tiles[it->reg], 0, sizeof tiles[it->reg]);
    } else if (name == (0x4b << 8 | PF2 << 4 | 1))
        load(it->reg, it->address, it->index);
    else if (name == (0x4b << 8 | PF3 << 4 | 1))
        store(it->address, it->index, it->reg);
    else if (name == (0x5c << 8 | PF3 << 4 | 0))
        multiply(it->reg, it->rm, it->vvvv);
    else
        return 0;
    return 1;
}

static void refused(int signal_number, siginfo_t *information, void *where)
{
    (void)information;
    ucontext_t *context = where;
    struct instruction it;
    _mm_setcsr(
        0x1f80); // tiles do not look at the mode; it is the thread's own again afterwards
    if (!decode(&it, context) || !execute(&it)) {
        signal(signal_number, SIG_DFL); // not ours: it is met again, and kills
        return;
    }
    atomic_fetch_add(&emulated, 1);
    context->uc_mcontext.gregs[REG_RIP] += (greg_t)it.length;
}

void amx_emulate(void)
{
    if (amx_available()) return;
    struct sigaction action = {.sa_sigaction = refused, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    expect(sigaction(SIGILL, &action, NULL) == 0, "cannot handle SIGILL");
    amx_assume(1);
}

unsigned long amx_emulated(void)
{
    return atomic_load(&emulated);
}
