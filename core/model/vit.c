#include "core/model/vit.h"

#include "core/base/die.h"

#include <stdio.h>

void vit_list(struct parameters *parameters, const char *prefix, size_t base,
              int blocks, size_t width)
{
    require(blocks >= 0 && blocks <= SHAPE_BLOCKS, "%d blocks", blocks);
    for (int i = 0; i < blocks; ++i) {
        char name[PARAMETER_NAME];
        snprintf(name, sizeof name, "%stransformer.%d.", prefix, i);
        block_list(parameters, name,
                   base + offsetof(struct vit, block) +
                       (size_t)i * sizeof(struct block),
                   width);
    }
}

void vit_trace_open(struct vit_trace *trace, int blocks, enum arithmetic arithmetic,
                    const struct attention_shape *shape, struct reserve *reserve)
{
    for (int i = 0; i < blocks; ++i)
        if (i > 0 && reserve->mode == INFER)
            trace->block[i] = trace->block[0];
        else
            block_trace_open(&trace->block[i], arithmetic, shape, reserve);
}

void vit_trace_vary(struct vit_trace *trace, int blocks, struct block_kind kind)
{
    for (int i = 0; i < blocks; ++i) trace->block[i].kind = kind;
}

void vit_forward(real *x, struct vit_trace *trace, struct block_work *work,
                 const struct vit *vit, int blocks, const struct attention_shape *shape)
{
    for (int i = 0; i < blocks; ++i)
        block_forward(x, &trace->block[i], work, &vit->block[i], shape);
}

void vit_backward(real *dx, const struct vit *dvit, const struct vit_trace *trace,
                  struct block_work *work, const struct vit *vit, int blocks,
                  const struct attention_shape *shape)
{
    for (int i = blocks - 1; i >= 0; --i)
        block_backward(dx, &dvit->block[i], &trace->block[i], work, &vit->block[i],
                       shape);
}
