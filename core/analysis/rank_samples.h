/// What Figure 2 of the paper (sec. 6.1) measures on each image: the distance of the i-th rank-one
/// component of a reconstruction from that of the original. The paper does not say which matrix
/// stands for an image, so three are measured, for a trained model, for the best linear predictor,
/// and for an image with noise on it, whose rank is full.
#ifndef MASKBOOK_ANALYSIS_RANK_SAMPLES_H
#define MASKBOOK_ANALYSIS_RANK_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/components.h"
#include "core/analysis/linear_predictor.h"
#include "core/base/arena.h"
#include "core/train/evaluate.h"

/// The matrix that stands for an image of T patches of F = 3*p^2 numbers, M of them hidden.
enum grouping {
    GROUPING_HIDDEN,   ///< (M,F): the hidden patches; the primary grouping
    GROUPING_QUARTERS, ///< (M*p^2/4,12): the hidden pixels as patches of side 2
    GROUPING_WHOLE     ///< (T,F): all patches; the visible ones are the original's
};
enum { GROUPINGS = 3 };

/// The measurements, a column for each quantity, as statistics read them.
struct rank_samples {
    size_t count;                            ///< images
    double *relative[GROUPINGS][COMPONENTS]; ///< (count) |D_i|_F^2 / s_i^2
    double *spectral[COMPONENTS];  ///< (count) |D_i|_2^2 / s_i^2, hidden patches
    double *frobenius[COMPONENTS]; ///< (count) |D_i|_F^2, hidden patches
    double *scale[COMPONENTS];     ///< (count) s_i^2, hidden patches
    double *
        rank[2]; ///< (count) effective rank of original, reconstruction, hidden patches
    double *loss; ///< (count) mean squared error of hidden numbers
};

/// Takes columns for `count` images from `arena`.
void rank_samples_open(struct rank_samples *samples, size_t count, struct arena *arena);

/// Fills the columns from a trained model's reconstructions of evaluation->count images.
/// Returns the number of images for which a decomposition did not converge; their rows are
/// unspecified. Requires an even patch side, and columns for as many images.
size_t rank_samples_learned(struct rank_samples *samples,
                            const struct evaluation *evaluation)
    __attribute__((warn_unused_result));

/// The same for the best linear predictor on the first samples->count images, under the masks of an
/// evaluation with the same seed and ratio.
size_t rank_samples_linear(struct rank_samples *samples,
                           const struct linear_predictor *predictor,
                           const struct images *images, double mask_ratio,
                           uint64_t seed, int threads)
    __attribute__((warn_unused_result));

/// The same where the reconstruction is the original plus normal noise of standard deviation `sd`,
/// drawn for each image, with patches of side `patch`.
size_t rank_samples_noisy(struct rank_samples *samples, double sd,
                          const struct images *images, int patch, double mask_ratio,
                          uint64_t seed, int threads)
    __attribute__((warn_unused_result));

#endif
