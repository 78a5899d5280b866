/// A linear layer as PyTorch stores it (nn.Linear): y = W x + b for every row.
#ifndef MASKBOOK_MODEL_LINEAR_H
#define MASKBOOK_MODEL_LINEAR_H

#include <stddef.h>

#include "core/base/real.h"

struct linear {
    real *weight; ///< (N,K)
    real *bias;   ///< (N), or NULL
};

/// out = beta out + in W^T + b
/// out (R,N)  overwritten when beta = 0, added to (a residual stream) when beta = 1
/// in  (R,K)
/// Requires R, N, K > 0. Work 2 R N K flops; no allocation.
void linear_forward(real *out, const real *in, const struct linear *linear, size_t rows,
                    size_t n, size_t k, real beta);

/// The gradients of linear_forward.
///     din = dout W,   dW += dout^T in,   db += sum of dout's rows, in order
/// din  (R,K)  overwritten; NULL when nobody asks for it
/// dout (R,N)
/// in   (R,K)  as in forward
/// Work 4 R N K flops; no allocation.
void linear_backward(real *din, const struct linear *dlinear, const real *dout,
                     const real *in, const struct linear *linear, size_t rows, size_t n,
                     size_t k);

#endif
