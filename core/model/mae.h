/// The masked autoencoder of the paper's CIFAR-10 experiments (Def. 3.1, Eqs. 1-2; He et al. 2022):
/// a ViT encoder over the visible patches and a class token, a ViT decoder over all positions with
/// a learned mask token where a patch is hidden, and a linear pixel head.
///
///     z  = LN(blocks([cls; E x_v + b + pos_v]))              encoder; cls has no position
///     y  = blocks([z_cls; unshuffle(z, mask token)] + pos')  decoder; no norm before the head
///     x^ = H y_patch + b                                     prediction of every patch
#ifndef MASKBOOK_MODEL_MAE_H
#define MASKBOOK_MODEL_MAE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/model/packed_weights.h"
#include "core/model/parameters.h"
#include "core/model/shapes.h"
#include "core/model/variant.h"
#include "core/model/vit.h"

/// A model's description; no weights.
struct mae {
    struct mae_shape shape;
    /// The paper's from mae_open; changed before activations are opened.
    struct mae_variant variant;
    int published;                ///< 1 from mae_open_published, else 0
    struct parameters parameters; ///< the table, with the public code's names
};

/// Fills the description. The table is in `arena` (under 64 KiB for 16 blocks).
/// Requires shape_fault(shape) to be NULL.
void mae_open(struct mae *mae, const struct mae_shape *shape, struct arena *arena);

/// The same with the encoder of published ViTs (facebookresearch/mae, models_vit.py; timm): qkv has
/// a bias, and norms have eps = 1e-6. For forward passes (INFER) alone.
void mae_open_published(struct mae *mae, const struct mae_shape *shape,
                        struct arena *arena);

/// The input of a forward pass; arrays are borrowed.
struct mae_input {
    size_t images, visible_count; ///< B, V
    const real *patches;          ///< (B,T,F) in [-1,1]; hidden patches are not read
    const int32_t *visible;       ///< (B,V) indices of visible patches, rows ascending
    int hidden_only;              ///< 1: nobody reads the prediction of visible patches
};

/// What a forward pass computes, which includes what the backward pass needs, and workspace, for
/// fixed B and V.
struct mae_activations;

/// Takes activations from `arena` for passes over B = `images` images with V = `visible` visible
/// patches in `arithmetic`. INFER takes a fraction of the memory; mae_backward needs TRAIN.
struct mae_activations *mae_activations_open(const struct mae *mae, size_t images,
                                             size_t visible, enum arithmetic arithmetic,
                                             enum mode mode, struct arena *arena);

/// Encodes and decodes. Returns the prediction (B,T,F), owned by the activations and valid until
/// the next pass. With input->hidden_only, rows of visible patches are unspecified, and the last
/// block computes no more of them than their keys and values; hidden patches have the same bits.
/// weights  of mae->parameters, packed, of the activations' arithmetic
/// input    of the activations' B and V
/// Work about 2 * parameters * tokens flops; no allocation.
const real *mae_forward(struct mae_activations *activations, const struct mae *mae,
                        const struct packed_weights *weights,
                        const struct mae_input *input);

/// What the last mae_forward computed on its way to the prediction, for analysis. Owned by the
/// activations and valid until the next pass.
struct mae_view {
    const real
        *stream; ///< (B,V+1,D) the encoder's residual stream before its final norm
    const real *encoded; ///< (B,V+1,D) the encoder's output, the class token first
    const real *decoded; ///< (B,T+1,D) the pixel head's input, the class token first
    size_t stride;       ///< numbers from row to row of the attention
    /// (B,H,T+1,stride) the attention of each of the decoder's blocks, row i that of token i; its
    /// first T+1 columns sum to 1. NULL in INFER, where blocks share one array.
    const real *attention[SHAPE_BLOCKS];
};

/// Requires mae_forward just before.
struct mae_view mae_view(const struct mae_activations *activations,
                         const struct mae *mae);

/// The gradient of a scalar by all parameters.
/// gradients   (mae->parameters.count)  overwritten
/// dprediction (B,T,F)                  the scalar's gradient by the prediction; with
///                                      input->hidden_only, rows of visible patches are not read
///                                      and count as zeros
/// Requires mae_forward with the same arguments just before. Work about twice that of mae_forward;
/// no allocation.
void mae_backward(real *gradients, struct mae_activations *activations,
                  const struct mae *mae, const struct packed_weights *weights,
                  const struct mae_input *input, const real *dprediction);

/// The encoder alone, for analysis: the tokens after block `layer` (0: the embedding;
/// encoder_blocks: after the last block; -1: after the final norm). Returns (B,V+1,D), the class
/// token first, owned by the activations and valid until the next pass. For whole images V = T and
/// visible = 0..T-1. Each call, here and in mae_forward, points the activations' layers to
/// `weights` (packed_weights_bind), so the weights
/// may change from call to call, at the cost of one pointer per tensor.
const real *mae_encode(struct mae_activations *activations, const struct mae *mae,
                       const struct packed_weights *weights,
                       const struct mae_input *input, int layer);

#endif
