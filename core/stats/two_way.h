/// Means of numbers that vary in two ways at once: over seeds of a training and over images.
#ifndef MASKBOOK_STATS_TWO_WAY_H
#define MASKBOOK_STATS_TWO_WAY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/estimate.h"

/// The mean of x (seeds,n) with its 90 % percentile interval: each resample draws seeds and images,
/// both with replacement, and takes every pair of the two (the pigeonhole bootstrap; Owen 2007), so
/// that the interval is of other seeds and other images. With one seed it is of other images alone.
///
/// Of S seeds a resample's mean varies by sqrt((S-1)/S) of what it should, and its quantiles are
/// the normal ones, where so few numbers need those of Student's t: the bare bootstrap contains
/// the truth 65 times in 100 for S = 3 and 76 for S = 5 when seeds vary more than images. So what
/// a resample's seeds differ by from all of them is stretched by t(.95, S-1) / z(.95) *
/// sqrt(S/(S-1)), 5.4 for two seeds, 2.2 for three, 1.4 for five; with it 89 to 90 times in 100
/// (tests/stats).
///
/// Resample r draws images from the stream of bootstrap_counts and seeds from (seed,
/// PURPOSE_BOOTSTRAP, 1, r). The result counts n images. Requires seeds, n > 0 and finite x. Dies
/// (EXIT_SYSTEM) without memory.
struct estimate two_way_mean(const double *x, size_t seeds, size_t n, size_t resamples,
                             uint64_t seed);

#endif
