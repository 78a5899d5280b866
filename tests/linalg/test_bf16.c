#include "core/linalg/bf16.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "core/linalg/coretype.h"
#include "core/linalg/pack_bf16.h"
#include "tests/ending.h"
#include "tests/linalg/flushing.h"

// ====== Numbers ======

// Rounding by its definition: the nearer of the two neighbours, as exact numbers, or the even one
// of a tie. The neighbour past the largest number is 2^128, which is written as infinity.
static bf16 rounded_by_definition(float x)
{
    uint32_t bits = bits_of_float(x);
    bf16 below = (bf16)(bits >> 16), above = (bf16)(below + 1);
    if (isnan(x)) return below | 0x40;
    if (isinf(x)) return below;
    if (fabsf(x) < FLT_MIN) return below & 0x8000;
    double size = fabs((double)x), low = fabs((double)float_of_half(below));
    double high =
        (above & 0x7fff) == 0x7f80 ? 0x1p128 : fabs((double)float_of_half(above));
    if (size - low < high - size) return below;
    return size - low > high - size || below % 2 ? above : below;
}

static const uint32_t tails[] = {0, 1, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xffff};
enum { TAILS = sizeof tails / sizeof *tails, HALVES = 1 << 16 };

Test(bf16, is_the_nearest_number_ties_to_even)
{
    size_t bad = 0;
    uint32_t first = 0;
    for (uint32_t half = 0; half < HALVES; ++half)
        for (int t = 0; t < TAILS; ++t) {
            uint32_t bits = half << 16 | tails[t];
            float x = float_of_bits(bits);
            if (bf16_round(x) != rounded_by_definition(x) && !bad++) first = bits;
        }
    cr_expect(bad == 0, "%zu are off, first %#x gives %#x", bad, first,
              bf16_round(float_of_bits(first)));
}

Test(bf16, of_known_numbers)
{
    cr_expect_eq(bf16_round(1), 0x3f80);
    cr_expect_eq(bf16_round(-2.5f), 0xc020);
    cr_expect_eq(bf16_round(3.14159274f), 0x4049);
    cr_expect_eq(bf16_round(1 + 0x1p-8f), 0x3f80); // a tie, down to even
    cr_expect_eq(bf16_round(1 + 0x3p-8f), 0x3f82); // a tie, up to even
    cr_expect_eq(bf16_round(FLT_MAX), 0x7f80);
    cr_expect_eq(bf16_round(-0x1p-127f), 0x8000);
    cr_expect_eq(bf16_round(-INFINITY), 0xff80);
    cr_expect(isnan(bf16_widen(bf16_round(float_of_bits(0x7f800001)))));
    cr_expect_eq(bf16_widen(0xc020), -2.5f);
}

// What files hold: finite numbers as above, but subnormal numbers too go to their nearest
// neighbour.
Test(bf16, of_finite_numbers_keeps_subnormal_numbers)
{
    size_t bad = 0;
    for (uint32_t half = 0; half < HALVES; ++half)
        for (int t = 0; t < TAILS; ++t) {
            float x = float_of_bits(half << 16 | tails[t]);
            if (!isfinite(x)) continue;
            float got = bf16_widen(bf16_round_finite(x));
            if (fpclassify(x) == FP_SUBNORMAL)
                bad += !(fabs((double)got - (double)x) <= 0x1p-134);
            else if (x != 0)
                bad += bf16_round_finite(x) != bf16_round(x);
            else
                bad += bits_of_float(got) != bits_of_float(x);
        }
    cr_expect_eq(bad, 0);
    cr_expect_eq(bf16_round_finite(0x1.8p-133f), 2); // a tie, up to even
}

Test(bf16, widens_to_itself)
{
    size_t bad = 0;
    for (uint32_t half = 0; half < HALVES; ++half) {
        float want = float_of_half((bf16)half), got = bf16_widen((bf16)half);
        bad += bits_of_float(want) != bits_of_float(got);
        if (!isnan(want) && fpclassify(want) != FP_SUBNORMAL)
            bad += bf16_round(got) != half;
    }
    cr_expect_eq(bad, 0);
}

// ====== Kernels ======

// NULL where this build or this CPU has no such kernel.
static const struct packers *kernel_find(int number)
{
    if (number == 0) return &pack_portable;
#ifndef REAL_DOUBLE
    if (number == 1 && cpu_has_avx512()) return &pack_avx512;
    if (number == 2 && cpu_has_avx512() && __builtin_cpu_supports("avx512bf16"))
        return &pack_avx512_bf16;
#endif
    return NULL;
}

static struct criterion_test_params kernel_numbers(void)
{
    static int number[] = {0, 1, 2};
    return cr_make_param_array(int, number, 3);
}

static const struct packers *kernel_take(const char **name, int number)
{
    static const char *const names[] = {"portable", "AVX-512", "AVX-512 with BF16"};
    const struct packers *packers = kernel_find(number);
    *name = names[number];
    if (!packers)
        cr_skip_test("no kernel %s in this build or on this CPU", names[number]);
    return packers;
}

