#include "core/analysis/adapter.h"

struct row_work {
    size_t row, batch, width;
};

static void *row_open(const struct adapter *adapter, size_t batch, struct arena *arena)
{
    struct row_work *work = arena_take(arena, 1, sizeof *work);
    *work = (struct row_work){adapter->choice, batch, adapter->width};
    return work;
}

static void row_forward(real *out, const real *weights, const float *const *rows,
                        void *workspace)
{
    (void)weights;
    const struct row_work *work = workspace;
    for (size_t b = 0; b < work->batch; ++b)
        for (size_t i = 0; i < work->width; ++i)
            out[b * work->width + i] = (real)rows[b][work->row * work->width + i];
}

struct adapter adapter_none(size_t row, size_t width)
{
    return (struct adapter){
        .width = width, .choice = row, .open = row_open, .forward = row_forward};
}
