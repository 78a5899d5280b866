#include "core/train/trainer.h"

#include <inttypes.h>
#include <math.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/train/schedule.h"

void trainer_open(struct trainer *trainer, const struct trainer_plan *plan)
{
    const struct recipe *recipe = plan->recipe;
    const size_t count = plan->parameters->count, batch = recipe->batch;
    require(recipe->micro_batches > 0 && batch % recipe->micro_batches == 0,
            "%zu micro-batches do not divide a batch of %zu", recipe->micro_batches,
            batch);
    *trainer = (struct trainer){
        .plan = *plan,
        .updates = batches_updates(plan->images, batch, recipe->epochs),
        .step = (double)batch / (double)plan->images,
        .adamw = {.beta1 = recipe->beta1,
                  .beta2 = recipe->beta2,
                  .epsilon = recipe->epsilon,
                  .weight_decay = recipe->weight_decay},
    };
    struct arena *arena = &trainer->arena;
    arena_open_growing(arena, "training");
    struct train_state *state = &trainer->state;
    state->weights = arena_reals(arena, count);
    state->first_moment = arena_zeros(arena, count);
    state->second_moment = arena_zeros(arena, count);
    parameters_initialise(state->weights, plan->parameters, plan->seed);
    packed_weights_open(&trainer->packed, plan->parameters, state->weights,
                        plan->arithmetic, TRAIN, arena);
    batches_open(&trainer->batches, plan->images, batch, plan->seed, arena);
    trainer->image = arena_take(arena, batch, sizeof *trainer->image);
    trainer->epoch = arena_take(arena, batch, sizeof *trainer->epoch);
    trainer->engine = engine_open(plan->threads, recipe->micro_batches, count);
    engine_share(trainer->engine, &plan->ranks);
}

static void pack_item(size_t row, int worker, void *context)
{
    (void)worker;
    struct trainer *trainer = context;
    enum phase before = phase_enter(PHASE_PACK);
    packed_weights_pack(&trainer->packed, row);
    phase_enter(before);
}

static double micro_batch(real *gradient, size_t number, int worker, void *context)
{
    struct trainer *trainer = context;
    const struct trainer_plan *plan = &trainer->plan;
    const size_t images = plan->recipe->batch / plan->recipe->micro_batches;
    const real share = (real)1 / (real)plan->recipe->micro_batches;
    double loss =
        plan->gradient(gradient, trainer->image + number * images,
                       trainer->epoch + number * images, share, worker, plan->context);
    return loss * (double)share;
}

static void adamw_part(size_t first, size_t last, void *context)
{
    struct trainer *trainer = context;
    struct train_state *state = &trainer->state;
    enum phase before = phase_enter(PHASE_OPTIMISER);
    adamw_update(state->weights, state->first_moment, state->second_moment,
                 trainer->gradient, first, last, state->updates + 1, &trainer->adamw);
    phase_enter(before);
}

double trainer_step(struct trainer *trainer)
{
    const struct recipe *recipe = trainer->plan.recipe;
    struct train_state *state = &trainer->state;
    double epoch = (double)state->updates * trainer->step;
    trainer->adamw.learning_rate =
        recipe->learning_rate *
        schedule_factor(epoch, trainer->step, recipe->warmup, recipe->epochs);
    batches_take(trainer->image, trainer->epoch, &trainer->batches, state->updates);
    pool_for(trainer->engine, trainer->plan.parameters->rows, pack_item, trainer);
    double loss =
        engine_gradient(&trainer->gradient, trainer->engine, micro_batch, trainer);
    // The other ranks have the same loss, and end with this one.
    if (!isfinite(loss) && rank_group_lead(&trainer->plan.ranks))
        die(EXIT_SYSTEM,
            "%s: the loss of update %" PRIu64 " is not finite (the last checkpoint is "
            "left; lower the recipe's learning rate)",
            recipe->run, state->updates + 1);
    pool_split(trainer->engine, trainer->plan.parameters->count, adamw_part, trainer);
    state->updates++;
    state->loss_sum += loss;
    state->loss_count++;
    return loss;
}

double trainer_rate(struct trainer *trainer, int updates)
{
    trainer_step(trainer);
    const double started = clock_seconds();
    for (int u = 0; u < updates; ++u) trainer_step(trainer);
    return updates * (double)trainer->plan.recipe->batch / (clock_seconds() - started);
}

void trainer_close(struct trainer *trainer)
{
    engine_close(trainer->engine);
    arena_close(&trainer->arena);
}
