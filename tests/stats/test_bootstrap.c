#include "core/stats/bootstrap.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { SEED = 11, MOST = 1000, RESAMPLES = 40 };

static const int sizes[] = {1, 2, 3, 8, 9, 100, 1000};

static double x[MOST], y[MOST];

// x in multiples of 1/8, so that there are ties; y positive.
static void start(void)
{
    struct rng rng = rng_open(6, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < MOST; ++i) {
        x[i] = round(8 * rng_normal(&rng)) / 8 + 1;
        y[i] = 1 + rng_uniform(&rng);
    }
}

TestSuite(bootstrap, .init = start);

// The statistic by its definition, on a resample drawn item by item.
static double naive(enum statistic_kind kind, size_t n, uint32_t resample)
{
    double drawn[MOST], other[MOST], workspace[MOST];
    struct rng rng = rng_open(SEED, PURPOSE_BOOTSTRAP, 0, resample);
    for (size_t i = 0; i < n; ++i) {
        uint32_t item = rng_below(&rng, (uint32_t)n);
        drawn[i] = x[item], other[i] = y[item];
    }
    if (kind == STATISTIC_MEDIAN) return median(drawn, n, workspace);
    return mean(drawn, n) / (kind == STATISTIC_RATIO ? mean(other, n) : 1);
}

ParameterizedTestParameters(bootstrap, equals_resamples_laid_out_and_sorted)
{
    return cr_make_param_array(const int, sizes, sizeof sizes / sizeof *sizes);
}

ParameterizedTest(int *size, bootstrap, equals_resamples_laid_out_and_sorted,
                  .init = start)
{
    size_t n = (size_t)*size;
    const struct statistic statistics[] = {{STATISTIC_MEAN, x, NULL},
                                           {STATISTIC_MEDIAN, x, NULL},
                                           {STATISTIC_RATIO, x, y}};
    double got[3 * RESAMPLES], want[3 * RESAMPLES];
    bootstrap_replicates(got, statistics, 3, n, RESAMPLES, SEED);
    for (uint32_t r = 0; r < RESAMPLES; ++r)
        for (size_t s = 0; s < 3; ++s)
            want[s * RESAMPLES + r] = naive(statistics[s].kind, n, r);
    // Sums of up to 1,000 numbers of size 1, in another order.
    expect_close(got, want, 3 * RESAMPLES, 1e-13, 1e-13);
    expect_close(got + RESAMPLES, want + RESAMPLES, RESAMPLES, 0, 0);
}

Test(bootstrap, value_is_the_statistic_of_the_items_themselves)
{
    double workspace[MOST];
    for (size_t n = 1; n <= 60; ++n) {
        const struct statistic middle = {STATISTIC_MEDIAN, x, NULL};
        const struct statistic average = {STATISTIC_MEAN, x, NULL};
        const struct statistic ratio = {STATISTIC_RATIO, x, y};
        double got[] = {statistic_value(&average, n), statistic_value(&ratio, n)};
        double want[] = {mean(x, n), mean(x, n) / mean(y, n)};
        cr_expect(statistic_value(&middle, n) == median(x, n, workspace));
        expect_close(got, want, 2, 1e-13, 1e-13);
    }
}

Test(bootstrap, counts_are_of_as_many_items_and_differ_between_resamples)
{
    uint32_t first[MOST], second[MOST];
    uint64_t sum = 0;
    bootstrap_counts(first, MOST, SEED, 0);
    bootstrap_counts(second, MOST, SEED, 1);
    for (size_t i = 0; i < MOST; ++i) sum += first[i];
    cr_expect_eq(sum, MOST);
    cr_expect_arr_neq(first, second, sizeof first);
}

