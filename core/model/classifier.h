/// The image classifier that finetuning trains: the masked autoencoder's encoder over whole images, and a
/// linear head on the class token after the final norm (public code, ViT_Classifier).
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
    struct mae_shape shape; ///< what it says of a decoder is not used
    size_t classes;         ///< C
    struct parameters
        parameters; ///< the encoder's rows of the autoencoder's table, then "head.weight", "head.bias"
};

/// Fills the description; the table lives in `arena` (under 64 KiB for 16 blocks). Contract:
/// shape_fault(shape) is NULL, and there are 1 .. 4 D classes.
void classifier_open(struct classifier *classifier, const struct mae_shape *shape,
                     size_t classes, struct arena *arena);

/// Everything a forward pass computes and the backward pass needs; arrays live in the arena given
/// to classifier_activations_open.
struct classifier_activations;

/// Bytes of arena that classifier_activations_open takes.
size_t classifier_activations_size(const struct classifier *classifier, size_t images,
                                   enum arithmetic arithmetic, enum mode mode);

/// Reserves the activations of a pass over B = `images` images in `arithmetic`. INFER takes a fraction
/// of the memory, and classifier_backward is then a broken contract.
struct classifier_activations *
classifier_activations_open(const struct classifier *classifier, size_t images,
                            enum arithmetic arithmetic, enum mode mode,
                            struct arena *arena);

/// Classifies. Returns the logits (B,C), owned by the activations and valid until the next pass.
/// weights  of classifier->parameters, packed, of the activations' arithmetic
/// patches (B,T,F)  whole images in [-1,1]
/// Work about 2 * parameters * tokens flops; no allocation.
const real *classifier_forward(struct classifier_activations *activations,
                               const struct classifier *classifier,
                               const struct packed_weights *weights,
                               const real *patches);

/// Writes to gradients (parameters.count) the gradient of a scalar whose derivative with respect to the
/// logits is dlogits (B,C). Must follow classifier_forward with the same arguments.
void classifier_backward(real *gradients, struct classifier_activations *activations,
                         const struct classifier *classifier,
                         const struct packed_weights *weights, const real *patches,
                         const real *dlogits);

/// Copies the encoder of a pretraining into a classifier's weights, by name; the head stays as it is.
/// weights (classifier->parameters.count)  the encoder's part overwritten
/// pretrained (mae->parameters.count)
/// Contract: both have an encoder of the same shape and number of heads.
void classifier_take_encoder(real *weights, const struct classifier *classifier,
                             const real *pretrained, const struct mae *mae);

#endif
