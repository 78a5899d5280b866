#include "core/linalg/peak.h"

#include <pthread.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/linalg/amx.h"
#include "core/linalg/bf16.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm_bf16.h"

// Instructions between two looks at the clock: some tens of microseconds.
enum { VECTOR_ROUND = 96 * 1024, TILE_ROUND = 2 * 1024 };

// Chains in registers from 0 on, more than a CPU has instructions in flight: of multiply-adds
// x <- a x + b ten, where two start a cycle and take five; of VDPBF16PS, x <- x + a b over pairs,
// twelve, where two start a cycle and take six. In assembly, so that neither the compiler nor its
// options matter.
enum { FMA_CHAINS = 12, DOT_CHAINS = 24, LANES = 16 };

static const float numbers[DOT_CHAINS][LANES] = {
    [0 ... DOT_CHAINS - 1] = {.31f, .97f, 1.83f, .59f, .12f, 1.41f, .26f, .73f, 1.09f,
                              .47f, .88f, .05f, 1.62f, .38f, .21f, 1.17f},
};
static const float factors[2][LANES] = {
    [0] = {[0 ... LANES - 1] = -.743f}, [1] = {[0 ... LANES - 1] = 1.318f}};
static bf16 operand[4][TILE_NUMBERS] __attribute__((aligned(64)));

static void operands_fill(void)
{
    for (int f = 0; f < 4; ++f)
        for (int i = 0; i < TILE_NUMBERS; ++i)
            operand[f][i] = bf16_round((float)((i * 37 + f * 11) % 101 - 50) * 0.0173f);
}

// clang-format off
#define TWELVE(DO, set)                                                                \
    DO(set, 0) DO(set, 1) DO(set, 2) DO(set, 3) DO(set, 4) DO(set, 5)                  \
    DO(set, 6) DO(set, 7) DO(set, 8) DO(set, 9) DO(set, 10) DO(set, 11)
#define TWICE_TWELVE(DO, set) TWELVE(DO, set)                                          \
    DO(set, 12) DO(set, 13) DO(set, 14) DO(set, 15) DO(set, 16) DO(set, 17)            \
    DO(set, 18) DO(set, 19) DO(set, 20) DO(set, 21) DO(set, 22) DO(set, 23)
#define LOAD(set, i) "vmovups 64*" #i "(%[numbers]), %%" #set #i "\n\t"
#define FMA(set, i)  "vfmadd213ps %%" #set "13, %%" #set "12, %%" #set #i "\n\t"
#define DOT(set, i)  "vdpbf16ps %%" #set "25, %%" #set "24, %%" #set #i "\n\t"
#define LOW_REGISTERS                                                                  \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",    \
    "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define HIGH_REGISTERS                                                                 \
    "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",   \
    "xmm25"
// name(): VECTOR_ROUND instructions CHAIN on the registers of EACH, x and y in those called left
// and right.
#define ROUND(name, set, EACH, chains, CHAIN, x, y, left, right, ...)                  \
    static void name(void)                                                             \
    {                                                                                  \
        long times = VECTOR_ROUND / chains;                                            \
        __asm__ volatile("vmovups (%[a]), %%" #set #left "\n\t"                        \
                         "vmovups (%[b]), %%" #set #right "\n\t"                       \
                         EACH(LOAD, set)                                               \
                         "1:\n\t"                                                      \
                         EACH(CHAIN, set)                                              \
                         "dec %[times]\n\t"                                            \
                         "jnz 1b\n\t"                                                  \
                         "vzeroupper"                                                  \
                         : [times] "+r"(times)                                         \
                         : [numbers] "r"(numbers), [a] "r"(x), [b] "r"(y),             \
                           "m"(numbers), "m"(factors), "m"(operand)                    \
                         : "cc", __VA_ARGS__);                                         \
    }
// clang-format on
// The attribute lets the high registers be named.
__attribute__((target("avx512f"))) static void round_dot(void);
ROUND(round_dot, zmm, TWICE_TWELVE, DOT_CHAINS, DOT, operand[0], operand[1], 24, 25,
      LOW_REGISTERS, HIGH_REGISTERS)
ROUND(round_avx512, zmm, TWELVE, FMA_CHAINS, FMA, factors[0], factors[1], 12, 13,
      LOW_REGISTERS)
