/// The exact GELU (Hendrycks & Gimpel 2016; timm's nn.GELU): u Phi(u), Phi being the standard
/// normal distribution function. Its slope shares the exponential, so forward computes it for
/// backward.
#ifndef MASKBOOK_MODEL_GELU_H
#define MASKBOOK_MODEL_GELU_H

#include <stddef.h>

#include "core/base/real.h"

/// Bias and activation in one pass.
///     u = in + bias,   out = u Phi(u),   slope = Phi(u) + u phi(u)
/// out   (R,N)  ldo numbers from row to row
/// slope (R,N)  the derivative at u
/// in    (R,N)  the product before the bias
/// bias  (N)
/// Accuracy in float (tests/model/test_mlp.c): |error of out| <= 2e-7 max(1, |u|), and <= 2e-6
/// |out| for u > -5, since the tail is not computed as a difference; |error of slope| <= 4e-7.
void gelu_forward(real *out, size_t ldo, real *slope, const real *in, const real *bias,
                  size_t rows, size_t n);

/// The gradients of gelu_forward: du = dout slope, elementwise.
/// du    (R,N)  overwritten, ldu numbers from row to row; may be dout when ldu == N
/// dbias (N)    added to, rows in order
/// dout  (R,N)
/// slope (R,N)  from gelu_forward
void gelu_backward(real *du, size_t ldu, real *dbias, const real *dout,
                   const real *slope, size_t rows, size_t n);

#endif
