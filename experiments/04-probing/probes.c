#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/study/classifiers.h"
#include "experiments/04-probing/probing.h"

enum { Q_K = PROJECTION_QUERY | PROJECTION_KEY, QKV = Q_K | PROJECTION_VALUE };

static const struct {
    const char *key, *label;
    int seen;
    unsigned projections;
    int batch_norm;
    enum rate_choice choice;
} TABLE[PROBES] = {
    [LP] = {"lp", "LP", SEEN_CLASS, 0, 0, RATE_RECIPE},
    [BN_LP] = {"bn-lp", "BN+LP", SEEN_CLASS, 0, 1, RATE_RECIPE},
    [PARTIAL] = {"partial", "partial finetuning (last qkv)", SEEN_BLOCK, QKV, 0,
                 RATE_RECIPE},
    [LP_CHOSEN] = {"lp-chosen", "LP", SEEN_CLASS, 0, 0, RATE_CHOSEN},
    [BN_LP_CHOSEN] = {"bn-lp-chosen", "BN+LP", SEEN_CLASS, 0, 1, RATE_CHOSEN},
    [PARTIAL_CHOSEN] = {"partial-chosen", "partial finetuning (last qkv)", SEEN_BLOCK,
                        QKV, 0, RATE_CHOSEN},
    [MLP] = {"mlp", "last MLP, as many weights as qkv", SEEN_UNITS, 0, 0, RATE_CHOSEN},
    [VALUE] = {"value", "last v alone", SEEN_BLOCK, PROJECTION_VALUE, 0, RATE_CHOSEN},
    [QUERY_KEY] = {"query-key", "last q and k", SEEN_BLOCK, Q_K, 0, RATE_CHOSEN},
    [LARS] = {"lars", "LP, LARS in batches of 512", SEEN_CLASS, 0, 0, RATE_CHOSEN},
    [LARS_BN] = {"lars-bn", "BN+LP, LARS in batches of 512", SEEN_CLASS, 0, 1,
                 RATE_CHOSEN},
    [MEAN_TOKEN] = {"mean", "LP on the mean patch token", SEEN_MEAN, 0, 0, RATE_CHOSEN},
    [RANDOM] = {"random", "LP, random encoders, one a seed", SEEN_RANDOM, 0, 0,
                RATE_CHOSEN},
    [LP_SOLVED] = {"lp-solved", "LP", SEEN_CLASS, 0, 0, RATE_NONE},
    [BN_LP_SOLVED] = {"bn-lp-solved", "BN+LP", SEEN_CLASS, 0, 1, RATE_NONE},
    [WHITENED_LP] = {"whitened-lp", "LP, whitened targets", SEEN_WHITENED, 0, 0,
                     RATE_RECIPE},
    [WHITENED_BN_LP] = {"whitened-bn-lp", "BN+LP, whitened targets", SEEN_WHITENED, 0,
                        1, RATE_RECIPE},
    [WHITENED_SOLVED] = {"whitened-lp-solved", "LP, whitened targets", SEEN_WHITENED, 0,
                         0, RATE_NONE},
};

const struct difference probing_gaps[GAPS] = {
    [GAP_BN] = {"bn-over-lp", "BN+LP minus LP, the recipe", BN_LP, LP},
    [GAP_PARTIAL] = {"partial-over-bn", "qkv minus BN+LP, the recipe", PARTIAL, BN_LP},
    [GAP_BN_CHOSEN] = {"bn-over-lp-chosen", "BN+LP minus LP, rates chosen",
                       BN_LP_CHOSEN, LP_CHOSEN},
    [GAP_BN_SOLVED] = {"bn-over-lp-solved", "BN+LP minus LP, solved", BN_LP_SOLVED,
                       LP_SOLVED},
    [GAP_MIXING] = {"qkv-over-mlp", "qkv minus MLP, rates chosen", PARTIAL_CHOSEN, MLP},
    [GAP_VALUE] = {"qkv-over-value", "qkv minus v alone, rates chosen", PARTIAL_CHOSEN,
                   VALUE},
    [GAP_QUERY_KEY] = {"qkv-over-query-key", "qkv minus q and k, rates chosen",
                       PARTIAL_CHOSEN, QUERY_KEY},
    [GAP_OVER_VALUE] = {"query-key-over-value", "q and k minus v alone, rates chosen",
                        QUERY_KEY, VALUE},
    [GAP_OVER_MLP] = {"query-key-over-mlp", "q and k minus MLP, rates chosen",
                      QUERY_KEY, MLP},
    [GAP_ADAMW] = {"adamw-over-lars", "LP by AdamW minus LP by LARS, rates chosen",
                   LP_CHOSEN, LARS},
    [GAP_ADAMW_BN] = {"adamw-over-lars-bn",
                      "BN+LP by AdamW minus BN+LP by LARS, rates chosen", BN_LP_CHOSEN,
                      LARS_BN},
};