ParameterizedTestParameters(bf16, is_rounded_to_the_same_bits_by_every_kernel)
{
    return kernel_numbers();
}

ParameterizedTest(int *kernel, bf16, is_rounded_to_the_same_bits_by_every_kernel)
{
    const char *name;
    const struct packers *packers = kernel_take(&name, *kernel);
    enum { COUNT = HALVES * TAILS };
    real *x = malloc(COUNT * sizeof *x);
    bf16 *want = malloc(COUNT * sizeof *want), *got = malloc(COUNT * sizeof *got);
    for (uint32_t i = 0; i < COUNT; ++i) {
        // Conversion between floats and doubles may make a signalling NaN quiet: that is allowed.
        float number = float_of_bits(i / TAILS << 16 | tails[i % TAILS]);
        x[i] = (real)number, want[i] = bf16_round(number);
    }
    memset(got, 0xaa, COUNT * sizeof *got);
    for (size_t i = 0, n; i < COUNT; i += n) {
        n = i % 37 + 1 < COUNT - i ? i % 37 + 1 : COUNT - i;
        packers->round(got + i, x + i, n);
        if (i + n < COUNT) cr_assert_eq(got[i + n], 0xaaaa, "%s: too many", name);
    }
    cr_expect(!memcmp(got, want, COUNT * sizeof *got), "%s", name);
    free(x), free(want), free(got);
}

// Packs one block of one case, from exactly the memory that may be read; counts wrong numbers.
static size_t block_compare(const struct packers *packers, enum pack_case how,
                            int from_reals, size_t depth, size_t across)
{
    enum { LD = 35, ROW = 40, OUTSIDE = 0x1234 };
    struct rng rng = rng_open(1, PURPOSE_TEST, (uint32_t)depth, (uint32_t)across);
    size_t rows = how == PACK_TRANSPOSE ? across : depth;
    size_t columns = how == PACK_TRANSPOSE ? depth : across;
    size_t count = (rows - 1) * LD + columns, bad = 0;
    real *reals = malloc(count * sizeof *reals);
    bf16 *halves = malloc(count * sizeof *halves), out[16 * ROW];
    for (size_t x = 0; x < count; ++x) {
        reals[x] = (real)(float)(2 * rng_uniform(&rng) - 1);
        halves[x] = bf16_round((float)reals[x]);
    }
    for (size_t x = 0; x < 16 * ROW; ++x) out[x] = OUTSIDE;
    if (from_reals)
        packers->reals[how](out, ROW, reals, LD, depth, across);
    else
        packers->bf16[how](out, ROW, halves, LD, depth, across);
    for (size_t y = 0; y < 16; ++y)
        for (size_t x = 0; x < ROW; ++x) {
            // Rows are those of A, or pairs of k.
            size_t l = how == PACK_BOTH ? x : 2 * y + x % 2;
            size_t j = how == PACK_BOTH ? y : x / 2;
            bf16 want = x >= TILE_DEPTH             ? OUTSIDE
                        : l >= depth || j >= across ? 0
                        : how == PACK_TRANSPOSE     ? halves[j * LD + l]
                                                    : halves[l * LD + j];
            bad += out[y * ROW + x] != want;
        }
    free(reals), free(halves);
    return bad;
}

ParameterizedTestParameters(bf16, blocks_are_packed_alike_by_every_kernel_whole_or_not)
{
    return kernel_numbers();
}

ParameterizedTest(int *kernel, bf16,
                  blocks_are_packed_alike_by_every_kernel_whole_or_not)
{
    const char *name;
    const struct packers *packers = kernel_take(&name, *kernel);
    for (int how = 0; how < PACK_CASES; ++how)
        for (int from_reals = 0; from_reals < 2; ++from_reals)
            for (size_t depth = 1; depth <= 32; ++depth)
                for (size_t across = 1; across <= 16; ++across) {
                    size_t bad = block_compare(packers, how, from_reals, depth, across);
                    cr_assert(bad == 0, "%s, case %d from %s, %zu x %zu: %zu off", name,
                              how, from_reals ? "reals" : "bf16", depth, across, bad);
                }
}

// ====== Operands ======

static void *take(size_t numbers)
{
    return aligned_alloc(OPERAND_ALIGNMENT, (numbers * sizeof(bf16) + 63) / 64 * 64);
}

// A stored matrix (rows,columns) in both kinds of numbers, NaN between its rows.
struct stored {
    real *reals;
    bf16 *halves;
    size_t ld;
};

static struct stored stored_make(size_t rows, size_t columns)
{
    struct stored it = {.ld = columns + 3};
    struct rng rng = rng_open(2, PURPOSE_TEST, (uint32_t)rows, (uint32_t)columns);
    size_t count = rows * it.ld - 3;
    it.reals = malloc(count * sizeof *it.reals);
    it.halves = malloc(count * sizeof *it.halves);
    for (size_t x = 0; x < count; ++x) {
        int inside = x % it.ld < columns;
        it.reals[x] = inside ? (real)(float)(2 * rng_uniform(&rng) - 1) : (real)NAN;
        it.halves[x] = bf16_round((float)it.reals[x]);
    }
    return it;
}

