/// The normalisation before a block's attention and perceptron, and its two controls:
///     y = gamma x^ + beta
///     NORM_LAYER   x^ as in core/model/layernorm.h: each token over its features
///     NORM_NONE    x^ = x
///     NORM_BATCH   x^ = (x - mean) / sqrt(var + eps), each feature over the T tokens of its image
/// NORM_BATCH is batch normalisation (Ioffe & Szegedy 2015; eps = 1e-5, var divides by T) whose
/// batch is one image's tokens, as in the paper's Remark 4.7: images stay independent of each
/// other, and training and evaluation compute the same function.
#ifndef MASKBOOK_MODEL_NORM_H
#define MASKBOOK_MODEL_NORM_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/model/layernorm.h"
#include "core/model/variant.h"

/// What NORM_BATCH computes of whole images, before norm_forward treats their rows; nothing for the
/// other norms.
/// normal (B,T,D)  x^
/// rstd   (B,D)    1 / sqrt(var + eps)
/// in     (B,T,D)
void norm_begin(real *normal, real *rstd, const real *in, enum norm norm, size_t images,
                size_t tokens, size_t width);

/// Normalises rows.
/// out    (R,D)  y
/// normal (R,D)  x^, for backward; NORM_BATCH: those rows from norm_begin
/// rstd   (R)    for backward, NORM_LAYER only
/// in     (R,D)  not read by NORM_BATCH
void norm_forward(real *out, real *normal, real *rstd, const real *in,
                  const struct layernorm *layer, enum norm norm, size_t rows,
                  size_t width);

/// The gradients of norm_forward for NORM_LAYER and NORM_NONE, a piece of the rows at a time after
/// layernorm_backward_begin: dx, dgamma and dbeta are added to.
/// dx     (R,D)  on entry the gradient of the residual path
/// dout   (R,D)
/// normal (R,D), rstd (R)  from forward
void norm_backward(real *dx, const struct layernorm *dlayer, const real *dout,
                   const real *normal, const real *rstd, const struct layernorm *layer,
                   enum norm norm, size_t rows, size_t width);

/// The gradients of norm_begin and norm_forward for NORM_BATCH, of whole images at once, after
/// layernorm_backward_begin; with means over an image's tokens and g = gamma dout:
///     dx += rstd (g - mean(g) - x^ mean(g x^)),   dgamma += sum of dout x^,   dbeta += sum of dout
/// dx     (B,T,D)  on entry the gradient of the residual path
/// dout   (B,T,D)
/// normal (B,T,D), rstd (B,D)  from norm_begin
void norm_backward_images(real *dx, const struct layernorm *dlayer, const real *dout,
                          const real *normal, const real *rstd,
                          const struct layernorm *layer, size_t images, size_t tokens,
                          size_t width);

#endif
