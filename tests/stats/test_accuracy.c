#include "core/stats/accuracy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>

#include "core/base/rng.h"
#include "core/stats/bootstrap.h"

enum { N = 400, SEEDS = 3, RESAMPLES = 2000 };

static double a[N], b[N];

// a is right on most images; b on the same ones but for every 20th.
static void fill(void)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < N; ++i) {
        a[i] = rng_uniform(&rng) < .7;
        b[i] = i % 20 ? a[i] : 0;
    }
}

static double mean_of(const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < N; ++i) sum += x[i];
    return sum / N;
}

Test(accuracy, an_image_counts_by_the_share_of_seeds_that_are_right)
{
    const uint8_t answers[SEEDS * 4] = {1, 2, 3, 4, /**/ 1, 0, 3, 4, /**/ 1, 0, 0, 0};
    const uint8_t labels[4] = {1, 2, 3, 5};
    double right[4];
    answers_right(right, answers, labels, SEEDS, 4);
    cr_expect(right[0] == 1 && right[1] == 1. / 3 && right[2] == 2. / 3 &&
              right[3] == 0);
}

Test(accuracy, percent_is_the_mean_with_an_interval_as_wide_as_theory_says)
{
    fill();
    struct estimate got = accuracy_percent(a, N, RESAMPLES, 5);
    const double p = mean_of(a), half = 164.5 * sqrt(p * (1 - p) / N);
    cr_expect(fabs(got.value - 100 * p) <= 1e-12 * 100);
    // 2,000 resamples place a 5 % quantile to within some 5 % of the half-width.
    cr_expect(fabs(got.value - got.low - half) < .15 * half, "%g %g", got.low, half);
    cr_expect(fabs(got.high - got.value - half) < .15 * half, "%g %g", got.high, half);
}

Test(accuracy, a_gain_is_paired_over_the_images)
{
    fill();
    struct estimate got = accuracy_gain(a, b, N, RESAMPLES, 5),
                    back = accuracy_gain(b, a, N, RESAMPLES, 5);
    const double d = mean_of(a) - mean_of(b);
    cr_expect(fabs(got.value - 100 * d) <= 1e-10);
    // They differ on some 14 images only: sqrt(14) / 400 of a standard error, not the unpaired .032.
    const double half = 164.5 * sqrt(d * (1 - d) / N);
    cr_expect(fabs(got.high - got.low - 2 * half) < .3 * half, "%g %g", got.low,
              got.high);
    cr_expect(fabs(back.value + got.value) <= 1e-12 &&
              fabs(back.low + got.high) <= 1e-9 && fabs(back.high + got.low) <= 1e-9);
    struct estimate none = accuracy_gain(a, a, N, RESAMPLES, 5);
    cr_expect(none.value == 0 && none.low == 0 && none.high == 0 && none.n == N);
}

// Table 2 of the paper: 90.2 against 89.7 and 67.5 against 64.4, n = 10,000; by hand.
Test(accuracy, z_of_two_printed_accuracies)
{
    cr_expect(fabs(accuracies_z(90.2, 89.7, 10000) - 1.17594) < 1e-5, "%.9g",
              accuracies_z(90.2, 89.7, 10000));
    cr_expect(fabs(accuracies_z(67.5, 64.4, 10000) - 4.62821) < 1e-5, "%.9g",
              accuracies_z(67.5, 64.4, 10000));
    cr_expect_eq(accuracies_z(50, 60, 100), -accuracies_z(60, 50, 100));
    cr_expect_eq(accuracies_z(70, 70, 100), 0);
}

Test(accuracy, two_certainties_have_no_standard_error, .signal = SIGABRT)
{
    accuracies_z(100, 0, 100);
}

Test(accuracy, no_answers_break_the_contract, .signal = SIGABRT)
{
    double right[1];
    answers_right(right, NULL, NULL, 0, 1);
}
