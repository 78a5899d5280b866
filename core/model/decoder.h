/// The decoder of the masked autoencoder: all positions, with a learned token where a patch is
/// hidden, and a linear head that predicts pixels.
///     y = blocks([z_cls; unshuffle(z, mask token)] + pos'),   x^ = H y_patch + b
/// Positions are added after the unshuffle, to the class token too; there is no norm before the
/// head (public code).
#ifndef MASKBOOK_MODEL_DECODER_H
#define MASKBOOK_MODEL_DECODER_H

#include "core/model/mae.h"

struct decoder {
    real *mask_token; ///< (1,1,D)
    real *positions;  ///< (T+1,1,D)
    struct vit vit;
    struct linear head; ///< (F,D), (F)
};

/// Appends the decoder's tensors under "decoder."; `base` as in parameters_list.
void decoder_list(struct parameters *parameters, size_t base,
                  const struct mae_shape *shape);

/// Activations saved by forward for backward, and forward's result.
struct decoder_trace {
    struct attention_shape shape; ///< B, T + 1, D, H
    real *y; ///< (B,T+1,D) the residual stream, in the end the head's input
    struct vit_trace vit;
    struct activation head_input;  ///< (B,T+1,D) y for the head's products
    struct activation dprediction; ///< (B,T,F) workspace
    real *prediction;              ///< (B,T,F)
    // For a prediction of the M = T - V hidden patches alone:
    int32_t *hidden; ///< (B,M) their tokens, 1..T
    real *y_hidden;  ///< (B,M,D) their rows of y
    real *dy_hidden; ///< (B,M,D) workspace
    real
        *hidden_patches; ///< (B,M,F) workspace, rows of `prediction` or of its gradient
};

/// Takes a trace's arrays for B images with V visible patches.
void decoder_trace_open(struct decoder_trace *trace, enum arithmetic arithmetic,
                        const struct mae_shape *shape, size_t images, size_t visible,
                        struct reserve *reserve);

/// trace->prediction from the encoder's output z (B,V+1,D) for the same input. input->hidden_only
/// as in mae_forward; it needs a block and a hidden patch to have an effect.
void decoder_forward(struct decoder_trace *trace, struct block_work *work,
                     const struct decoder *decoder, const real *z,
                     const struct mae_input *input, const struct mae_shape *shape);

/// The gradients of decoder_forward.
/// ddecoder's tensors  overwritten
/// dz          (B,V+1,D)  overwritten
/// dy          (B,T+1,D)  workspace
/// dprediction (B,T,F)
/// trace                  from decoder_forward
void decoder_backward(const struct decoder *ddecoder, real *dz, real *dy,
                      const real *dprediction, struct decoder_trace *trace,
                      struct block_work *work, const struct decoder *decoder,
                      const struct mae_input *input, const struct mae_shape *shape);

#endif
