/// The image classifier that finetuning trains: the masked autoencoder's encoder over whole images
/// and a linear head on the class token after the final norm (public code, ViT_Classifier).
///
///     z = LN(blocks([cls; E x + b + pos]))          every patch visible
///     y = W z_cls + b                               logits
#ifndef MASKBOOK_MODEL_CLASSIFIER_H
#define MASKBOOK_MODEL_CLASSIFIER_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/model/mae.h"
#include "core/model/packed_weights.h"
#include "core/model/parameters.h"
#include "core/model/shapes.h"

/// A model's description; no weights.
struct classifier {
    struct mae_shape shape; ///< its decoder is not used
    size_t classes;         ///< C
    /// The rows of the autoencoder's encoder, then "head.weight" and "head.bias".
    struct parameters parameters;
};

/// Fills the description. The table is in `arena` (under 64 KiB for 16 blocks).
/// Requires shape_fault(shape) to be NULL, and 1..4D classes.
void classifier_open(struct classifier *classifier, const struct mae_shape *shape,
                     size_t classes, struct arena *arena);

/// What a forward pass computes, which includes what the backward pass needs, and workspace, for
/// fixed B.
struct classifier_activations;

/// Takes activations from `arena` for passes over B = `images` images in `arithmetic`. INFER takes
/// a fraction of the memory; classifier_backward needs TRAIN.
struct classifier_activations *
classifier_activations_open(const struct classifier *classifier, size_t images,
                            enum arithmetic arithmetic, enum mode mode,
                            struct arena *arena);

/// Classifies. Returns the logits (B,C), owned by the activations and valid until the next pass.
/// weights          of classifier->parameters, packed, of the activations' arithmetic
/// patches (B,T,F)  whole images in [-1,1]
/// Work about 2 * parameters * tokens flops; no allocation.
const real *classifier_forward(struct classifier_activations *activations,
                               const struct classifier *classifier,
                               const struct packed_weights *weights,
                               const real *patches);

/// The gradient of a scalar by all parameters.
/// gradients (classifier->parameters.count)  overwritten
/// dlogits   (B,C)                           the scalar's gradient by the logits
/// Requires classifier_forward with the same arguments just before. Work about twice that of
/// classifier_forward; no allocation.
void classifier_backward(real *gradients, struct classifier_activations *activations,
                         const struct classifier *classifier,
                         const struct packed_weights *weights, const real *patches,
                         const real *dlogits);

/// Copies a pretrained encoder into a classifier's weights, by name; the head is unchanged.
/// weights    (classifier->parameters.count)  the encoder's part is overwritten
/// pretrained (mae->parameters.count)
/// Requires encoders of the same shape and number of heads.
void classifier_take_encoder(real *weights, const struct classifier *classifier,
                             const real *pretrained, const struct mae *mae);

#endif
