#include "core/analysis/rank_curves.h"

#include <math.h>

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"

static struct statistic median_statistic(const struct rank_samples *samples,
                                         enum grouping grouping, size_t i)
{
    return (struct statistic){STATISTIC_MEDIAN, samples->relative[grouping][i], NULL};
}

static struct statistic ratio_statistic(const struct rank_samples *samples, size_t i)
{
    return (struct statistic){STATISTIC_RATIO, samples->frobenius[i],
                              samples->scale[i]};
}

// The least-squares slope on i = 1..COMPONENTS of medians[(i-1)*stride].
static double medians_slope(const double *medians, size_t stride)
{
    double index[COMPONENTS], point[COMPONENTS];
    for (size_t i = 0; i < COMPONENTS; ++i) {
        index[i] = (double)(i + 1);
        point[i] = medians[i * stride];
    }
    return slope(point, index, COMPONENTS);
}

// slopes (resamples) = those of the medians in replicates (COMPONENTS,resamples).
static void slope_replicates(double *slopes, const double *replicates, size_t resamples)
{
    for (size_t r = 0; r < resamples; ++r)
        slopes[r] = medians_slope(replicates + r, resamples);
}

const char *const rank_line_key[RANK_LINES] = {
    "median", "ratio", "spectral", "whole", "mean", "mean-2x2", "median-2x2"};
const char *const rank_line_label[RANK_LINES] = {"median",
                                                 "ratio of sums",
                                                 "spectral norm, median",
                                                 "whole image, median",
                                                 "literal mean",
                                                 "literal mean, 2x2 patches",
                                                 "median, 2x2 patches"};

// A statistic of a column, without an interval.
static struct estimate point(enum statistic_kind kind, const double *column,
                             size_t count)
{
    struct statistic statistic = {kind, column, NULL};
    return (struct estimate){statistic_value(&statistic, count), NAN, NAN, count};
}

// The lines without intervals.
static void other_lines(struct rank_curve *curve, const struct rank_samples *samples)
{
    size_t n = samples->count;
    for (size_t i = 0; i < COMPONENTS; ++i) {
        const double *hidden = samples->relative[GROUPING_HIDDEN][i];
        const double *whole = samples->relative[GROUPING_WHOLE][i];
        const double *quarters = samples->relative[GROUPING_QUARTERS][i];
        curve->line[RANK_SPECTRAL][i] =
            point(STATISTIC_MEDIAN, samples->spectral[i], n);
        curve->line[RANK_WHOLE][i] = point(STATISTIC_MEDIAN, whole, n);
        curve->line[RANK_MEAN][i] = point(STATISTIC_MEAN, hidden, n);
        curve->line[RANK_MEAN_2X2][i] = point(STATISTIC_MEAN, quarters, n);
        curve->line[RANK_MEDIAN_2X2][i] = point(STATISTIC_MEDIAN, quarters, n);
    }
}

// The slope of the medians of one grouping, with its interval.
static struct estimate grouping_slope(const struct rank_samples *samples,
                                      enum grouping grouping, size_t resamples,
                                      uint64_t seed)
{
    struct statistic statistics[COMPONENTS];
    double value[COMPONENTS];
    for (size_t i = 0; i < COMPONENTS; ++i) {
        statistics[i] = median_statistic(samples, grouping, i);
        value[i] = statistic_value(&statistics[i], samples->count);
    }
    struct arena arena;
    arena_open_growing(&arena, "slope");
    double *replicates = arena_doubles(&arena, size_product(COMPONENTS, resamples));
    double *slopes = arena_doubles(&arena, resamples);
    double *workspace = arena_doubles(&arena, resamples);
    bootstrap_replicates(replicates, statistics, COMPONENTS, samples->count, resamples,
                         seed);
    slope_replicates(slopes, replicates, resamples);
    const struct estimate interval = percentile_interval(
        medians_slope(value, 1), samples->count, slopes, resamples, workspace);
    arena_close(&arena);
    return interval;
}

