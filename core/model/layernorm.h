/// Layer normalisation over the width (Ba, Kiros & Hinton 2016), eps 1e-5 (torch's default, which the
/// public code's blocks have).
///     x^ = (x - mean) / sqrt(var + eps),   y = gamma x^ + beta      var: divided by D
#ifndef MASKBOOK_MODEL_LAYERNORM_H
#define MASKBOOK_MODEL_LAYERNORM_H

#include <stddef.h>

#include "core/base/real.h"

struct layernorm {
    real *weight, *bias; ///< gamma (D), beta (D)
};

/// Every row on its own; sums in sixteen fixed lanes (lanes.h).
/// out    (R,D)  y
/// normal (R,D)  x^, kept for backward
/// rstd   (R)    1 / sqrt(var + eps), kept for backward
/// in     (R,D)
void layernorm_forward(real *out, real *normal, real *rstd, const real *in,
                       const struct layernorm *layer, size_t rows, size_t width);

/// dgamma and dbeta become 0, before layernorm_backward adds to them piece by piece.
void layernorm_backward_begin(const struct layernorm *dlayer, size_t width);

/// The gradients of layernorm_forward, with g = gamma dout:
///     dx += rstd (g - mean(g) - x^ mean(g x^)),   dgamma += sum of dout x^,   dbeta += sum of dout
/// dx     (R,D)  ADDED to: on entry it holds the residual path's gradient
/// dout   (R,D)
/// normal (R,D), rstd (R)  from forward
void layernorm_backward(real *dx, const struct layernorm *dlayer, const real *dout,
                        const real *normal, const real *rstd,
                        const struct layernorm *layer, size_t rows, size_t width);

#endif