Test(bootstrap, fewer_resamples_are_the_first_of_more)
{
    const struct statistic middle = {STATISTIC_MEDIAN, x, NULL};
    double few[10], many[50], other[10];
    bootstrap_replicates(few, &middle, 1, MOST, 10, SEED);
    bootstrap_replicates(many, &middle, 1, MOST, 50, SEED);
    bootstrap_replicates(other, &middle, 1, MOST, 10, SEED + 1);
    cr_expect_arr_eq(few, many, sizeof few);
    cr_expect_arr_neq(few, other, sizeof few);
}

Test(bootstrap, interval_of_a_mean_is_that_of_the_central_limit_theorem)
{
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 0);
    double sample[MOST], square = 0;
    for (size_t i = 0; i < MOST; ++i) sample[i] = rng_normal(&rng);
    double centre = mean(sample, MOST);
    for (size_t i = 0; i < MOST; ++i)
        square += (sample[i] - centre) * (sample[i] - centre);
    double error = sqrt(square) / MOST;

    const struct statistic average = {STATISTIC_MEAN, sample, NULL};
    struct estimate interval;
    bootstrap_intervals(&interval, &average, 1, MOST, 4000, SEED);
    // 1.645 standard errors; a 5 % quantile of 4,000 resamples has a standard deviation of 3 % of
    // one.
    expect_close(&interval.value, &centre, 1, 0, 1e-14);
    cr_expect(fabs(interval.low - (centre - 1.645 * error)) <= .08 * error);
    cr_expect(fabs(interval.high - (centre + 1.645 * error)) <= .08 * error);
}

Test(bootstrap, difference_uses_the_same_items_in_both)
{
    // z is x minus 1/4: on the same items the difference is always 1/4, on different ones it would
    // vary.
    double z[MOST];
    for (size_t i = 0; i < MOST; ++i) z[i] = x[i] - 0.25;
    const struct statistic of_x = {STATISTIC_MEDIAN, x, NULL};
    const struct statistic of_z = {STATISTIC_MEDIAN, z, NULL};
    struct estimate interval = bootstrap_difference(&of_x, &of_z, MOST, 500, SEED);
    cr_expect(interval.value == 0.25);
    cr_expect(interval.low == 0.25 && interval.high == 0.25);
}

Test(bootstrap, difference_of_means_is_the_mean_of_differences)
{
    double apart[MOST];
    for (size_t i = 0; i < MOST; ++i) apart[i] = x[i] - y[i];
    const struct statistic of_x = {STATISTIC_MEAN, x, NULL};
    const struct statistic of_y = {STATISTIC_MEAN, y, NULL};
    const struct statistic of_both = {STATISTIC_MEAN, apart, NULL};
    struct estimate want, got = bootstrap_difference(&of_x, &of_y, MOST, 500, SEED);
    bootstrap_intervals(&want, &of_both, 1, MOST, 500, SEED);
    expect_close(&got.value, &want.value, 1, 0, 1e-13);
    expect_close(&got.low, &want.low, 1, 0, 1e-13);
    expect_close(&got.high, &want.high, 1, 0, 1e-13);
}

Test(bootstrap, infinite_items_leave_a_median_finite_and_a_mean_infinite)
{
    double heavy[9] = {1, 2, 3, 4, 5, 6, 7, 8, INFINITY};
    const struct statistic statistics[] = {{STATISTIC_MEDIAN, heavy, NULL},
                                           {STATISTIC_MEAN, heavy, NULL}};
    struct estimate intervals[2];
    bootstrap_intervals(intervals, statistics, 2, 9, 200, SEED);
    cr_expect(intervals[0].value == 5 && isfinite(intervals[0].high));
    cr_expect(isinf(intervals[1].value) && isinf(intervals[1].high));
    // About a third of the resamples do not contain the infinite item.
    cr_expect(isfinite(intervals[1].low));
}

// ====== Calibration ======

enum { ITEMS = 400, SAMPLES = 1000, CALIBRATED = 6 };

