/// Attention of the class token's row alone, which is all that a classifier reads of the last
/// block. The projections of keys and values are absorbed into the row: with X the normed tokens of
/// an image and x_0 the class token's,
///     q = (W_q x_0 + b_q) / sqrt(d),   r_h = W_k,h^T q_h,   p_h = softmax(X r_h),
///     z_h = X^T p_h,   out_h = W_v,h z_h + b_v,h
/// The paper's models have no biases. A bias of keys adds the same number to every score of a row,
/// so that the softmax, and every gradient, is without it; and the p_h sum to 1, so that b_v is
/// added whole.
/// Neither keys nor values of the tokens are ever computed: 4 T D H + 6 D^2 flops an image instead
/// of 6 T D^2 + 4 T D.
#ifndef MASKBOOK_ANALYSIS_CLASS_ATTENTION_H
#define MASKBOOK_ANALYSIS_CLASS_ATTENTION_H

#include "core/base/arena.h"
#include "core/base/real.h"
#include "core/model/attention.h"

/// The three projections, (D,D) each, head h being rows h*d .. h*d + d - 1: the thirds of a block's
/// qkv. And biases (D) of queries and values; NULL: none.
struct class_projections {
    real *query, *key, *value;
    real *query_bias, *value_bias;
};

/// Activations of B images that forward saves for backward, and workspace.
struct class_attention {
    struct attention_shape shape; ///< B, T + 1, D, H
    real *first;                  ///< (B,D) x_0
    real *query;                  ///< (B,D) q
    real *absorbed;               ///< (B,H,D) r
    real *probs;                  ///< (B,H,S) p, S = lanes_stride(T + 1), then zeros
    real *mixed;                  ///< (B,H,D) z
    real *dmixed;                 ///< (B,H,D) workspace of backward
    real *scores;                 ///< (H,S) an image's scores, or their gradient
    real *factor;                 ///< a projection packed for products
};

/// Takes the arrays for images of `shape`.
void class_attention_open(struct class_attention *attention,
                          const struct attention_shape *shape, struct arena *arena);

/// out (B,D) heads side by side, as attention_forward's row 0.
/// tokens (B) pointers to the images' normed tokens (T+1,D), class token first
void class_attention_forward(real *out, struct class_attention *attention,
                             const struct class_projections *projections,
                             const float *const *tokens);

/// Gradients with respect to the projections; the tokens are frozen.
/// dprojections  overwritten; NULL members are not computed
/// dout (B,D)    the gradient with respect to out
/// tokens, projections as in forward
void class_attention_backward(const struct class_projections *dprojections,
                              const real *dout, struct class_attention *attention,
                              const struct class_projections *projections,
                              const float *const *tokens);

#endif
