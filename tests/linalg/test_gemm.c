#include "core/linalg/gemm.h"

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <float.h>
#include <stdlib.h>

#ifdef REAL_DOUBLE
static const double EPSILON = DBL_EPSILON;
#else
static const double EPSILON = FLT_EPSILON;
#endif

// The one-sized, the odd, and those of the model and the analysis.
static const size_t shapes[][3] = {
    {1, 1, 1},    {1, 7, 3},    {5, 1, 9},       {3, 5, 1},
    {17, 13, 11}, {65, 65, 64}, {130, 192, 192},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, CASES = SHAPES * 4 * 2, PADDING = 3 };

static size_t stride(enum transpose op, size_t rows, size_t columns)
{
    return op == TRANSPOSED ? rows : columns;
}

static double *random_doubles(size_t count, uint32_t number)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, number);
    double *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; ++i) x[i] = 2 * rng_uniform(&rng) - 1;
    return x;
}

static real *reals_from(const double *x, size_t count)
{
    real *y = malloc(count * sizeof *y);
    for (size_t i = 0; i < count; ++i) y[i] = (real)x[i];
    return y;
}

// c = alpha op(a) op(b) + beta c by definition.
static void naive(double *c, size_t ldc, double alpha, const double *a, size_t lda,
                  enum transpose op_a, const double *b, size_t ldb, enum transpose op_b,
                  const size_t shape[3], double beta)
{
    for (size_t i = 0; i < shape[0]; ++i)
        for (size_t j = 0; j < shape[1]; ++j) {
            double sum = 0;
            for (size_t l = 0; l < shape[2]; ++l)
                sum += (op_a == TRANSPOSED ? a[l * lda + i] : a[i * lda + l]) *
                       (op_b == TRANSPOSED ? b[j * ldb + l] : b[l * ldb + j]);
            c[i * ldc + j] = alpha * sum + beta * c[i * ldc + j];
        }
}

// One shape, transposition and beta; `padding` numbers between rows.
static void product_compare(int number, size_t padding, double alpha)
{
    const size_t *shape = shapes[number / 8];
    enum transpose op_a = number & 1 ? TRANSPOSED : PLAIN;
    enum transpose op_b = number & 2 ? TRANSPOSED : PLAIN;
    double beta = number & 4 ? 1 : 0;
    size_t m = shape[0], n = shape[1], k = shape[2];
    size_t lda = stride(op_a, m, k) + padding, ldb = stride(op_b, k, n) + padding;
    size_t ldc = n + padding, rows_a = op_a == TRANSPOSED ? k : m;
    size_t rows_b = op_b == TRANSPOSED ? n : k;
    double *a = random_doubles(rows_a * lda, 0), *b = random_doubles(rows_b * ldb, 1);
    double *c = random_doubles(m * ldc, 2), *doubles = malloc(m * ldc * sizeof *c);
    memcpy(doubles, c, m * ldc * sizeof *c);
    real *ra = reals_from(a, rows_a * lda), *rb = reals_from(b, rows_b * ldb);
    real *rc = reals_from(c, m * ldc);

    if (padding) {
        gemm_strided(rc, ldc, (real)alpha, ra, lda, op_a, rb, ldb, op_b, m, n, k,
                     (real)beta);
        gemm_doubles_strided(doubles, ldc, alpha, a, lda, op_a, b, ldb, op_b, m, n, k,
                             beta);
    } else {
        gemm(rc, ra, op_a, rb, op_b, m, n, k, (real)beta);
        gemm_doubles(doubles, a, op_a, b, op_b, m, n, k, beta);
    }
    naive(c, ldc, alpha, a, lda, op_a, b, ldb, op_b, shape, beta);

    // Each entry adds k products of numbers in [-1,1], themselves rounded: (k + 3) ulps of 1
    // would be the worst case of either side.
    real *want = reals_from(c, m * ldc);
    expect_close(rc, want, m * ldc, 0, 2 * ((double)k + 3) * EPSILON);
    expect_close(doubles, c, m * ldc, 0, 2 * ((double)k + 3) * DBL_EPSILON);
    free(a), free(b), free(c), free(doubles), free(ra), free(rb), free(rc), free(want);
}

Test(gemm, equals_the_triple_loop)
{
    for (int number = 0; number < CASES; ++number) product_compare(number, 0, 1);
}

Test(gemm, of_pieces_equals_the_triple_loop_and_spares_the_rest)
{
    for (int number = 0; number < CASES; ++number)
        product_compare(number, PADDING, 0.5);
}

Test(gemm, with_beta_zero_does_not_read_c)
{
    real a[1] = {2}, b[1] = {3}, c[1] = {(real)NAN}, want[1] = {6};
    gemm(c, a, PLAIN, b, PLAIN, 1, 1, 1, 0);
    expect_close(c, want, 1, 0, 0);
}

BREAKS(gemm, refuses_an_empty_product, "m > 0 && n > 0 && k > 0")
{
    real x[1] = {0};
    gemm(x, x, PLAIN, x, PLAIN, 1, 1, 0, 0);
}

BREAKS(gemm, refuses_a_stride_shorter_than_a_row,
       "ldc >= n && lda >= stored_columns(op_a, m, k)")
{
    real a[4] = {0}, b[4] = {0}, c[4] = {0};
    gemm_strided(c, 2, 1, a, 1, PLAIN, b, 2, PLAIN, 2, 2, 2, 0);
}
