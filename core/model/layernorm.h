/// Layer normalisation over the width (Ba, Kiros & Hinton 2016), eps = 1e-5 (torch's default, which
/// the public code's blocks use) unless the layer says otherwise.
///     x^ = (x - mean) / sqrt(var + eps),   y = gamma x^ + beta      var divides by D
#ifndef MASKBOOK_MODEL_LAYERNORM_H
#define MASKBOOK_MODEL_LAYERNORM_H

#include <stddef.h>

#include "core/base/real.h"

struct layernorm {
    real *weight, *bias; ///< gamma (D), beta (D)
    double epsilon;      ///< 0: 1e-5
};

/// The epsilon of published ViTs (facebookresearch/mae, models_vit.py).
extern const double LAYERNORM_PUBLISHED;

/// Normalises every row. Sums run in sixteen fixed lanes (core/model/lanes.h).
/// out    (R,D)  y
/// normal (R,D)  x^, for backward
/// rstd   (R)    1 / sqrt(var + eps), for backward
/// in     (R,D)
void layernorm_forward(real *out, real *normal, real *rstd, const real *in,
                       const struct layernorm *layer, size_t rows, size_t width);

/// Sets dgamma and dbeta to 0; layernorm_backward then adds to them, a piece of the rows at a time.
void layernorm_backward_begin(const struct layernorm *dlayer, size_t width);

/// The gradients of layernorm_forward, with g = gamma dout:
///     dx += rstd (g - mean(g) - x^ mean(g x^)),   dgamma += sum of dout x^,   dbeta += sum of dout
/// dx     (R,D)  added to: on entry the gradient of the residual path
/// dout   (R,D)
/// normal (R,D)  from forward
/// rstd   (R)    from forward
void layernorm_backward(real *dx, const struct layernorm *dlayer, const real *dout,
                        const real *normal, const real *rstd,
                        const struct layernorm *layer, size_t rows, size_t width);

#endif
