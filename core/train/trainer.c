#include "core/train/trainer.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/train/loss.h"

enum { TABLE_BYTES = 128 << 10 }; // room for the model's table of parameters

static double masked_leaf(real *gradient, const uint32_t *image, const uint32_t *epoch,
                          real share, int worker, void *context)
{
    struct trainer *trainer = context;
    const struct pretrain *settings = trainer->settings;
    struct shard *shard = &trainer->shard[worker];
    for (size_t b = 0; b < shard->images; ++b)
        shard_load(shard, b, settings->images, image[b], settings->seed, epoch[b]);

    struct mae_input input = shard_input(shard);
    const struct packed_weights *weights = &trainer->descent.prepared;
    const real *prediction =
        mae_forward(shard->activations, &trainer->mae, weights, &input);
    double loss = masked_loss(shard->dprediction, prediction, shard->patches,
                              shard->masked, shard->images, shard->tokens,
                              shard->hidden, shard->patch_size, share);
    mae_backward(gradient, shard->activations, &trainer->mae, weights, &input,
                 shard->dprediction);
    return loss;
}

void trainer_open(struct trainer *trainer, const struct pretrain *settings)
{
    const struct recipe *recipe = &settings->recipe;
    const char *fault = shape_fault(&recipe->shape);
    require(!fault, "%s: %s", recipe->run, fault);
    *trainer = (struct trainer){.settings = settings};
    arena_open(&trainer->arena, "table", TABLE_BYTES);
    mae_open(&trainer->mae, &recipe->shape, &trainer->arena);
    struct descent_plan plan = {.recipe = recipe,
                                .parameters = &trainer->mae.parameters,
                                .images = settings->images->count,
                                .seed = settings->seed,
                                .arithmetic = settings->arithmetic,
                                .threads = settings->threads,
                                .leaf = masked_leaf,
                                .context = trainer};
    descent_open(&trainer->descent, &plan);

    // A shard's memory is touched first by the thread that will use it.
    trainer->shard = calloc((size_t)settings->threads, sizeof *trainer->shard);
    if (!trainer->shard) die(EXIT_SYSTEM, "%s: no memory", recipe->run);
    for (int w = 0; w < settings->threads; ++w)
        shard_open(&trainer->shard[w], &trainer->mae, recipe->batch / recipe->leaves,
                   recipe->mask_ratio, settings->arithmetic, TRAIN);
}

void trainer_start(struct trainer *trainer)
{
    descent_start(&trainer->descent);
}

double trainer_update(struct trainer *trainer)
{
    return descent_update(&trainer->descent);
}

void trainer_close(struct trainer *trainer)
{
    descent_close(&trainer->descent);
    for (int w = 0; w < trainer->settings->threads; ++w)
        shard_close(&trainer->shard[w]);
    free(trainer->shard);
    arena_close(&trainer->arena);
}

static void rate_item(size_t i, int worker, void *context)
{
    struct trainer *trainer = context;
    const struct descent *descent = &trainer->descent;
    const size_t first = i * trainer->shard->images;
    struct arena arena;
    arena_open(&arena, "rate", trainer->mae.parameters.count * sizeof(real));
    masked_leaf(arena_reals(&arena, trainer->mae.parameters.count),
                descent->image + first, descent->epoch + first, 1, worker, trainer);
    arena_close(&arena);
}

double trainer_rate(const struct pretrain *settings)
{
    struct trainer trainer;
    trainer_open(&trainer, settings);
    trainer_start(&trainer);
    struct descent *descent = &trainer.descent;
    batches_take(descent->image, descent->epoch, &descent->batches, 0);
    packed_weights_pack_all(&descent->prepared);
    size_t items = (size_t)settings->threads;
    if (items > settings->recipe.leaves) items = settings->recipe.leaves;
    double started = clock_seconds();
    engine_each(descent->engine, items, rate_item, &trainer);
    double seconds = clock_seconds() - started;
    double images = (double)(items * trainer.shard->images);
    trainer_close(&trainer);
    return images / seconds;
}