void rank_curve_fit(struct rank_curve *curve, const struct rank_samples *samples,
                    size_t resamples, uint64_t seed)
{
    enum { STATISTICS = 2 * COMPONENTS };
    struct statistic statistics[STATISTICS];
    for (size_t i = 0; i < COMPONENTS; ++i) {
        statistics[i] = median_statistic(samples, GROUPING_HIDDEN, i);
        statistics[COMPONENTS + i] = ratio_statistic(samples, i);
    }
    struct arena arena;
    arena_open_growing(&arena, "rank curve");
    double *replicates = arena_doubles(&arena, size_product(STATISTICS, resamples));
    double *derived = arena_doubles(&arena, resamples);
    double *workspace = arena_doubles(&arena, resamples);
    bootstrap_replicates(replicates, statistics, STATISTICS, samples->count, resamples,
                         seed);

    // The points of both lines, and their steps from i to i + 1, on the same resamples.
    double value[STATISTICS];
    for (size_t s = 0; s < STATISTICS; ++s) {
        value[s] = statistic_value(&statistics[s], samples->count);
        const double *here = replicates + s * resamples;
        size_t line = s / COMPONENTS, i = s % COMPONENTS;
        curve->line[line][i] =
            percentile_interval(value[s], samples->count, here, resamples, workspace);
        if (i == 0) continue;
        const double *before = here - resamples;
        for (size_t r = 0; r < resamples; ++r) derived[r] = here[r] - before[r];
        curve->step[line][i - 1] = percentile_interval(
            value[s] - value[s - 1], samples->count, derived, resamples, workspace);
    }
    curve->count = samples->count;
    for (int g = 0; g < GROUPINGS; ++g)
        curve->slope[g] = grouping_slope(samples, (enum grouping)g, resamples, seed);
    other_lines(curve, samples);
    arena_close(&arena);
}

struct estimate rank_loss(const struct rank_samples *samples, size_t count,
                          size_t resamples, uint64_t seed)
{
    require(count <= samples->count, "%zu images of %zu", count, samples->count);
    struct statistic statistic = {STATISTIC_MEAN, samples->loss, NULL};
    struct estimate interval;
    bootstrap_intervals(&interval, &statistic, 1, count, resamples, seed);
    return interval;
}

struct estimate rank_slope_rise(const struct rank_samples *a,
                                const struct rank_samples *b, enum grouping grouping,
                                size_t resamples, uint64_t seed)
{
    require(a->count == b->count, "slopes over %zu and %zu images cannot be paired",
            a->count, b->count);
    // Medians of a, then of b, all on the same resamples.
    struct statistic statistics[2 * COMPONENTS];
    for (size_t i = 0; i < COMPONENTS; ++i) {
        statistics[i] = median_statistic(a, grouping, i);
        statistics[COMPONENTS + i] = median_statistic(b, grouping, i);
    }
    struct arena arena;
    arena_open_growing(&arena, "slopes");
    double *replicates = arena_doubles(&arena, size_product(2 * COMPONENTS, resamples));
    double *rise = arena_doubles(&arena, resamples);
    double *workspace = arena_doubles(&arena, resamples);
    bootstrap_replicates(replicates, statistics, 2 * COMPONENTS, a->count, resamples,
                         seed);
    slope_replicates(workspace, replicates, resamples);
    slope_replicates(rise, replicates + COMPONENTS * resamples, resamples);
    for (size_t r = 0; r < resamples; ++r) rise[r] -= workspace[r];
    double value[2 * COMPONENTS];
    for (size_t i = 0; i < 2 * COMPONENTS; ++i)
        value[i] = statistic_value(&statistics[i], a->count);
    struct estimate interval = percentile_interval(
        medians_slope(value + COMPONENTS, 1) - medians_slope(value, 1), a->count, rise,
        resamples, workspace);
    arena_close(&arena);
    return interval;
}

void rank_curve_gap(struct estimate gap[2][COMPONENTS], const struct rank_samples *a,
                    const struct rank_samples *b, size_t resamples, uint64_t seed)
{
    size_t n = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < COMPONENTS; ++i) {
        struct statistic x = median_statistic(a, GROUPING_HIDDEN, i),
                         y = median_statistic(b, GROUPING_HIDDEN, i);
        gap[RANK_MEDIAN][i] = bootstrap_difference(&x, &y, n, resamples, seed);
        x = ratio_statistic(a, i);
        y = ratio_statistic(b, i);
        gap[RANK_RATIO][i] = bootstrap_difference(&x, &y, n, resamples, seed);
    }
}
