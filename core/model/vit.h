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

/// Takes the traces of `blocks` blocks: TRAIN one each, INFER one for all.
void vit_trace_open(struct vit_trace *trace, int blocks, enum arithmetic arithmetic,
                    const struct attention_shape *shape, struct reserve *reserve);

/// Makes the blocks of the trace, 0..blocks-1, of another kind.
void vit_trace_vary(struct vit_trace *trace, int blocks, struct block_kind kind);

/// Sends x (B,T,D) through blocks 0..blocks-1, in place.
void vit_forward(real *x, struct vit_trace *trace, struct block_work *work,
                 const struct vit *vit, int blocks,
                 const struct attention_shape *shape);

/// The gradients of vit_forward.
/// dx (B,T,D)      on entry the gradient by the stack's output, on return that by its input
/// dvit's tensors  overwritten
/// trace           from vit_forward
void vit_backward(real *dx, const struct vit *dvit, const struct vit_trace *trace,
                  struct block_work *work, const struct vit *vit, int blocks,
                  const struct attention_shape *shape);

#endif
