#include "core/analysis/stage.h"

struct row_stage {
    size_t row, batch, width;
};

static void row_forward(real *out, const real *weights, const float *const *rows,
                        void *context)
{
    (void)weights;
    const struct row_stage *stage = context;
    for (size_t b = 0; b < stage->batch; ++b)
        for (size_t i = 0; i < stage->width; ++i)
            out[b * stage->width + i] = (real)rows[b][stage->row * stage->width + i];
}

struct stage stage_row(size_t row, size_t batch, size_t width, struct arena *arena)
{
    struct row_stage *context = arena_take(arena, 1, sizeof *context);
    *context = (struct row_stage){row, batch, width};
    return (struct stage){
        .batch = batch, .width = width, .context = context, .forward = row_forward};
}
