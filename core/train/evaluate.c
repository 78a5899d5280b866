#include "core/train/evaluate.h"

#include <stdlib.h>

#include "core/base/die.h"
#include "core/train/engine.h"
#include "core/train/loss.h"
#include "core/train/shard.h"

struct pass {
    const struct evaluation *evaluation;
    struct arena arena; // of the prepared weights
    struct packed_weights weights;
    struct shard *shard; // (threads)
    reconstruction_function *each;
    void *context;
};

// Image number at a place; places past the end repeat the last image.
static uint32_t image_at(const struct evaluation *evaluation, size_t place)
{
    if (place >= evaluation->count) place = evaluation->count - 1;
    return evaluation->list ? evaluation->list[place] : (uint32_t)place;
}

static void chunk_item(size_t chunk, int worker, void *context)
{
    const struct pass *pass = context;
    const struct evaluation *evaluation = pass->evaluation;
    struct shard *shard = &pass->shard[worker];
    size_t first = chunk * EVALUATION_CHUNK;
    for (size_t b = 0; b < EVALUATION_CHUNK; ++b)
        shard_load(shard, b, evaluation->images, image_at(evaluation, first + b),
                   evaluation->seed, EVALUATION_EPOCH);
    struct mae_input input = shard_input(shard);
    const real *prediction =
        mae_forward(shard->activations, evaluation->mae, &pass->weights, &input);

    size_t numbers = shard->tokens * shard->patch_size;
    for (size_t b = 0; b < EVALUATION_CHUNK && first + b < evaluation->count; ++b) {
        struct reconstruction one = {
            .place = first + b,
            .image = image_at(evaluation, first + b),
            .tokens = shard->tokens,
            .patch_size = shard->patch_size,
            .visible_count = shard->visible,
            .hidden_count = shard->hidden,
            .prediction = prediction + b * numbers,
            .patches = shard->patches + b * numbers,
            .visible = shard->shown + b * shard->visible,
            .hidden = shard->masked + b * shard->hidden,
        };
        pass->each(&one, worker, pass->context);
    }
}

void evaluate_reconstructions(const struct evaluation *evaluation,
                              reconstruction_function *each, void *context)
{
    size_t threads = (size_t)evaluation->threads;
    require(evaluation->count > 0, "no images to look at");
    struct engine *engine = engine_open(evaluation->threads, 0, 0);
    struct pass pass = {.evaluation = evaluation, .each = each, .context = context};
    pass.shard = calloc(threads, sizeof *pass.shard);
    if (!pass.shard) die(EXIT_SYSTEM, "evaluation: no memory");
    for (size_t w = 0; w < threads; ++w)
        shard_open(&pass.shard[w], evaluation->mae, EVALUATION_CHUNK,
                   evaluation->mask_ratio, FP32, INFER);
    packed_weights_for_inference(&pass.weights, &pass.arena,
                                 &evaluation->mae->parameters, evaluation->weights,
                                 FP32);
    size_t chunks = (evaluation->count + EVALUATION_CHUNK - 1) / EVALUATION_CHUNK;
    engine_each(engine, chunks, chunk_item, &pass);
    for (size_t w = 0; w < threads; ++w) shard_close(&pass.shard[w]);
    free(pass.shard);
    arena_close(&pass.arena);
    engine_close(engine);
}

static void loss_of_one(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    double *loss = context;
    loss[one->place] = masked_loss(NULL, one->prediction, one->patches, one->hidden, 1,
                                   one->tokens, one->hidden_count, one->patch_size, 1);
}

void evaluate_losses(double *loss, const struct evaluation *evaluation)
{
    evaluate_reconstructions(evaluation, loss_of_one, loss);
}
