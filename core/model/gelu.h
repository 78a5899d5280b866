/// The exact GELU (Hendrycks & Gimpel 2016), u Phi(u) with Phi the standard normal distribution
/// function; timm's nn.GELU. Its slope shares the exponential, so forward leaves it for backward.
#ifndef MASKBOOK_MODEL_GELU_H
#define MASKBOOK_MODEL_GELU_H

#include <stddef.h>

#include "core/base/real.h"

/// Bias and activation in one pass.
///     u = in + bias,   out = u Phi(u),   slope = Phi(u) + u phi(u)
/// out, slope (R,N)  overwritten; the activation, and its derivative at u
/// in   (R,N)        the product before the bias
/// bias (N)
/// In float (tests/model/test_mlp.c): |error of out| <= 2e-7 max(1, |u|), and <= 2e-6 |out| for u > -5,
/// since the tail is not a difference; |error of slope| <= 4e-7.
void gelu_forward(real *out, real *slope, const real *in, const real *bias, size_t rows,
                  size_t n);

/// du (R,N)    overwritten: the derivative by u, dout slope; may be dout
/// dbias (N)   added to, rows in order
/// dout (R,N)  the derivative by out
/// slope (R,N) from gelu_forward
void gelu_backward(real *du, real *dbias, const real *dout, const real *slope,
                   size_t rows, size_t n);

#endif
