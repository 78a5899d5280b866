#include "core/train/encode.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/images.h"
#include "core/data/patches.h"
#include "core/train/infer.h"

struct outputs {
    const struct encoding *encoding;
    float *tokens, *painted;
};

// One thread's memory.
struct workspace {
    struct mae_activations *activations;
    real *patches;  // (INFER_CHUNK,T,F)
    int32_t *shown; // (INFER_CHUNK,V)
    real *image;    // (3,S,S)
};

static void *workspace_open(struct arena *arena, const void *context)
{
    const struct outputs *outputs = context;
    const struct mae *mae = outputs->encoding->mae;
    const size_t visible = outputs->encoding->visible,
                 numbers = shape_tokens(&mae->shape) * shape_patch(&mae->shape);
    struct workspace *work = arena_take(arena, 1, sizeof *work);
    work->activations =
        mae_activations_open(mae, INFER_CHUNK, visible, FP32, INFER, arena);
    work->patches = arena_reals(arena, INFER_CHUNK * numbers);
    work->shown = arena_take(arena, INFER_CHUNK * visible, sizeof *work->shown);
    work->image = arena_reals(arena, numbers);
    return work;
}

static struct mae_input chunk_load(struct workspace *work,
                                   const struct encoding *encoding,
                                   const struct infer_chunk *chunk)
{
    const struct mae_shape *shape = &encoding->mae->shape;
    const size_t numbers = shape_tokens(shape) * shape_patch(shape),
                 visible = encoding->visible;
    for (size_t b = 0; b < INFER_CHUNK; ++b) {
        const size_t i = chunk->image[b];
        const float *image = encoding->images + i * numbers;
        for (size_t n = 0; n < numbers; ++n) work->image[n] = (real)image[n];
        patches_from_square(work->patches + b * numbers, work->image, shape->image,
                            shape->patch);
        memcpy(work->shown + b * visible, encoding->shown + i * visible,
               visible * sizeof *work->shown);
    }
    return (struct mae_input){.images = INFER_CHUNK,
                              .visible_count = visible,
                              .patches = work->patches,
                              .visible = work->shown};
}

// Returns 1 when some number is not finite.
static int put(float *out, const real *values, size_t count)
{
    int finite = 1;
    for (size_t n = 0; n < count; ++n) {
        out[n] = (float)values[n];
        finite &= isfinite(out[n]) != 0;
    }
    return !finite;
}

static int pass(const struct infer_chunk *chunk, void *context)
{
    const struct outputs *outputs = context;
    const struct encoding *encoding = outputs->encoding;
    const struct mae *mae = encoding->mae;
    struct workspace *work = chunk->workspace;
    const struct mae_input input = chunk_load(work, encoding, chunk);
    const size_t row = (encoding->visible + 1) * (size_t)mae->shape.width;
    int overflow =
        put(outputs->tokens + chunk->first * row,
            mae_encode(work->activations, mae, chunk->weights, &input, encoding->layer),
            chunk->count * row);
    if (!outputs->painted) return overflow;

    const size_t numbers = shape_tokens(&mae->shape) * shape_patch(&mae->shape);
    const real *prediction =
        mae_forward(work->activations, mae, chunk->weights, &input);
    for (size_t b = 0; b < chunk->count; ++b) {
        patches_to_image(work->image, prediction + b * numbers, mae->shape.patch);
        overflow |= put(outputs->painted + (chunk->first + b) * IMAGE_BYTES,
                        work->image, IMAGE_BYTES);
    }
    return overflow;
}

int encode_images(float *tokens, float *painted, const struct encoding *encoding)
{
    struct outputs outputs = {.encoding = encoding};
    outputs.tokens = tokens;
    outputs.painted = painted;
    const struct infer infer = {.parameters = &encoding->mae->parameters,
                                .weights = encoding->weights,
                                .images = encoding->count,
                                .threads = encoding->threads,
                                .label = "encode",
                                .workspace = workspace_open,
                                .pass = pass,
                                .context = &outputs};
    return infer_run(&infer);
}
