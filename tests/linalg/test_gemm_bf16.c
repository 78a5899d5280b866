#include "core/linalg/gemm_bf16.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "core/linalg/amx.h"
#include "core/linalg/product.h"
#include "tests/ending.h"

#ifdef REAL_DOUBLE

BREAKS(gemm_bf16, is_refused_in_the_double_build, "sizeof(real) == sizeof(float)")
{
    static real c[1];
    static bf16 a[TILE_NUMBERS], b[2 * TILE_NUMBERS];
    product(c, 1, operand_a_bf16(a, TILE_DEPTH),
            (struct operand_b){b, TILE_DEPTH, TILE_NUMBERS}, BF16, 1, 1, 1, 0);
}

#else

#include <pthread.h>
#include <stdlib.h>
#include <xmmintrin.h>

#include "core/base/rng.h"
#include "core/linalg/coretype.h"
#include "tests/linalg/amx_emulator.h"
#include "tests/linalg/flushing.h"

// ====== Operands and results ======

// The numbers of an operand. SMALL: products are near the subnormal numbers; ANY: random bits.
enum numbers { UNIFORM, SMALL, ANY, KINDS };

static bf16 draw(struct rng *rng, enum numbers kind)
{
    uint32_t bits = rng_bits(rng);
    static const bf16 rare[] = {0,      0x8000, 0x0001, 0x807f,
                                0x0080, 0x8080, 0x7f80, 0xff80};
    if (kind == UNIFORM) return bf16_round((float)(2 * rng_uniform(rng) - 1));
    if (kind == ANY)
        return bits % 16 ? (bf16)(bits >> 16) : rare[(bits >> 16) % (sizeof rare / 2)];
    // Exponents about -63, so that products have about -126; a few zeros and subnormal numbers.
    if (bits % 16 == 0) return rare[(bits >> 16) % 6];
    return (bf16)((bits >> 16 & 0x807f) | (127 - 66 + (bits >> 8) % 6) << 7);
}

static float draw_float(struct rng *rng, enum numbers kind)
{
    if (kind == UNIFORM) return (float)(2 * rng_uniform(rng) - 1);
    uint32_t low = rng_bits(rng) & 0xffff;
    float x = float_of_bits((uint32_t)draw(rng, kind) << 16 | low);
    return kind == SMALL ? x * 0x1p-62f : x;
}

// A product, its operands and its result. Past the columns in use A has finite numbers (zeros
// where a sum may be a zero, whose sign they could flip), past its last row nothing. C has guards
// around it.
struct made {
    size_t m, n, k, row, panel, ldc;
    bf16 *a_storage, *b_storage;
    float *c_storage;
    const bf16 *a, *b; // as the kernels get them
    float *start;      // C before, with guards
    float *c;          // in c_storage
};
enum { GUARD = 5 };
static const float GUARDED = -1234.5f;

static size_t c_size(const struct made *it)
{
    return (it->m + 2) * it->ldc;
}

static void *take(size_t count, size_t size)
{
    return aligned_alloc(64, (count * size + 63) / 64 * 64);
}

// The index of element (l,j) of operand B, as bf16.h defines it.
static size_t b_index(size_t panel, size_t l, size_t j)
{
    return j / 16 * panel + l / 32 * 512 + l % 32 / 2 * 32 + j % 16 * 2 + l % 2;
}

