#include "core/analysis/whitening.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { ROWS = 600, WIDTH = 4 };

static struct arena arena;
static double rows[ROWS * WIDTH], out[ROWS * WIDTH];

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(whitening, .init = arena_make, .fini = arena_drop);

// Columns of very different sizes that depend on each other; the last is the sum of the others but
// for noise of that standard deviation.
static void rows_draw(double noise)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, 0);
    for (size_t r = 0; r < ROWS; ++r) {
        double *row = rows + r * WIDTH;
        const double x = rng_normal(&rng), y = rng_normal(&rng);
        row[0] = 30 + 10 * x;
        row[1] = x + .1 * y;
        row[2] = -7 + .1 * rng_normal(&rng);
        row[3] = row[0] + row[1] + row[2] + noise * rng_normal(&rng);
    }
}

Test(whitening, rows_get_mean_0_and_covariance_1)
{
    struct whitening whitening;
    rows_draw(.1);
    whitening_fit(&whitening, rows, ROWS, WIDTH, &arena);
    cr_assert_eq(whitening.rank, WIDTH);
    whitening_apply(out, &whitening, rows, ROWS, &arena);
    for (size_t a = 0; a < WIDTH; ++a)
        for (size_t b = 0; b <= WIDTH; ++b) {
            double sum = 0, want = a == b;
            for (size_t r = 0; r < ROWS; ++r)
                sum += out[r * WIDTH + a] * (b < WIDTH ? out[r * WIDTH + b] : 1) / ROWS;
            expect_close(&sum, &want, 1, 0, 1e-9);
        }
}

// The largest variance is some 200: below a standard deviation of 1.4e-4 a direction is dropped.
Test(whitening, a_direction_of_little_variance_is_dropped)
{
    struct whitening whitening;
    const double noise[] = {1e-2, 1e-3, 1e-5, 1e-7, 0};
    for (size_t i = 0; i < sizeof noise / sizeof *noise; ++i) {
        rows_draw(noise[i]);
        whitening_fit(&whitening, rows, ROWS, WIDTH, &arena);
        cr_expect_eq(whitening.rank, noise[i] > 1e-4 ? WIDTH : WIDTH - 1, "noise %g",
                     noise[i]);
    }
    // What is left is as without the last column.
    whitening_apply(out, &whitening, rows, ROWS, &arena);
    for (size_t a = 0; a < WIDTH - 1; ++a) {
        double square = 0, want = 1;
        for (size_t r = 0; r < ROWS; ++r)
            square += pow(out[r * (WIDTH - 1) + a], 2) / ROWS;
        expect_close(&square, &want, 1, 0, 1e-9);
    }
}

Test(whitening, rows_that_do_not_vary_become_0)
{
    struct whitening whitening;
    for (size_t i = 0; i < ROWS * WIDTH; ++i) rows[i] = 3, out[i] = 1;
    whitening_fit(&whitening, rows, ROWS, WIDTH, &arena);
    whitening_apply(out, &whitening, rows, ROWS, &arena);
    for (size_t i = 0; i < ROWS * whitening.rank; ++i) cr_assert_eq(out[i], 0);
}

Test(whitening, columns_have_the_moments_of_numpy)
{
    double x[] = {1, 10, 2, 10, 4, 13}, mean[2], variance[2];
    const double want_mean[] = {7. / 3, 11}, want_variance[] = {14. / 9, 2};
    columns_moments(mean, variance, x, 3, 2);
    expect_close((const double *)mean, want_mean, 2, 1e-15, 0);
    expect_close((const double *)variance, want_variance, 2, 1e-15, 0);
    columns_standardise(x, mean, variance, 0, 3, 2);
    const double want = (1 - 7. / 3) / sqrt(14. / 9);
    expect_close((const double *)x, &want, 1, 1e-15, 0);
}

BREAKS(whitening, a_constant_column_cannot_be_standardised, "variance[j] + epsilon > 0")
{
    double x[] = {1, 1}, mean[1], variance[1];
    columns_moments(mean, variance, x, 2, 1);
    columns_standardise(x, mean, variance, 0, 2, 1);
}
