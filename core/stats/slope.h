/// Trends over a few ordered settings, such as mask ratios: their slope, and whether they rise.
#ifndef MASKBOOK_STATS_SLOPE_H
#define MASKBOOK_STATS_SLOPE_H

#include <stddef.h>

/// The least-squares slope of y on x: sum (x_i - mean x)(y_i - mean y) / sum (x_i - mean x)^2.
/// x, y (n) finite. Requires n >= 2 and at least two different x.
double slope(const double *y, const double *x, size_t n);

/// True when y_0 < y_1 < ... < y_{n-1}. A NaN makes it false. Requires n > 0.
int strictly_increasing(const double *y, size_t n);

/// The exact permutation p-value of the statistic "y is strictly increasing" against all orders
/// of y being equally likely: 1/n! when it is, 1 when it is not (every order then does as well).
/// y (n). Requires n > 0.
double increase_p_value(const double *y, size_t n);

#endif
