// target: table1
// needs: m75-h3
// budget: smoke 20 s, desk 45 min
/// # Table 1: batch normalisation and the last attention
///
/// **Claim.** A linear probe (LP) reads little of a mask model's class token. Batch normalisation
/// without learnable parameters before it (BN+LP) raises its accuracy a lot, and finetuning the
/// last block's projection qkv together with the head (partial finetuning) raises it further. The
/// paper explains the one by a non-linearity that batch normalisation adds (Sec. 5.2), the other by
/// token mixing (Sec. 6.3).
///
/// **Method.** All three are trained by the public code's finetuning recipe on frozen features:
/// cross-entropy, AdamW at $5 \cdot 10^{-4}$, batches of 128, 100 epochs, no augmentation. Only the
/// class token's row of the last block is read, and qkv has no bias; so keys and values are
/// absorbed into that row and never computed.
///
/// Each explanation is tested against a rival at equal budget. *Batch normalisation:* in evaluation
/// it is affine, so LP and BN+LP reach the same functions; both are therefore also solved by L-BFGS
/// until the gradient of the unregularised loss vanishes. (The solver sees whitened features, the
/// same for both, so this gap is 0 up to its tolerance.) *Token mixing:* instead of qkv as many
/// weights of the last perceptron are trained, which mixes no tokens; each at the best of the same
/// rates on training images held out. That qkv gains more does not say why: v alone reads the same
/// tokens in another way, q and k alone read others. If the class token selects other tokens, as
/// the paper has it, q and k must gain more than v, and more than the perceptron. Further controls:
/// the mean patch token, and encoders that have learned nothing. A model whose targets were
/// whitened, the case in which the masked loss is contrastive (chapter 7), is probed, too, where
/// its weights are there.
///
/// Differences are paired over the test images: with $c_i$ the share of seeds that get image $i$
/// right, $d = \tfrac1n \sum_i (c_i - c'_i)$, with a 90 % bootstrap interval. They hold given these
/// weights. The last epoch is the result.
///
/// @show core/analysis/class_attention.c class_attention_forward
///
/// ## Result
///
/// Test accuracy, percent:
///
/// @compare table1.cifar10.lp lp.accuracy LP
/// @compare table1.cifar10.bn-lp bn-lp.accuracy BN+LP
/// @compare table1.cifar10.partial partial.accuracy partial finetuning
/// @compare - lp-solved.accuracy LP, solved
/// @compare - bn-lp-solved.accuracy BN+LP, solved
/// @compare - mlp.accuracy last perceptron in the place of qkv
/// @compare - random.accuracy LP, encoders that have learned nothing
///
/// *Batch normalisation.* By the recipe, BN+LP minus LP is @{bn-over-lp.points ci} points; with the
/// best of the rates tried for each, @{bn-over-lp-chosen.points ci} (rates.md marks a best one at
/// the end of the grid, as LP's may be, so that LP might gain from larger ones still); solved,
/// @{bn-over-lp-solved.points ci}.
///
/// *Token mixing.* qkv minus as many weights of the last perceptron is @{qkv-over-mlp.points ci}
/// points, minus v alone @{qkv-over-value.points ci}, minus q and k
/// @{qkv-over-query-key.points ci}. What q and k gain over v and over the perceptron stands in the
/// table of differences and decides `section6.3.reselection`.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/study/experiment.h"
#include "core/study/judgement.h"
#include "experiments/04-probing/folder.h"
#include "experiments/04-probing/probing.h"

/// ## Check

static void judge_imagenet(struct run *run, const char *id)
{
    if (strcmp(run->options.data, "imagefolder") != 0)
        run_verdict(run, id, VERDICT_NOT_RUN, NULL, "",
                    "judged on ImageNet-1K: make table1 TIER=paper DATA=imagefolder");
}

/// The differences that the paper prints are those of the accuracies that it prints. The row of
/// ImageNet-1K is filled on a folder of its images and a published encoder: folder.c.
static const struct check checks[] = {
    {"table1.cifar10.difference.bn-lp", .more = "table1.cifar10.bn-lp",
     .less = "table1.cifar10.lp"},
    {"table1.cifar10.difference.partial", .more = "table1.cifar10.partial",
     .less = "table1.cifar10.bn-lp"},
    {"table1.imagenet.difference.bn-lp", .more = "table1.imagenet.bn-lp",
     .less = "table1.imagenet.lp"},
    {"table1.imagenet.difference.partial", .more = "table1.imagenet.partial",
     .less = "table1.imagenet.bn-lp"},
    {"table1.imagenet.lp", .judge = judge_imagenet},
    {"table1.imagenet.bn-lp", .judge = judge_imagenet},
    {"table1.imagenet.partial", .judge = judge_imagenet},
    {"table1.imagenet.bn-over-lp", .judge = judge_imagenet},
    {"table1.imagenet.partial-over-bn", .judge = judge_imagenet},
};

