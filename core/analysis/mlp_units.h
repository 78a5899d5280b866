/// The control for partial finetuning (design: equal budget): of the last block only hidden units of the
/// perceptron are trained, which move no information between tokens.
///     y = base + W_2S gelu(W_1S u + b_1S),   f = LN(y)
/// 3D/2 units have D weights in and D out each, 3 D^2 in all: exactly as many as qkv, and without bias
/// like it. Which of the 4D units those are is a heuristic that looks at no label and is meant to make the
/// control strong; other choices may be stronger. It takes the largest Var(a_j) |w_2j|^2 over the training
/// images, a_j being the unit's activity and w_2j its column of W_2: what a unit, by itself, moves the
/// class token.
#ifndef MASKBOOK_ANALYSIS_MLP_UNITS_H
#define MASKBOOK_ANALYSIS_MLP_UNITS_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/features.h"
#include "core/analysis/last_block.h"

enum { MLP_UNITS_ROWS = 2 }; ///< rows of features: u = LN2(y), and base

struct mlp_units {
    const struct last_block *block; ///< borrowed
    size_t count;                   ///< K = 3D/2
    uint32_t *unit;                 ///< (K) numbers of the units, ascending
};

/// Bytes of arena that mlp_units_choose keeps, and more that it gives back.
size_t mlp_units_bytes(const struct last_block *block);

/// Chooses the units from the last block's features of training images. Requires an even D. Images pass in
/// batches of a fixed size, sums in image order.
void mlp_units_choose(struct mlp_units *units, const struct last_block *block,
                      const struct features *features, struct arena *arena);

/// out (features->images, MLP_UNITS_ROWS, D) = u, and base: the residual stream with the bias and all that
/// the other units add. features: the last block's. Scratch is taken from `arena` and given back.
void mlp_units_features(float *out, const struct mlp_units *units,
                        const struct features *features, struct arena *arena);

/// Trains W_1S (K,D) and then W_2S (D,K), from the model's, on the features of mlp_units_features.
struct stage mlp_units_stage(const struct mlp_units *units, size_t batch,
                             struct arena *arena);

/// Bytes of arena that mlp_units_stage takes.
size_t mlp_units_stage_bytes(const struct mlp_units *units, size_t batch);

#endif
