/// Multi-head self-attention between the packed projection and the output projection.
#ifndef MASKBOOK_MODEL_ATTENTION_H
#define MASKBOOK_MODEL_ATTENTION_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/model/activation.h"
#include "core/model/reserve.h"

/// B sequences of T tokens, the class token included; D % H == 0.
struct attention_shape {
    size_t images, tokens, width, heads;
};

/// B T, the rows of a matrix of tokens.
size_t attention_rows(const struct attention_shape *shape);

/// Numbers of `probs`: B H T rows of lanes_stride(T) numbers.
size_t attention_probs(const struct attention_shape *shape);

/// Workspace for one head's products, used by all heads in turn.
struct attention_work {
    real *scores;     ///< (ATTENTION_PIECE,S), S = lanes_stride(T)
    real *head[3];    ///< (T,D/H), BF16 only: a head's columns before rounding
    void *storage[5]; ///< of packed operands
};

/// Takes a workspace for `shape`.
void attention_work_open(struct attention_work *work, enum arithmetic arithmetic,
                         const struct attention_shape *shape, struct reserve *reserve);

/// For every image and head, d = D/H (Vaswani et al. 2017, Eq. 1):
///     P = softmax(Q K^T / sqrt(d)),   out = P V
/// out   (B,T,D)    head h in columns h*d..h*d+d-1
/// probs (B,H,T,S)  P in the first T of S = lanes_stride(T) columns, 0 in the rest; rows sum to 1
/// qkv   (B,T,3D)   packed as (3,H,d), timm's order
/// Work 4 B T^2 D flops; no allocation.
void attention_forward(const struct activation *out, real *probs,
                       struct attention_work *work, const struct activation *qkv,
                       const struct attention_shape *shape);

/// attention_forward for some rows of every image alone: T keys and values, M queries.
/// out     (B,M,D)
/// probs   (B,H,M,S)
/// queries (B,M,D)   in the first D columns
/// qkv     (B,T,3D)  whose own queries are not read
void attention_forward_some(const struct activation *out, real *probs,
                            struct attention_work *work,
                            const struct activation *queries, size_t count,
                            const struct activation *qkv,
                            const struct attention_shape *shape);

/// The gradient of attention_forward.
/// dqkv  (B,T,3D)  overwritten
/// dout  (B,T,D)
/// probs, qkv      from forward
/// Work 8 B T^2 D flops; no allocation.
void attention_backward(const struct activation *dqkv, struct attention_work *work,
                        const struct activation *dout, const real *probs,
                        const struct activation *qkv,
                        const struct attention_shape *shape);

/// The gradient of attention_forward_some.
/// dqueries (B,M,D)   the first D columns are overwritten
/// dqkv     (B,T,3D)  columns D..3D-1 are overwritten; dqueries may be dqkv when M = T
/// dout     (B,M,D)
void attention_backward_some(const struct activation *dqueries,
                             const struct activation *dqkv, struct attention_work *work,
                             const struct activation *dout, const real *probs,
                             const struct activation *queries, size_t count,
                             const struct activation *qkv,
                             const struct attention_shape *shape);

#endif
