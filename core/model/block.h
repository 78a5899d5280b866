/// The transformer block of the public code (timm's Block, called directly: pre-norm, qkv without
/// bias, no dropout):
///     x += proj(attention(qkv(LN1(x)))),   x += mlp(LN2(x))
#ifndef MASKBOOK_MODEL_BLOCK_H
#define MASKBOOK_MODEL_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"
#include "core/model/attention.h"
#include "core/model/layernorm.h"
#include "core/model/linear.h"
#include "core/model/mlp.h"
#include "core/model/norm.h"
#include "core/model/parameters.h"
#include "core/model/reserve.h"

struct block {
    struct layernorm norm1;
    struct {
        struct linear qkv, proj; ///< (3D,D) without bias, (D,D)
    } attn;
    struct layernorm norm2;
    struct mlp mlp;
};

enum { BLOCK_TENSORS = 11 };

/// Appends the block's tensors, named `prefix` ("encoder.transformer.0.") + PyTorch's name; `base`
/// as in parameters_list.
void block_list(struct parameters *parameters, const char *prefix, size_t base,
                size_t width);

/// Appends the bias of qkv, "attn.qkv.bias" (3D), which published ViTs have. Forward passes add it
/// where it is listed; backward passes give it no gradient.
void block_list_qkv_bias(struct parameters *parameters, const char *prefix, size_t base,
                         size_t width);

/// Activations saved by forward for backward. The residual stream is not saved: backward needs only
/// the normalised rows.
struct block_trace {
    struct block_kind kind;    ///< the paper's; vit_trace_vary changes it
    real *normal1, *rstd1;     ///< (B,T,D), (B,T); NORM_BATCH (B,D)
    struct activation normed1; ///< (B,T,D) the input of qkv
    struct activation qkv;     ///< (B,T,3D)
    real *probs;               ///< attention_probs
    struct activation mixed;   ///< (B,T,D) attention's output, the input of proj
    real *normal2, *rstd2;     ///< (B,T,D), (B,T); NORM_BATCH (B,D)
    struct activation normed2; ///< (B,T,D) the input of the perceptron
    struct mlp_trace mlp;
};

/// Takes a trace's arrays.
void block_trace_open(struct block_trace *trace, enum arithmetic arithmetic,
                      const struct attention_shape *shape, struct reserve *reserve);

/// Workspace of all blocks.
struct block_work {
    enum arithmetic arithmetic;
    real *chunk[2];       ///< (BLOCK_PIECE,4D)
    real *dnormed;        ///< (BLOCK_PIECE,D) the gradient by a norm's output
    real *dnormed_images; ///< (B,T,D) the same of all rows: for NORM_BATCH, or NULL
    struct activation dstream; ///< (B,T,D) the residual stream's gradient, for products
    struct activation dmixed;  ///< (B,T,D)
    struct activation dqkv;    ///< (B,T,3D)
    struct activation dinner;  ///< (B,T,4D)
    struct activation queries, dqueries; ///< (B,T,D) those of some tokens alone
    void *storage[2]; ///< of a weight gradient's operands, linear_operand_bytes each
    struct attention_work attention;
};

/// Takes a workspace for `shape`, and for any shape of that width with at most as many images and
/// tokens and at least as many heads.
/// columns  the most columns of another layer whose weight gradient uses work->storage
void block_work_open(struct block_work *work, enum arithmetic arithmetic,
                     const struct attention_shape *shape, size_t columns,
                     struct reserve *reserve);

/// Sends x (B,T,D) through the block, in place, and fills the trace.
/// Work 24 B T D^2 + 4 B T^2 D flops; no allocation.
void block_forward(real *x, struct block_trace *trace, struct block_work *work,
                   const struct block *block, const struct attention_shape *shape);

/// Some tokens of every image.
struct token_list {
    const int32_t *token; ///< (B,M) numbers in 0..T-1, ascending in an image; borrowed
    size_t count;         ///< M
};

/// Whether a block of that kind can leave out tokens that nobody reads: not when it takes means
/// over an image's tokens, and without mixing it does not.
int block_leaves_out(struct block_kind kind);

/// What block_forward makes of some tokens, when nobody reads the others: all T tokens give keys
/// and values, those of the list alone queries, projection and perceptron. Bits in FP32, and in
/// forward passes of every arithmetic, are those of block_forward.
/// y (B,M,D)  the block's output for `some`
/// x (B,T,D)  its input
/// Contract: block_leaves_out(trace->kind). Work (6 T + 18 M) B D^2 + 4 B M T D flops; no
/// allocation.
void block_forward_some(real *y, const real *x, struct block_trace *trace,
                        struct block_work *work, const struct block *block,
                        const struct attention_shape *shape, struct token_list some);

/// The gradients of block_forward.
/// dx (B,T,D)        on entry the gradient by the block's output, on return that by its input
/// dblock's tensors  overwritten
/// trace             from block_forward
/// Work 48 B T D^2 + 8 B T^2 D flops; no allocation.
void block_backward(real *dx, const struct block *dblock,
                    const struct block_trace *trace, struct block_work *work,
                    const struct block *block, const struct attention_shape *shape);

/// The gradients of block_forward_some.
/// dx (B,T,D)        overwritten
/// dy (B,M,D)        on entry the gradient by y; destroyed
/// dblock's tensors  overwritten
/// trace             from block_forward_some
void block_backward_some(real *dx, real *dy, const struct block *dblock,
                         const struct block_trace *trace, struct block_work *work,
                         const struct block *block, const struct attention_shape *shape,
                         struct token_list some);

#endif