static const size_t shapes[][2] = {{1, 1},   {2, 3},   {16, 32}, {17, 33},  {15, 31},
                                   {33, 16}, {48, 65}, {65, 64}, {130, 192}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

// Expects `got` to be the operand (length,k) of what was stored: element (i,l) at the index that
// the layout defines, zeros elsewhere.
static void expect_operand(int line, const bf16 *got, size_t size, int is_b,
                           size_t length, size_t k, struct stored from, int k_in_rows)
{
    size_t bad = 0, k_padded = (k + 31) / 32 * 32;
    size_t padded = is_b ? (length + 31) / 32 * 32 : (length + 15) / 16 * 16;
    cr_assert_eq(size, padded * k_padded, "line %d", line);
    for (size_t i = 0; i < padded; ++i)
        for (size_t l = 0; l < k_padded; ++l) {
            size_t at = is_b ? i / 16 * (16 * k_padded) + l / 32 * 512 +
                                   l % 32 / 2 * 32 + i % 16 * 2 + l % 2
                             : i * k_padded + l;
            bf16 want = i >= length || l >= k ? 0
                        : k_in_rows           ? from.halves[i * from.ld + l]
                                              : from.halves[l * from.ld + i];
            bad += got[at] != want;
        }
    cr_expect(bad == 0, "line %d: %zu of an operand %zu x %zu are off", line, bad,
              length, k);
}

Test(bf16, operand_a_is_rows_padded_with_zeros)
{
    for (size_t x = 0; x < SHAPES; ++x)
        for (int op = PLAIN; op <= TRANSPOSED; ++op) {
            size_t m = shapes[x][0], k = shapes[x][1], size = operand_a_bf16_size(m, k);
            struct stored a = op == PLAIN ? stored_make(m, k) : stored_make(k, m);
            bf16 *storage = take(size);
            for (int from_reals = 0; from_reals < 2; ++from_reals) {
                memset(storage, 0xaa, size * sizeof *storage);
                struct operand_a got =
                    from_reals ? operand_a_from_reals(storage, a.reals, a.ld, op, m, k)
                               : operand_a_from_bf16(storage, a.halves, a.ld, op, m, k);
                cr_expect(got.data == storage && got.row == operand_a_bf16_row(k));
                expect_operand(__LINE__, storage, size, 0, m, k, a, op == PLAIN);
            }
            free(a.reals), free(a.halves), free(storage);
        }
}

Test(bf16, operand_b_is_tiles_of_pairs_padded_with_zeros)
{
    for (size_t x = 0; x < SHAPES; ++x)
        for (int op = PLAIN; op <= TRANSPOSED; ++op) {
            size_t n = shapes[x][0], k = shapes[x][1], size = operand_b_bf16_size(k, n);
            struct stored b = op == PLAIN ? stored_make(k, n) : stored_make(n, k);
            bf16 *storage = take(size);
            for (int from_reals = 0; from_reals < 2; ++from_reals) {
                memset(storage, 0xaa, size * sizeof *storage);
                struct operand_b got =
                    from_reals ? operand_b_from_reals(storage, b.reals, b.ld, op, k, n)
                               : operand_b_from_bf16(storage, b.halves, b.ld, op, k, n);
                cr_expect(got.data == storage && got.row == TILE_DEPTH &&
                          got.panel == 16 * operand_a_bf16_row(k));
                expect_operand(__LINE__, storage, size, 1, n, k, b, op == TRANSPOSED);
            }
            free(b.reals), free(b.halves), free(storage);
        }
}

Test(bf16, rows_are_rounded_and_padded_inside_a_larger_matrix)
{
    enum { ROWS = 5, COLUMNS = 19, PADDED = 24, LD = 30, OUTSIDE = 0x1234 };
    struct stored x = stored_make(ROWS, COLUMNS);
    bf16 y[ROWS * LD];
    for (size_t i = 0; i < ROWS * LD; ++i) y[i] = OUTSIDE;
    bf16_from_reals(y, LD, x.reals, x.ld, ROWS, COLUMNS, PADDED);
    for (size_t i = 0; i < ROWS * LD; ++i) {
        size_t row = i / LD, column = i % LD;
        bf16 want = column < COLUMNS  ? x.halves[row * x.ld + column]
                    : column < PADDED ? 0
                                      : OUTSIDE;
        cr_assert_eq(y[i], want, "row %zu, column %zu", row, column);
    }
    free(x.reals), free(x.halves);
}

BREAKS(bf16, operands_need_aligned_storage,
       "rows > 0 && columns > 0 && (uintptr_t)storage % OPERAND_ALIGNMENT == 0")
{
    static bf16 storage[2 * TILE_NUMBERS + 1] __attribute__((aligned(64)));
    static const real b[1] = {1};
    operand_b_from_reals(storage + 1, b, 1, PLAIN, 1, 1);
}

BREAKS(bf16, padding_is_no_narrower_than_the_matrix, "columns <= padded")
{
    static const real x[4] = {1};
    bf16 y[4];
    bf16_from_reals(y, 4, x, 4, 1, 4, 3);
}
