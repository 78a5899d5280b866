#include "core/linalg/product.h"

#include <float.h>

#include "tests/linalg/problem.h"

#ifdef REAL_DOUBLE
static const double EPSILON = DBL_EPSILON;
#else
static const double EPSILON = FLT_EPSILON;
#endif

// ====== Fused paths ======

ParameterizedTestParameters(product, is_a_chain_of_multiply_adds_at_every_small_shape)
{
    return fused_numbers();
}

// Every height and width at a few depths, every depth at a few heights and widths.
ParameterizedTest(int *number, product,
                  is_a_chain_of_multiply_adds_at_every_small_shape)
{
    path_take(*number);
    enum { M = 60, N = 70, K = 100 };
    struct problem p = problem_open(M, N, K);
    real *start = matrix(M, N, 0, 3);
    for (size_t k = 1; k <= K; ++k) {
        const int all = k == 1 || k == 2 || k == 33;
        chains_step(&p, k - 1);
        for (size_t n = 1; n <= N; n = all ? n + 1 : n * 2 + 3)
            for (int way = 0; way < WAYS; ++way) {
                const struct operand_b right = b_of(&p, way, k, n);
                for (size_t m = 1; m <= M; m = all ? m + 1 : m * 2 + 5)
                    expect_chains(&p, way, right, start, m, n, k);
            }
    }
    free(start);
    problem_close(&p);
}

// Rows, columns and depth of a block's layers, of attention, of the pixel head, of gradients of
// weights.
static const size_t shapes[][3] = {{56, 576, 192}, {56, 192, 768}, {65, 65, 64},
                                   {64, 64, 130},  {64, 48, 192},  {17, 192, 48},
                                   {768, 192, 57}, {192, 768, 288}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

ParameterizedTestParameters(product, is_a_chain_of_multiply_adds_at_the_models_shapes)
{
    return fused_numbers();
}

ParameterizedTest(int *number, product,
                  is_a_chain_of_multiply_adds_at_the_models_shapes)
{
    path_take(*number);
    for (size_t s = 0; s < SHAPES; ++s) {
        const size_t *shape = shapes[s];
        struct problem p = problem_open(shape[0], shape[1], shape[2]);
        real *start = matrix(p.m, p.n, 0, 3);
        for (size_t l = 0; l < p.k; ++l) chains_step(&p, l);
        for (int way = 0; way < WAYS; ++way)
            expect_chains(&p, way, b_of(&p, way, p.k, p.n), start, p.m, p.n, p.k);
        free(start);
        problem_close(&p);
    }
}

// That the tests above can fail: the same terms in another order, or rounded before they are added,
// give other bits.
Test(product, the_order_of_a_chain_shows_in_its_bits)
{
    enum { N = 16, K = 64 };
    struct problem p = problem_open(1, N, K);
    real reversed[N] = {0}, rounded[N] = {0};
    for (size_t l = 0; l < K; ++l) {
        chains_step(&p, l);
        for (size_t j = 0; j < N; ++j) {
            const real term = p.a[l] * p.b[l * (N + GAP) + j];
            reversed[j] =
                fma(p.a[K - 1 - l], p.b[(K - 1 - l) * (N + GAP) + j], reversed[j]);
            rounded[j] += term;
        }
    }
    cr_expect(memcmp(p.want[0], reversed, sizeof reversed));
    cr_expect(memcmp(p.want[0], rounded, sizeof rounded));
    problem_close(&p);
}

// c (m,n) += the part of the product of k terms from `first` on, cut into rows and panels at
// random places.
static void add_in_pieces(real *c, const struct problem *p, int way,
                          struct operand_b right, size_t first, size_t k,
                          struct rng *rng)
{
    const struct operand_a whole = a_of(p, way);
    const struct operand_a a = {(const real *)whole.data + first * whole.step,
                                whole.row, whole.step};
    const real *b = (const real *)right.data + first * right.row;
    for (size_t i = 0, rows; i < p->m; i += rows) {
        rows = 1 + rng_below(rng, (uint32_t)(p->m - i));
        for (size_t s = 0, panels; s * PANEL < p->n; s += panels) {
            const size_t left = p->n - s * PANEL;
            panels = 1 + rng_below(rng, (uint32_t)(left / PANEL + 1));
            const size_t columns = left < panels * PANEL ? left : panels * PANEL;
            product(c + i * p->n + s * PANEL, p->n, operand_a_skip(a, i, FP32),
                    (struct operand_b){b + s * right.panel, right.row, right.panel},
                    FP32, rows, columns, k, first > 0 || way & ADDED);
        }
    }
}

ParameterizedTestParameters(product, is_the_same_in_pieces)
{
    return fused_numbers();
}

ParameterizedTest(int *number, product, is_the_same_in_pieces)
{
    path_take(*number);
    struct problem p = problem_open(130, 150, 90);
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    const size_t bytes = p.m * p.n * sizeof(real);
    for (int trial = 0; trial < 5 * WAYS; ++trial) {
        const int way = trial % WAYS;
        const struct operand_b right = b_of(&p, way, p.k, p.n);
        real *whole = matrix(p.m, p.n, 0, 3), *pieces = matrix(p.m, p.n, 0, 3);
        product(whole, p.n, a_of(&p, way), right, FP32, p.m, p.n, p.k, way & ADDED);
        for (size_t l = 0, k; l < p.k; l += k) {
            k = 1 + rng_below(&rng, (uint32_t)(p.k - l));
            add_in_pieces(pieces, &p, way, right, l, k, &rng);
        }
        cr_assert(!memcmp(whole, pieces, bytes), "%s, trial %d", product_path(), trial);
        free(whole), free(pieces);
    }
    problem_close(&p);
}

// ====== Every path ======

// want (m,n) and bound (m,n): sums in double, and the rounding of k + 1 terms in any order.
static void sums(double *want, double *bound, const struct problem *p,
                 const real *start)
{
    for (size_t i = 0; i < p->m; ++i)
        for (size_t j = 0; j < p->n; ++j) {
            double sum = start ? (double)start[i * p->n + j] : 0, size = fabs(sum);
            for (size_t l = 0; l < p->k; ++l) {
                const double term = (double)p->a[i * (p->k + GAP) + l] *
                                    (double)p->b[l * (p->n + GAP) + j];
                sum += term;
                size += fabs(term);
            }
            want[i * p->n + j] = sum;
            bound[i * p->n + j] = (double)(p->k + 1) * EPSILON * size;
        }
}

// Expects these sums, and nothing written around C.
static void expect_sums(struct problem *p, const double *want, const double *bound,
                        int added)
{
    const size_t m = p->m, n = p->n, k = p->k, ldc = n + GAP;
    for (int way = added ? ADDED : 0; way < (added ? WAYS : ADDED); ++way) {
        real *c = canvas(p, added, p->want[1], m, n);
        product(c, ldc, a_of(p, way), b_of(p, way, k, n), FP32, m, n, k, added);
        for (size_t i = 0; i < m; ++i)
            for (size_t j = 0; j < n; ++j) {
                const double error = fabs((double)c[i * ldc + j] - want[i * n + j]);
                cr_assert(error <= bound[i * n + j], "%s: %zu x %zu x %zu, way %d: %g",
                          product_path(), m, n, k, way, error);
                c[i * ldc + j] = p->out[1][(i + 1) * ldc + j];
            }
        cr_assert(!memcmp(p->out[0], p->out[1], (m + 2) * ldc * sizeof(real)));
    }
}

// The same at every shape, by the path in use.
static void expect_sums_of_shapes(void)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct problem p = problem_open(shapes[s][0], shapes[s][1], shapes[s][2]);
        double *want = calloc(2 * p.m * p.n, sizeof *want), *bound = want + p.m * p.n;
        cr_assert(want);
        for (int added = 0; added < 2; ++added) {
            sums(want, bound, &p, added ? p.want[1] : NULL);
            expect_sums(&p, want, bound, added);
        }
        free(want);
        problem_close(&p);
    }
}