// `column`, `group`: where the slices begin in larger operands.
static void make(struct made *it, size_t m, size_t n, size_t k, enum numbers kind,
                 size_t column, size_t group, uint32_t seed)
{
    struct rng rng = rng_open(seed, PURPOSE_TEST, 0, 7);
    *it = (struct made){.m = m, .n = n, .k = k, .ldc = n + 2 * GUARD};
    size_t k_padded = operand_a_bf16_row(k);
    it->row = column + k_padded;
    it->panel = k_padded * 16;
    size_t groups = group + (n + 31) / 32 * 2;
    it->a_storage = take(m * it->row, sizeof(bf16));
    it->b_storage = take(groups * it->panel, sizeof(bf16));
    it->c_storage = take(c_size(it), sizeof(float));
    it->start = take(c_size(it), sizeof(float));
    for (size_t i = 0; i < m; ++i)
        for (size_t l = 0; l < it->row; ++l)
            it->a_storage[i * it->row + l] =
                l < column + k || kind == UNIFORM ? draw(&rng, kind) : 0;
    for (size_t x = 0; x < groups * it->panel; ++x) it->b_storage[x] = 0;
    for (size_t j = 0; j < n; ++j)
        for (size_t l = 0; l < k; ++l)
            it->b_storage[b_index(it->panel, l, j + 16 * group)] = draw(&rng, kind);
    for (size_t x = 0; x < c_size(it); ++x) it->start[x] = GUARDED;
    for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < n; ++j)
            it->start[(i + 1) * it->ldc + GUARD + j] = draw_float(&rng, kind);
    it->a = it->a_storage + column;
    it->b = it->b_storage + group * it->panel;
    it->c = it->c_storage + it->ldc + GUARD;
}

static void unmake(struct made *it)
{
    free(it->a_storage), free(it->b_storage), free(it->c_storage), free(it->start);
}

// ====== The definition in bf16.h, number by number ======

// The factors of number l of a sum; zeros past k.
struct factors {
    float a, b;
};

static struct factors factors(const struct made *it, size_t i, size_t j, size_t l)
{
    if (l >= it->k) return (struct factors){0, 0};
    return (struct factors){float_of_half(it->a[i * it->row + l]),
                            float_of_half(it->b[b_index(it->panel, l, j)])};
}

static float tile_sum(const struct made *it, size_t i, size_t j, float c)
{
    for (size_t first = 0; first < it->k; first += 32) {
        float s[2] = {0, 0};
        for (size_t l = first; l < first + 32; ++l) {
            struct factors f = factors(it, i, j, l);
            s[l % 2] = fma_flushed(f.a, f.b, s[l % 2]);
        }
        c = add_flushed(c, add_flushed(s[0], s[1]));
    }
    return c;
}

static float dot_sum(const struct made *it, size_t i, size_t j, float c)
{
    for (size_t l = 0; l < it->k; l += 2) {
        struct factors even = factors(it, i, j, l), odd = factors(it, i, j, l + 1);
        c = fma_flushed(odd.a, odd.b, c);
        c = fma_flushed(even.a, even.b, c);
    }
    return c;
}

// An array like c_storage.
static float *defined(const struct made *it, enum arithmetic arithmetic, int accumulate)
{
    float *result = take(c_size(it), sizeof(float));
    memcpy(result, it->start, c_size(it) * sizeof *result);
    for (size_t i = 0; i < it->m; ++i)
        for (size_t j = 0; j < it->n; ++j) {
            float *c_ij = result + (i + 1) * it->ldc + GUARD + j;
            float c = accumulate ? *c_ij : 0;
            *c_ij = arithmetic == BF16 ? tile_sum(it, i, j, c) : dot_sum(it, i, j, c);
        }
    return result;
}

// ====== Paths ======

static const struct path {
    enum arithmetic arithmetic;
    const char *name;
} paths[] = {
    {BF16, "portable"},     {BF16, "AVX2"},
    {BF16, "AVX-512"},      {BF16, "AMX"},
    {BF16_DOT, "portable"}, {BF16_DOT, "AVX2"},
    {BF16_DOT, "AVX-512"},  {BF16_DOT, "AVX512-BF16"},
};
enum { PATHS = sizeof paths / sizeof *paths, FIRST_DOT = 4 };

// Whether this machine runs the path; AMX always runs, if necessary in the emulator.
static int runs(const struct path *path)
{
    if (!strcmp(path->name, "AMX")) amx_emulate();
    if (!strcmp(path->name, "AVX512-BF16")) return cpu_has_avx512_bf16();
    if (!strcmp(path->name, "AVX2")) return cpu_has_avx2();
    return strcmp(path->name, "AVX-512") != 0 || cpu_has_avx512();
}

