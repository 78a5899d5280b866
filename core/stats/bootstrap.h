/// The seeded bootstrap (Efron 1979): how much a statistic would move had other images been
/// drawn. Resample r draws n item numbers with replacement from the stream (seed,
/// PURPOSE_BOOTSTRAP, 0, r), and every statistic asked for in one call is computed on those same
/// items; so differences of statistics are paired, and nothing depends on order or threads.
///
/// A resample is kept as counts (how often each item occurs), from which a mean is a weighted sum
/// and a median a walk along the order found once: no resample is ever sorted.
#ifndef MASKBOOK_STATS_BOOTSTRAP_H
#define MASKBOOK_STATS_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/stats/summary.h"

enum { BOOTSTRAP_RESAMPLES = 10000 }; ///< what published intervals use

enum statistic_kind {
    STATISTIC_MEAN,   ///< mean of x
    STATISTIC_MEDIAN, ///< median of x
    STATISTIC_RATIO,  ///< (sum of x) / (sum of y)
};

/// A statistic of n items. Values may be infinite, none may be NaN.
struct statistic {
    enum statistic_kind kind;
    const double *x; ///< (n), borrowed
    const double *y; ///< (n) denominators of STATISTIC_RATIO, borrowed; NULL otherwise
};

/// The statistic on the items themselves, by the same sums as on a resample. Aborts when it is
/// 0/0 or otherwise NaN.
double statistic_value(const struct statistic *statistic, size_t n);

/// counts (n) = how often each item occurs in resample `number`; they sum to n.
/// Requires 0 < n < 2^32.
void bootstrap_counts(uint32_t *counts, size_t n, uint64_t seed, uint32_t number);

/// Every statistic on every resample.
/// replicates (count,resamples); statistics (count); n items each.
/// Cost for n = resamples = 10,000: 0.5 s for one statistic, 1.3 s for fifteen at once (one thread).
/// Dies (EXIT_SYSTEM) without memory, like the functions below.
void bootstrap_replicates(double *replicates, const struct statistic *statistics,
                          size_t count, size_t n, size_t resamples, uint64_t seed);

/// Estimate and percentile interval of each statistic.
/// intervals (count). Otherwise as bootstrap_replicates.
void bootstrap_intervals(struct estimate *intervals, const struct statistic *statistics,
                         size_t count, size_t n, size_t resamples, uint64_t seed);

/// Estimate and percentile interval of a - b, two statistics of the same n items, paired by using
/// the same items in each resample.
struct estimate bootstrap_difference(const struct statistic *a,
                                     const struct statistic *b, size_t n,
                                     size_t resamples, uint64_t seed);

#endif
