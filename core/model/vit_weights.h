/// Encoders from published files: ViTs that facebookresearch/mae and timm trained on ImageNet-1K,
/// in safetensors under one of three naming schemes, which the class token's name tells apart.
///
///     ours          "encoder.cls_token"       core/model/weights.h, for folders of small images
///     Facebook's    "cls_token"               also timm's: "blocks.0.attn.qkv.weight"
///     Hugging Face  "embeddings.cls_token"    with or without "vit."; q, k and v apart
///
/// In published files the class token has a position, whose numbers are added to the token's, and
/// positions are (1,T+1,D). A decoder is passed over.
#ifndef MASKBOOK_MODEL_VIT_WEIGHTS_H
#define MASKBOOK_MODEL_VIT_WEIGHTS_H

#include "core/model/weights.h"

enum vit_naming { VIT_OURS, VIT_FACEBOOK, VIT_HUGGING_FACE };

/// The classifier of a finetuned ViT (facebookresearch/mae, FINETUNE.md), in the weights' arena:
///     logits = W LN(mean of the patch tokens after the last block) + b
struct vit_head {
    size_t classes;            ///< C; 0: the file is of a pretraining
    struct layernorm norm;     ///< "fc_norm"
    const real *weight, *bias; ///< (C,D), (C)
};

struct vit_weights {
    struct weights weights; ///< an encoder alone, but for VIT_OURS
    enum vit_naming naming;
    struct vit_head head;
};

/// "ours", "Facebook's", "Hugging Face's"; static storage.
const char *vit_naming_name(enum vit_naming naming);

/// Reads such a file. Heads: the metadata "heads", else `heads` (0: not given), else 12 at width
/// 768 and 16 at 1024 and 1280. Without a final norm (a finetuned file) the encoder's is fc_norm.
/// Dies (EXIT_INPUT), naming path and tensor, for a PyTorch file, saying how to come by another;
/// for a file that is missing or damaged; for tensors that are missing, unknown or of shapes that
/// do not match; (EXIT_USAGE) when the number of heads is not known or contradicts the file's.
void vit_weights_open(struct vit_weights *vit, const char *path, int heads);

/// logits (C) of one image. Requires a head.
/// tokens (count,D)  after the last block, before the final norm, the class token first
void vit_head_logits(real *logits, const struct vit_head *head, const real *tokens,
                     size_t count, size_t width);

/// Frees everything.
void vit_weights_close(struct vit_weights *vit);

#endif
