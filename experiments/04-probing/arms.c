#include "experiments/04-probing/arms.h"

#include <math.h>
#include <string.h>

#include "core/stats/accuracy.h"
#include "core/stats/bootstrap.h"

const double rate_factor[RATES] = {1, 4, 16, 64};

int rate_at_end(const struct arm *arm)
{
    const double factor = arm->rate / PROBE_RECIPE.learning_rate;
    return arm->choice == RATE_CHOSEN &&
           (factor == rate_factor[0] || factor == rate_factor[RATES - 1]);
}

enum { QKV = PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE };

static const struct arm ARM[ARMS] = {
    [ARM_LP] = {.key = "lp", .label = "LP"},
    [ARM_BN_LP] = {.key = "bn-lp", .label = "BN+LP", .batch_norm = 1},
    [ARM_PARTIAL] = {.key = "partial",
                     .label = "partial finetuning (last qkv)",
                     .material = MATERIAL_BLOCK,
                     .projections = QKV},
    [ARM_LP_CHOSEN] = {.key = "lp-chosen", .label = "LP", .choice = RATE_CHOSEN},
    [ARM_BN_LP_CHOSEN] = {.key = "bn-lp-chosen",
                          .label = "BN+LP",
                          .batch_norm = 1,
                          .choice = RATE_CHOSEN},
    [ARM_PARTIAL_CHOSEN] = {.key = "partial-chosen",
                            .label = "partial finetuning (last qkv)",
                            .material = MATERIAL_BLOCK,
                            .projections = QKV,
                            .choice = RATE_CHOSEN},
    [ARM_MLP] = {.key = "mlp",
                 .label = "last MLP, as many weights as qkv",
                 .material = MATERIAL_UNITS,
                 .choice = RATE_CHOSEN},
    [ARM_VALUE] = {.key = "value",
                   .label = "last v alone",
                   .material = MATERIAL_BLOCK,
                   .projections = PROJECTION_VALUE,
                   .choice = RATE_CHOSEN},
    [ARM_QUERY_KEY] = {.key = "query-key",
                       .label = "last q and k",
                       .material = MATERIAL_BLOCK,
                       .projections = PROJECTION_QUERY | PROJECTION_KEY,
                       .choice = RATE_CHOSEN},
    [ARM_MEAN] = {.key = "mean",
                  .label = "LP on the mean patch token",
                  .material = MATERIAL_MEAN,
                  .choice = RATE_CHOSEN},
    [ARM_RANDOM] = {.key = "random",
                    .label = "LP, random encoders, one a seed",
                    .material = MATERIAL_RANDOM,
                    .choice = RATE_CHOSEN},
    [ARM_LP_SOLVED] = {.key = "lp-solved", .label = "LP", .choice = RATE_NONE},
    [ARM_BN_LP_SOLVED] = {.key = "bn-lp-solved",
                          .label = "BN+LP",
                          .batch_norm = 1,
                          .choice = RATE_NONE},
};

static const struct gap GAP[GAPS] = {
    [GAP_BN] = {.key = "bn-over-lp",
                .label = "BN+LP minus LP, the recipe",
                .better = ARM_BN_LP,
                .worse = ARM_LP},
    [GAP_PARTIAL] = {.key = "partial-over-bn",
                     .label = "qkv minus BN+LP, the recipe",
                     .better = ARM_PARTIAL,
                     .worse = ARM_BN_LP},
    [GAP_BN_CHOSEN] = {.key = "bn-over-lp-chosen",
                       .label = "BN+LP minus LP, rates chosen",
                       .better = ARM_BN_LP_CHOSEN,
                       .worse = ARM_LP_CHOSEN},
    [GAP_BN_SOLVED] = {.key = "bn-over-lp-solved",
                       .label = "BN+LP minus LP, solved",
                       .better = ARM_BN_LP_SOLVED,
                       .worse = ARM_LP_SOLVED},
    [GAP_MIXING] = {.key = "qkv-over-mlp",
                    .label = "qkv minus MLP, rates chosen",
                    .better = ARM_PARTIAL_CHOSEN,
                    .worse = ARM_MLP},
    [GAP_VALUE] = {.key = "qkv-over-value",
                   .label = "qkv minus v alone, rates chosen",
                   .better = ARM_PARTIAL_CHOSEN,
                   .worse = ARM_VALUE},
    [GAP_QUERY_KEY] = {.key = "qkv-over-query-key",
                       .label = "qkv minus q and k, rates chosen",
                       .better = ARM_PARTIAL_CHOSEN,
                       .worse = ARM_QUERY_KEY},
};

