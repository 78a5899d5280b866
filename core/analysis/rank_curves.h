/// The curves of Figure 2 of the paper (sec. 6.1): component distances summarised over images. The paper
/// does not say how; medians and ratios of sums are drawn, because the mean of ratios breaks down
/// where a component all but vanishes.
#ifndef MASKBOOK_ANALYSIS_RANK_CURVES_H
#define MASKBOOK_ANALYSIS_RANK_CURVES_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/components.h"
#include "core/analysis/rank_samples.h"
#include "core/stats/summary.h"

/// A curve over i = 1..COMPONENTS, with 90 % bootstrap intervals over images where they say so.
struct rank_curve {
    size_t count;                       ///< images
    struct interval median[COMPONENTS]; ///< of |D_i|_F^2 / s_i^2, hidden patches
    struct interval ratio[COMPONENTS];  ///< sum |D_i|_F^2 / sum s_i^2
    struct interval median_step[COMPONENTS - 1]; ///< median_{i+1} - median_i, paired
    struct interval ratio_step[COMPONENTS - 1];  ///< ratio_{i+1} - ratio_i, paired
    struct interval slope; ///< least-squares slope of the medians on i
    // Other choices, without intervals: the spectral norm, the whole image, the literal mean, and the
    // literal mean when the same pixels are grouped into patches of side 2.
    struct interval spectral_median[COMPONENTS], whole_median[COMPONENTS];
    struct interval mean[COMPONENTS], quarters_mean[COMPONENTS];
};

/// Summarises `samples` by `resamples` bootstrap resamples of `seed`.
void rank_curve_fit(struct rank_curve *curve, const struct rank_samples *samples,
                    size_t resamples, uint64_t seed);

/// The mean masked loss of the first `count` images, with its interval.
struct interval rank_loss(const struct rank_samples *samples, size_t count,
                          size_t resamples, uint64_t seed);

/// The slope of the medians on i of `b` minus that of `a`, with its paired interval; the same images in
/// both.
struct interval rank_slope_rise(const struct rank_samples *a,
                                const struct rank_samples *b, size_t resamples,
                                uint64_t seed);

/// gap (COMPONENTS) = ratio of sums of `a` minus that of `b` with paired intervals, over the first
/// min(a->count, b->count) images, which must be the same images under the same masks.
void rank_curve_gap(struct interval gap[COMPONENTS], const struct rank_samples *a,
                    const struct rank_samples *b, size_t resamples, uint64_t seed);

#endif
