/// The probes of Table 1: the paper's three, the same ones and the controls at rates chosen without
/// the test images, and the linear ones solved until their gradients vanish.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_PROBING_H
#define MASKBOOK_EXPERIMENTS_PROBING_PROBING_H

#include "core/analysis/encoder_features.h"
#include "core/analysis/mlp_units.h"
#include "core/analysis/probe_grid.h"
#include "core/study/experiment.h"

/// What a probe sees of an image.
enum {
    SEEN_CLASS, ///< the class token after the final norm
    SEEN_MEAN,  ///< the mean of the patch tokens after the final norm
    SEEN_RANDOM, ///< the class token of an encoder with initial weights, another for each seed
    SEEN_WHITENED, ///< the class token of the model that was trained on whitened targets
    SEEN_BLOCK,    ///< the input of the last block, which is tuned
    SEEN_UNITS     ///< the input of the last perceptron, some units of which are tuned
};

enum { RANDOM_ENCODERS = 3 };

/// All features, computed before the first probe is trained and shared by all probes.
struct seen {
    struct last_block block;
    struct mlp_units units;
    /// By enum split.
    struct encoder_features trained[2], random[RANDOM_ENCODERS][2], whitened[2];
    struct features unit_rows[2];
    size_t encoders; ///< random ones that are there
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
    LARS,
    LARS_BN,
    MEAN_TOKEN,
    RANDOM,
    LP_SOLVED,
    BN_LP_SOLVED,
    /// The last: only where weights trained on whitened targets are there.
    WHITENED_LP,
    WHITENED_BN_LP,
    WHITENED_SOLVED,
    PROBES
};

/// A difference of two probes over the same test images.
struct difference {
    const char *key, *label;
    int better, worse; ///< probes
    struct gain gain;
};

enum {
    GAP_BN,         ///< BN+LP minus LP, by the recipe
    GAP_PARTIAL,    ///< partial finetuning minus BN+LP, by the recipe
    GAP_BN_CHOSEN,  ///< BN+LP minus LP, rates chosen
    GAP_BN_SOLVED,  ///< BN+LP minus LP, solved
    GAP_MIXING,     ///< qkv minus as many weights of the perceptron, rates chosen
    GAP_VALUE,      ///< qkv minus v alone, rates chosen
    GAP_QUERY_KEY,  ///< qkv minus q and k, rates chosen
    GAP_OVER_VALUE, ///< q and k minus v alone, rates chosen
    GAP_OVER_MLP,   ///< q and k minus the perceptron, rates chosen
    GAP_ADAMW,      ///< LP by AdamW minus LP by LARS, rates chosen
    GAP_ADAMW_BN,   ///< the same of BN+LP
    GAPS
};

/// Their names and the probes they are of; no gains.
extern const struct difference probing_gaps[GAPS];

/// How much is done at a tier.
struct probing_scale {
    double whole_epochs, epochs; ///< of a training at this tier, and here
    size_t seeds, control_seeds;
};

struct probing {
    struct study *study;
    struct probing_scale scale;
    struct seen seen;
    struct lars_recipe lars; ///< of the probes that are not trained by AdamW
    struct probe_grid grid;
    struct grid_probe probe[PROBES];
    size_t probes; ///< so many of them are there
    struct difference gap[GAPS];
};

/// The scale of a run, by its tier, EPOCHS and SEEDS.
struct probing_scale probing_scale(const struct run *run);

/// Computes, or finds in RESULTS/TIER-DATA/features, what encoders make of the images, trains all
/// probes and compares them.
void probing_open(struct probing *probing, struct study *study);
void probing_close(struct probing *probing);

/// Judges the accuracies and steps of Table 1 and the claims of Sec. 6.3 by what was measured.
void probing_judge(const struct probing *probing);

/// Table 1 as the paper prints it, with ours and the verdicts (table1.md); every
/// probe (probes.md); the differences with their cross-check (gaps.md); the rates tried (rates.md).
/// result.tsv and stdout too.
void probing_emit(const struct probing *probing);

/// What every number can be computed from again: export/train-features.npy and test-features.npy
/// (n,2,D) float32, class token and mean token after the final norm; train-labels.npy,
/// test-labels.npy (n); answers-KEY.npy (S,n) uint8.
void probing_export(const struct probing *probing);

#endif
