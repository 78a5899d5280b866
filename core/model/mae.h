/// The masked autoencoder of the paper's CIFAR-10 experiments (Def. 3.1, Eqs. 1-2; He et al. 2022):
/// a ViT encoder over the visible patches and a class token, a ViT decoder over all positions with a
/// learned mask token where a patch is hidden, a linear pixel head.
///
///     z  = LN(blocks([cls; E x_v + b + pos_v]))          encoder (positions learned, none for cls)
///     y  = blocks([z_cls; unshuffle(z, mask token)] + pos')  decoder (no norm before the head)
///     x^ = H y_patch + b                                  prediction, every patch
#ifndef MASKBOOK_MODEL_MAE_H
#define MASKBOOK_MODEL_MAE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/model/packed_weights.h"
#include "core/model/parameters.h"
#include "core/model/shapes.h"
#include "core/model/vit.h"

/// A model's description; no weights.
struct mae {
    struct mae_shape shape;
    struct parameters parameters; ///< the table, names of the public code
};

/// Fills the description; the table lives in `arena` (under 64 KiB for 16 blocks). Contract:
/// shape_fault(shape) is NULL.
void mae_open(struct mae *mae, const struct mae_shape *shape, struct arena *arena);

/// What a forward pass looks at.
struct mae_input {
    size_t images, visible; ///< B, V
    const real *patches;    ///< (B,T,F) in [-1,1]; hidden rows are not read
    const int32_t *shown;   ///< (B,V) visible patch numbers, ascending
};

/// Everything a forward pass computes and the backward pass needs; arrays live in the arena given
/// to mae_activations_open, for at most the given B and V.
struct mae_activations;

/// Bytes of arena that mae_activations_open takes.
size_t mae_activations_size(const struct mae *mae, size_t images, size_t visible,
                            enum arithmetic arithmetic, enum mode mode);

/// Reserves the activations of a pass over B = `images` images with V = `visible` in `arithmetic`. INFER
/// takes a fraction of the memory, and mae_backward is then a broken contract.
struct mae_activations *mae_activations_open(const struct mae *mae, size_t images,
                                             size_t visible, enum arithmetic arithmetic,
                                             enum mode mode, struct arena *arena);

/// Encodes and decodes. Returns prediction (B,T,F), owned by the activations and valid until the next
/// pass. weights: of mae->parameters, packed, of the activations' arithmetic. input's B and V equal the activations'.
/// Work about 2 * parameters * tokens flops; no allocation.
const real *mae_forward(struct mae_activations *activations, const struct mae *mae,
                        const struct packed_weights *weights,
                        const struct mae_input *input);

/// Writes to gradients (parameters.count) the gradient of a scalar whose derivative with respect to
/// the prediction is dprediction (B,T,F). Must follow mae_forward with the same arguments.
void mae_backward(real *gradients, struct mae_activations *activations,
                  const struct mae *mae, const struct packed_weights *weights,
                  const struct mae_input *input, const real *dprediction);

/// The encoder alone, for analysis: tokens after block `layer` (0: the embedding; encoder_blocks:
/// after the last block; -1: after the final norm). Returns (B,V+1,D), class token first, owned by the
/// activations. Whole images: V = T, shown = 0..T-1.
const real *mae_encode(struct mae_activations *activations, const struct mae *mae,
                       const struct packed_weights *weights,
                       const struct mae_input *input, int layer);

#endif
