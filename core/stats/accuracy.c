#include "core/stats/accuracy.h"

#include <math.h>

#include "core/base/die.h"
#include "core/stats/bootstrap.h"

void answers_open(struct answers *answers, size_t seeds, size_t images,
                  struct arena *arena)
{
    *answers = (struct answers){
        .seeds = seeds,
        .images = images,
        .predicted = arena_take(arena, size_product(seeds, images), sizeof(uint16_t)),
        .highest = arena_doubles(arena, seeds),
        .right = arena_doubles(arena, images)};
}

static struct estimate percent(struct estimate share)
{
    return (struct estimate){100 * share.value, 100 * share.low, 100 * share.high,
                             share.n};
}

void answers_measure(struct answers *answers, const uint16_t *labels, uint64_t seed)
{
    const size_t S = answers->seeds, n = answers->images;
    const struct statistic share = {.kind = STATISTIC_MEAN, .x = answers->right};
    require(S > 0, "no answers");
    for (size_t i = 0; i < n; ++i) {
        size_t count = 0;
        for (size_t s = 0; s < S; ++s)
            count += answers->predicted[s * n + i] == labels[i];
        answers->right[i] = (double)count / (double)S;
    }

    bootstrap_intervals(&answers->accuracy, &share, 1, n, BOOTSTRAP_RESAMPLES, seed);
    answers->accuracy = percent(answers->accuracy);

    answers->least = 100;
    answers->most = answers->best = 0;
    for (size_t s = 0; s < S; ++s) {
        size_t count = 0;
        for (size_t i = 0; i < n; ++i)
            count += answers->predicted[s * n + i] == labels[i];
        const double accuracy = 100 * (double)count / (double)n;
        answers->least = fmin(answers->least, accuracy);
        answers->most = fmax(answers->most, accuracy);
        answers->best += 100 * answers->highest[s] / (double)S;
    }
}

struct gain answers_gain(const struct answers *better, const struct answers *worse,
                         const uint16_t *labels, uint64_t seed)
{
    const size_t n = better->images;
    const struct statistic first = {.kind = STATISTIC_MEAN, .x = better->right},
                           second = {.kind = STATISTIC_MEAN, .x = worse->right};
    require(n == worse->images, "answers to %zu and to %zu images", n, worse->images);
    const struct estimate gain =
        bootstrap_difference(&first, &second, n, BOOTSTRAP_RESAMPLES, seed);
    return (struct gain){
        .points = percent(gain),
        .mcnemar = mcnemar_test(better->predicted, worse->predicted, labels, n)};
}

double accuracies_z(double p, double q, size_t n)
{
    const double a = p / 100, b = q / 100, variance = a * (1 - a) + b * (1 - b);
    require(a >= 0 && a <= 1 && b >= 0 && b <= 1 && variance > 0 && n > 0,
            "%g %% and %g %% of %zu", p, q, n);
    return (a - b) / sqrt(variance / (double)n);
}