static const struct {
    const char *name;
    double truth;
} calibrated[CALIBRATED] = {
    {"mean of exp(g/2)", 1.1331484530668263}, // exp(1/8)
    {"ratio of the sums of exp(g/2) and exp(h/2)", 1},
    {"median of exp(g)", 1},
    {"share of g < .8", 0.78814460141660336}, // Phi(.8)
    {"median of exp(g) minus that of exp(h)", 0},
    {"share of g < .8 minus that of h < .5", 0.78814460141660336 - 0.69146246127401312},
};

// intervals (CALIBRATED) of one sample of ITEMS pairs (g,h), N(0,1) with correlation .6.
static void sample_intervals(struct estimate intervals[CALIBRATED], uint32_t sample)
{
    double skewed[ITEMS], other[ITEMS], wide[ITEMS], wide_other[ITEMS];
    double right[ITEMS], right_other[ITEMS];
    struct rng rng = rng_open(21, PURPOSE_TEST, 1, sample);
    for (size_t i = 0; i < ITEMS; ++i) {
        double g = rng_normal(&rng), h = .6 * g + .8 * rng_normal(&rng);
        skewed[i] = exp(g / 2), other[i] = exp(h / 2);
        wide[i] = exp(g), wide_other[i] = exp(h);
        right[i] = g < .8, right_other[i] = h < .5;
    }
    // The last two are subtracted from the two before them, resample by resample.
    const struct statistic statistics[] = {
        {STATISTIC_MEAN, skewed, NULL},       {STATISTIC_RATIO, skewed, other},
        {STATISTIC_MEDIAN, wide, NULL},       {STATISTIC_MEAN, right, NULL},
        {STATISTIC_MEDIAN, wide_other, NULL}, {STATISTIC_MEAN, right_other, NULL}};
    static double replicates[CALIBRATED][ITEMS], workspace[ITEMS];
    bootstrap_replicates(replicates[0], statistics, CALIBRATED, ITEMS, ITEMS, sample);
    for (int c = 0; c < CALIBRATED; ++c) {
        for (size_t r = 0; c > 3 && r < ITEMS; ++r)
            replicates[c][r] = replicates[c - 2][r] - replicates[c][r];
        intervals[c] = percentile_interval(0, ITEMS, replicates[c], ITEMS, workspace);
    }
}

Test(bootstrap, intervals_contain_the_truth_nine_times_in_ten)
{
    // A share of .9 of 1,000 samples has standard deviation .0095; the limits are three of them
    // away.
    int covered[CALIBRATED] = {0};
    for (uint32_t sample = 0; sample < SAMPLES; ++sample) {
        struct estimate intervals[CALIBRATED];
        sample_intervals(intervals, sample);
        for (int c = 0; c < CALIBRATED; ++c)
            covered[c] += intervals[c].low <= calibrated[c].truth &&
                          calibrated[c].truth <= intervals[c].high;
    }
    for (int c = 0; c < CALIBRATED; ++c)
        cr_expect(covered[c] >= 870 && covered[c] <= 930, "%s: %d of %d",
                  calibrated[c].name, covered[c], SAMPLES);
}

BREAKS(bootstrap, refuses_nan, "!isnan(statistic->x[i])")
{
    const double bad[] = {1, NAN};
    const struct statistic average = {STATISTIC_MEAN, bad, NULL};
    double replicate;
    bootstrap_replicates(&replicate, &average, 1, 2, 1, SEED);
}

BREAKS(bootstrap, refuses_a_ratio_without_denominators,
       "!statistic->y == (statistic->kind != STATISTIC_RATIO)")
{
    const struct statistic ratio = {STATISTIC_RATIO, x, NULL};
    statistic_value(&ratio, MOST);
}

BREAKS(bootstrap, refuses_nothing_over_nothing, "!isnan(value)")
{
    const double zero[] = {0, 0};
    const struct statistic ratio = {STATISTIC_RATIO, zero, zero};
    statistic_value(&ratio, 2);
}
