#include "core/train/encode.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/progress.h"
#include "core/data/images.h"
#include "core/data/patches.h"
#include "core/train/engine.h"
#include "core/train/evaluate.h"

enum { CHUNK = EVALUATION_CHUNK };

/// One thread's memory.
struct room {
    struct arena arena;
    struct mae_activations *activations;
    real *patches;  ///< (CHUNK,T,F)
    int32_t *shown; ///< (CHUNK,V)
    real *image;    ///< (3,32,32)
};

struct pass {
    const struct encoding *encoding;
    struct arena arena; ///< of the prepared weights
    struct packed_weights weights;
    float *tokens, *painted;
    struct room *rooms; ///< (threads)
    struct progress progress;
    atomic_int overflow; ///< some number was not finite
};

static void room_open(struct room *room, const struct encoding *encoding)
{
    const struct mae *mae = encoding->mae;
    size_t patches = CHUNK * shape_tokens(&mae->shape) * shape_patch(&mae->shape);
    arena_open(&room->arena, "encoder",
               mae_activations_size(mae, CHUNK, encoding->visible, FP32, INFER) +
                   size_product(patches + IMAGE_BYTES, sizeof(real)) +
                   size_product(CHUNK * encoding->visible, sizeof(int32_t)) + 4096);
    room->activations =
        mae_activations_open(mae, CHUNK, encoding->visible, FP32, INFER, &room->arena);
    room->patches = arena_reals(&room->arena, patches);
    room->image = arena_reals(&room->arena, IMAGE_BYTES);
    room->shown = arena_take(&room->arena, CHUNK * encoding->visible, sizeof(int32_t));
}

// Places past the end repeat the last image.
static struct mae_input chunk_load(struct room *room, const struct encoding *encoding,
                                   size_t first)
{
    const struct mae_shape *shape = &encoding->mae->shape;
    size_t numbers = shape_tokens(shape) * shape_patch(shape);
    size_t visible = encoding->visible;
    for (size_t b = 0; b < CHUNK; ++b) {
        size_t i = first + b < encoding->count ? first + b : encoding->count - 1;
        const float *image = encoding->images + i * IMAGE_BYTES;
        for (size_t n = 0; n < IMAGE_BYTES; ++n) room->image[n] = (real)image[n];
        patches_from_image(room->patches + b * numbers, room->image, shape->patch);
        memcpy(room->shown + b * visible, encoding->shown + i * visible,
               visible * sizeof(int32_t));
    }
    return (struct mae_input){CHUNK, visible, room->patches, room->shown};
}

static void put(float *out, const real *values, size_t count, struct pass *pass)
{
    int finite = 1;
    for (size_t n = 0; n < count; ++n) {
        out[n] = (float)values[n];
        finite &= isfinite(out[n]) != 0;
    }
    if (!finite) atomic_store(&pass->overflow, 1);
}

static void chunk_item(size_t chunk, int worker, void *context)
{
    struct pass *pass = context;
    struct room *room = &pass->rooms[worker];
    const struct encoding *encoding = pass->encoding;
    const struct mae *mae = encoding->mae;
    size_t first = chunk * CHUNK, rest = encoding->count - first;
    size_t images = rest < CHUNK ? rest : CHUNK;
    struct mae_input input = chunk_load(room, encoding, first);

    size_t row = (encoding->visible + 1) * (size_t)mae->shape.width;
    put(pass->tokens + first * row,
        mae_encode(room->activations, mae, &pass->weights, &input, encoding->layer),
        images * row, pass);
    if (pass->painted) {
        size_t numbers = shape_tokens(&mae->shape) * shape_patch(&mae->shape);
        const real *prediction =
            mae_forward(room->activations, mae, &pass->weights, &input);
        for (size_t b = 0; b < images; ++b) {
            patches_to_image(room->image, prediction + b * numbers, mae->shape.patch);
            put(pass->painted + (first + b) * IMAGE_BYTES, room->image, IMAGE_BYTES,
                pass);
        }
    }
    // Chunks are handed out in order, so this one's place tells how far all have come.
    if (worker == 0) progress_show(&pass->progress, (double)(first + images), NULL);
}

int encode_images(float *tokens, float *painted, const struct encoding *encoding)
{
    require(encoding->count > 0 && encoding->threads > 0, "%zu images on %d threads",
            encoding->count, encoding->threads);
    size_t chunks = (encoding->count + CHUNK - 1) / CHUNK;
    size_t threads = (size_t)encoding->threads;
    if (threads > chunks) threads = chunks;
    struct pass pass = {.encoding = encoding};
    pass.tokens = tokens;
    pass.painted = painted;
    pass.rooms = calloc(threads, sizeof *pass.rooms);
    if (!pass.rooms) die(EXIT_SYSTEM, "no memory for %zu threads", threads);
    packed_weights_for_inference(&pass.weights, &pass.arena, &encoding->mae->parameters,
                                 encoding->weights, FP32);
    for (size_t w = 0; w < threads; ++w) room_open(&pass.rooms[w], encoding);
    struct engine *engine = engine_open((int)threads, 0, 0);
    progress_open(&pass.progress, "encode", "images", (double)encoding->count, 0);
    engine_each(engine, chunks, chunk_item, &pass);
    progress_show(&pass.progress, (double)encoding->count, NULL);
    progress_close(&pass.progress);
    engine_close(engine);
    for (size_t w = 0; w < threads; ++w) arena_close(&pass.rooms[w].arena);
    free(pass.rooms);
    arena_close(&pass.arena);
    return atomic_load(&pass.overflow);
}