static struct criterion_test_params path_numbers(size_t first)
{
    static int number[] = {0, 1, 2, 3, 4, 5, 6, 7};
    _Static_assert(sizeof number / sizeof *number == PATHS, "a number for each path");
    return cr_make_param_array(int, number + first, PATHS - first);
}

// A test of each path from number `first` on, one by one; those that this CPU lacks are skipped.
#define PATH_TEST(test, first)                                                         \
    static void test(const struct path *path);                                         \
    ParameterizedTestParameters(gemm_bf16, test)                                       \
    {                                                                                  \
        return path_numbers(first);                                                    \
    }                                                                                  \
    ParameterizedTest(int *number, gemm_bf16, test)                                    \
    {                                                                                  \
        const struct path *path = &paths[*number];                                     \
        if (!runs(path)) cr_skip_test("this CPU has no %s", path->name);               \
        test(path);                                                                    \
    }                                                                                  \
    static void test(const struct path *path)

static void multiply_now(const struct made *it, enum arithmetic arithmetic,
                         int accumulate)
{
    product(it->c, it->ldc, operand_a_bf16(it->a, it->row),
            (struct operand_b){it->b, TILE_DEPTH, it->panel}, arithmetic, it->m, it->n,
            it->k, accumulate);
}

static void multiply(const struct made *it, const struct path *path, int accumulate)
{
    cr_assert(gemm_bf16_path_use(path->arithmetic, path->name), "%s", path->name);
    memcpy(it->c_storage, it->start, c_size(it) * sizeof *it->c_storage);
    multiply_now(it, path->arithmetic, accumulate);
}

// All NaNs count as the same: which one results depends on the order of operands.
static int same(float x, float y)
{
    return bits_of_float(x) == bits_of_float(y) || (isnan(x) && isnan(y));
}

static void expect_same(int line, const struct path *path, const struct made *it,
                        const float *want, int accumulate)
{
    size_t bad = 0, first = 0;
    for (size_t x = 0; x < c_size(it); ++x)
        if (!same(it->c_storage[x], want[x]) && !bad++) first = x;
    cr_expect(
        bad == 0,
        "line %d: %s by %s, %zu x %zu x %zu, accumulate %d: %zu of %zu differ, first "
        "%a for %a at row %zd, column %zd",
        line, arithmetic_name(path->arithmetic), path->name, it->m, it->n, it->k,
        accumulate, bad, c_size(it), (double)it->c_storage[first], (double)want[first],
        (ssize_t)(first / it->ldc) - 1, (ssize_t)(first % it->ldc) - GUARD);
}

static void expect_definition(int line, const struct path *path, size_t m, size_t n,
                              size_t k, enum numbers kind, size_t column, size_t group,
                              uint32_t seed)
{
    struct made it;
    make(&it, m, n, k, kind, column, group, seed);
    for (int accumulate = 0; accumulate < 2; ++accumulate) {
        float *want = defined(&it, path->arithmetic, accumulate);
        multiply(&it, path, accumulate);
        expect_same(line, path, &it, want, accumulate);
        free(want);
    }
    unmake(&it);
}

PATH_TEST(equals_the_definition_at_every_edge, 0)
{
    static const size_t sides[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 63, 65};
    static const size_t depths[] = {1, 2, 31, 32, 33, 64, 65};
    enum {
        SIDES = sizeof sides / sizeof *sides,
        DEPTHS = sizeof depths / sizeof *depths
    };
    uint32_t seed = 0;
    for (size_t x = 0; x < SIDES; ++x)
        for (size_t y = 0; y < SIDES; ++y, ++seed)
            expect_definition(__LINE__, path, sides[x], sides[y], depths[seed % DEPTHS],
                              (enum numbers)(seed % KINDS), 0, 0, seed);
}

