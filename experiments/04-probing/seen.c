#include <inttypes.h>
#include <stdio.h>

#include "core/base/die.h"
#include "core/study/inputs.h"
#include "experiments/04-probing/probing.h"

// Both splits by an encoder of these weights.
static void encode(struct encoder_features features[2], const struct probing *probing,
                   const char *name, const real *weights, int with_block)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct encoder_source source = {&probing->model->mae, weights,
                                              &probing->images[split],
                                              probing->run->options.threads};
        input_features(&features[split], probing->run, name, (enum split)split,
                       with_block, &source);
    }
}

// Encoders that have learned nothing; the first has the weights with which the pretraining of the same
// seed began.
static void encode_randomly(struct probing *probing)
{
    struct seen_features *features = &probing->features;
    const struct parameters *parameters = &probing->model->mae.parameters;
    const size_t encoders = probing->scale.control_seeds,
                 mark = arena_mark(probing->arena);
    require(encoders <= RANDOM_ENCODERS, "%zu random encoders", encoders);
    real *weights = arena_reals(probing->arena, parameters->count);
    for (size_t e = 0; e < encoders; ++e) {
        const uint64_t seed = probing->run->options.seed + e;
        char name[48];
        snprintf(name, sizeof name, "random-seed%" PRIu64, seed);
        parameters_initialise(weights, parameters, seed);
        encode(features->random[e], probing, name, weights, 0);
    }
    features->encoders = encoders;
    arena_reset(probing->arena, mark);
}

// Which units the control trains, and what they see.
static void open_units(struct seen_features *features, struct arena *arena)
{
    mlp_units_choose(&features->units, &features->block,
                     &features->trained[SPLIT_TRAIN].block, arena);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct features *from = &features->trained[split].block;
        float *rows = arena_take(arena, from->images * MLP_UNITS_ROWS * from->width,
                                 sizeof *rows);
        mlp_units_features(rows, &features->units, from, arena);
        features->unit_rows[split] =
            (struct features){from->images, MLP_UNITS_ROWS, from->width, rows, NULL};
    }
}

void features_compute(struct probing *probing)
{
    const struct weights *model = probing->model;
    struct seen_features *features = &probing->features;
    last_block_open(&features->block, &model->mae, model->slab, probing->arena);
    encode(features->trained, probing, "m75-h3", model->slab, 1);
    encode_randomly(probing);
    open_units(features, probing->arena);
}

void features_release(struct probing *probing)
{
    struct seen_features *features = &probing->features;
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        encoder_features_close(&features->trained[split]);
        for (size_t e = 0; e < features->encoders; ++e)
            encoder_features_close(&features->random[e][split]);
    }
}

static const struct features *kind(const struct seen_features *features, enum seen seen,
                                   size_t seed, enum split split)
{
    switch (seen) {
    case SEEN_BLOCK:
        return &features->trained[split].block;
    case SEEN_UNITS:
        return &features->unit_rows[split];
    case SEEN_RANDOM:
        require(seed < features->encoders, "no random encoder %zu", seed);
        return &features->random[seed][split].summary;
    default:
        return &features->trained[split].summary;
    }
}

struct probe_set features_seen(const struct probing *probing, enum seen seen,
                               size_t seed, enum split split)
{
    return (struct probe_set){*kind(&probing->features, seen, seed, split),
                              probing->images[split].labels};
}

struct adapter features_adapter(const struct probing *probing,
                                const struct configuration *configuration)
{
    const struct seen_features *features = &probing->features;
    switch (configuration->seen) {
    case SEEN_BLOCK:
        return last_block_adapter(&features->block, configuration->projections);
    case SEEN_UNITS:
        return mlp_units_adapter(&features->units);
    case SEEN_MEAN:
        return adapter_none(SUMMARY_MEAN, features->block.width);
    default:
        return adapter_none(SUMMARY_CLASS, features->block.width);
    }
}
