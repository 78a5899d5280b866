/// The probes of Table 1: the paper's three, the same ones and the controls at rates chosen without the
/// test images, and the linear ones solved until their gradients vanish.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_PROBING_H
#define MASKBOOK_EXPERIMENTS_PROBING_PROBING_H

#include "core/analysis/encoder_features.h"
#include "core/analysis/mlp_units.h"
#include "core/analysis/solved_probe.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/stats/accuracy.h"

// ====== Features ======

/// What a probe sees of an image.
enum seen {
    SEEN_CLASS, ///< the class token after the final norm
    SEEN_MEAN,  ///< the mean of the patch tokens after the final norm
    SEEN_RANDOM, ///< the class token of an encoder with initial weights, another for each seed
    SEEN_BLOCK, ///< the input of the last block, which is tuned
    SEEN_UNITS  ///< the input of the last perceptron, some units of which are tuned
};

enum { RANDOM_ENCODERS = 3 };

/// Features of all kinds, computed before the first probe is trained and shared by all probes.
struct seen_features {
    struct last_block block;
    struct mlp_units units;
    /// By enum split.
    struct encoder_features trained[2], random[RANDOM_ENCODERS][2];
    struct features unit_rows[2];
    size_t encoders; ///< random ones that are there
};

// ====== Configurations ======

/// How a learning rate comes about.
enum rate_choice {
    RATE_RECIPE, ///< the recipe's
    RATE_CHOSEN, ///< the best on training images held out
    RATE_NONE    ///< no steps: solved to convergence
};

/// Rates tried for RATE_CHOSEN: the recipe's times these.
enum { RATES = 4 };
extern const double rate_factor[RATES];

/// A probe of the table.
struct configuration {
    const char *key, *label;
    enum seen seen;
    unsigned projections; ///< that are tuned, of SEEN_BLOCK
    int batch_norm;
    enum rate_choice choice;

    double rate; ///< used
    /// Share of right answers on held-out images, of RATE_CHOSEN.
    double held_out[RATES];
    struct answers answers;          ///< to the test images
    struct batch_norm_fusion fusion; ///< of the first seed, with batch_norm and a rate
    struct lbfgs_outcome solution;   ///< of RATE_NONE
};

enum {
    LP,
    BN_LP,
    PARTIAL,
    LP_CHOSEN,
    BN_LP_CHOSEN,
    PARTIAL_CHOSEN,
    MLP,
    VALUE,
    QUERY_KEY,
    MEAN_TOKEN,
    RANDOM,
    LP_SOLVED,
    BN_LP_SOLVED,
    CONFIGURATIONS
};

/// A difference of two configurations over the same test images.
struct difference {
    const char *key, *label;
    int better, worse; ///< configurations
    struct gain gain;
};

enum {
    GAP_BN,        ///< BN+LP minus LP, by the recipe
    GAP_PARTIAL,   ///< partial finetuning minus BN+LP, by the recipe
    GAP_BN_CHOSEN, ///< BN+LP minus LP, rates chosen
    GAP_BN_SOLVED, ///< BN+LP minus LP, solved
    GAP_MIXING,    ///< qkv minus as many weights of the perceptron, rates chosen
    GAP_VALUE,     ///< qkv minus v alone, rates chosen
    GAP_QUERY_KEY, ///< qkv minus q and k, rates chosen
    GAPS
};

/// How much is done at a tier.
struct probing_scale {
    double epochs,
        search_epochs; ///< of a training, and of one that only chooses a rate
    size_t seeds, control_seeds;
};

struct probing {
    struct run *run;
    const struct weights *model;
    const struct images *images; ///< (2) by enum split
    struct arena *arena;
    struct probing_scale scale;
    size_t held_out; ///< training images, the first ones, that choose the rates
    struct seen_features features;
    struct configuration configuration[CONFIGURATIONS];
    struct difference gap[GAPS];
};

/// The scale of a run, by its tier, EPOCHS and SEEDS.
struct probing_scale probing_scale(struct run *run);

/// Sets configurations and differences up, from run, images, arena and scale.
void configurations_open(struct probing *probing);

/// Takes the rate whose share held_out is the largest, of equals the lowest.
void configuration_choose(struct configuration *configuration);

/// 1 when the rate that was chosen is the least or the greatest of those tried.
int rate_at_end(const struct configuration *configuration);

/// The configuration of the recipe whose trainings this one's would repeat, being the same at the same
/// rate; NULL when there is none. configurations (CONFIGURATIONS)
const struct configuration *
configuration_memo(const struct configuration *configuration,
                   const struct configuration *configurations);

// ====== Work ======

/// Computes, or finds in RESULTS/TIER-DATA/features, what the encoder makes of both splits, and what
/// encoders with the initial weights of the first control seeds do.
void features_compute(struct probing *probing);
void features_release(struct probing *probing);

/// One split as the probe of seed number `seed` (0, 1, ...) sees it. Contract: for SEEN_RANDOM,
/// seed < encoders.
struct probe_set features_seen(const struct probing *probing, enum seen seen,
                               size_t seed, enum split split);

/// What is trained with the head of a configuration.
struct adapter features_adapter(const struct probing *probing,
                                const struct configuration *configuration);

/// Chooses the rates, trains every seed of every configuration, solves the others, measures and compares
/// them. A training uses one thread, so no bit depends on how many there are.
void probing_train(struct probing *probing);

/// Table 1 as the paper prints it, with the reference, ours and the verdicts (table1.md); every
/// configuration (arms.md); the differences with their cross-check (gaps.md); the rates tried (rates.md).
/// result.tsv and stdout too.
void probing_emit(const struct probing *probing, const char *scale);

/// What every number can be computed from again: export/train-features.npy and test-features.npy (n,2,D)
/// float32, class token and mean token after the final norm; train-labels.npy, test-labels.npy (n);
/// answers-KEY.npy (S,n) uint8.
void probing_export(const struct probing *probing);

#endif