PATH_TEST(equals_the_definition_on_random_shapes, 0)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, 0);
    for (uint32_t seed = 0; seed < 40; ++seed)
        expect_definition(__LINE__, path, 1 + rng_below(&rng, 70),
                          1 + rng_below(&rng, 70), 1 + rng_below(&rng, 200),
                          (enum numbers)(seed % KINDS), 0, 0, 100 + seed);
}

PATH_TEST(takes_slices_of_larger_operands, 0)
{
    struct rng rng = rng_open(4, PURPOSE_TEST, 0, 0);
    for (uint32_t seed = 0; seed < 12; ++seed)
        expect_definition(__LINE__, path, 1 + rng_below(&rng, 40),
                          1 + rng_below(&rng, 40), 1 + rng_below(&rng, 70), UNIFORM,
                          32 * rng_below(&rng, 4), rng_below(&rng, 4), 200 + seed);
}

// Shapes of the model: projections, the MLP, one head's scores and values, patches, weight
// gradients.
static const size_t model_shapes[][3] = {
    {65, 576, 192}, {65, 768, 192}, {65, 192, 768}, {65, 65, 64},
    {65, 64, 65},   {65, 192, 48},  {48, 192, 65},  {192, 192, 130},
};
enum { MODEL_SHAPES = sizeof model_shapes / sizeof *model_shapes };

PATH_TEST(agrees_with_plain_c_on_the_models_shapes, 0)
{
    const struct path portable = {path->arithmetic, "portable"};
    for (size_t x = 0; x < MODEL_SHAPES; ++x) {
        struct made it;
        make(&it, model_shapes[x][0], model_shapes[x][1], model_shapes[x][2], UNIFORM,
             0, 0, (uint32_t)x);
        float *want = take(c_size(&it), sizeof(float));
        for (int accumulate = 0; accumulate < 2; ++accumulate) {
            multiply(&it, &portable, accumulate);
            memcpy(want, it.c_storage, c_size(&it) * sizeof *want);
            multiply(&it, path, accumulate);
            expect_same(__LINE__, path, &it, want, accumulate);
        }
        free(want), unmake(&it);
    }
}

// ====== Properties ======

PATH_TEST(of_a_row_does_not_depend_on_the_other_rows, 0)
{
    struct made it;
    make(&it, 70, 33, 100, UNIFORM, 0, 0, 1);
    float *want = take(c_size(&it), sizeof(float));
    multiply(&it, path, 0);
    memcpy(want, it.c_storage, c_size(&it) * sizeof *want);
    for (size_t i = 0, rows; i < it.m; i += rows) {
        rows = 1 + i % 5 * 4 < it.m - i ? 1 + i % 5 * 4 : it.m - i;
        product(it.c + i * it.ldc, it.ldc, operand_a_bf16(it.a + i * it.row, it.row),
                (struct operand_b){it.b, TILE_DEPTH, it.panel}, path->arithmetic, rows,
                it.n, it.k, 0);
    }
    expect_same(__LINE__, path, &it, want, 0);
    free(want), unmake(&it);
}

PATH_TEST(does_not_depend_on_the_threads_mode_and_restores_it, 0)
{
    enum { USUAL = 0x1f80, UPWARD = 0x4000, FLUSHING = 0x8040, FLAGS = 0x3f };
    static const unsigned modes[] = {USUAL, USUAL | UPWARD, USUAL | FLUSHING};
    struct made it;
    make(&it, 9, 20, 70, SMALL, 0, 0, 2);
    float *want = defined(&it, path->arithmetic, 1);
    for (size_t x = 0; x < sizeof modes / sizeof *modes; ++x) {
        _mm_setcsr(modes[x]);
        multiply(&it, path, 1);
        unsigned after = _mm_getcsr();
        _mm_setcsr(USUAL);
        cr_expect((after & ~(unsigned)FLAGS) == modes[x], "%s: mode %#x after %#x",
                  path->name, after, modes[x]);
        expect_same(__LINE__, path, &it, want, 1);
    }
    free(want), unmake(&it);
}

