#include "core/stats/curve_band.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/ending.h"

enum { N = 4, WINDOW = 2 };

static const double value[3][N] = {{4, 2, 2, 0}, {8, 4, 4, 4}, {6, 6, 0, 2}};
static double means[3][N];
static struct curve curves[3];

// Running means {-,3,2,1}, {-,6,4,4} and {-,6,3,1}.
static void setup(void)
{
    for (size_t i = 0; i < 3; ++i) {
        curve_means(means[i], value[i], N, WINDOW);
        curves[i] = (struct curve){value[i], means[i]};
    }
}

TestSuite(curve_band, .init = setup);

Test(curve_band, running_means_begin_with_the_first_whole_window)
{
    const double want[3][N - 1] = {{3, 2, 1}, {6, 4, 4}, {6, 3, 1}};
    for (size_t i = 0; i < 3; ++i) {
        cr_expect(isnan(means[i][0]));
        for (size_t t = 1; t < N; ++t) cr_expect_eq(means[i][t], want[i][t - 1]);
    }
}

// By hand, at the last step: differences -2, 0 and 2, so variances 2, 0 and 2; their mean 4/3 over
// windows of 2.
Test(curve_band, spans_the_means_and_its_margin_is_their_standard_error)
{
    const struct band band = curve_band(curves, 3, 3, 3, WINDOW);
    cr_expect_eq(band.low, 1);
    cr_expect_eq(band.high, 4);
    cr_expect_float_eq(band.margin, sqrt(4. / 3 / 2), 1e-15);
}

Test(curve_band, a_curve_can_be_left_out)
{
    const struct band band = curve_band(curves, 3, 1, 3, WINDOW);
    cr_expect_eq(band.low, 1);
    cr_expect_eq(band.high, 1);
    cr_expect_eq(band.margin, 1);
}

Test(curve_band, the_excess_is_counted_in_margins)
{
    const struct band band = {.low = 1, .high = 4, .margin = .5},
                      thin = {.low = 1, .high = 4, .margin = 0};
    cr_expect_eq(band_excess(1, &band), 0);
    cr_expect_eq(band_excess(4, &band), 0);
    cr_expect_eq(band_excess(0, &band), 2);
    cr_expect_eq(band_excess(5.5, &band), 3);
    cr_expect_eq(band_excess(2, &thin), 0);
    cr_expect(isinf(band_excess(5, &thin)));
}

// Noise of deviation .5 on a slope: the margin is the standard error of a mean of the noise, which
// a variance about the window's mean would overstate more than four times.
Test(curve_band, a_slope_does_not_widen_the_margin)
{
    enum { LONG = 400 };
    static double noisy[LONG], smooth[LONG];
    struct rng rng = rng_open(5, PURPOSE_TEST, 0, 0);
    for (size_t t = 0; t < LONG; ++t)
        noisy[t] = .5 * rng_normal(&rng) - .02 * (double)t;
    curve_means(smooth, noisy, LONG, LONG);
    const struct curve curve = {noisy, smooth};
    const struct band band = curve_band(&curve, 1, 1, LONG - 1, LONG);
    cr_expect_float_eq(band.margin, .5 / sqrt(LONG), .1 * .5 / sqrt(LONG));
}

BREAKS(curve_band, refuses_a_window_that_is_not_full, "window > 1 && t + 1 >= window")
{
    curve_band(curves, 3, 3, 0, WINDOW);
}

BREAKS(curve_band, refuses_a_band_of_no_curve, "members > 0")
{
    curve_band(curves, 1, 0, 3, WINDOW);
}
