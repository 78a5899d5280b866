/// The curves of Figure 2 of the paper (sec. 6.1): component distances summarised over images. The
/// paper does not say how; the figure draws medians and ratios of sums, because a mean of ratios is
/// useless where components nearly vanish.
#ifndef MASKBOOK_ANALYSIS_RANK_CURVES_H
#define MASKBOOK_ANALYSIS_RANK_CURVES_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/components.h"
#include "core/analysis/rank_samples.h"
#include "core/stats/summary.h"

/// The ways to draw a curve over i = 1..COMPONENTS.
enum rank_line {
    RANK_MEDIAN,    ///< median over images of |D_i|_F^2 / s_i^2, hidden patches
    RANK_RATIO,     ///< sum over images of |D_i|_F^2 / sum of s_i^2, hidden patches
    RANK_SPECTRAL,  ///< median of |D_i|_2^2 / s_i^2, hidden patches
    RANK_WHOLE,     ///< median of |D_i|_F^2 / s_i^2, the whole image
    RANK_MEAN,      ///< mean of |D_i|_F^2 / s_i^2, as the paper says, hidden patches
    RANK_MEAN_2X2,  ///< the same mean, the hidden pixels in patches of side 2
    RANK_MEDIAN_2X2 ///< the median of those
};
enum { RANK_LINES = 7 };

/// The key of each line in results ("median") and its label in tables; static storage.
extern const char *const rank_line_key[RANK_LINES], *const rank_line_label[RANK_LINES];

/// Curves and their trends. The first two lines have 90 % bootstrap intervals over images, the
/// others NAN.
struct rank_curve {
    size_t count; ///< images
    struct estimate line[RANK_LINES][COMPONENTS];
    /// From component i to i + 1, of medians and of ratios, paired.
    struct estimate step[2][COMPONENTS - 1];
    /// Least-squares slope of the medians on i, in each grouping.
    struct estimate slope[GROUPINGS];
};

/// Summarises `samples` with `resamples` bootstrap resamples of `seed`.
void rank_curve_fit(struct rank_curve *curve, const struct rank_samples *samples,
                    size_t resamples, uint64_t seed);

/// The mean masked loss of the first `count` images, with its interval.
struct estimate rank_loss(const struct rank_samples *samples, size_t count,
                          size_t resamples, uint64_t seed);

/// The slope of the medians of `b` on i minus that of `a`, in one grouping, with its paired
/// interval. Requires the same images in both.
struct estimate rank_slope_rise(const struct rank_samples *a,
                                const struct rank_samples *b, enum grouping grouping,
                                size_t resamples, uint64_t seed);

/// gap (2,COMPONENTS) = the medians (RANK_MEDIAN) and ratios of sums (RANK_RATIO) of `a` minus
/// those of `b`, with paired intervals, over the first min(a->count, b->count) images. Requires
/// these to be the same images under the same masks.
void rank_curve_gap(struct estimate gap[2][COMPONENTS], const struct rank_samples *a,
                    const struct rank_samples *b, size_t resamples, uint64_t seed);

#endif