// Products are exact in double, and nearly so their sum. By tiles a number of a chain of 16 is
// rounded at most 16 times, then once with the other chain, and once for each of the 24 blocks; in
// one chain, 768 times.
Test(gemm_bf16, is_as_exact_as_its_sums)
{
    static const int roundings[] = {[BF16] = 16 + 1 + 24, [BF16_DOT] = 768};
    struct made it;
    make(&it, 64, 64, 768, UNIFORM, 0, 0, 3);
    for (enum arithmetic arithmetic = BF16; arithmetic <= BF16_DOT; ++arithmetic) {
        multiply_now(&it, arithmetic, 0);
        double worst = 0;
        for (size_t i = 0; i < it.m; ++i)
            for (size_t j = 0; j < it.n; ++j) {
                double sum = 0, size = 0;
                for (size_t l = 0; l < it.k; ++l) {
                    struct factors f = factors(&it, i, j, l);
                    double term = (double)f.a * (double)f.b;
                    sum += term, size += fabs(term);
                }
                double error = fabs((double)it.c[i * it.ldc + j] - sum);
                if (!(error / size <= worst)) worst = error / size;
            }
        cr_expect(worst <= roundings[arithmetic] * 0x1p-24 * 1.001, "%g", worst);
        cr_expect(worst > 0);
    }
    unmake(&it);
}

// BF16_DOT is one chain, so that a sum may be cut and resumed after any pair.
PATH_TEST(of_one_chain_is_resumed_where_it_was_cut, FIRST_DOT)
{
    struct made it;
    make(&it, 9, 33, 128, UNIFORM, 0, 0, 5);
    float *want = defined(&it, BF16_DOT, 1);
    struct made head = it, tail = it;
    head.k = 32, tail.k = 96, tail.a += 32, tail.b += TILE_NUMBERS;
    cr_assert_eq(path->arithmetic, BF16_DOT);
    multiply(&head, path, 1);
    multiply_now(&tail, BF16_DOT, 1);
    expect_same(__LINE__, path, &it, want, 1);
    free(want), unmake(&it);
}

PATH_TEST(flushes_what_is_tiny_after_rounding_and_nothing_that_rounds_up, 0)
{
    // A(1,2) B(2,1) with one product of 2^-126 and one that takes a little from it: by 2^-150, a
    // number of 24 bits below FLT_MIN; by 2^-152, which rounds up to FLT_MIN.
    static const struct {
        int taken;
        float want;
    } cases[] = {{-150, 0}, {-152, FLT_MIN}, {-149, 0}, {-125, -FLT_MIN}};
    for (size_t x = 0; x < sizeof cases / sizeof *cases; ++x) {
        static bf16 a[16 * 32] __attribute__((aligned(64)));
        static bf16 b[2 * TILE_NUMBERS] __attribute__((aligned(64)));
        float c;
        // Even numbers of k are of one chain.
        a[0] = bf16_round(0x1p-63f), b[b_index(512, 0, 0)] = bf16_round(0x1p-63f);
        a[2] = bf16_round(-0x1p-62f);
        b[b_index(512, 2, 0)] = bf16_round(ldexpf(1, cases[x].taken + 62));
        cr_assert(gemm_bf16_path_use(path->arithmetic, path->name));
        product(&c, 1, operand_a_bf16(a, 32), (struct operand_b){b, 32, 512},
                path->arithmetic, 1, 1, 3, 0);
        cr_expect(c == cases[x].want, "%s: 2^-126 - 2^%d gives %a", path->name,
                  cases[x].taken, (double)c);
    }
}

// ====== Tiles ======

static const struct path tiles = {BF16, "AMX"};

static void *multiply_on_a_thread(void *made)
{
    multiply_now(made, BF16, 0);
    return NULL;
}

