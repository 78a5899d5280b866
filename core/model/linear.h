/// A linear layer as PyTorch stores it (nn.Linear): y = W x + b for every row.
#ifndef MASKBOOK_MODEL_LINEAR_H
#define MASKBOOK_MODEL_LINEAR_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/linalg/product.h"
#include "core/model/activation.h"

struct linear {
    real *weight;              ///< (N,K)
    real *bias;                ///< (N), or NULL
    struct operand_b forward;  ///< W^T (K,N), packed (core/model/packed_weights.h)
    struct operand_b backward; ///< W (N,K), packed
};

/// out = in W^T + b, or out += in W^T + b when `accumulate` (a residual stream).
/// out (R,N)
/// in  (R,K)  of `arithmetic`, like the layer's packed weight
/// Requires R, N, K > 0. Work 2 R N K flops; no allocation.
void linear_forward(real *out, struct operand_a in, const struct linear *linear,
                    enum arithmetic arithmetic, size_t rows, size_t n, size_t k,
                    int accumulate);

/// The gradient by the input, din = dout W.
/// din  (R,K)  overwritten
/// dout (R,N)
/// Work 2 R N K flops; no allocation.
void linear_backward_input(real *din, struct operand_a dout,
                           const struct linear *linear, enum arithmetic arithmetic,
                           size_t rows, size_t n, size_t k);

/// Bytes of storage, aligned to OPERAND_ALIGNMENT, that a weight gradient needs for an operand of
/// that many columns; 0 in FP32, which multiplies matrices where they lie.
size_t linear_operand_bytes(enum arithmetic arithmetic, size_t columns);

/// The gradient by the weight, dW = dout^T in, or dW += dout^T in when `accumulate`.
/// dweight (N,K)
/// dout    (R,N)  from row `dout_first` on
/// in      (R,K)  from row `in_first` on
/// storage        linear_operand_bytes(N) and linear_operand_bytes(K) bytes or more
/// Work 2 R N K flops; no allocation.
void linear_backward_weight(real *dweight, const struct activation *dout,
                            size_t dout_first, const struct activation *in,
                            size_t in_first, void *const storage[2], size_t rows,
                            size_t n, size_t k, int accumulate);

/// The gradient by the bias: the sum of dout's rows, in order.
/// dbias (N)    overwritten
/// dout  (R,N)
void linear_backward_bias(real *dbias, const real *dout, size_t rows, size_t n);

#endif