ParameterizedTestParameters(product, agrees_with_sums_in_double)
{
    return fused_numbers();
}

ParameterizedTest(int *number, product, agrees_with_sums_in_double)
{
    path_take(*number);
    expect_sums_of_shapes();
}

Test(product, agrees_with_sums_in_double_by_openblas)
{
    cr_assert(product_path_use("OpenBLAS"));
    expect_sums_of_shapes();
}

Test(product, takes_the_path_it_is_told_and_refuses_others)
{
    const char *first = product_path();
    static const char *const unknown[] = {"",    "avx2", "AVX-512F",
                                          "AVX", "AMX",  "openblas"};
    for (size_t u = 0; u < sizeof unknown / sizeof *unknown; ++u) {
        cr_expect(!product_path_use(unknown[u]), "'%s'", unknown[u]);
        cr_expect_str_eq(product_path(), first);
    }
    cr_expect(product_path_use("OpenBLAS"));
    cr_expect_str_eq(product_path(), "OpenBLAS");
    for (int f = 0; f < 2; ++f) {
        const int can = product_path_use(fused[f]);
        cr_expect(!can || sizeof(real) == sizeof(float));
        if (can) cr_expect_str_eq(product_path(), fused[f]);
    }
    cr_expect(product_path_use(NULL));
    cr_expect_str_eq(product_path(), first);
}

// A user who asks for an old CPU's results gets them.
Test(product, obeys_a_core_type_without_fused_multiply_adds)
{
    setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
    cr_expect(product_path_use(NULL));
    cr_expect_str_eq(product_path(), "OpenBLAS");
}