ROUND(round_avx2, ymm, TWELVE, FMA_CHAINS, FMA, factors[0], factors[1], 12, 13,
      LOW_REGISTERS)

// Four sums, of two tiles of A and two of B; each sum is complete before it is needed again.
static void round_amx(void)
{
    amx_configure();
    AMX_LOAD(4, operand[0], 64);
    AMX_LOAD(5, operand[1], 64);
    AMX_LOAD(6, operand[2], 64);
    AMX_LOAD(7, operand[3], 64);
    AMX_ZERO(0);
    AMX_ZERO(1);
    AMX_ZERO(2);
    AMX_ZERO(3);
    for (int r = 0; r < TILE_ROUND / 4; ++r) {
        AMX_MULTIPLY(0, 4, 6);
        AMX_MULTIPLY(1, 4, 7);
        AMX_MULTIPLY(2, 5, 6);
        AMX_MULTIPLY(3, 5, 7);
    }
}

struct kernel {
    const char *instruction;
    void (*round)(void);
    double flops; // of a round
};

static struct kernel kernel_choose(enum arithmetic arithmetic)
{
    const double tile = 2. * TILE_SIDE * TILE_NUMBERS, dot = 4 * LANES,
                 fma512 = 2 * LANES, fma256 = LANES;
    if (arithmetic == BF16 && amx_available())
        return (struct kernel){"AMX", round_amx, TILE_ROUND * tile};
    if (arithmetic == BF16_DOT && dot_available())
        return (struct kernel){"AVX512-BF16", round_dot, VECTOR_ROUND * dot};
    if (arithmetic == FP32 && cpu_has_avx512())
        return (struct kernel){"AVX-512", round_avx512, VECTOR_ROUND * fma512};
    if (arithmetic == FP32 && cpu_has_avx2())
        return (struct kernel){"AVX2", round_avx2, VECTOR_ROUND * fma256};
    return (struct kernel){"none", NULL, 0};
}

const char *peak_instruction(enum arithmetic arithmetic)
{
    return kernel_choose(arithmetic).instruction;
}

struct probe {
    struct kernel kernel;
    double seconds;
    pthread_barrier_t ready;
};

struct prober {
    struct probe *probe;
    pthread_t thread;
    double rate; // flops a second
};

// Each thread's rate is the median over windows: one in which it was held up does not count.
enum { WINDOWS = 5 };

static void *probe_main(void *argument)
{
    struct prober *prober = argument;
    const struct probe *probe = prober->probe;
    double rates[WINDOWS] = {0};
    probe->kernel.round(); // wakes the core's wide units
    pthread_barrier_wait(&prober->probe->ready);
    for (int w = 0; w < WINDOWS; ++w) {
        double start = clock_seconds(), spent, rounds = 0;
        do {
            probe->kernel.round();
            ++rounds;
        } while ((spent = clock_seconds() - start) < probe->seconds / WINDOWS);
        double rate = rounds * probe->kernel.flops / spent;
        int i = w;
        for (; i > 0 && rates[i - 1] > rate; --i) rates[i] = rates[i - 1];
        rates[i] = rate;
    }
    prober->rate = rates[WINDOWS / 2];
    return NULL;
}

enum { THREADS_MOST = 256 };

double peak_rate(enum arithmetic arithmetic, int threads, double seconds)
{
    require(threads > 0 && threads <= THREADS_MOST, "%d threads", threads);
    struct probe probe = {.kernel = kernel_choose(arithmetic), .seconds = seconds};
    if (!probe.kernel.round) return 0;
    operands_fill();
    struct prober prober[THREADS_MOST] = {{.probe = &probe}};
    pthread_barrier_init(&probe.ready, NULL, (unsigned)threads);
    for (int t = 1; t < threads; ++t) {
        prober[t].probe = &probe;
        int error = pthread_create(&prober[t].thread, NULL, probe_main, &prober[t]);
        if (error)
            die(EXIT_SYSTEM, "thread %d of %d: %s (use fewer: THREADS=%d)", t + 1,
                threads, strerror(error), t);
    }
    probe_main(&prober[0]);
    double sum = prober[0].rate;
    for (int t = 1; t < threads; ++t) {
        pthread_join(prober[t].thread, NULL);
        sum += prober[t].rate;
    }
    pthread_barrier_destroy(&probe.ready);
    return sum;
}
