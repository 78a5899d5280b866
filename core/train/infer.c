#include "core/train/infer.h"

#include <stdatomic.h>

#include "core/base/die.h"
#include "core/base/progress.h"
#include "core/train/engine.h"

struct inference {
    const struct infer *infer;
    struct packed_weights packed;
    void **workspace; // (threads)
    struct progress progress;
    atomic_int overflow; // some number was not finite
};

static void chunk_item(size_t number, int worker, void *context)
{
    struct inference *inference = context;
    const struct infer *infer = inference->infer;
    const size_t first = number * INFER_CHUNK, rest = infer->images - first;
    struct infer_chunk chunk = {
        .first = first,
        .count = rest < INFER_CHUNK ? rest : INFER_CHUNK,
        .weights = infer->parameters ? &inference->packed : NULL,
        .workspace = inference->workspace[worker],
        .worker = worker,
    };
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        chunk.image[b] = first + (b < chunk.count ? b : chunk.count - 1);
    if (infer->pass(&chunk, infer->context)) atomic_store(&inference->overflow, 1);
    // Chunks are begun in order, so this one's number tells how far all have come.
    if (infer->label && worker == 0)
        progress_show(&inference->progress, (double)(first + chunk.count), NULL);
}

int infer_run(const struct infer *infer)
{
    require(infer->images > 0 && infer->threads > 0, "%zu images on %d threads",
            infer->images, infer->threads);
    const size_t chunks = (infer->images + INFER_CHUNK - 1) / INFER_CHUNK,
                 wanted = (size_t)infer->threads,
                 threads = wanted < chunks ? wanted : chunks;
    struct inference inference = {.infer = infer};
    struct arena arena, weights = {0};
    arena_open_growing(&arena, "forward passes");
    inference.workspace = arena_take(&arena, threads, sizeof *inference.workspace);
    for (size_t w = 0; w < threads; ++w)
        inference.workspace[w] = infer->workspace(&arena, infer->context);
    if (infer->parameters)
        packed_weights_for_inference(&inference.packed, &weights, infer->parameters,
                                     infer->weights, FP32);
    struct engine *engine = engine_open((int)threads, 0, 0);
    if (infer->label)
        progress_open(&inference.progress, infer->label, "images",
                      (double)infer->images, 0);
    pool_for(engine, chunks, chunk_item, &inference);
    if (infer->label) {
        progress_show(&inference.progress, (double)infer->images, NULL);
        progress_close(&inference.progress);
    }
    engine_close(engine);
    arena_close(&weights);
    arena_close(&arena);
    return atomic_load(&inference.overflow);
}