enum { SEEDS = 5, SMOKE_SEEDS = 2, SMOKE_EPOCHS = 10 };
/// One in so many training images is held out to choose rates, in a fifth of the epochs.
enum { HELD_OUT = 10, SEARCH = 5 };

void scale_open(struct study *study)
{
    struct run *run = study->run;
    const int smoke = run->tier == TIER_SMOKE;
    const double epochs = smoke ? SMOKE_EPOCHS : PROBE_RECIPE.epochs;
    struct scale *scale = &study->scale;
    scale->epochs = run->epochs > 0 ? run->epochs : epochs;
    if (scale->epochs < epochs)
        run_pilot(run, "pilot probes: %g of %g epochs", scale->epochs, epochs);
    scale->search_epochs = scale->epochs / SEARCH;
    scale->seeds = run->seeds > 0 ? (size_t)run->seeds : smoke ? SMOKE_SEEDS : SEEDS;
    // A control's seed is a random encoder's too.
    scale->control_seeds =
        scale->seeds < RANDOM_ENCODERS ? scale->seeds : RANDOM_ENCODERS;
}

void arms_open(struct study *study)
{
    const size_t n = study->sets.images[SPLIT_TEST].count;
    struct scale *scale = &study->scale;
    scale->held_out = study->sets.images[SPLIT_TRAIN].count / HELD_OUT;

    arena_open(&study->arena, "answers",
               ARMS *
                   ((n + sizeof(double)) * scale->seeds + n * sizeof(double) + 4096));
    memcpy(study->gaps, GAP, sizeof GAP);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        *arm = ARM[arm - study->arms];
        arm->seeds = arm->choice == RATE_RECIPE   ? scale->seeds
                     : arm->choice == RATE_CHOSEN ? scale->control_seeds
                                                  : 1;
        arm->rate = arm->choice == RATE_NONE ? (double)NAN : PROBE_RECIPE.learning_rate;
        arm->answers = arena_take(&study->arena, arm->seeds * n, 1);
        arm->highest = arena_doubles(&study->arena, arm->seeds);
        arm->right = arena_doubles(&study->arena, n);
        for (size_t r = 0; r < RATES; ++r) arm->held_out[r] = (double)NAN;
    }
}

/// Accuracy of all seeds together, of each, and at the best epoch.
static void measure(struct arm *arm, const uint8_t *labels, size_t n, uint64_t seed)
{
    answers_right(arm->right, arm->answers, labels, arm->seeds, n);
    arm->accuracy = accuracy_percent(arm->right, n, BOOTSTRAP_RESAMPLES, seed);
    arm->least = 100;
    for (size_t s = 0; s < arm->seeds; ++s) {
        size_t right = 0;
        for (size_t i = 0; i < n; ++i) right += arm->answers[s * n + i] == labels[i];
        const double percent = 100 * (double)right / (double)n;
        arm->least = fmin(arm->least, percent);
        arm->most = fmax(arm->most, percent);
        arm->best += 100 * arm->highest[s] / (double)arm->seeds;
    }
}

/// Paired over the images; the cross-check that resamples nothing takes each arm's first seed.
static void compare(struct gap *gap, const struct arm *arms, const uint8_t *labels,
                    size_t n, uint64_t seed)
{
    const struct arm *better = &arms[gap->better], *worse = &arms[gap->worse];
    gap->points =
        accuracy_gain(better->right, worse->right, n, BOOTSTRAP_RESAMPLES, seed);
    gap->mcnemar = mcnemar_test(better->answers, worse->answers, labels, n);
}

void arms_compare(struct study *study)
{
    const struct images *test = &study->sets.images[SPLIT_TEST];
    const uint64_t seed = study->run->seed;
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm)
        measure(arm, test->labels, test->count, seed);
    for (struct gap *gap = study->gaps; gap < study->gaps + GAPS; ++gap)
        compare(gap, study->arms, test->labels, test->count, seed);
}

void arms_close(struct study *study)
{
    arena_close(&study->arena);
}
