#include "core/train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/train/loss.h"
#include "core/train/schedule.h"

enum { TABLE_BYTES = 128 << 10 }; // room for the model's table of parameters

static double leaf_gradient(real *gradient, size_t leaf, int worker, void *context)
{
    struct trainer *trainer = context;
    const struct pretrain *settings = trainer->settings;
    struct shard *shard = &trainer->shard[worker];
    size_t first = leaf * shard->images;
    for (size_t b = 0; b < shard->images; ++b)
        shard_load(shard, b, settings->images, trainer->image[first + b],
                   settings->seed, trainer->epoch[first + b]);

    // A leaf brings its share of the batch's mean, so that the tree only adds.
    real share = (real)1 / (real)settings->recipe.leaves;
    struct mae_input input = shard_input(shard);
    const struct prepared *weights = &trainer->prepared;
    const real *prediction =
        mae_forward(shard->activations, &trainer->mae, weights, &input);
    double loss = masked_loss(shard->dprediction, prediction, shard->patches,
                              shard->masked, shard->images, shard->tokens,
                              shard->hidden, shard->patch_size, share);
    mae_backward(gradient, shard->activations, &trainer->mae, weights, &input,
                 shard->dprediction);
    return loss * (double)share;
}

static void pack_item(size_t row, int worker, void *context)
{
    (void)worker;
    struct trainer *trainer = context;
    enum phase before = phase_enter(PHASE_PACK);
    prepared_pack(&trainer->prepared, row);
    phase_enter(before);
}

static void adamw_part(size_t first, size_t last, void *context)
{
    struct trainer *trainer = context;
    struct state *state = &trainer->state;
    enum phase before = phase_enter(PHASE_OPTIMISER);
    adamw_update(state->weights, state->first_moment, state->second_moment,
                 trainer->gradient, first, last, state->updates + 1, &trainer->adamw);
    phase_enter(before);
}

double trainer_update(struct trainer *trainer)
{
    const struct recipe *recipe = &trainer->settings->recipe;
    struct state *state = &trainer->state;
    double epoch = (double)state->updates * trainer->step;
    trainer->adamw.learning_rate =
        recipe->learning_rate *
        schedule_factor(epoch, trainer->step, recipe->warmup, recipe->epochs);
    batches_take(trainer->image, trainer->epoch, &trainer->batches, state->updates);
    engine_each(trainer->engine, trainer->mae.parameters.rows, pack_item, trainer);
    double loss =
        engine_gradient(&trainer->gradient, trainer->engine, leaf_gradient, trainer);
    if (!isfinite(loss))
        die(EXIT_SYSTEM,
            "%s: the loss of update %" PRIu64 " is not finite (the last checkpoint is "
            "kept; lower the recipe's learning rate)",
            recipe->run, state->updates + 1);
    engine_share(trainer->engine, adamw_part, trainer);
    state->updates++;
    state->loss_sum += loss;
    state->loss_count++;
    return loss;
}

static void recipe_check(const struct recipe *recipe)
{
    const char *fault = shape_fault(&recipe->shape);
    require(!fault, "%s: %s", recipe->run, fault);
    require(recipe->leaves > 0 && recipe->batch % recipe->leaves == 0,
            "%zu leaves do not divide a batch of %zu", recipe->leaves, recipe->batch);
}

void trainer_open(struct trainer *trainer, const struct pretrain *settings)
{
    const struct recipe *recipe = &settings->recipe;
    size_t images = settings->images->count, batch = recipe->batch;
    recipe_check(recipe);
    *trainer = (struct trainer){.settings = settings};

    // How large the slabs are is known once the table has been made.
    struct arena table;
    arena_open(&table, "table", TABLE_BYTES);
    mae_open(&trainer->mae, &recipe->shape, &table);
    size_t count = trainer->mae.parameters.count;
    size_t factors = prepared_size(&trainer->mae.parameters, settings->arithmetic,
                                   FORWARD_AND_BACKWARD);
    arena_close(&table);
    arena_open(&trainer->arena, "training",
               TABLE_BYTES + 3 * count * sizeof(real) + factors + 8 * (images + batch) +
                   8 * 64);
    mae_open(&trainer->mae, &recipe->shape, &trainer->arena);
    trainer->state.weights = arena_reals(&trainer->arena, count);
    trainer->state.first_moment = arena_zeros(&trainer->arena, count);
    trainer->state.second_moment = arena_zeros(&trainer->arena, count);
    prepared_open(&trainer->prepared, &trainer->mae.parameters, trainer->state.weights,
                  settings->arithmetic, FORWARD_AND_BACKWARD, &trainer->arena);
    parameters_initialise(trainer->state.weights, &trainer->mae.parameters,
                          settings->seed);

    batches_open(&trainer->batches, images, batch, settings->seed, &trainer->arena);
    trainer->image = arena_take(&trainer->arena, batch, sizeof(uint32_t));
    trainer->epoch = arena_take(&trainer->arena, batch, sizeof(uint32_t));
    trainer->updates = batches_updates(images, batch, recipe->epochs);
    trainer->step = (double)batch / (double)images;
    trainer->adamw = (struct adamw){.beta1 = recipe->beta1,
                                    .beta2 = recipe->beta2,
                                    .epsilon = recipe->epsilon,
                                    .weight_decay = recipe->weight_decay};
}

void trainer_start(struct trainer *trainer)
{
    const struct pretrain *settings = trainer->settings;
    const struct recipe *recipe = &settings->recipe;
    trainer->engine =
        engine_open(settings->threads, recipe->leaves, trainer->mae.parameters.count);
    trainer->shard = calloc((size_t)settings->threads, sizeof *trainer->shard);
    if (!trainer->shard) die(EXIT_SYSTEM, "%s: no memory", recipe->run);
    for (int w = 0; w < settings->threads; ++w)
        shard_open(&trainer->shard[w], &trainer->mae, recipe->batch / recipe->leaves,
                   recipe->mask_ratio, settings->arithmetic, FORWARD_AND_BACKWARD);
}

void trainer_close(struct trainer *trainer)
{
    for (int w = 0; w < trainer->settings->threads; ++w)
        shard_close(&trainer->shard[w]);
    free(trainer->shard);
    engine_close(trainer->engine);
    arena_close(&trainer->arena);
}

static void rate_item(size_t i, int worker, void *context)
{
    struct trainer *trainer = context;
    size_t count = trainer->mae.parameters.count;
    struct arena arena;
    arena_open(&arena, "rate", count * sizeof(real));
    leaf_gradient(arena_reals(&arena, count), i, worker, trainer);
    arena_close(&arena);
}

double trainer_rate(const struct pretrain *settings)
{
    struct trainer trainer;
    trainer_open(&trainer, settings);
    trainer_start(&trainer);
    batches_take(trainer.image, trainer.epoch, &trainer.batches, 0);
    prepared_pack_all(&trainer.prepared);
    size_t items = (size_t)settings->threads;
    if (items > settings->recipe.leaves) items = settings->recipe.leaves;
    double started = clock_seconds();
    engine_each(trainer.engine, items, rate_item, &trainer);
    double seconds = clock_seconds() - started;
    double images = (double)(items * trainer.shard[0].images);
    trainer_close(&trainer);
    return images / seconds;
}
