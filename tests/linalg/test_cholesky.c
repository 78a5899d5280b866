#include "core/linalg/cholesky.h"

#include "core/base/rng.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <float.h>
#include <stdlib.h>

static const int orders[] = {1, 2, 7, 48, 131, 300};

// B B^T + I of a random square B, well away from singular.
static double *definite_make(size_t n)
{
    struct rng rng = rng_open(4, PURPOSE_TEST, 0, (uint32_t)n);
    double *a = malloc(n * n * sizeof *a), *b = calloc(n * n, sizeof *b);
    for (size_t i = 0; i < n * n; ++i) b[i] = rng_normal(&rng);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            a[i * n + j] = i == j;
            for (size_t k = 0; k < n; ++k) a[i * n + j] += b[i * n + k] * b[j * n + k];
        }
    free(b);
    return a;
}

ParameterizedTestParameters(cholesky, factor_times_its_transpose_is_the_matrix)
{
    return cr_make_param_array(const int, orders, sizeof orders / sizeof *orders);
}

ParameterizedTest(int *order, cholesky, factor_times_its_transpose_is_the_matrix)
{
    size_t n = (size_t)*order;
    double *a = definite_make(n), *l = malloc(n * n * sizeof *l);
    // The upper triangle must not be read.
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            l[i * n + j] = j <= i ? a[i * n + j] : (double)NAN;
    cr_assert_eq(cholesky_factor(l, n), 0);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j) {
            double sum = 0, bound = sqrt(a[i * n + i] * a[j * n + j]);
            for (size_t k = 0; k <= j; ++k) sum += l[i * n + k] * l[j * n + k];
            cr_assert(fabs(sum - a[i * n + j]) <= 4 * (double)n * DBL_EPSILON * bound,
                      "entry %zu, %zu: %g, not %g", i, j, sum, a[i * n + j]);
        }
    free(a), free(l);
}

ParameterizedTestParameters(cholesky, solves_what_the_product_made)
{
    return cr_make_param_array(const int, orders, sizeof orders / sizeof *orders);
}

ParameterizedTest(int *order, cholesky, solves_what_the_product_made)
{
    size_t n = (size_t)*order;
    struct rng rng = rng_open(5, PURPOSE_TEST, 0, (uint32_t)n);
    double *a = definite_make(n), *want = malloc(n * sizeof *want);
    double *x = calloc(n, sizeof *x);
    for (size_t i = 0; i < n; ++i) want[i] = rng_normal(&rng);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) x[i] += a[i * n + j] * want[j];
    cr_assert_eq(cholesky_factor(a, n), 0);
    cholesky_solve(x, a, n);
    // The condition number is below |B|^2 + 1, about 4 n + 1 here.
    double tolerance = 10 * (4 * (double)n + 1) * (double)n * DBL_EPSILON;
    expect_close(x, want, n, tolerance, tolerance);
    free(a), free(want), free(x);
}

Test(cholesky, names_the_first_minor_that_is_not_positive)
{
    double a[9] = {1, 0, 0, 0, 1, 0, 0, 0, -1};
    cr_expect_eq(cholesky_factor(a, 3), 3);
    double singular[4] = {1, 1, 1, 1};
    cr_expect_eq(cholesky_factor(singular, 2), 2);
    double zero[1] = {0};
    cr_expect_eq(cholesky_factor(zero, 1), 1);
}

Test(cholesky, reports_numbers_that_are_not_finite)
{
    double nan[4] = {1, 0, NAN, 4}, infinite[1] = {INFINITY};
    cr_expect_neq(cholesky_factor(nan, 2), 0);
    cr_expect_neq(cholesky_factor(infinite, 1), 0);
}
