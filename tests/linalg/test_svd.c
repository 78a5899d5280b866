#include "core/linalg/svd.h"

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <float.h>
#include <pthread.h>
#include <stdlib.h>

// Rows, columns, rank (0: full): the smallest, both orientations, the patch matrices of patch 4
// and 2, a deficient one and a zero one.
static const struct shape {
    size_t m, n, rank;
    int zero;
} shapes[] = {
    {1, 1, 0, 0},   {1, 7, 0, 0},    {7, 1, 0, 0},   {5, 5, 0, 0},   {64, 48, 0, 0},
    {48, 64, 0, 0}, {256, 12, 0, 0}, {64, 48, 3, 0}, {33, 17, 0, 1},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

struct decomposition {
    size_t m, n, r;
    double *a, *u, *s, *vt, *destroyed, *workspace;
};

// A sum of `rank` outer products, or independent numbers where the rank is full.
static void matrix_fill(double *a, const struct shape *shape)
{
    struct rng rng =
        rng_open(2, PURPOSE_TEST, 0, (uint32_t)(shape->m * 1000 + shape->n));
    size_t m = shape->m, n = shape->n;
    memset(a, 0, m * n * sizeof *a);
    if (shape->zero) return;
    for (size_t i = 0; !shape->rank && i < m * n; ++i) a[i] = rng_normal(&rng);
    for (size_t k = 0; k < shape->rank; ++k) {
        double row[64];
        for (size_t j = 0; j < n; ++j) row[j] = rng_normal(&rng);
        for (size_t i = 0; i < m; ++i) {
            double factor = rng_normal(&rng);
            for (size_t j = 0; j < n; ++j) a[i * n + j] += factor * row[j];
        }
    }
}

static struct decomposition decomposition_make(const struct shape *shape)
{
    struct decomposition d = {.m = shape->m, .n = shape->n};
    d.r = d.m < d.n ? d.m : d.n;
    d.a = malloc(d.m * d.n * sizeof(double));
    d.destroyed = malloc(d.m * d.n * sizeof(double));
    d.u = malloc(d.m * d.r * sizeof(double));
    d.s = malloc(d.r * sizeof(double));
    d.vt = malloc(d.r * d.n * sizeof(double));
    d.workspace = malloc(svd_workspace(d.m, d.n) * sizeof(double));
    matrix_fill(d.a, shape);
    memcpy(d.destroyed, d.a, d.m * d.n * sizeof(double));
    return d;
}

static void decomposition_free(struct decomposition *d)
{
    free(d->a), free(d->destroyed), free(d->u), free(d->s), free(d->vt),
        free(d->workspace);
}

static double norm(const double *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += x[i] * x[i];
    return sqrt(sum);
}

static void expect_orthonormal(const double *x, size_t vectors, size_t length,
                               size_t vector_step, size_t step)
{
    for (size_t i = 0; i < vectors; ++i)
        for (size_t j = 0; j <= i; ++j) {
            double product = 0;
            for (size_t k = 0; k < length; ++k)
                product +=
                    x[i * vector_step + k * step] * x[j * vector_step + k * step];
            cr_expect(fabs(product - (i == j)) <= 30 * (double)length * DBL_EPSILON,
                      "vectors %zu and %zu of %zu: product %g", i, j, vectors, product);
        }
}

static struct criterion_test_params numbers(void)
{
    static int number[SHAPES];
    for (int i = 0; i < SHAPES; ++i) number[i] = i;
    return cr_make_param_array(int, number, SHAPES);
}

ParameterizedTestParameters(svd, gives_back_the_matrix_from_orthonormal_factors)
{
    return numbers();
}

ParameterizedTest(int *number, svd, gives_back_the_matrix_from_orthonormal_factors)
{
    const struct shape *shape = &shapes[*number];
    struct decomposition d = decomposition_make(shape);
    cr_assert_eq(svd_thin(d.u, d.s, d.vt, d.destroyed, d.m, d.n, d.workspace), 0);

    for (size_t i = 0; i < d.r; ++i)
        cr_expect(d.s[i] >= 0 && (i == 0 || d.s[i] <= d.s[i - 1]), "value %zu", i);
    expect_orthonormal(d.u, d.r, d.m, 1, d.r);
    expect_orthonormal(d.vt, d.r, d.n, d.n, 1);

    // |A - U S V^T| / (|A| max(m,n) eps) below 10, the bound of LAPACK's own tests.
    double size = norm(d.a, d.m * d.n), longer = (double)(d.m > d.n ? d.m : d.n);
    for (size_t i = 0; i < d.m; ++i)
        for (size_t j = 0; j < d.n; ++j)
            for (size_t k = 0; k < d.r; ++k)
                d.a[i * d.n + j] -= d.u[i * d.r + k] * d.s[k] * d.vt[k * d.n + j];
    cr_expect(norm(d.a, d.m * d.n) <= 10 * longer * DBL_EPSILON * size);
    for (size_t i = shape->rank; shape->rank && i < d.r; ++i)
        cr_expect(d.s[i] <= 10 * longer * DBL_EPSILON * d.s[0], "value %zu is %g", i,
                  d.s[i]);
    decomposition_free(&d);
}

Test(svd, finds_the_values_of_a_matrix_worked_by_hand)
{
    // A A^T = [[25, 20], [20, 25]], whose eigenvalues are 45 and 5.
    double a[4] = {3, 4, 0, 5}, u[4], s[2], vt[4], want[2] = {sqrt(45.), sqrt(5.)};
    double *workspace = malloc(svd_workspace(2, 2) * sizeof *workspace);
    cr_assert_eq(svd_thin(u, s, vt, a, 2, 2, workspace), 0);
    expect_close(s, want, 2, 1e-15, 0);
    free(workspace);
}

static void *decompose_often(void *context)
{
    struct decomposition *d = context;
    for (int i = 0; i < 200; ++i) {
        memcpy(d->destroyed, d->a, d->m * d->n * sizeof(double));
        if (svd_thin(d->u, d->s, d->vt, d->destroyed, d->m, d->n, d->workspace))
            return d;
    }
    return NULL;
}

Test(svd, gives_the_same_bits_on_threads_side_by_side)
{
    enum { THREADS = 3 };
    struct decomposition d[THREADS + 1];
    pthread_t threads[THREADS];
    for (int i = 0; i <= THREADS; ++i) d[i] = decomposition_make(&shapes[4]);
    cr_assert_null(decompose_often(&d[THREADS]));
    for (int i = 0; i < THREADS; ++i)
        cr_assert_eq(pthread_create(&threads[i], NULL, decompose_often, &d[i]), 0);
    for (int i = 0; i < THREADS; ++i) {
        void *failed;
        cr_assert_eq(pthread_join(threads[i], &failed), 0);
        cr_assert_null(failed);
        cr_expect_arr_eq(d[i].u, d[THREADS].u, d[i].m * d[i].r * sizeof(double));
        cr_expect_arr_eq(d[i].s, d[THREADS].s, d[i].r * sizeof(double));
        cr_expect_arr_eq(d[i].vt, d[THREADS].vt, d[i].r * d[i].n * sizeof(double));
    }
    for (int i = 0; i <= THREADS; ++i) decomposition_free(&d[i]);
}

BREAKS(svd, refuses_a_matrix_that_is_not_finite, "isfinite(a[i])")
{
    double a[4] = {1, 2, NAN, 4}, u[4], s[2], vt[4];
    double *workspace = malloc(svd_workspace(2, 2) * sizeof *workspace);
    (void)!svd_thin(u, s, vt, a, 2, 2, workspace);
}
