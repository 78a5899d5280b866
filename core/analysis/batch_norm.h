/// Batch normalisation without learnable parameters before a linear head, as MAE's linear probe has it
/// (He et al. 2022, App. A.1; torch.nn.BatchNorm1d(affine=False, eps=1e-6)). In training a batch is
/// normalised by its own mean and variance; in evaluation every row by the running ones, which is an
/// affine map: it can be folded into the head. The features are frozen, so there is no gradient.
#ifndef MASKBOOK_ANALYSIS_BATCH_NORM_H
#define MASKBOOK_ANALYSIS_BATCH_NORM_H

#include <stddef.h>

#include "core/base/real.h"

extern const double BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM; ///< 1e-6, .1

/// The running statistics.
struct batch_norm {
    real *mean, *variance; ///< (D); 0 and 1 before training
};

/// out (R,D) = (in - mean) / sqrt(variance + epsilon) by the batch's own statistics (variance divided by
/// R), and moves the running ones a tenth of the way to them (variance there divided by R - 1). Sums in row
/// order. in (R,D). Requires R > 1.
void batch_norm_train(real *out, struct batch_norm *norm, const real *in, size_t rows,
                      size_t width);

/// out (R,D) = (in - mean) / sqrt(variance + epsilon) by the running statistics. in (R,D).
void batch_norm_apply(real *out, const struct batch_norm *norm, const real *in,
                      size_t rows, size_t width);

/// The head behind the running statistics as one linear layer:
///     W' = W diag(1 / sqrt(variance + epsilon)),   b' = b - W' mean
/// folded_weight (C,D), folded_bias (C); weight (C,D), bias (C)
void batch_norm_fold(double *folded_weight, double *folded_bias,
                     const struct batch_norm *norm, const real *weight,
                     const real *bias, size_t classes, size_t width);

#endif
