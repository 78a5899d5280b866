#include "experiments/04-probing/sets.h"

#include <stdio.h>

#include "core/base/die.h"
#include "core/study/inputs.h"

/// Which units the control trains, and what they see.
static void open_units(struct sets *sets)
{
    mlp_units_choose(&sets->units, &sets->block, &sets->trained[SPLIT_TRAIN].block,
                     &sets->arena);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct features *from = &sets->trained[split].block;
        float *rows = arena_take(
            &sets->arena, from->images * MLP_UNITS_ROWS * from->width, sizeof *rows);
        mlp_units_features(rows, &sets->units, from, &sets->arena);
        sets->unit_rows[split] =
            (struct features){from->images, MLP_UNITS_ROWS, from->width, rows, NULL};
    }
}

/// Features of encoders that have learned nothing; the first has the weights with which the pretraining of
/// the same seed began.
static void open_random(struct sets *sets, const struct run *run, const struct mae *mae,
                        size_t encoders)
{
    require(encoders <= RANDOM_ENCODERS, "%zu random encoders", encoders);
    const size_t mark = arena_mark(&sets->arena);
    real *weights = arena_reals(&sets->arena, mae->parameters.count);
    for (sets->encoders = 0; sets->encoders < encoders; ++sets->encoders) {
        const size_t e = sets->encoders;
        char name[32];
        snprintf(name, sizeof name, "random%zu", e);
        parameters_initialise(weights, &mae->parameters, run->seed + e);
        for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
            const struct encoder_source source = {mae, weights, &sets->images[split],
                                                  run->threads};
            input_features(&sets->random[e][split], run, name, (enum split)split, 0,
                           &source);
        }
    }
    arena_reset(&sets->arena, mark);
}

void sets_open(struct sets *sets, const struct run *run, const struct weights *model,
               size_t encoders)
{
    const struct mae *mae = &model->mae;
    images_load(&sets->images[SPLIT_TRAIN], run->data, SPLIT_TRAIN);
    images_load(&sets->images[SPLIT_TEST], run->data, SPLIT_TEST);
    const size_t images =
        sets->images[SPLIT_TRAIN].count + sets->images[SPLIT_TEST].count;
    arena_open(&sets->arena, "features",
               last_block_bytes(mae) +
                   images * MLP_UNITS_ROWS * (size_t)mae->shape.width * sizeof(float) +
                   mae->parameters.count * sizeof(real) + ((size_t)64 << 20));
    last_block_open(&sets->block, mae, model->slab, &sets->arena);

    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct encoder_source source = {mae, model->slab, &sets->images[split],
                                              run->threads};
        input_features(&sets->trained[split], run, "m75-h3", (enum split)split, 1,
                       &source);
    }
    open_random(sets, run, mae, encoders);
    open_units(sets);
}

static const struct features *features_of(const struct sets *sets,
                                          enum material material, size_t seed,
                                          enum split split)
{
    switch (material) {
    case MATERIAL_BLOCK:
        return &sets->trained[split].block;
    case MATERIAL_UNITS:
        return &sets->unit_rows[split];
    case MATERIAL_RANDOM:
        require(seed < sets->encoders, "no random encoder %zu", seed);
        return &sets->random[seed][split].summary;
    default:
        return &sets->trained[split].summary;
    }
}

struct probe_set sets_part(const struct sets *sets, enum material material, size_t seed,
                           enum split split)
{
    return (struct probe_set){*features_of(sets, material, seed, split),
                              sets->images[split].labels};
}

struct stage sets_stage(const struct sets *sets, enum material material,
                        unsigned projections, size_t batch, struct arena *arena)
{
    if (material == MATERIAL_BLOCK)
        return last_block_stage(&sets->block, projections, batch, arena);
    if (material == MATERIAL_UNITS) return mlp_units_stage(&sets->units, batch, arena);
    return stage_row(material == MATERIAL_MEAN ? SUMMARY_MEAN : SUMMARY_CLASS, batch,
                     sets->block.width, arena);
}

size_t sets_stage_bytes(const struct sets *sets, enum material material, size_t batch)
{
    if (material == MATERIAL_BLOCK) return last_block_stage_bytes(&sets->block, batch);
    if (material == MATERIAL_UNITS) return mlp_units_stage_bytes(&sets->units, batch);
    return STAGE_ROW_BYTES;
}

void sets_close(struct sets *sets)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        encoder_features_close(&sets->trained[split]);
        for (size_t e = 0; e < sets->encoders; ++e)
            encoder_features_close(&sets->random[e][split]);
        images_free(&sets->images[split]);
    }
    arena_close(&sets->arena);
}
