/// The masked reconstruction loss (paper Eq. 1; He et al. 2022): mean squared error over the numbers
/// of the hidden patches, raw pixels in [-1,1].
#ifndef MASKBOOK_TRAIN_LOSS_H
#define MASKBOOK_TRAIN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/// Returns sum over images b and hidden patches t of |prediction - patches|^2 / (B M F), summed in
/// double in row order.
/// dprediction (B,T,F)  overwritten with scale * the gradient, zero at visible patches; or NULL
/// prediction  (B,T,F)
/// patches     (B,T,F)
/// hidden      (B,M)    hidden patch numbers
double masked_loss(real *dprediction, const real *prediction, const real *patches,
                   const int32_t *hidden, size_t images, size_t tokens,
                   size_t hidden_count, size_t patch_size, real scale);

#endif
