/// The encoder's last block and final norm for the class token's row alone, and its partial finetuning
/// (paper Secs. 5.2, 6.3): of all this only the projection qkv is trained, together with a head.
///     y = x + proj(attention),   y += mlp(LN2(y)),   f = LN(y)
/// Everything below the block is frozen and has been computed once, as rows of the features (T + 2, D) of
/// an image: row 0 the class token's row x of the residual stream, rows 1 .. T + 1 the tokens as LN1 of the
/// block leaves them, class token first.
#ifndef MASKBOOK_ANALYSIS_LAST_BLOCK_H
#define MASKBOOK_ANALYSIS_LAST_BLOCK_H

#include "core/analysis/class_attention.h"
#include "core/analysis/stage.h"
#include "core/model/block.h"
#include "core/model/mae.h"
#include "core/model/prepared.h"

enum { LAST_BLOCK_ROWS = 2 }; ///< rows of features beside the T patches'

/// The block and the norm of a trained model, ready for products; shared by all threads.
struct last_block {
    size_t tokens, width, heads; ///< T + 1, D, H
    struct block block;
    struct layernorm norm;
    struct parameters parameters; ///< the table of these tensors alone
    struct prepared prepared;
};

/// Bytes of arena that last_block_open takes.
size_t last_block_bytes(const struct mae *mae);

/// Copies the tensors from weights (mae->parameters.count) and packs them.
void last_block_open(struct last_block *block, const struct mae *mae,
                     const real *weights, struct arena *arena);

/// The block behind its attention, for B class rows: what forward leaves to backward.
struct last_block_rows {
    size_t images;
    real *attended;         ///< (B,D) attention's output
    real *y;                ///< (B,D) the residual stream
    real *u;                ///< (B,D) LN2(y)
    real *normal2, *rstd2;  ///< (B,D), (B)
    real *inner;            ///< (B,4D) W_1 u
    real *active, *slope;   ///< (B,4D) the GELU and its derivative
    real *normal, *rstd;    ///< (B,D), (B) of the final norm
    real *dy, *thin, *wide; ///< (B,D), (B,D), (B,4D) workspace of backward
    real *sink;             ///< (4D) gradients of what is frozen
};

/// Bytes of arena that last_block_rows_open takes for B rows.
size_t last_block_rows_bytes(const struct last_block *block, size_t batch);
void last_block_rows_open(struct last_block_rows *rows, const struct last_block *block,
                          size_t batch, struct arena *arena);

/// From rows->attended and the class rows in the features (B pointers): y = x + proj(attended), u = LN2(y),
/// and active = gelu(W_1 u + b_1).
void last_block_activate(struct last_block_rows *rows, const struct last_block *block,
                         const float *const *features);

/// y += W_2 active + b_2, and f (B,D) = LN(y).
void last_block_finish(real *f, struct last_block_rows *rows,
                       const struct last_block *block);

/// rows->thin = the gradient by attention's output, from df (B,D) that by f.
void last_block_backward(struct last_block_rows *rows, const real *df,
                         const struct last_block *block);

/// Which thirds of qkv are trained.
enum projection { PROJECTION_QUERY = 1, PROJECTION_KEY = 2, PROJECTION_VALUE = 4 };

/// Bytes of arena that last_block_stage takes.
size_t last_block_stage_bytes(const struct last_block *block, size_t batch);

/// Partial finetuning of the thirds in `trained` (a sum of enum projection, or 0: nothing, the model as
/// it is). The slab holds the trained thirds (D,D) in the order query, key, value, and starts from the
/// model's. `block` is borrowed.
struct stage last_block_stage(const struct last_block *block, unsigned trained,
                              size_t batch, struct arena *arena);

#endif
