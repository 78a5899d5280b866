/// Summaries of a sample: mean, deviation, median, quantiles, and estimates with intervals. Values
/// may be infinite (such as a ratio to 0), where a median is still useful; none may be NaN.
#ifndef MASKBOOK_STATS_SUMMARY_H
#define MASKBOOK_STATS_SUMMARY_H

#include <stddef.h>

#include "core/base/estimate.h"

/// The level of every interval that is reported.
#define INTERVAL_LEVEL 0.9

/// (x_0 + ... + x_{n-1}) / n, summed in this order. Requires n > 0.
double mean(const double *x, size_t n);

/// The sample standard deviation sqrt(sum_i (x_i - mean)^2 / (n - 1)). Requires n > 1.
double deviation(const double *x, size_t n);

/// The mean of x (n) with its 90 % interval by the normal approximation, value +- 1.6449 * e:
///     value = x_0/n + ... + x_{n-1}/n,   e = sqrt(sum_i (x_i - value)^2 / (n - 1) / n)
/// error   e, the standard error
/// Requires n > 1.
struct estimate mean_normal(double *error, const double *x, size_t n);

/// Sorts x (n) in place, ascending. Aborts on NaN.
void sort_ascending(double *x, size_t n);

/// The p-quantile of sorted values, linear between order statistics (Hyndman & Fan 1996, type 7):
///     x_k + (h - k) * (x_{k+1} - x_k),   h = (n - 1) * p,   k = floor(h)
/// sorted (n)   ascending
/// Requires n > 0 and 0 <= p <= 1.
double quantile(const double *sorted, size_t n, double p);

/// The middle value of x (n), or the mean of the two middle ones. workspace (n) is overwritten.
/// Requires n > 0 and no NaN. Cost O(n log n).
double median(const double *x, size_t n, double *workspace);

/// `value`, the statistic of n items, with its percentile interval: the 5 % and 95 % quantiles of
/// its values on resamples (Efron & Tibshirani 1993, sec. 13.3).
/// replicates (count)   the statistic on each resample
/// workspace (count)    overwritten
struct estimate percentile_interval(double value, size_t n, const double *replicates,
                                    size_t count, double *workspace);

#endif
