#include "core/stats/summary.h"

#include <criterion/criterion.h>

#include "tests/ending.h"
#include "tests/expect_close.h"

enum { MOST = 16 };

static double median_of(const double *x, size_t n)
{
    double workspace[MOST];
    return median(x, n, workspace);
}

Test(summary, mean_of_whole_numbers_is_exact)
{
    const double x[] = {4, -1, 7, 2};
    cr_expect(mean(x, 4) == 3);
    cr_expect(mean(x, 1) == 4);
}

// Python's statistics: d = stdev([3, -1.5, 2, 8, 0.25]), d / sqrt(5), m = fmean, and
// m -+ z * d / sqrt(5) with z = NormalDist().inv_cdf(.95).
Test(summary, deviation_and_normal_interval_equal_those_of_a_second_program)
{
    const double x[] = {3, -1.5, 2, 8, .25};
    double error, spread = deviation(x, 5);
    struct estimate got = mean_normal(&error, x, 5);
    const double want[] = {3.5951356024495098, 1.6077935190813526, 2.3500000000000001,
                           -0.29458500125003262, 4.9945850012500328};
    cr_expect_eq(got.n, 5);
    const double numbers[] = {spread, error, got.value}, ends[] = {got.low, got.high};
    expect_close(numbers, want, 3, 1e-15, 0);
    expect_close(ends, want + 3, 2, 1e-3, 0); // z is written as 1.6449
}

Test(summary, equal_values_have_no_deviation)
{
    const double x[] = {.1, .1, .1, .1};
    double error;
    struct estimate got = mean_normal(&error, x, 4);
    cr_expect(deviation(x, 4) == 0 && error == 0);
    cr_expect(got.value == .1 && got.low == .1 && got.high == .1);
}

BREAKS(summary, one_value_has_no_deviation, "n > 1: the variance of 1 values")
{
    deviation((double[]){1}, 1);
}

Test(summary, median_is_the_middle_value_or_between_the_two_middle_ones)
{
    const double x[] = {9, 1, 5, 7, 3};
    cr_expect(median_of(x, 1) == 9);
    cr_expect(median_of(x, 2) == 5);
    cr_expect(median_of(x, 4) == 6);
    cr_expect(median_of(x, 5) == 5);
}

Test(summary, median_leaves_the_values_where_they_were)
{
    const double x[] = {3, 1, 2}, want[] = {3, 1, 2};
    cr_expect(median_of(x, 3) == 2);
    cr_expect_arr_eq(x, want, sizeof want);
}

Test(summary, median_survives_infinite_values)
{
    const double x[] = {INFINITY, 2, 1, INFINITY, 3};
    cr_expect(median_of(x, 5) == 3);
    cr_expect(median_of(x, 4) == (double)INFINITY);
    const double all[] = {INFINITY, INFINITY};
    cr_expect(median_of(all, 2) == (double)INFINITY);
}

BREAKS(summary, median_refuses_nan, "!isnan(x[i])")
{
    const double x[] = {1, NAN, 2};
    median_of(x, 3);
}

Test(summary, quantile_equals_that_of_numpy)
{
    // numpy 1.24: x = [-2, 0, .5, 3, 10]; np.quantile(x, p) for p below. The tolerance is two
    // roundings of a number of the order of 10.
    const double x[] = {-2, 0, .5, 3, 10}, p[] = {0, .05, .1, .3, .5, .77, .95, 1};
    const double want[] = {-2, -1.6, -1.2, .1, .5, 3.56, 8.6, 10};
    double got[8];
    for (int i = 0; i < 8; ++i) got[i] = quantile(x, 5, p[i]);
    expect_close(got, want, 8, 0, 4e-15);
}

Test(summary, quantile_survives_infinite_ends)
{
    const double x[] = {-INFINITY, 1, 2, INFINITY};
    cr_expect(quantile(x, 4, 0) == (double)-INFINITY);
    cr_expect(quantile(x, 4, .5) == 1.5);
    cr_expect(quantile(x, 4, .95) == (double)INFINITY);
    cr_expect(quantile(x, 4, 1) == (double)INFINITY);
}

Test(summary, percentile_interval_leaves_five_per_cent_on_either_side)
{
    // 0, 1, ..., 100 in another order: the quantiles are whole numbers.
    double x[101], workspace[101];
    for (int i = 0; i < 101; ++i) x[i] = i * 37 % 101;
    struct estimate interval = percentile_interval(42, 7, x, 101, workspace);
    cr_expect(interval.value == 42 && interval.n == 7);
    expect_close(&interval.low, &(double){5}, 1, 1e-14, 0);
    expect_close(&interval.high, &(double){95}, 1, 1e-14, 0);
}
