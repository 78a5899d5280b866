#include "core/train/descent.h"

#include <inttypes.h>
#include <math.h>

#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/train/schedule.h"

void descent_open(struct descent *descent, const struct descent_plan *plan)
{
    const struct recipe *recipe = plan->recipe;
    const size_t count = plan->parameters->count, batch = recipe->batch;
    require(recipe->leaves > 0 && batch % recipe->leaves == 0,
            "%zu leaves do not divide a batch of %zu", recipe->leaves, batch);
    *descent = (struct descent){
        .plan = *plan,
        .updates = batches_updates(plan->images, batch, recipe->epochs),
        .step = (double)batch / (double)plan->images,
        .adamw = {.beta1 = recipe->beta1,
                  .beta2 = recipe->beta2,
                  .epsilon = recipe->epsilon,
                  .weight_decay = recipe->weight_decay},
    };
    struct arena *arena = &descent->arena;
    arena_open(arena, "training",
               3 * size_product(count, sizeof(real)) +
                   packed_weights_bytes(plan->parameters, plan->arithmetic, TRAIN) +
                   8 * (plan->images + batch) + 8 * 64);
    struct state *state = &descent->state;
    state->weights = arena_reals(arena, count);
    state->first_moment = arena_zeros(arena, count);
    state->second_moment = arena_zeros(arena, count);
    parameters_initialise(state->weights, plan->parameters, plan->seed);
    packed_weights_open(&descent->prepared, plan->parameters, state->weights,
                        plan->arithmetic, TRAIN, arena);
    batches_open(&descent->batches, plan->images, batch, plan->seed, arena);
    descent->image = arena_take(arena, batch, sizeof *descent->image);
    descent->epoch = arena_take(arena, batch, sizeof *descent->epoch);
}

void descent_start(struct descent *descent)
{
    const struct descent_plan *plan = &descent->plan;
    descent->engine =
        engine_open(plan->threads, plan->recipe->leaves, plan->parameters->count);
}

static void pack_item(size_t row, int worker, void *context)
{
    (void)worker;
    struct descent *descent = context;
    enum phase before = phase_enter(PHASE_PACK);
    packed_weights_pack(&descent->prepared, row);
    phase_enter(before);
}

static double leaf_gradient(real *gradient, size_t leaf, int worker, void *context)
{
    struct descent *descent = context;
    const struct descent_plan *plan = &descent->plan;
    const size_t images = plan->recipe->batch / plan->recipe->leaves;
    const real share = (real)1 / (real)plan->recipe->leaves;
    double loss =
        plan->leaf(gradient, descent->image + leaf * images,
                   descent->epoch + leaf * images, share, worker, plan->context);
    return loss * (double)share;
}

static void adamw_part(size_t first, size_t last, void *context)
{
    struct descent *descent = context;
    struct state *state = &descent->state;
    enum phase before = phase_enter(PHASE_OPTIMISER);
    adamw_update(state->weights, state->first_moment, state->second_moment,
                 descent->gradient, first, last, state->updates + 1, &descent->adamw);
    phase_enter(before);
}

double descent_update(struct descent *descent)
{
    const struct recipe *recipe = descent->plan.recipe;
    struct state *state = &descent->state;
    double epoch = (double)state->updates * descent->step;
    descent->adamw.learning_rate =
        recipe->learning_rate *
        schedule_factor(epoch, descent->step, recipe->warmup, recipe->epochs);
    batches_take(descent->image, descent->epoch, &descent->batches, state->updates);
    engine_each(descent->engine, descent->plan.parameters->rows, pack_item, descent);
    double loss =
        engine_gradient(&descent->gradient, descent->engine, leaf_gradient, descent);
    if (!isfinite(loss))
        die(EXIT_SYSTEM,
            "%s: the loss of update %" PRIu64 " is not finite (the last checkpoint is "
            "kept; lower the recipe's learning rate)",
            recipe->run, state->updates + 1);
    engine_share(descent->engine, adamw_part, descent);
    state->updates++;
    state->loss_sum += loss;
    state->loss_count++;
    return loss;
}

void descent_close(struct descent *descent)
{
    if (descent->engine) engine_close(descent->engine);
    arena_close(&descent->arena);
}