/// The rival of batch normalisation. A probe that was not solved decides nothing.
static void judge_solved(const struct probing *probing)
{
    const struct lbfgs_outcome *lp = &probing->probe[LP_SOLVED].solution.solver,
                               *bn = &probing->probe[BN_LP_SOLVED].solution.solver;
    struct estimate gap = probing->gap[GAP_BN_SOLVED].gain.points;
    if (lp->end != LBFGS_CONVERGED || bn->end != LBFGS_CONVERGED)
        gap.low = gap.high = (double)NAN;
    study_judge(
        probing->study, "section6.3.bn-converged", &gap, 1, 0,
        "paired bootstrap over images of BN+LP minus LP, both solved",
        "L-BFGS to gradients of %.1e and %.1e; before, by the recipe, the gap is "
        "%.4g points",
        lp->gradient, bn->gradient, probing->gap[GAP_BN].gain.points.value);
}

/// Printed accuracies, judged at the paper's own tier.
static void judge_accuracy(const struct probing *probing, const char *id, int probe)
{
    const struct answers *answers = &probing->probe[probe].answers;
    study_judge(probing->study, id, &answers->accuracy, 1, 0,
                "accuracy after the last epoch, bootstrap over images",
                "maximum over epochs %.4g", answers->best);
}

/// The two steps of the table.
static void judge_gap(const struct probing *probing, const char *id, int number)
{
    const struct gain *gain = &probing->gap[number].gain;
    study_judge(probing->study, id, &gain->points, 1, 0, "paired bootstrap over images",
                "given these weights; first seeds: McNemar mid-p %.2g",
                gain->mcnemar.mid_p);
}

/// The rival of token mixing: the perceptron for qkv, and for the selection of tokens. q and k
/// change which tokens are read, v how the same ones are.
static void judge_mixing(const struct probing *probing)
{
    const struct gain *mixing = &probing->gap[GAP_MIXING].gain;
    const struct estimate selecting[] = {probing->gap[GAP_OVER_VALUE].gain.points,
                                         probing->gap[GAP_OVER_MLP].gain.points};
    static const int compared[] = {LP_CHOSEN, PARTIAL_CHOSEN, MLP, VALUE, QUERY_KEY};
    int at_end = 0;
    for (size_t i = 0; i < sizeof compared / sizeof *compared; ++i)
        at_end |= grid_rate_at_end(&probing->probe[compared[i]]);
    const double lp = probing->probe[LP_CHOSEN].answers.accuracy.value,
                 qkv = probing->probe[PARTIAL_CHOSEN].answers.accuracy.value,
                 mlp = probing->probe[MLP].answers.accuracy.value;
    const char *doubt = at_end ? "; a rate was chosen at an end of those tried" : "";
    study_judge(
        probing->study, "section6.3.qkv-over-mlp", &mixing->points, 1, 0,
        "paired bootstrap over images of qkv minus MLP, both at rates chosen on "
        "held-out training images",
        "given these weights; first seeds: McNemar mid-p %.2g; of %.4g points that qkv "
        "gains over LP the MLP, which mixes nothing, gains %.4g%s",
        mixing->mcnemar.mid_p, qkv - lp, mlp - lp, doubt);
    study_judge(
        probing->study, "section6.3.reselection", selecting, 2, 0,
        "paired bootstrap over images of q and k minus v and minus MLP, at rates "
        "chosen on held-out training images",
        "given these weights; q and k minus v %.4g points, minus the MLP %.4g; qkv "
        "minus v %.4g, minus q and k %.4g%s",
        selecting[0].value, selecting[1].value,
        probing->gap[GAP_VALUE].gain.points.value,
        probing->gap[GAP_QUERY_KEY].gain.points.value, doubt);
}

static void judge(const struct probing *probing)
{
    judge_solved(probing);
    // What follows rests on trainings by the recipe.
    if (probing->scale.epochs < probing->scale.whole_epochs)
        run_pilot(&probing->study->run, "pilot probes: %g of %g epochs",
                  probing->scale.epochs, probing->scale.whole_epochs);
    judge_accuracy(probing, "table1.cifar10.lp", LP);
    judge_accuracy(probing, "table1.cifar10.bn-lp", BN_LP);
    judge_accuracy(probing, "table1.cifar10.partial", PARTIAL);
    judge_gap(probing, "table1.cifar10.bn-over-lp", GAP_BN);
    judge_gap(probing, "table1.cifar10.partial-over-bn", GAP_PARTIAL);
    judge_mixing(probing);
}

/// ## Run

static void describe_probes(const struct probing *probing)
{
    const struct probing_scale *scale = &probing->scale;
    char *text = probing->study->scale;
    const size_t used = strlen(text);
    snprintf(text + used, STUDY_SCALE - used,
             "; probes of %g epochs, %zu seed%s (controls %zu)", scale->epochs,
             scale->seeds, scale->seeds == 1 ? "" : "s", scale->control_seeds);
}

static void run(struct study *study)
{
    struct probing probing;
    probing_open(&probing, study);
    describe_probes(&probing);
    judge(&probing);
    /// ## Emit
    /// Table 1 with published, yours and verdict; every probe, difference and rate; on
    /// demand the arrays: emit.c.
    probing_emit(&probing);
    if (study->run.options.export_arrays) probing_export(&probing);
    probing_close(&probing);
}

int main(int argc, char **argv)
{
    static const struct experiment probing = {
        .name = "04-probing",
        .models = {"m75-h3"},
        .extra = "m75-h3-whitened",
        .splits = 1u << SPLIT_TEST | 1u << SPLIT_TRAIN,
        .checks = checks,
        .check_count = sizeof checks / sizeof *checks,
        .run = run,
        .run_folder = folder_run};
    return experiment_main(&probing, argc, argv);
}
