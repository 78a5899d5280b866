#include "core/stats/accuracy.h"

#include <math.h>

#include "core/base/die.h"
#include "core/stats/bootstrap.h"

void answers_right(double *right, const uint8_t *answers, const uint8_t *labels,
                   size_t seeds, size_t n)
{
    require(seeds > 0, "no answers");
    for (size_t i = 0; i < n; ++i) {
        size_t count = 0;
        for (size_t s = 0; s < seeds; ++s) count += answers[s * n + i] == labels[i];
        right[i] = (double)count / (double)seeds;
    }
}

static struct estimate scaled(struct estimate d, double factor)
{
    return (struct estimate){factor * d.value, factor * d.low, factor * d.high, d.n};
}

struct estimate accuracy_percent(const double *right, size_t n, size_t resamples,
                                 uint64_t seed)
{
    const struct statistic share = {.kind = STATISTIC_MEAN, .x = right};
    struct estimate interval;
    bootstrap_intervals(&interval, &share, 1, n, resamples, seed);
    return scaled(interval, 100);
}

struct estimate accuracy_gain(const double *a, const double *b, size_t n,
                              size_t resamples, uint64_t seed)
{
    const struct statistic first = {.kind = STATISTIC_MEAN, .x = a},
                           second = {.kind = STATISTIC_MEAN, .x = b};
    struct estimate interval =
        bootstrap_difference(&first, &second, n, resamples, seed);
    return scaled(interval, 100);
}

double accuracies_z(double p, double q, size_t n)
{
    const double a = p / 100, b = q / 100, variance = a * (1 - a) + b * (1 - b);
    require(a >= 0 && a <= 1 && b >= 0 && b <= 1 && variance > 0 && n > 0,
            "%g %% and %g %% of %zu", p, q, n);
    return (a - b) / sqrt(variance / (double)n);
}
