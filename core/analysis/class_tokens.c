#include "core/analysis/class_tokens.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/train/engine.h"
#include "core/train/evaluate.h"

enum { CHUNK = EVALUATION_CHUNK };

/// One thread's memory.
struct room {
    struct arena arena;
    struct mae_activations *activations;
    real *patches; ///< (CHUNK,T,F)
};

struct pass {
    const struct mae *mae;
    const struct images *images;
    float *tokens;
    struct arena arena; ///< of the prepared weights and the list of patches
    struct prepared weights;
    int32_t *shown;      ///< (CHUNK,T) all of them
    struct room *rooms;  ///< (threads)
    atomic_int overflow; ///< some number was not finite
};

static void room_open(struct room *room, const struct mae *mae)
{
    const size_t T = shape_tokens(&mae->shape), numbers = CHUNK * IMAGE_BYTES;
    arena_open(&room->arena, "encoder",
               mae_activations_size(mae, CHUNK, T, FP32, FORWARD_ONLY) +
                   numbers * sizeof(real) + 4096);
    room->activations =
        mae_activations_open(mae, CHUNK, T, FP32, FORWARD_ONLY, &room->arena);
    room->patches = arena_reals(&room->arena, numbers);
}

// The last pass repeats its last image.
static void chunk_item(size_t chunk, int worker, void *context)
{
    struct pass *pass = context;
    struct room *room = &pass->rooms[worker];
    const struct mae *mae = pass->mae;
    const size_t T = shape_tokens(&mae->shape), D = (size_t)mae->shape.width,
                 first = chunk * CHUNK, last = pass->images->count - 1;
    for (size_t b = 0; b < CHUNK; ++b) {
        const size_t image = first + b < last ? first + b : last;
        patches_from_bytes(room->patches + b * IMAGE_BYTES,
                           pass->images->pixels + image * IMAGE_BYTES,
                           mae->shape.patch);
    }
    const struct mae_input input = {CHUNK, T, room->patches, pass->shown};
    const real *z = mae_encode(room->activations, mae, &pass->weights, &input, -1);
    int finite = 1;
    for (size_t b = 0; b < CHUNK && first + b <= last; ++b)
        for (size_t i = 0; i < D; ++i) {
            const float value = (float)z[b * (T + 1) * D + i];
            pass->tokens[(first + b) * D + i] = value;
            finite &= isfinite(value) != 0;
        }
    if (!finite) atomic_store(&pass->overflow, 1);
}

int class_tokens(float *tokens, const struct mae *mae, const real *weights,
                 const struct images *images, int threads)
{
    const size_t T = shape_tokens(&mae->shape), workers = (size_t)threads;
    require(images->count > 0 && threads > 0, "%zu images on %d threads", images->count,
            threads);
    struct pass pass = {.mae = mae, .images = images};
    pass.tokens = tokens;
    pass.rooms = calloc(workers, sizeof *pass.rooms);
    if (!pass.rooms) die(EXIT_SYSTEM, "no memory for %d threads", threads);
    for (size_t w = 0; w < workers; ++w) room_open(&pass.rooms[w], mae);
    arena_open(&pass.arena, "prepared weights",
               prepared_size(&mae->parameters, FP32, FORWARD_ONLY) +
                   CHUNK * T * sizeof *pass.shown + 4096);
    prepared_open(&pass.weights, &mae->parameters, weights, FP32, FORWARD_ONLY,
                  &pass.arena);
    prepared_pack_all(&pass.weights);
    pass.shown = arena_take(&pass.arena, CHUNK * T, sizeof *pass.shown);
    for (size_t i = 0; i < CHUNK * T; ++i) pass.shown[i] = (int32_t)(i % T);

    struct engine *engine = engine_open(threads, 0, 0);
    engine_each(engine, (images->count + CHUNK - 1) / CHUNK, chunk_item, &pass);
    engine_close(engine);
    arena_close(&pass.arena);
    for (size_t w = 0; w < workers; ++w) arena_close(&pass.rooms[w].arena);
    free(pass.rooms);
    return atomic_load(&pass.overflow);
}
