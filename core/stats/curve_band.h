/// Does a noisy curve run among others? The running means of several reference curves span a
/// band at each step, and another curve's running mean lies in it or so many standard errors
/// outside.
#ifndef MASKBOOK_STATS_CURVE_BAND_H
#define MASKBOOK_STATS_CURVE_BAND_H

#include <stddef.h>

/// A curve, not owned.
struct curve {
    const double *value; ///< (n)
    /// (n), of curve_means: of the window that ends there; NAN before the first.
    const double *mean;
};

/// The band at one step.
struct band {
    double low, high; ///< the least and the largest of the running means
    double margin;    ///< one standard error of such a mean
};

/// means (n) = the running means of value (n):
///     means_t = (value_{t-window+1} + ... + value_t) / window,   NAN for t < window - 1
/// Requires window > 0. Cost O(n window).
void curve_means(double *means, const double *value, size_t n, size_t window);

/// The band of curves (count) at step t, all but number `without` (count or more: all). The margin
/// is sigma / sqrt(window), where sigma^2 is half the mean square of the differences of successive
/// values in the window (von Neumann 1941: a slow trend does not raise it), averaged over the
/// curves.
/// Requires window > 1, t >= window - 1 and a curve that is not left out.
struct band curve_band(const struct curve *curves, size_t count, size_t without,
                       size_t t, size_t window);

/// How far x lies outside [low, high], in margins: 0 inside, infinite outside a band whose margin
/// is 0.
double band_excess(double x, const struct band *band);

#endif
