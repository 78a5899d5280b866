/// Multi-head self-attention between the packed projection and the output projection.
#ifndef MASKBOOK_MODEL_ATTENTION_H
#define MASKBOOK_MODEL_ATTENTION_H

#include <stddef.h>

#include "core/base/real.h"

/// B sequences of T tokens, class token included; D % H == 0.
struct attention_shape {
    size_t images, tokens, width, heads;
};

/// B T, the rows of every token matrix.
size_t attention_rows(const struct attention_shape *shape);

/// Numbers of `probs`: B H T rows of lanes_stride(T).
size_t attention_probs(const struct attention_shape *shape);

/// Numbers of `dscores`, one head's T rows of lanes_stride(T).
size_t attention_work(const struct attention_shape *shape);

/// For every image and head, d = D/H (Vaswani et al. 2017, Eq. 1):
///     P = softmax(Q K^T / sqrt(d)),   out = P V
/// out   (B,T,D)    heads side by side
/// probs (B,H,T,S)  P in the first T of S = lanes_stride(T) columns, 0 in the rest; rows sum to 1;
///                  kept for backward
/// qkv   (B,T,3D)   packed as (3,H,d), timm's order
/// Work 4 B T^2 D flops; no copy of a head, no allocation.
void attention_forward(real *out, real *probs, const real *qkv,
                       const struct attention_shape *shape);

/// The gradient of attention_forward.
/// dqkv    (B,T,3D)  overwritten
/// dscores (T,S)     workspace
/// dout    (B,T,D)
/// probs, qkv        from forward
/// Work 8 B T^2 D flops; no allocation.
void attention_backward(real *dqkv, real *dscores, const real *dout, const real *probs,
                        const real *qkv, const struct attention_shape *shape);

#endif
