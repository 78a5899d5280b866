/// Batch normalisation without learnable parameters before a linear head, as MAE's linear probe has
/// it (He et al. 2022, App. A.1; torch.nn.BatchNorm1d(affine=False, eps=1e-6)). In training a batch
/// is normalised by its own mean and variance; in evaluation every row by the running ones, which
/// is an affine map and can be fused into the head. The features are frozen, so there is no
/// gradient.
#ifndef MASKBOOK_ANALYSIS_BATCH_NORM_H
#define MASKBOOK_ANALYSIS_BATCH_NORM_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/features.h"
#include "core/base/arena.h"
#include "core/base/real.h"

enum { BATCH_NORM_WIDEST = 4096 }; ///< numbers a row, at most

/// 1e-6 and .1.
extern const double BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM;

/// The running statistics.
struct batch_norm {
    real *mean, *variance; ///< (D); 0 and 1 before training
};

/// out (R,D) = (in - mean) / sqrt(variance + epsilon) by the batch's own statistics (variance
/// divided by R), and moves the running ones a tenth of the way to them (variance there divided by
/// R - 1). Sums in row order. in (R,D). Requires R > 1 and D <= BATCH_NORM_WIDEST, which goes for
/// batch_norm_apply as well.
void batch_norm_train(real *out, struct batch_norm *norm, const real *in, size_t rows,
                      size_t width);

/// out (R,D) = (in - mean) / sqrt(variance + epsilon) by the running statistics. in (R,D).
void batch_norm_apply(real *out, const struct batch_norm *norm, const real *in,
                      size_t rows, size_t width);

/// The head after the running statistics as one linear layer:
///     W' = W diag(1 / sqrt(variance + epsilon)),   b' = b - W' mean
/// fused_weight (C,D), fused_bias (C); weight (C,D), bias (C)
void batch_norm_fuse(double *fused_weight, double *fused_bias,
                     const struct batch_norm *norm, const real *weight,
                     const real *bias, size_t classes, size_t width);

/// A head after batch normalisation, in double, and the linear layer that the two become.
struct batch_norm_fusion {
    /// Largest difference of their logits, in units of the largest logit.
    double residual;
    /// Share of images where the layer gives the probe's own answer.
    double agreement;
};

/// Compares them on row `row` of the features (n,R,D).
/// answers (n)  the probe's
/// weight (C,D), bias (C)
/// Scratch is taken from `arena` and given back. Work 4*n*C*D flops.
struct batch_norm_fusion
batch_norm_compare(const uint16_t *answers, const struct batch_norm *norm,
                   const real *weight, const real *bias, size_t classes,
                   const struct features *features, size_t row, struct arena *arena);

#endif