enum { SEEDS = 5, SMOKE_SEEDS = 2, SMOKE_EPOCHS = 10 };
// One in so many training images is held out to choose rates.
enum { HELD_OUT = 10 };
// A probe that trains part of the encoder costs as much as many linear probes. It tries the first
// rates only, as on CIFAR-10 it answers worse at the last of these than at the one before, and
// compares them after a fifth of the epochs. Linear probes compare after all of them: under LARS
// the weights grow as long as it trains, so that the best rate depends on the epochs.
enum { TUNED_RATES = 4 };
#define TUNED_SEARCH .2

struct probing_scale probing_scale(const struct run *run)
{
    const int smoke = run->options.tier == TIER_SMOKE;
    const double whole = smoke ? SMOKE_EPOCHS : PROBE_RECIPE.epochs;
    const size_t seeds = run->options.seeds > 0 ? (size_t)run->options.seeds
                         : smoke                ? SMOKE_SEEDS
                                                : SEEDS;
    // A control's seed is a random encoder's too.
    return (struct probing_scale){
        whole, run->options.epochs > 0 ? run->options.epochs : whole, seeds,
        seeds < RANDOM_ENCODERS ? seeds : RANDOM_ENCODERS};
}

// ====== Features ======

// Encoders that have learned nothing; the first has the weights with which the pretraining of the
// same seed began.
static void encode_randomly(struct seen *seen, struct study *study, size_t encoders)
{
    const struct parameters *parameters = &study->model[0].mae.parameters;
    const size_t mark = arena_mark(&study->arena);
    require(encoders <= RANDOM_ENCODERS, "%zu random encoders", encoders);
    real *weights = arena_reals(&study->arena, parameters->count);
    for (seen->encoders = 0; seen->encoders < encoders; ++seen->encoders) {
        const uint64_t seed = study->run.options.seed + seen->encoders;
        char name[48];
        snprintf(name, sizeof name, "random-seed%" PRIu64, seed);
        parameters_initialise(weights, parameters, seed);
        study_encode(seen->random[seen->encoders], study, 0, name, weights, 0);
    }
    arena_reset(&study->arena, mark);
}

// Which units the control trains, and what they see.
static void open_units(struct seen *seen, struct arena *arena)
{
    mlp_units_choose(&seen->units, &seen->block, &seen->trained[SPLIT_TRAIN].block,
                     arena);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct features *from = &seen->trained[split].block;
        float *rows = arena_take(arena, from->images * MLP_UNITS_ROWS * from->width,
                                 sizeof *rows);
        mlp_units_features(rows, &seen->units, from, arena);
        seen->unit_rows[split] =
            (struct features){from->images, MLP_UNITS_ROWS, from->width, rows, NULL};
    }
}

static const struct features *seen_features(const struct seen *seen, int kind,
                                            size_t seed, enum split split)
{
    if (kind == SEEN_BLOCK) return &seen->trained[split].block;
    if (kind == SEEN_UNITS) return &seen->unit_rows[split];
    if (kind == SEEN_WHITENED) return &seen->whitened[split].summary;
    if (kind != SEEN_RANDOM) return &seen->trained[split].summary;
    require(seed < seen->encoders, "no random encoder %zu", seed);
    return &seen->random[seed][split].summary;
}

