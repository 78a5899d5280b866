#include "experiments/10-token-mixing/arms.h"

#include <stdio.h>
#include <string.h>

#include "core/analysis/segments.h"
#include "core/data/planted.h"
#include "core/stats/bootstrap.h"
#include "core/stats/summary.h"
#include "core/stats/two_way.h"
#include "core/train/short_training.h"
#include "experiments/10-token-mixing/measures.h"

const struct measure_names measure_names[MEASURES] = {
    [HIDDEN_LOSS] = {"hidden-loss", "hidden loss", ", % of variance", "percent"},
    [VISIBLE_LOSS] = {"visible-loss", "loss of visible patches", "", "targets' units"},
    [SEGMENTS] = {"segments", "100 ARI", "", "percent"},
    [CLASS_PROBE] = {"class-probe", "probe of class token", ", %", "percent"},
    [MEAN_PROBE] = {"mean-probe", "of mean token", ", %", "percent"},
    [ORACLE_PROBE] = {"oracle-probe", "of the object's cluster", ", %", "percent"},
    [HEAD_REGIONS] = {"head-regions", "regions that some head attends to", ", %",
                      "percent"},
};

static const struct arm table[ARMS] = {
    [ARM_PAPER] = {.key = "paper", .title = "as in the paper", .run = "m75-h3"},
    [ARM_VISIBLE] = {.key = "visible",
                     .title = "target visible patches",
                     .run = "m75-h3-visible"},
    [ARM_EVERY] = {.key = "every",
                   .title = "target hidden and visible",
                   .run = "m75-h3-every"},
    [ARM_NORMALISED] = {.key = "normalised",
                        .title = "target normalised a patch",
                        .run = "m75-h3-normalised"},
    [ARM_WHITENED] = {.key = "whitened",
                      .title = "target whitened",
                      .run = "m75-h3-whitened"},
    [ARM_NO_NORM] = {.key = "no-norm",
                     .title = "decoder without norm",
                     .run = "m75-h3-no-norm"},
    [ARM_BATCH_NORM] = {.key = "batch-norm",
                        .title = "decoder with batch norm",
                        .run = "m75-h3-batch-norm"},
    [ARM_IDENTITY] = {.key = "identity",
                      .title = "identity for attention",
                      .run = "m75-h3-identity"},
    [ARM_SIX_HEADS] = {.key = "six-heads", .title = "six heads", .run = "m75-h6"},
};

void arms_open(struct arms *arms, struct study *study)
{
    static const struct arms_scale smoke = {1, 200, 400, 2, .3},
                                   desk = {5, 1000, 2000, SEGMENT_STARTS, 0};
    const struct run_options *options = &study->run.options;
    *arms = (struct arms){.study = study,
                          .scale = options->tier == TIER_SMOKE ? smoke : desk};
    if (options->seeds > 0) arms->scale.seeds = (size_t)options->seeds;
    if (options->epochs > 0) arms->scale.epochs = options->epochs;
    memcpy(arms->arm, table, sizeof table);
}

struct recipe arm_recipe(const struct arms *arms, size_t arm)
{
    struct recipe recipe = recipe_find("smoke", arms->arm[arm].run);
    if (arms->scale.epochs > 0) recipe_set_epochs(&recipe, arms->scale.epochs);
    return recipe;
}

// ====== All trainings ======

static void train_one(struct arms *arms, size_t arm, size_t seed)
{
    const struct run_options *options = &arms->study->run.options;
    char label[64];
    struct trained one = {.arms = arms,
                          .arm = &arms->arm[arm],
                          .seed = seed,
                          .recipe = arm_recipe(arms, arm)};
    struct arena scratch;
    arena_open_growing(&scratch, "small training");
    one.arena = &scratch;
    one.tokens = shape_tokens(&one.recipe.shape);
    one.width = (size_t)one.recipe.shape.width;
    snprintf(label, sizeof label, "%s, seed %zu", one.arm->title, seed);
    const struct short_training training = {.recipe = one.recipe,
                                            .images = &arms->images[SPLIT_TRAIN],
                                            .seed = options->seed + seed,
                                            .threads = options->threads,
                                            .label = label};
    short_training_run(&one.mae, &one.weights, &training, &scratch);
    measure_training(&one);
    arena_close(&scratch);
}

static void scenes_open(struct arms *arms)
{
    struct arena *arena = &arms->study->arena;
    const size_t counts[2] = {PLANTED_TRAIN, arms->scale.scenes},
                 used[2] = {arms->scale.probe_train, arms->scale.scenes};
    static const uint64_t seeds[2] = {PLANTED_TRAIN_SEED, PLANTED_TEST_SEED};
    const struct recipe recipe = arm_recipe(arms, ARM_PAPER);
    const size_t T = shape_tokens(&recipe.shape);
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        planted_make(&arms->images[s], seeds[s], counts[s], PLANTED_NOISE);
        arms->truth[s] = arena_take(arena, used[s], T);
        arms->clusters[s] = arena_take(arena, used[s], 1);
        segments_truth(arms->truth[s], arms->clusters[s], &arms->images[s], used[s], T);
    }

    struct token_set patches;
    double *ari = arms->raw_patches = arena_doubles(arena, used[SPLIT_TEST]);
    const size_t mark = arena_mark(arena), n = used[SPLIT_TEST];
    uint8_t *maps = arena_take(arena, n, T);
    token_set_patches(&patches, &arms->images[SPLIT_TEST], n, recipe.shape.patch,
                      arena);
    const struct segmentation segmentation = {
        .set = &patches,
        .normalisation = NORMALISATION_CENTRED_UNIT,
        .clusters = arms->clusters[SPLIT_TEST],
        .restarts = arms->scale.restarts,
        .seed = arms->study->run.options.seed,
        .threads = arms->study->run.options.threads};
    segments_find(maps, &segmentation);
    segments_score(ari, NULL, maps, arms->truth[SPLIT_TEST], arms->clusters[SPLIT_TEST],
                   n, T);
    for (size_t i = 0; i < n; ++i) ari[i] *= 100;
    arena_reset(arena, mark);
}

void arms_measure(struct arms *arms)
{
    scenes_open(arms);
    for (size_t arm = 0; arm < ARMS; ++arm)
        for (size_t seed = 0; seed < arms->scale.seeds; ++seed)
            train_one(arms, arm, seed);
}

void arms_close(struct arms *arms)
{
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) images_free(&arms->images[s]);
}

struct estimate arms_mean(const struct arms *arms, const double *values)
{
    return two_way_mean(values, arms->scale.seeds, arms->scale.scenes,
                        BOOTSTRAP_RESAMPLES, arms->study->run.options.seed);
}

struct estimate arm_mean(const struct arms *arms, size_t arm, enum measure measure)
{
    return arms_mean(arms, arms->arm[arm].value[measure]);
}

struct estimate arms_difference(const struct arms *arms, size_t a, enum measure x,
                                size_t b, enum measure y, double factor)
{
    struct arena *arena = &arms->study->arena;
    const size_t mark = arena_mark(arena),
                 count = arms->scale.seeds * arms->scale.scenes;
    double *difference = arena_doubles(arena, count);
    const double *first = arms->arm[a].value[x], *second = arms->arm[b].value[y];
    for (size_t i = 0; i < count; ++i) difference[i] = factor * (first[i] - second[i]);
    const struct estimate found = arms_mean(arms, difference);
    arena_reset(arena, mark);
    return found;
}
