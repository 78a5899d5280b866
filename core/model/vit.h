/// A stack of transformer blocks: the trunk of the encoder, of the decoder, and of a classifier.
#ifndef MASKBOOK_MODEL_VIT_H
#define MASKBOOK_MODEL_VIT_H

#include <stddef.h>

#include "core/model/block.h"
#include "core/model/shapes.h"

struct vit {
    struct block block[SHAPE_BLOCKS]; ///< the first `blocks` are in use
};

struct vit_trace {
    struct block_trace block[SHAPE_BLOCKS];
};

/// Appends the blocks' tensors as prefix + "transformer.I." + name.
void vit_list(struct parameters *parameters, const char *prefix, size_t base,
              int blocks, size_t width);

/// Takes the traces of `blocks` blocks, which are one and the same for INFER.
void vit_trace_open(struct vit_trace *trace, int blocks, enum arithmetic arithmetic,
                    const struct attention_shape *shape, struct reserve *reserve);

/// x (B,T,D) goes through blocks 0..blocks-1 in place.
void vit_forward(real *x, struct vit_trace *trace, struct block_work *work,
                 const struct vit *vit, int blocks,
                 const struct attention_shape *shape);

/// dx (B,T,D) from the stack's output to its input, in place; dvit's tensors are overwritten.
void vit_backward(real *dx, const struct vit *dvit, const struct vit_trace *trace,
                  struct block_work *work, const struct vit *vit, int blocks,
                  const struct attention_shape *shape);

#endif
