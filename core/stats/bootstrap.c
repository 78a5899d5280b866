#include "core/stats/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/rng.h"

enum { LANES = 8 };

// An item and its value, for sorting.
struct ranked {
    double value;
    uint32_t item;
};

static int rank_order(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;
    if (p->value != q->value) return p->value < q->value ? -1 : 1;
    return (p->item > q->item) - (p->item < q->item);
}

// ranked (n) = the items by ascending value, equal ones by number.
static void ranking_find(struct ranked *ranked, const double *x, size_t n)
{
    for (size_t i = 0; i < n; ++i) ranked[i] = (struct ranked){x[i], (uint32_t)i};
    qsort(ranked, n, sizeof *ranked, rank_order);
}

// sum_i counts_i * x_i as LANES interleaved partial sums, added in a fixed order. Items that do not
// occur are skipped, because 0 times infinity is NaN.
KERNEL static double weighted_sum(const uint32_t *counts, const double *x, size_t n)
{
    double lanes[LANES] = {0};
    size_t whole = n / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; ++l) {
            // Counts fit int32, whose conversion to double every CPU can vectorise.
            double product = (double)(int32_t)counts[i + l] * x[i + l];
            lanes[l] += counts[i + l] ? product : 0;
        }
    for (size_t i = whole; i < n; ++i)
        lanes[i - whole] += counts[i] ? (double)(int32_t)counts[i] * x[i] : 0;
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// The median of a resample with these counts: walks through the sorted items to the middle.
static double weighted_median(const uint32_t *counts, const struct ranked *ranked,
                              size_t n)
{
    // The elements (n-1)/2 and n/2, counted from 0, which are the same for odd n.
    size_t seen = 0, i = 0;
    while ((seen += counts[ranked[i].item]) <= (n - 1) / 2) ++i;
    double low = ranked[i].value;
    if (seen > n / 2) return low;
    do ++i;
    while (!counts[ranked[i].item]);
    double high = ranked[i].value;
    return low < high ? 0.5 * low + 0.5 * high : low;
}

// ranked (n) from ranking_find, used by medians only.
static double weighted_value(const struct statistic *statistic, const uint32_t *counts,
                             const struct ranked *ranked, size_t n)
{
    double value = NAN;
    switch (statistic->kind) {
    case STATISTIC_MEAN:
        value = weighted_sum(counts, statistic->x, n) / (double)n;
        break;
    case STATISTIC_MEDIAN:
        value = weighted_median(counts, ranked, n);
        break;
    case STATISTIC_RATIO:
        value = weighted_sum(counts, statistic->x, n) /
                weighted_sum(counts, statistic->y, n);
        break;
    }
    require(!isnan(value), "a statistic of kind %d is not a number",
            (int)statistic->kind);
    return value;
}

static void statistic_check(const struct statistic *statistic, size_t n)
{
    require(n > 0 && n <= INT32_MAX, "a statistic of %zu items", n);
    require(!statistic->y == (statistic->kind != STATISTIC_RATIO),
            "denominators are for ratios, and only for those");
    for (size_t i = 0; i < n; ++i)
        require(!isnan(statistic->x[i]) && !(statistic->y && isnan(statistic->y[i])),
                "item %zu of %zu is NaN", i, n);
}

static struct ranked *ranking_take(const struct statistic *statistic, size_t n,
                                   struct arena *arena)
{
    if (statistic->kind != STATISTIC_MEDIAN) return NULL;
    struct ranked *ranked = arena_take(arena, n, sizeof *ranked);
    ranking_find(ranked, statistic->x, n);
    return ranked;
}

double statistic_value(const struct statistic *statistic, size_t n)
{
    struct arena arena;
    statistic_check(statistic, n);
    arena_open_growing(&arena, "statistic");
    uint32_t *counts = arena_take(&arena, n, sizeof *counts);
    for (size_t i = 0; i < n; ++i) counts[i] = 1;
    double value =
        weighted_value(statistic, counts, ranking_take(statistic, n, &arena), n);
    arena_close(&arena);
    return value;
}

void bootstrap_counts(uint32_t *counts, size_t n, uint64_t seed, uint32_t number)
{
    require(n > 0 && n <= UINT32_MAX, "a resample of %zu items", n);
    memset(counts, 0, n * sizeof *counts);
    struct rng rng = rng_open(seed, PURPOSE_BOOTSTRAP, 0, number);
    for (size_t i = 0; i < n; ++i) ++counts[rng_below(&rng, (uint32_t)n)];
}

void bootstrap_replicates(double *replicates, const struct statistic *statistics,
                          size_t count, size_t n, size_t resamples, uint64_t seed)
{
    require(resamples > 0 && resamples <= UINT32_MAX, "%zu resamples", resamples);
    struct arena arena;
    arena_open_growing(&arena, "bootstrap");
    uint32_t *counts = arena_take(&arena, n, sizeof *counts);
    struct ranked **ranked = arena_take(&arena, count, sizeof *ranked);
    for (size_t s = 0; s < count; ++s) {
        statistic_check(&statistics[s], n);
        ranked[s] = ranking_take(&statistics[s], n, &arena);
    }
    for (size_t r = 0; r < resamples; ++r) {
        bootstrap_counts(counts, n, seed, (uint32_t)r);
        for (size_t s = 0; s < count; ++s)
            replicates[s * resamples + r] =
                weighted_value(&statistics[s], counts, ranked[s], n);
    }
    arena_close(&arena);
}

void bootstrap_intervals(struct estimate *intervals, const struct statistic *statistics,
                         size_t count, size_t n, size_t resamples, uint64_t seed)
{
    struct arena arena;
    arena_open_growing(&arena, "bootstrap");
    double *replicates = arena_doubles(&arena, size_product(count, resamples));
    double *workspace = arena_doubles(&arena, resamples);
    bootstrap_replicates(replicates, statistics, count, n, resamples, seed);
    for (size_t s = 0; s < count; ++s)
        intervals[s] =
            percentile_interval(statistic_value(&statistics[s], n), n,
                                replicates + s * resamples, resamples, workspace);
    arena_close(&arena);
}

struct estimate bootstrap_difference(const struct statistic *a,
                                     const struct statistic *b, size_t n,
                                     size_t resamples, uint64_t seed)
{
    struct arena arena;
    arena_open_growing(&arena, "bootstrap");
    const struct statistic both[2] = {*a, *b};
    double *replicates = arena_doubles(&arena, size_product(2, resamples));
    double *workspace = arena_doubles(&arena, resamples);
    bootstrap_replicates(replicates, both, 2, n, resamples, seed);
    for (size_t r = 0; r < resamples; ++r) replicates[r] -= replicates[resamples + r];
    double estimate = statistic_value(a, n) - statistic_value(b, n);
    struct estimate interval =
        percentile_interval(estimate, n, replicates, resamples, workspace);
    arena_close(&arena);
    return interval;
}
