#include <math.h>
#include <string.h>

#include "experiments/04-probing/probing.h"

enum { QUERY_KEY_ONLY = PROJECTION_QUERY | PROJECTION_KEY };
enum { QKV = QUERY_KEY_ONLY | PROJECTION_VALUE };

static const char qkv[] = "partial finetuning (last qkv)";
static const char mlp[] = "last MLP, as many weights as qkv";
static const char mean_token[] = "LP on the mean patch token";
static const char random_encoders[] = "LP, random encoders, one a seed";

static const struct configuration TABLE[CONFIGURATIONS] = {
    [LP] = {"lp", "LP", SEEN_CLASS, 0, 0, RATE_RECIPE},
    [BN_LP] = {"bn-lp", "BN+LP", SEEN_CLASS, 0, 1, RATE_RECIPE},
    [PARTIAL] = {"partial", qkv, SEEN_BLOCK, QKV, 0, RATE_RECIPE},
    [LP_CHOSEN] = {"lp-chosen", "LP", SEEN_CLASS, 0, 0, RATE_CHOSEN},
    [BN_LP_CHOSEN] = {"bn-lp-chosen", "BN+LP", SEEN_CLASS, 0, 1, RATE_CHOSEN},
    [PARTIAL_CHOSEN] = {"partial-chosen", qkv, SEEN_BLOCK, QKV, 0, RATE_CHOSEN},
    [MLP] = {"mlp", mlp, SEEN_UNITS, 0, 0, RATE_CHOSEN},
    [VALUE] = {"value", "last v alone", SEEN_BLOCK, PROJECTION_VALUE, 0, RATE_CHOSEN},
    [QUERY_KEY] = {"query-key", "last q and k", SEEN_BLOCK, QUERY_KEY_ONLY, 0,
                   RATE_CHOSEN},
    [MEAN_TOKEN] = {"mean", mean_token, SEEN_MEAN, 0, 0, RATE_CHOSEN},
    [RANDOM] = {"random", random_encoders, SEEN_RANDOM, 0, 0, RATE_CHOSEN},
    [LP_SOLVED] = {"lp-solved", "LP", SEEN_CLASS, 0, 0, RATE_NONE},
    [BN_LP_SOLVED] = {"bn-lp-solved", "BN+LP", SEEN_CLASS, 0, 1, RATE_NONE},
};

static const struct difference GAP[GAPS] = {
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
};

const double rate_factor[RATES] = {1, 4, 16, 64};

enum { SEEDS = 5, SMOKE_SEEDS = 2, SMOKE_EPOCHS = 10 };
// One in so many training images is held out to choose rates, in a fifth of the epochs.
enum { HELD_OUT = 10, SEARCH = 5 };

struct probing_scale probing_scale(struct run *run)
{
    const int smoke = run->options.tier == TIER_SMOKE;
    const double whole = smoke ? SMOKE_EPOCHS : PROBE_RECIPE.epochs,
                 epochs = run->options.epochs > 0 ? run->options.epochs : whole;
    if (epochs < whole) run_pilot(run, "pilot probes: %g of %g epochs", epochs, whole);
    const size_t seeds = run->options.seeds > 0 ? (size_t)run->options.seeds
                         : smoke                ? SMOKE_SEEDS
                                                : SEEDS;
    // A control's seed is a random encoder's too.
    return (struct probing_scale){epochs, epochs / SEARCH, seeds,
                                  seeds < RANDOM_ENCODERS ? seeds : RANDOM_ENCODERS};
}

void configurations_open(struct probing *probing)
{
    const struct probing_scale *scale = &probing->scale;
    const size_t seeds[] = {[RATE_RECIPE] = scale->seeds,
                            [RATE_CHOSEN] = scale->control_seeds,
                            [RATE_NONE] = 1};
    probing->held_out = probing->images[SPLIT_TRAIN].count / HELD_OUT;
    memcpy(probing->gap, GAP, sizeof GAP);
    memcpy(probing->configuration, TABLE, sizeof TABLE);
    for (size_t c = 0; c < CONFIGURATIONS; ++c) {
        struct configuration *configuration = &probing->configuration[c];
        configuration->rate = configuration->choice == RATE_NONE
                                  ? (double)NAN
                                  : PROBE_RECIPE.learning_rate;
        answers_open(&configuration->answers, seeds[configuration->choice],
                     probing->images[SPLIT_TEST].count, probing->arena);
    }
}

void configuration_choose(struct configuration *configuration)
{
    double best = -1;
    for (size_t r = 0; r < RATES; ++r)
        if (configuration->held_out[r] > best) {
            best = configuration->held_out[r];
            configuration->rate = PROBE_RECIPE.learning_rate * rate_factor[r];
        }
}

int rate_at_end(const struct configuration *configuration)
{
    const double factor = configuration->rate / PROBE_RECIPE.learning_rate;
    return configuration->choice == RATE_CHOSEN &&
           (factor == rate_factor[0] || factor == rate_factor[RATES - 1]);
}

const struct configuration *
configuration_memo(const struct configuration *configuration,
                   const struct configuration *configurations)
{
    if (configuration->choice != RATE_CHOSEN) return NULL;
    for (const struct configuration *other = configurations;
         other < configurations + CONFIGURATIONS; ++other)
        if (other->choice == RATE_RECIPE && other->seen == configuration->seen &&
            other->projections == configuration->projections &&
            other->batch_norm == configuration->batch_norm &&
            other->rate == configuration->rate)
            return other;
    return NULL;
}