Test(gemm_bf16, works_on_all_threads_at_once)
{
    enum { THREADS = 3 };
    struct made it[THREADS];
    pthread_t thread[THREADS];
    amx_emulate();
    for (int t = 0; t < THREADS; ++t) {
        make(&it[t], 33, 40, 70, UNIFORM, 0, 0, (uint32_t)t);
        multiply(&it[t], &tiles, 1); // not what the thread will compute
    }
    for (int t = 0; t < THREADS; ++t)
        cr_assert_eq(pthread_create(&thread[t], NULL, multiply_on_a_thread, &it[t]), 0);
    for (int t = 0; t < THREADS; ++t) {
        cr_assert_eq(pthread_join(thread[t], NULL), 0);
        float *want = defined(&it[t], BF16, 0);
        expect_same(__LINE__, &tiles, &it[t], want, 0);
        free(want), unmake(&it[t]);
    }
}

Test(gemm_bf16, configures_tiles_again_after_someone_else_released_them)
{
    struct made it;
    amx_emulate();
    make(&it, 5, 5, 5, UNIFORM, 0, 0, 0);
    float *want = defined(&it, BF16, 0);
    multiply(&it, &tiles, 0);
    __asm__ volatile("tilerelease" ::: "memory");
    multiply(&it, &tiles, 0);
    expect_same(__LINE__, &tiles, &it, want, 0);
    free(want), unmake(&it);
}

Test(gemm_bf16, takes_the_cpus_tiles_or_emulated_ones)
{
    int own = amx_available();
    struct made it;
    make(&it, 20, 20, 40, UNIFORM, 0, 0, 0);
    cr_expect_eq(gemm_bf16_path_use(BF16, "AMX"), own);
    amx_emulate();
    cr_expect(amx_available());
    multiply(&it, &tiles, 0);
    // 2 x 2 tiles of C over two blocks: configuring asks and does, then 4 zeros, 2 times 8, 4
    // stores.
    cr_expect_eq(amx_emulated(), own ? 0 : 2 + 4 + 16 + 4);
    unmake(&it);
}

Test(gemm_bf16, has_a_kernel_by_cpu_and_refuses_unknown_names)
{
    cr_expect(gemm_bf16_path_use(BF16, "portable"));
    cr_expect_str_eq(gemm_bf16_path(BF16), "portable");
    cr_expect_eq(gemm_bf16_path_use(BF16, "Fortran"), 0);
    cr_expect_str_eq(gemm_bf16_path(BF16), "portable");
    cr_expect(gemm_bf16_path_use(BF16, NULL));
    cr_expect_str_eq(gemm_bf16_path(BF16), amx_available()    ? "AMX"
                                           : cpu_has_avx512() ? "AVX-512"
                                           : cpu_has_avx2()   ? "AVX2"
                                                              : "portable");
    cr_expect(gemm_bf16_path_use(BF16_DOT, "portable"));
    cr_expect_str_eq(gemm_bf16_path(BF16_DOT), "portable");
    cr_expect(gemm_bf16_path_use(BF16_DOT, NULL));
    cr_expect_str_eq(gemm_bf16_path(BF16_DOT), cpu_has_avx512_bf16() ? "AVX512-BF16"
                                               : cpu_has_avx512()    ? "AVX-512"
                                               : cpu_has_avx2()      ? "AVX2"
                                                                     : "portable");
    cr_expect_eq(gemm_bf16_path_use(BF16_DOT, "AMX"), 0);
}

// A CPU whose instruction had another order would have to be refused; those known pass.
Test(gemm_bf16, trusts_the_instruction_of_the_cpus_that_are_known)
{
    cr_expect_eq(dot_available(), cpu_has_avx512_bf16());
}

BREAKS(gemm_bf16, refuses_rows_that_are_not_whole_blocks, "row % TILE_DEPTH == 0")
{
    static float c[1];
    static bf16 a[TILE_NUMBERS], b[2 * TILE_NUMBERS];
    product(c, 1, operand_a_bf16(a, 20),
            (struct operand_b){b, TILE_DEPTH, TILE_NUMBERS}, BF16, 1, 1, 20, 0);
}

#endif
