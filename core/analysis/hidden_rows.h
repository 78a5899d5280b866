/// The hidden patches of a set of images and what a predictor makes of them, in double: the
/// matrices that the paper's statements are about.
#ifndef MASKBOOK_ANALYSIS_HIDDEN_ROWS_H
#define MASKBOOK_ANALYSIS_HIDDEN_ROWS_H

#include <stddef.h>

#include "core/analysis/linear_predictor.h"
#include "core/base/arena.h"
#include "core/train/evaluate.h"

/// n images with V visible and M hidden patches of F numbers each, and the D numbers of a token.
/// All in the arena that filled it; `decoded` and `encoded` are NULL of a linear predictor.
struct hidden_rows {
    size_t images, rows, visible, features, width; ///< n, M, V, F, D
    double *truth;                                 ///< (n,M,F) X0 in [-1,1]
    double *prediction;                            ///< (n,M,F) g(f(X))
    double *decoded; ///< (n,M,D) what the pixel head reads for each hidden patch
    double *encoded; ///< (n,V,D) f(X), without the class token
};

/// X0 of one image, or its prediction: (M,F).
const double *hidden_truth(const struct hidden_rows *rows, size_t image);
const double *hidden_prediction(const struct hidden_rows *rows, size_t image);

/// Fills `rows` by a trained model. Work: one forward pass an image.
void hidden_rows_learned(struct hidden_rows *rows, const struct evaluation *evaluation,
                         struct arena *arena);

/// Fills the truth alone, of the first `count` images in patches of side `patch`, under the masks
/// of an evaluation of `seed` at `mask_ratio`: `prediction` is NULL too.
void hidden_rows_truth(struct hidden_rows *rows, const struct images *images,
                       size_t count, int patch, double mask_ratio, uint64_t seed,
                       struct arena *arena);

/// Fills `rows` by the best linear predictor on the first `count` images, under the masks of an
/// evaluation of `seed` at `mask_ratio`. Returns the number of images for which its system is not
/// positive definite; their predictions are unspecified.
size_t hidden_rows_linear(struct hidden_rows *rows,
                          const struct linear_predictor *predictor,
                          const struct images *images, size_t count, double mask_ratio,
                          uint64_t seed, int threads, struct arena *arena)
    __attribute__((warn_unused_result));

#endif
