/// The block's two-layer perceptron, four times as wide inside (timm Mlp): W2 gelu(W1 x + b1) + b2.
#ifndef MASKBOOK_MODEL_MLP_H
#define MASKBOOK_MODEL_MLP_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/model/linear.h"

enum { MLP_RATIO = 4 };

struct mlp {
    struct linear fc1, fc2; ///< (4D,D) and (D,4D), both with bias
};

/// Adds the perceptron's output to a residual stream.
/// out    (R,D)   added to
/// active (R,4D)  gelu(W1 in + b1), kept for backward
/// slope  (R,4D)  the GELU's derivative, kept for backward
/// in     (R,D)
/// Work 16 R D^2 flops; no allocation.
void mlp_forward(real *out, real *active, real *slope, const real *in,
                 const struct mlp *mlp, size_t rows, size_t width);

/// The gradients of mlp_forward.
/// din    (R,D)   overwritten
/// dinner (R,4D)  workspace
/// dout   (R,D)
/// active, slope (R,4D), in (R,D)  as in forward
/// Work 32 R D^2 flops; no allocation.
void mlp_backward(real *din, const struct mlp *dmlp, real *dinner, const real *dout,
                  const real *active, const real *slope, const real *in,
                  const struct mlp *mlp, size_t rows, size_t width);

#endif
