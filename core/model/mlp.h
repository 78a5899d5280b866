/// The block's two-layer perceptron, four times as wide inside (timm's Mlp):
///     W2 gelu(W1 x + b1) + b2
#ifndef MASKBOOK_MODEL_MLP_H
#define MASKBOOK_MODEL_MLP_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/model/linear.h"

enum { MLP_RATIO = 4 };

struct mlp {
    struct linear fc1, fc2; ///< (4D,D) and (D,4D), both with bias
};

/// Activations saved by forward for backward.
struct mlp_trace {
    struct activation active; ///< (R,4D) gelu(W1 in + b1)
    real *slope;              ///< (R,4D) the GELU's derivative
};

/// Adds the perceptron's output to a residual stream, for rows first..first+rows-1 of the trace.
/// out   (rows,D)      added to
/// trace               those rows are written
/// work  2 (rows,4D)   chunks that stay in the cache, while the trace is only written
/// in    (rows,D)
/// Work 16 rows D^2 flops; no allocation.
void mlp_forward(real *out, const struct mlp_trace *trace, size_t first,
                 real *const work[2], struct operand_a in, const struct mlp *mlp,
                 size_t rows, size_t width);

/// The gradients of mlp_forward by its input and by fc1's bias, for those rows.
/// din    (rows,D)      overwritten
/// dinner (R,4D)        the gradient by W1 in + b1; those rows are written
/// dbias1 (4D)          added to, rows in order
/// work   2 (rows,4D)   as for mlp_forward
/// dout   (rows,D)
/// trace                from mlp_forward
/// Work 16 rows D^2 flops; no allocation.
void mlp_backward_input(real *din, const struct activation *dinner, real *dbias1,
                        real *const work[2], struct operand_a dout,
                        const struct mlp_trace *trace, size_t first,
                        const struct mlp *mlp, size_t rows, size_t width);

#endif
