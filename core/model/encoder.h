/// The encoder of the masked autoencoder: visible patches and a class token through a ViT.
///     x = [cls; E x_v + b + pos_v],   z = LN(blocks(x))
/// The class token has no position (public code; timm's has one).
#ifndef MASKBOOK_MODEL_ENCODER_H
#define MASKBOOK_MODEL_ENCODER_H

#include "core/model/mae.h"

struct encoder {
    real *cls_token;        ///< (1,1,D)
    real *positions;        ///< (T,1,D)
    struct linear patchify; ///< (D,3,p,p), a convolution whose stride is its size; (D)
    struct vit vit;
    struct layernorm norm;
};

/// Appends the encoder's tensors under "encoder."; `base` as in parameters_list.
void encoder_list(struct parameters *parameters, size_t base,
                  const struct mae_shape *shape);

/// Appends what published ViTs have more: "encoder.transformer.I.attn.qkv.bias".
void encoder_list_published(struct parameters *parameters, size_t base,
                            const struct mae_shape *shape);

/// Gives the norms the epsilon of published ViTs.
void encoder_norms_published(struct encoder *encoder, const struct mae_shape *shape);

/// Activations saved by forward for backward, and forward's results.
struct encoder_trace {
    struct attention_shape shape; ///< B, V + 1, D, H
    struct activation patches;    ///< (B,V+1,F), 0 in the class token's rows
    real *gathered;               ///< (V+1,F) workspace for one image's patches
    real *x; ///< (B,V+1,D) the residual stream where the pass stopped
    struct vit_trace vit;
    real *normal, *rstd; ///< (B,V+1,D), (B,V+1) of the final norm
    real *z;             ///< (B,V+1,D) the output
};

/// Takes a trace's arrays for B images with V visible patches.
void encoder_trace_open(struct encoder_trace *trace, enum arithmetic arithmetic,
                        const struct mae_shape *shape, size_t images, size_t visible,
                        struct reserve *reserve);

/// trace->x = the tokens after block `layer` (0: the embedding).
/// Requires 0 <= layer <= encoder_blocks, and indices of visible patches that ascend within 0..T-1.
void encoder_blocks(struct encoder_trace *trace, struct block_work *work,
                    const struct encoder *encoder, const struct mae_input *input,
                    const struct mae_shape *shape, int layer);

/// trace->z = the final norm of trace->x.
void encoder_norm(struct encoder_trace *trace, const struct encoder *encoder);

/// The gradients of encoder_blocks over all blocks, followed by encoder_norm. Pixels get no
/// gradient.
/// dencoder's tensors  overwritten
/// dx (B,V+1,D)        workspace
/// dz (B,V+1,D)        the gradient by trace->z
void encoder_backward(const struct encoder *dencoder, real *dx, const real *dz,
                      const struct encoder_trace *trace, struct block_work *work,
                      const struct encoder *encoder, const struct mae_input *input,
                      const struct mae_shape *shape);

#endif
