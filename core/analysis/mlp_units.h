/// The control for partial finetuning at an equal budget: of the last block only hidden units of
/// the perceptron are trained, which move no information between tokens.
///     y = base + W_2S gelu(W_1S u + b_1S),   f = LN(y)
/// 3D/2 units have D weights in and D out each, 3 D^2 in all: exactly as many as qkv, and like it
/// without bias. Which of the 4D units are trained is a heuristic that looks at no label and is
/// meant to make the control strong; other choices may be stronger. It takes the largest Var(a_j)
/// |w_2j|^2 over the training images, a_j being the unit's activation and w_2j its column of W_2:
/// how far a unit, by itself, moves the class token.
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
    uint32_t *unit;                 ///< (K) indices of the units, ascending
};

/// Chooses the units from the last block's features of training images, in batches of a fixed size,
/// with sums in image order. units->unit is taken from `arena`, scratch is given back. Requires an
/// even D.
void mlp_units_choose(struct mlp_units *units, const struct last_block *block,
                      const struct features *features, struct arena *arena);

/// out (features->images, MLP_UNITS_ROWS, D) = u, and base: the residual stream with the bias and
/// all that the other units add. features: the last block's. Scratch is taken from `arena` and
/// given back.
void mlp_units_features(float *out, const struct mlp_units *units,
                        const struct features *features, struct arena *arena);

/// Trains W_1S (K,D) and then W_2S (D,K), from the model's, on the features of mlp_units_features.
/// `units` is borrowed.
struct adapter mlp_units_adapter(const struct mlp_units *units);

#endif
