/// The encoder's last block and final norm for the class token's row alone, and its partial
/// finetuning (paper Secs. 5.2, 6.3): of all this only the projection qkv is trained, together with
/// a head.
///     y = x + proj(attention),   y += mlp(LN2(y)),   f = LN(y)
/// Everything below the block is frozen and has been computed once, as rows of an image's features
/// (T+2,D): row 0 is the class token's row x of the residual stream, rows 1 .. T + 1 are the tokens
/// after the block's LN1, class token first.
#ifndef MASKBOOK_ANALYSIS_LAST_BLOCK_H
#define MASKBOOK_ANALYSIS_LAST_BLOCK_H

#include "core/analysis/adapter.h"
#include "core/analysis/class_attention.h"
#include "core/model/block.h"
#include "core/model/mae.h"
#include "core/model/packed_weights.h"

enum { LAST_BLOCK_ROWS = 2 }; ///< rows of features besides the T patches'

/// The block and the norm of a trained model, packed for products; shared by all threads.
struct last_block {
    size_t tokens, width, heads; ///< T + 1, D, H
    struct block block;
    struct layernorm norm;
    struct parameters parameters; ///< the table of these tensors alone
    struct packed_weights packed;
};

/// Copies the tensors from weights (mae->parameters.count) and packs them.
void last_block_open(struct last_block *block, const struct mae *mae,
                     const real *weights, struct arena *arena);

/// Activations of a forward pass over B images, saved for backward, and workspace. Of one thread.
struct last_block_pass {
    const struct last_block *block; ///< borrowed
    size_t images;                  ///< B
    const float **tokens;           ///< (B) the images' tokens within their features
    struct class_attention attention;
    real *attended;           ///< (B,D) attention's output
    real *residual;           ///< (B,D) y
    real *normed2;            ///< (B,D) LN2(y)
    real *normal2, *rstd2;    ///< (B,D), (B) of LN2
    real *inner;              ///< (B,4D) W_1 LN2(y)
    real *active, *slope;     ///< (B,4D) the GELU and its derivative
    real *normal, *rstd;      ///< (B,D), (B) of the final norm
    real *dresidual, *dinner; ///< (B,D), (B,4D) workspace of backward
    real *dattended;          ///< (B,D) the gradient of `attended`
    real *unused_grad;        ///< (4D) gradients of frozen parameters
};

/// Takes the arrays of a pass over `batch` images.
void last_block_pass_open(struct last_block_pass *pass, const struct last_block *block,
                          size_t batch, struct arena *arena);

/// The query, key and value thirds of the model's own qkv.
struct class_projections last_block_projections(const struct last_block *block);

/// The block up to its GELU, for the features (B pointers):
///     y = x + proj(attention),   active = gelu(W_1 LN2(y) + b_1)
/// Fills the arrays from attended to slope. Work 16 D^2 + 4 T D H flops an image.
void last_block_activate(struct last_block_pass *pass,
                         const struct class_projections *projections,
                         const float *const *features);

/// Which thirds of qkv are trained.
enum projection { PROJECTION_QUERY = 1, PROJECTION_KEY = 2, PROJECTION_VALUE = 4 };

/// Partial finetuning of the thirds in `trained` (a sum of enum projection, or 0: none, the model
/// as it is). The weights are the trained thirds (D,D) in the order query, key, value, then, where
/// qkv has a bias, those (D) of queries and of values among them; they start from the model's. The
/// bias of keys has no gradient (core/analysis/class_attention.h) and stays. `block` is borrowed.
struct adapter last_block_adapter(const struct last_block *block, unsigned trained);

#endif