static struct probe_set probe_sees(const struct grid_probe *probe, size_t seed,
                                   enum split split, const void *context)
{
    const struct probing *probing = context;
    return (struct probe_set){
        *seen_features(&probing->seen, probe->features, seed, split),
        probing->study->images[split].labels};
}

// ====== Probes ======

static struct adapter adapter_of(const struct seen *seen, int kind,
                                 unsigned projections)
{
    if (kind == SEEN_BLOCK) return last_block_adapter(&seen->block, projections);
    if (kind == SEEN_UNITS) return mlp_units_adapter(&seen->units);
    return adapter_none(kind == SEEN_MEAN ? SUMMARY_MEAN : SUMMARY_CLASS,
                        seen->block.width);
}

static void open_grid(struct probing *probing)
{
    struct study *study = probing->study;
    const struct probing_scale *scale = &probing->scale;
    // In the batches that one of the original's GPUs sees: its 16,384 images would leave 3 updates
    // an epoch.
    probing->lars = LARS_RECIPE;
    probing->lars.batch = LARS_RECIPE.group;
    const size_t seeds[] = {[RATE_RECIPE] = scale->seeds,
                            [RATE_CHOSEN] = scale->control_seeds,
                            [RATE_NONE] = 1};
    for (size_t p = 0; p < probing->probes; ++p) {
        const int kind = TABLE[p].seen,
                  tuned = kind == SEEN_BLOCK || kind == SEEN_UNITS;
        struct grid_probe *probe = &probing->probe[p];
        *probe = (struct grid_probe){
            .key = TABLE[p].key,
            .label = TABLE[p].label,
            .features = kind,
            .batch_norm = TABLE[p].batch_norm,
            .choice = TABLE[p].choice,
            .adapter = adapter_of(&probing->seen, kind, TABLE[p].projections),
            .lars = p == LARS || p == LARS_BN ? &probing->lars : NULL,
            .rates = tuned ? TUNED_RATES : GRID_RATES,
            .search = tuned ? TUNED_SEARCH : 1,
            .cost = kind == SEEN_BLOCK   ? 40
                    : kind == SEEN_UNITS ? 8
                                         : 1};
        answers_open(&probe->answers, seeds[probe->choice],
                     study->images[SPLIT_TEST].count, &study->arena);
    }
    probing->grid =
        (struct probe_grid){.probe = probing->probe,
                            .count = probing->probes,
                            .set = probe_sees,
                            .context = probing,
                            .epochs = scale->epochs,
                            .held_out = study->images[SPLIT_TRAIN].count / HELD_OUT,
                            .seed = study->run.options.seed,
                            .threads = study->run.options.threads};
}

void probing_open(struct probing *probing, struct study *study)
{
    const struct weights *model = &study->model[0];
    struct seen *seen = &probing->seen;
    *probing = (struct probing){.study = study,
                                .scale = probing_scale(&study->run),
                                .probes = study->extra ? PROBES : WHITENED_LP};
    last_block_open(&seen->block, &model->mae, model->slab, &study->arena);
    study_encode(seen->trained, study, 0, "m75-h3", model->slab, 1);
    encode_randomly(seen, study, probing->scale.control_seeds);
    if (study->extra)
        study_encode(seen->whitened, study, study->extra,
                     study->recipe[study->extra].run, study->model[study->extra].slab,
                     0);
    open_units(seen, &study->arena);

    open_grid(probing);
    probe_grid_run(&probing->grid);
    memcpy(probing->gap, probing_gaps, sizeof probing_gaps);
    for (struct difference *gap = probing->gap; gap < probing->gap + GAPS; ++gap)
        gap->gain = answers_gain(
            &probing->probe[gap->better].answers, &probing->probe[gap->worse].answers,
            study->images[SPLIT_TEST].labels, study->run.options.seed);
}

void probing_close(struct probing *probing)
{
    struct seen *seen = &probing->seen;
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        encoder_features_close(&seen->trained[split]);
        if (probing->study->extra) encoder_features_close(&seen->whitened[split]);
        for (size_t e = 0; e < seen->encoders; ++e)
            encoder_features_close(&seen->random[e][split]);
    }
}
