/// The losses of training. Pretraining: the masked reconstruction loss (paper Eq. 1; He et al.
/// 2022), the mean squared error over the numbers of the hidden patches, raw pixels in [-1,1].
/// Finetuning: the cross-entropy, the mean over images of -log softmax(logits)_label
/// (torch.nn.functional.cross_entropy).
#ifndef MASKBOOK_TRAIN_LOSS_H
#define MASKBOOK_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/// Returns sum over images b and hidden patches t of |prediction - patches|^2 / (B M F), summed in
/// double in row order.
/// dprediction (B,T,F)  overwritten with scale * the gradient, zero at other patches; or NULL
/// prediction  (B,T,F)
/// patches     (B,T,F)
/// hidden      (B,M)    hidden patch numbers; those that count, where the target is another
double masked_loss(real *dprediction, const real *prediction, const real *patches,
                   const int32_t *hidden, size_t images, size_t tokens,
                   size_t hidden_count, size_t patch_size, real scale);

/// Returns sum over images b of log(sum_c exp(y_bc)) - y_b,label over B, summed in double in row
/// order; each row's largest logit is subtracted first, so that no exponential overflows.
/// dlogits (B,C)  overwritten with scale * the gradient; or NULL
/// logits  (B,C)
/// labels  (B)    0 .. C-1 (contract)
double cross_entropy_loss(real *dlogits, const real *logits, const uint16_t *labels,
                          size_t images, size_t classes, real scale);

/// The most likely class of one row of logits (C), the first of equals.
size_t likeliest(const real *logits, size_t classes);

#endif
