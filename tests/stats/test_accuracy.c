#include "core/stats/accuracy.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"

enum { N = 400, SEED = 5 };

static struct arena arena;

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(accuracy, .init = arena_make, .fini = arena_drop);

static uint16_t labels[N];

// Answers that are right on most images.
static struct answers most_right(size_t seeds)
{
    struct answers answers;
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    answers_open(&answers, seeds, N, &arena);
    for (size_t i = 0; i < N; ++i) labels[i] = (uint16_t)rng_below(&rng, 10);
    for (size_t s = 0; s < seeds; ++s) {
        answers.highest[s] = .8 + .1 * (double)s;
        for (size_t i = 0; i < N; ++i)
            answers.predicted[s * N + i] =
                (uint16_t)(rng_uniform(&rng) < .7 ? labels[i] : labels[i] + 1);
    }
    return answers;
}

// The same but for every 20th image, which is wrong.
static struct answers fewer_right(const struct answers *most)
{
    struct answers answers;
    answers_open(&answers, most->seeds, N, &arena);
    for (size_t i = 0; i < most->seeds * N; ++i) {
        const size_t image = i % N;
        answers.predicted[i] =
            image % 20 ? most->predicted[i] : (uint16_t)(labels[image] + 2);
    }
    for (size_t s = 0; s < most->seeds; ++s) answers.highest[s] = most->highest[s];
    return answers;
}

static double mean_of(const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < N; ++i) sum += x[i];
    return sum / N;
}

Test(accuracy, an_image_counts_by_the_share_of_seeds_that_are_right)
{
    const uint16_t predicted[3 * 4] = {1, 2, 3, 4, /**/ 1, 0, 3, 4, /**/ 1, 0, 0, 0};
    const uint16_t few[4] = {1, 2, 3, 5};
    struct answers answers;
    answers_open(&answers, 3, 4, &arena);
    memcpy(answers.predicted, predicted, sizeof predicted);
    answers.highest[0] = .75, answers.highest[1] = .5, answers.highest[2] = 1;
    answers_measure(&answers, few, SEED);
    cr_expect(answers.right[0] == 1 && answers.right[1] == 1. / 3 &&
              answers.right[2] == 2. / 3 && answers.right[3] == 0);
    cr_expect(fabs(answers.accuracy.value - 50) < 1e-12 && answers.accuracy.n == 4);
    cr_expect(answers.least == 25 && answers.most == 75);
    cr_expect(fabs(answers.best - 75) < 1e-12);
}

Test(accuracy, percent_is_the_mean_with_an_interval_as_wide_as_theory_says)
{
    struct answers answers = most_right(1);
    answers_measure(&answers, labels, SEED);
    const struct estimate got = answers.accuracy;
    const double p = mean_of(answers.right), half = 164.5 * sqrt(p * (1 - p) / N);
    cr_expect(fabs(got.value - 100 * p) <= 1e-12 * 100 && got.n == N);
    // 10,000 resamples place a 5 % quantile to within some 2 % of the half-width; N images give
    // steps of a quarter of a percent.
    cr_expect(fabs(got.value - got.low - half) < .1 * half, "%g %g", got.low, half);
    cr_expect(fabs(got.high - got.value - half) < .1 * half, "%g %g", got.high, half);
}

Test(accuracy, a_gain_is_paired_over_the_images)
{
    struct answers most = most_right(1), fewer = fewer_right(&most);
    answers_measure(&most, labels, SEED);
    answers_measure(&fewer, labels, SEED);
    const struct gain got = answers_gain(&most, &fewer, labels, SEED),
                      back = answers_gain(&fewer, &most, labels, SEED),
                      none = answers_gain(&most, &most, labels, SEED);
    const double d = mean_of(most.right) - mean_of(fewer.right);
    cr_expect(fabs(got.points.value - 100 * d) <= 1e-10 && got.points.n == N);
    // They differ on some 14 images only: sqrt(14) / 400 of a standard error, not the unpaired
    // .032.
    const double half = 164.5 * sqrt(d * (1 - d) / N);
    cr_expect(fabs(got.points.high - got.points.low - 2 * half) < .3 * half, "%g %g",
              got.points.low, got.points.high);
    cr_expect(fabs(back.points.value + got.points.value) <= 1e-12 &&
              fabs(back.points.low + got.points.high) <= 1e-9 &&
              fabs(back.points.high + got.points.low) <= 1e-9);
    cr_expect(none.points.value == 0 && none.points.low == 0 && none.points.high == 0);

    cr_expect(got.mcnemar.first_only == (size_t)lround(d * N) &&
              got.mcnemar.second_only == 0);
    cr_expect(back.mcnemar.second_only == got.mcnemar.first_only);
}

// The images are the units of replication: more seeds narrow no interval by themselves.
Test(accuracy, the_same_answers_of_another_seed_change_nothing)
{
    struct answers one = most_right(1), two;
    answers_open(&two, 2, N, &arena);
    for (size_t s = 0; s < 2; ++s) {
        memcpy(two.predicted + s * N, one.predicted, N * sizeof *one.predicted);
        two.highest[s] = one.highest[0];
    }
    answers_measure(&one, labels, SEED);
    answers_measure(&two, labels, SEED);
    cr_expect(one.accuracy.value == two.accuracy.value &&
              one.accuracy.low == two.accuracy.low &&
              one.accuracy.high == two.accuracy.high);
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

BREAKS(accuracy, two_certainties_have_no_standard_error,
       "a >= 0 && a <= 1 && b >= 0 && b <= 1 && variance > 0")
{
    accuracies_z(100, 0, 100);
}

BREAKS(accuracy, no_answers_break_the_contract, "S > 0: no answers")
{
    struct answers answers = {.seeds = 0, .images = 1};
    answers_measure(&answers, labels, SEED);
}

BREAKS(accuracy, answers_to_other_images_break_the_contract, "n == worse->images")
{
    struct answers answers = most_right(1), other;
    answers_open(&other, 1, N - 1, &arena);
    answers_gain(&answers, &other, labels, SEED);
}
