// target: table1
// needs: m75-h3
// budget: smoke 40 s, desk 65 min
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
/// Each explanation is tested against a rival. *Batch normalisation:* in evaluation it is affine,
/// so LP and BN+LP reach the same functions; both are therefore also solved by L-BFGS until the
/// gradient of the unregularised loss vanishes. (The solver sees whitened features, the same for
/// both, so this gap is 0 up to its tolerance.) *Token mixing:* instead of qkv as many weights of
/// the last perceptron are trained, which mixes no tokens; each at the best of the same rates on
/// training images held out. That qkv gains more does not say why: v alone reads the same tokens in
/// another way, q and k alone read others. If the class token selects other tokens, as the paper
/// has it, q and k should gain more than v, of which they have twice the weights, and more than the
/// perceptron, which has half as many weights again. Further controls: the mean patch token, and
/// encoders that have learned nothing. The paper finds AdamW better than the usual optimiser (Sec.
/// 6), so LP is trained by LARS, too, by the recipe of MAE. A model whose targets were whitened,
/// the case in which the masked loss is contrastive (Theorem 4.3's chapter), is probed where its
/// weights are there.
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
/// the end of the grid, beyond which a better one may lie); solved, @{bn-over-lp-solved.points ci}.
///
/// *Token mixing.* qkv minus as many weights of the last perceptron is @{qkv-over-mlp.points ci}
/// points, minus v alone @{qkv-over-value.points ci}, minus q and k
/// @{qkv-over-query-key.points ci}. What q and k gain over v and over the perceptron stands in the
/// table of differences and decides `section6.3.reselection`.
#include <stdio.h>
#include <string.h>

#include "core/study/experiment.h"
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

/// A printed accuracy is judged at the paper's own tier, a step of the table by its paired
/// difference. A solved probe decides only where the solver ended. The rival of token mixing is the
/// perceptron, for qkv and for the selection of tokens: q and k change which tokens are read, v how
/// the same ones are (judge.c).
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
    probing_judge(&probing);
    /// ## Emit
    /// Table 1 with published, measured and verdict; every probe, difference and rate; on
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
