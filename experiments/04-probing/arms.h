/// The arms of Table 1: the paper's three probes, the same ones and the controls at rates chosen without the
/// test images, and the linear ones solved until their gradients vanish.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_ARMS_H
#define MASKBOOK_EXPERIMENTS_PROBING_ARMS_H

#include "core/analysis/lbfgs.h"
#include "core/stats/mcnemar.h"
#include "core/stats/summary.h"
#include "experiments/04-probing/sets.h"

enum arm_name {
    ARM_LP,
    ARM_BN_LP,
    ARM_PARTIAL,
    ARM_LP_CHOSEN,
    ARM_BN_LP_CHOSEN,
    ARM_PARTIAL_CHOSEN,
    ARM_MLP,
    ARM_VALUE,
    ARM_QUERY_KEY,
    ARM_MEAN,
    ARM_RANDOM,
    ARM_LP_SOLVED,
    ARM_BN_LP_SOLVED,
    ARMS
};

/// How a learning rate comes about.
enum rate_choice {
    RATE_RECIPE, ///< the recipe's
    RATE_CHOSEN, ///< the best on training images held out
    RATE_NONE    ///< no steps: solved to convergence
};

/// Rates tried for an arm of RATE_CHOSEN: the recipe's times these.
enum { RATES = 4 };
extern const double rate_factor[RATES];

struct arm {
    const char *key, *label;
    enum material material;
    unsigned projections; ///< of MATERIAL_BLOCK
    int batch_norm;
    enum rate_choice choice;

    double rate; ///< used
    double held_out
        [RATES]; ///< share of right answers on held-out images; NAN: not an arm of RATE_CHOSEN
    size_t seeds;             ///< S
    uint8_t *answers;         ///< (S,n) on the test images
    double *highest;          ///< (S) maximum over epochs, a share
    double *right;            ///< (n) share of seeds that are right
    struct estimate accuracy; ///< percent, over images
    double least, most, best; ///< percent: over seeds; mean of the maxima over epochs
    struct lbfgs_outcome outcome; ///< of RATE_NONE
};

/// 1 when the rate that `arm` has chosen is the least or the greatest of those tried.
int rate_at_end(const struct arm *arm);

/// How much is done at a tier.
struct scale {
    double epochs,
        search_epochs; ///< of a training, and of one that only chooses a rate
    size_t seeds, control_seeds;
    size_t held_out; ///< training images, the first ones, that choose the rates
};

/// A trained BN+LP beside the one linear layer that it folds into.
struct fold {
    double
        residual; ///< largest difference of their logits, in units of the largest logit
    double agreement; ///< share of test images with the same answer as the probe's own
};

/// The difference of two arms over the same test images.
struct gap {
    const char *key, *label;
    enum arm_name better, worse;
    struct estimate points;
    struct mcnemar mcnemar; ///< of the first seeds
};
enum gap_name {
    GAP_BN,        ///< BN+LP minus LP, by the recipe
    GAP_PARTIAL,   ///< partial finetuning minus BN+LP, by the recipe
    GAP_BN_CHOSEN, ///< BN+LP minus LP, rates chosen
    GAP_BN_SOLVED, ///< BN+LP minus LP, solved
    GAP_MIXING,    ///< qkv minus as many weights of the perceptron, rates chosen
    GAP_VALUE,     ///< qkv minus v alone, rates chosen
    GAP_QUERY_KEY, ///< qkv minus q and k, rates chosen
    GAPS
};

struct study {
    struct run *run;
    struct weights model;
    struct sets sets;
    struct scale scale;
    struct arm arms[ARMS];
    struct gap gaps[GAPS];
    struct fold fold;
    struct arena arena;
};

/// Sets how much is done by the tier, --epochs and --seeds; how many images are held out is arms_open's.
void scale_open(struct study *study);

/// Sets the arms up. Contract: scale and sets are open.
void arms_open(struct study *study);

/// Fills what compares the trained arms: shares, accuracies, gaps.
void arms_compare(struct study *study);

void arms_close(struct study *study);

#endif
