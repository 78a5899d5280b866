/// Trends over a few ordered settings, such as mask ratios: their slope, and whether they increase.
#ifndef MASKBOOK_STATS_SLOPE_H
#define MASKBOOK_STATS_SLOPE_H

#include <stddef.h>

/// The least-squares slope of y (n) on x (n):
///     sum_i (x_i - mean x) * (y_i - mean y) / sum_i (x_i - mean x)^2
/// Requires finite numbers, n >= 2 and at least two different x.
double slope(const double *y, const double *x, size_t n);

/// True when y_0 < y_1 < ... < y_{n-1}; false with a NaN. Requires n > 0.
int strictly_increasing(const double *y, size_t n);

/// The exact permutation p-value of the statistic "y (n) is strictly increasing", when all orders
/// of y are equally likely: 1/n! when it is, and 1 when it is not. Requires n > 0.
double increase_p_value(const double *y, size_t n);

#endif
