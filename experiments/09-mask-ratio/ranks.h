/// Ranks over mask ratios: of reconstructions, and what any linear prediction can do.
#ifndef MASKBOOK_EXPERIMENTS_RANKS_H
#define MASKBOOK_EXPERIMENTS_RANKS_H

#include "core/study/experiment.h"

enum { ARMS = 5 };
enum {
    LEARNED,
    LINEAR,
    PREDICTORS
};                       ///< the trained model, and the best linear predictor
enum { FALL_MASKS = 3 }; ///< nested masks of images' predictable parts

/// The same first n test images under nested masks, at each trained mask ratio.
struct ranks {
    size_t images, rival_images; ///< n, and how many the linear predictor reconstructs
    double ratio[ARMS];
    double visible[ARMS], hidden[ARMS];  ///< N, N0
    double *effective[PREDICTORS][ARMS]; ///< (n) of the reconstructed hidden patches
    double *truth[ARMS];                 ///< (n) of the hidden patches themselves
    /// (n) of the trained models' reconstructions of one set of patches, those hidden at every
    /// ratio: matrices of one size.
    double *shared[ARMS];
    /// To falling eigenvalues of the predictable part, relative to the largest one: the most that
    /// is missing, and what rounding may make of it.
    double missing, rounding;
    double explained[FALL_MASKS]
                    [ARMS]; ///< trace of the predictable part over the target's
    double largest[FALL_MASKS]
                  [ARMS]; ///< its largest eigenvalue over the target's trace
};

/// Measures everything. The arrays are in the study's arena.
void ranks_measure(struct ranks *ranks, struct study *study);

/// picked (wanted_count,F) = the rows of `matrix` (count,F) of the patches `wanted`. hidden (count)
/// are the patches of all rows. Both lists ascend. Returns how many of `wanted` were found.
size_t rows_pick(double *picked, const double *matrix, size_t features,
                 const int32_t *hidden, size_t count, const int32_t *wanted,
                 size_t wanted_count);

/// slopes (images) = each image's least-squares slope of log(rank) on log N, or with
/// `share` of log(rank / N0) on log(N / N0), minus 1: 0 where the rank, or the share, is
/// proportional. effective (ARMS) of (images)
void rank_slopes(double *slopes, double *const effective[ARMS],
                 const struct ranks *ranks, size_t images, int share);

#endif
