#include "core/linalg/eigen.h"

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <float.h>
#include <stdlib.h>

static const int orders[] = {1, 2, 5, 12, 48, 65};

static double *symmetric_make(size_t n)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, (uint32_t)n);
    double *a = malloc(n * n * sizeof *a);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = rng_normal(&rng);
    return a;
}

ParameterizedTestParameters(eigen, vectors_are_orthonormal_and_keep_their_direction)
{
    return cr_make_param_array(const int, orders, sizeof orders / sizeof *orders);
}

ParameterizedTest(int *order, eigen, vectors_are_orthonormal_and_keep_their_direction)
{
    size_t n = (size_t)*order;
    double *a = symmetric_make(n), *v = malloc(n * n * sizeof *v);
    double *values = malloc(n * sizeof *values), size = 0;
    cr_assert_eq(eigen_symmetric(values, v, a, n), 0);
    for (size_t i = 0; i < n * n; ++i) size += a[i] * a[i];
    double bound = 10 * (double)n * DBL_EPSILON;

    for (size_t i = 0; i < n; ++i) {
        cr_expect(i == 0 || values[i] >= values[i - 1], "values descend at %zu", i);
        double residual = 0;
        for (size_t j = 0; j < n; ++j) {
            double entry = -values[i] * v[i * n + j], product = 0;
            for (size_t k = 0; k < n; ++k) {
                entry += a[j * n + k] * v[i * n + k];
                product += v[i * n + k] * v[j * n + k];
            }
            residual += entry * entry;
            cr_expect(fabs(product - (i == j)) <= bound, "rows %zu and %zu: %g", i, j,
                      product);
        }
        cr_expect(sqrt(residual) <= bound * sqrt(size), "A v - lambda v is %g long",
                  sqrt(residual));
    }
    free(a), free(v), free(values);
}

Test(eigen, values_of_a_matrix_worked_by_hand)
{
    // Characteristic polynomial x^2 - 5 x + 5.
    double a[4] = {2, 1, 1, 3}, v[4], values[2];
    double want[2] = {(5 - sqrt(5.)) / 2, (5 + sqrt(5.)) / 2};
    cr_assert_eq(eigen_symmetric(values, v, a, 2), 0);
    expect_close(values, want, 2, 1e-15, 0);
}

Test(eigen, reads_the_lower_triangle_only_and_works_in_place)
{
    enum { N = 12 };
    double *a = symmetric_make(N), v[N * N], want[N], got[N];
    cr_assert_eq(eigen_symmetric(want, v, a, N), 0);
    for (size_t i = 0; i < N; ++i)
        for (size_t j = i + 1; j < N; ++j) a[i * N + j] = NAN;
    cr_assert_eq(eigen_symmetric(got, a, a, N), 0);
    cr_expect_arr_eq(got, want, sizeof want);
    cr_expect_arr_eq(a, v, sizeof v);
    free(a);
}

BREAKS(eigen, refuses_a_matrix_that_is_not_finite, "isfinite(a[i * n + j])")
{
    double a[4] = {1, 0, INFINITY, 1}, v[4], values[2];
    (void)!eigen_symmetric(values, v, a, 2);
}
