/// Numbers that stand for many: mean, median, quantiles, and an estimate with its interval.
/// Values may be infinite (a ratio to nothing is), which a median survives; none may be NaN.
#ifndef MASKBOOK_STATS_SUMMARY_H
#define MASKBOOK_STATS_SUMMARY_H

#include <stddef.h>

#include "core/base/estimate.h"

/// Share of an interval's resamples that lie inside it; every interval of the suite has it.
#define INTERVAL_LEVEL 0.9

/// (x_0 + ... + x_{n-1}) / n, added in this order. Requires n > 0.
double mean(const double *x, size_t n);

/// The sample standard deviation, sqrt(sum (x_i - mean)^2 / (n - 1)). Requires n > 1.
double deviation(const double *x, size_t n);

/// The mean of x with the normal approximation to its 90 % interval:
///     value -+ 1.6449 e,  e = sqrt(sum (x_i - value)^2 / (n - 1) / n),  value = x_0/n + ... + x_{n-1}/n
/// error = e, the standard error
/// Requires n > 1.
struct estimate mean_normal(double *error, const double *x, size_t n);

/// Orders x (n) ascending, in place. Aborts on NaN.
void sort_ascending(double *x, size_t n);

/// The p-quantile of ascending values, 0 <= p <= 1, linear between order statistics: place
/// h = (n - 1) p, value x_[h] + (h - [h]) (x_[h]+1 - x_[h]) (Hyndman & Fan 1996, type 7).
/// sorted (n) ascending. Requires n > 0.
double quantile(const double *sorted, size_t n, double p);

/// The middle value, or the mean of the two middle ones. Requires n > 0, no NaN.
/// x (n); workspace (n) overwritten. Cost n log n.
double median(const double *x, size_t n, double *workspace);

/// The percentile interval at INTERVAL_LEVEL: the 5 % and 95 % quantiles of the replicates
/// (Efron & Tibshirani 1993, sec. 13.3), around `value`, the statistic of the n items themselves.
/// replicates (count) values of the statistic on resamples; workspace (count) overwritten.
struct estimate percentile_interval(double value, size_t n, const double *replicates,
                                    size_t count, double *workspace);

#endif
