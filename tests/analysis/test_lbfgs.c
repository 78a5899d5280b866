#include "core/analysis/lbfgs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

static struct arena arena;

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(lbfgs, .init = arena_make, .fini = arena_drop);

static const struct lbfgs_settings sharp = {10, 5000, 1e-10};

// Extended Rosenbrock: a curved valley, minimum 0 at (1, ..., 1).
static double rosenbrock(double *gradient, const double *x, void *context)
{
    const size_t n = *(size_t *)context;
    double value = 0;
    for (size_t i = 0; i < n; i += 2) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        value += 100 * a * a + b * b;
        gradient[i] = -400 * a * x[i] - 2 * b;
        gradient[i + 1] = 200 * a;
    }
    return value;
}

Test(lbfgs, finds_the_bottom_of_rosenbrocks_valley)
{
    size_t n = 20;
    double x[20], want[20];
    for (size_t i = 0; i < n; ++i) {
        x[i] = i % 2 ? 1 : -1.2;
        want[i] = 1;
    }
    struct lbfgs_outcome outcome = lbfgs_minimise(x, n, rosenbrock, &n, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_CONVERGED);
    cr_expect_leq(outcome.gradient, sharp.tolerance);
    cr_expect_lt(outcome.iterations, 100);
    expect_close((const double *)x, (const double *)want, n, 0, 1e-9);
}

// sum of c_i (x_i - i)^2 / 2 with c from 1 to 1e6.
enum { QUADRATIC = 30 };

static double curvature(size_t i)
{
    return pow(10, 6. * (double)i / (QUADRATIC - 1));
}

static double quadratic(double *gradient, const double *x, void *context)
{
    double value = 0;
    ++*(size_t *)context;
    for (size_t i = 0; i < QUADRATIC; ++i) {
        gradient[i] = curvature(i) * (x[i] - (double)i);
        value += gradient[i] * (x[i] - (double)i) / 2;
    }
    return value;
}

Test(lbfgs, solves_scales_that_differ_a_million_times_and_counts_its_evaluations)
{
    double x[QUADRATIC] = {0}, want[QUADRATIC];
    size_t calls = 0;
    // x near 30 rounds by 4e-15, which the largest curvature makes 4e-9 of gradient.
    const struct lbfgs_settings settings = {10, 20000, 1e-7};
    for (size_t i = 0; i < QUADRATIC; ++i) want[i] = (double)i;
    struct lbfgs_outcome outcome =
        lbfgs_minimise(x, QUADRATIC, quadratic, &calls, &settings, &arena);
    cr_expect_eq(outcome.end, LBFGS_CONVERGED);
    cr_expect_eq(outcome.evaluations, calls);
    expect_close((const double *)x, (const double *)want, QUADRATIC, 0, 2e-7);
}

Test(lbfgs, more_iterations_never_end_higher)
{
    size_t n = 2;
    double before = INFINITY;
    for (size_t iterations = 0; iterations < 40; ++iterations) {
        double x[2] = {-1.2, 1};
        struct lbfgs_settings few = {5, iterations, 0};
        struct lbfgs_outcome outcome =
            lbfgs_minimise(x, n, rosenbrock, &n, &few, &arena);
        cr_expect_leq(outcome.value, before, "after %zu iterations", iterations);
        before = outcome.value;
    }
}

Test(lbfgs, a_start_at_the_minimum_stays_there)
{
    size_t n = 2;
    double x[2] = {1, 1};
    struct lbfgs_outcome outcome = lbfgs_minimise(x, n, rosenbrock, &n, &sharp, &arena);
    cr_expect(outcome.end == LBFGS_CONVERGED && outcome.iterations == 0 &&
              outcome.evaluations == 1);
    cr_expect(x[0] == 1 && x[1] == 1);
}

Test(lbfgs, says_when_iterations_run_out)
{
    size_t n = 20;
    double x[20];
    for (size_t i = 0; i < n; ++i) x[i] = i % 2 ? 1 : -1.2;
    struct lbfgs_settings few = {10, 3, 1e-10};
    struct lbfgs_outcome outcome = lbfgs_minimise(x, n, rosenbrock, &n, &few, &arena);
    cr_expect_eq(outcome.end, LBFGS_ITERATIONS);
    cr_expect_eq(outcome.iterations, 3);
    cr_expect_gt(outcome.gradient, few.tolerance);
}

// The sign of a wrong gradient leads uphill.
static double wrong(double *gradient, const double *x, void *context)
{
    (void)context;
    gradient[0] = -2 * x[0];
    return x[0] * x[0];
}

Test(lbfgs, a_wrong_gradient_stalls_and_moves_nothing)
{
    double x[1] = {3};
    struct lbfgs_outcome outcome = lbfgs_minimise(x, 1, wrong, NULL, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_STALLED);
    cr_expect(x[0] == 3 && outcome.value == 9);
}

static double not_a_number(double *gradient, const double *x, void *context)
{
    (void)x, (void)context;
    gradient[0] = 1;
    return NAN;
}

Test(lbfgs, a_start_that_is_no_number_is_said_so)
{
    double x[1] = {3};
    struct lbfgs_outcome outcome =
        lbfgs_minimise(x, 1, not_a_number, NULL, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_NOT_FINITE);
}

// Of two slopes the first alone is no number.
static double half_a_gradient(double *gradient, const double *x, void *context)
{
    (void)context;
    gradient[0] = NAN;
    gradient[1] = x[1];
    return x[1] * x[1] / 2;
}

Test(lbfgs, one_slope_that_is_no_number_is_enough)
{
    double x[2] = {3, 3};
    struct lbfgs_outcome outcome =
        lbfgs_minimise(x, 2, half_a_gradient, NULL, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_NOT_FINITE);
}

// x - log x: defined for x > 0 only. From 30 steps grow until one leads beyond.
static double barrier(double *gradient, const double *x, void *context)
{
    (void)context;
    gradient[0] = 1 - 1 / x[0];
    return x[0] > 0 ? x[0] - log(x[0]) : (double)INFINITY;
}

Test(lbfgs, comes_back_from_where_the_function_is_infinite)
{
    double x[1] = {30}, one = 1;
    struct lbfgs_settings settings = {10, 100, 1e-9};
    struct lbfgs_outcome outcome =
        lbfgs_minimise(x, 1, barrier, NULL, &settings, &arena);
    cr_expect_eq(outcome.end, LBFGS_CONVERGED);
    expect_close((const double *)x, (const double *)&one, 1, 0, 1e-8);
}

BREAKS(lbfgs, no_numbers_break_the_contract, "n > 0 && settings->history > 0")
{
    size_t n = 0;
    double x[1];
    lbfgs_minimise(x, 0, rosenbrock, &n, &sharp, &arena);
}
