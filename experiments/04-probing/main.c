// target: table1
// needs: m75-h3
// budget: smoke 20 s, desk 45 min
/// # Table 1: batch normalisation and the last attention
///
/// **Claim.** A linear probe (LP) reads little of a mask model's class token. Batch normalisation without
/// learnable parameters before it (BN+LP) raises its accuracy much, and finetuning the last block's
/// projection qkv together with the head (partial finetuning) raises it further. The paper explains the one
/// by a non-linearity that batch normalisation adds (Sec. 5.2), the other by token mixing (Sec. 6.3).
///
/// **Method.** All three are trained by the public code's finetuning recipe on frozen features: cross-entropy,
/// AdamW at $5 \cdot 10^{-4}$, batches of 128, 100 epochs, no augmentation. Only the class token's row of the
/// last block is read, and qkv has no bias; so keys and values are absorbed into that row and never computed.
///
/// Beside the explanations stand their rivals, at equal budget. *Batch normalisation:* in evaluation it is affine,
/// hence LP and BN+LP reach the same functions; both are therefore also solved by L-BFGS until the gradient of
/// the unregularised loss vanishes. *Token mixing:* instead of qkv as many weights of the last perceptron are trained,
/// which mixes no tokens; each at the best of the same rates on training images held out. Beside them: v
/// alone, q and k, the mean patch token, and encoders that have learned nothing.
///
/// Differences are paired over the test images: with $c_i$ the share of seeds that get image $i$ right,
/// $d = \tfrac1n \sum_i (c_i - c'_i)$, with a 90 % bootstrap interval. They hold given these weights. The last epoch
/// is the result.
///
/// @show core/analysis/class_attention.c class_attention_forward
#include <math.h>
#include <stdio.h>

#include "core/linalg/coretype.h"
#include "core/study/inputs.h"
#include "core/study/judgement.h"
#include "core/train/pretrained.h"
#include "experiments/04-probing/probing.h"

/// ## Run

enum { SCALE_TEXT = 160 };

static void describe_scale(char scale[SCALE_TEXT], const struct probing *study)
{
    const double epochs = pretrained_number(study->model, "epochs");
    const struct probing_scale *s = &study->scale;
    snprintf(scale, SCALE_TEXT,
             "one pretraining, of %g epoch%s; probes of %g epochs, %zu seed%s "
             "(controls %zu)",
             epochs, epochs == 1 ? "" : "s", s->epochs, s->seeds,
             s->seeds == 1 ? "" : "s", s->control_seeds);
}

/// ## Check

/// Printed accuracies are judged at the paper's own tier; ImageNet-1K cannot be read yet.
static void check_accuracies(const struct probing *study, const char *scale)
{
    static const struct {
        const char *id;
        int arm;
    } cifar10[] = {{"table1.cifar10.lp", LP},
                   {"table1.cifar10.bn-lp", BN_LP},
                   {"table1.cifar10.partial", PARTIAL}};
    static const char *const imagenet[] = {
        "table1.imagenet.lp", "table1.imagenet.bn-lp", "table1.imagenet.partial",
        "table1.imagenet.bn-over-lp", "table1.imagenet.partial-over-bn"};
    char note[SCALE_TEXT + 64];
    for (size_t i = 0; i < sizeof cifar10 / sizeof *cifar10; ++i) {
        const struct configuration *arm = &study->configuration[cifar10[i].arm];
        snprintf(note, sizeof note, "%s; maximum over epochs %.4g", scale,
                 arm->answers.best);
        judge_cifar10(study->run, cifar10[i].id, &arm->answers.accuracy, 0,
                      "accuracy after the last epoch, bootstrap over images", note);
    }
    for (size_t i = 0; i < sizeof imagenet / sizeof *imagenet; ++i)
        run_verdict(study->run, imagenet[i], VERDICT_NOT_RUN, NULL, "",
                    "image folders cannot be read by this version");
}

/// The differences that the paper prints are those of the accuracies that it prints.
static void check_arithmetic(struct run *run)
{
    judge_printed_difference(run, "table1.cifar10.difference.bn-lp",
                             "table1.cifar10.bn-lp", "table1.cifar10.lp");
    judge_printed_difference(run, "table1.cifar10.difference.partial",
                             "table1.cifar10.partial", "table1.cifar10.bn-lp");
    judge_printed_difference(run, "table1.imagenet.difference.bn-lp",
                             "table1.imagenet.bn-lp", "table1.imagenet.lp");
    judge_printed_difference(run, "table1.imagenet.difference.partial",
                             "table1.imagenet.partial", "table1.imagenet.bn-lp");
}

/// The two steps of the table and the two rivals. A probe that was not solved decides nothing.
static void check_gaps(const struct probing *study, const char *scale)
{
    struct run *run = study->run;
    const struct configuration *arms = study->configuration;
    struct estimate part[GAPS];
    char note[SCALE_TEXT + 192];
    for (size_t g = 0; g < GAPS; ++g) part[g] = study->gap[g].gain.points;
    if (arms[LP_SOLVED].solution.end != LBFGS_CONVERGED ||
        arms[BN_LP_SOLVED].solution.end != LBFGS_CONVERGED)
        part[GAP_BN_SOLVED].low = part[GAP_BN_SOLVED].high = (double)NAN;
    static const char paired[] = "paired bootstrap over images";
    snprintf(note, sizeof note, "%s; given these weights; McNemar mid-p %.2g", scale,
             study->gap[GAP_BN].gain.mcnemar.mid_p);
    judge_cifar10(run, "table1.cifar10.bn-over-lp", &part[GAP_BN], 0, paired, note);
    snprintf(note, sizeof note, "%s; given these weights; McNemar mid-p %.2g", scale,
             study->gap[GAP_PARTIAL].gain.mcnemar.mid_p);
    judge_cifar10(run, "table1.cifar10.partial-over-bn", &part[GAP_PARTIAL], 0, paired,
                  note);
    // Tuning qkv reads other tokens in another way; its v alone reads the same ones by the old scores.
    snprintf(
        note, sizeof note,
        "%s; given these weights; McNemar mid-p %.2g; qkv minus v alone %.4g, minus "
        "q and k %.4g points%s",
        scale, study->gap[GAP_MIXING].gain.mcnemar.mid_p,
        study->gap[GAP_VALUE].gain.points.value,
        study->gap[GAP_QUERY_KEY].gain.points.value,
        rate_at_end(&arms[PARTIAL_CHOSEN]) || rate_at_end(&arms[MLP])
            ? "; a rate was chosen at an end of those tried"
            : "");
    run_judge(run, "section6.3.token-mixing", &part[GAP_MIXING], 1, 0,
              "paired bootstrap over images of qkv minus MLP, both at rates chosen on "
              "held-out training images",
              note);
    snprintf(note, sizeof note,
             "%s; L-BFGS to gradients of %.1e and %.1e; before, by the recipe, the gap "
             "is %.4g points",
             scale, arms[LP_SOLVED].solution.gradient,
             arms[BN_LP_SOLVED].solution.gradient,
             study->gap[GAP_BN].gain.points.value);
    run_judge(run, "section6.3.bn-converged", &part[GAP_BN_SOLVED], 1, 0,
              "paired bootstrap over images of BN+LP minus LP, both solved", note);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    struct weights model;
    struct images images[2];
    struct arena arena;
    char scale[SCALE_TEXT];
    run_open(&run, "04-probing", code_key, argc, argv);
    check_arithmetic(&run);
    input_needed(&model, &run, "m75-h3");
    input_images(&run, SPLIT_TEST);
    input_images(&run, SPLIT_TRAIN);
    input_kernels(&run);
    if (run_fresh(&run)) return run_print(&run);
    images_load(&images[SPLIT_TRAIN], run.options.data, SPLIT_TRAIN);
    images_load(&images[SPLIT_TEST], run.options.data, SPLIT_TEST);
    arena_open_growing(&arena, "probing");
    struct probing probing = {.run = &run,
                              .model = &model,
                              .images = images,
                              .arena = &arena,
                              .scale = probing_scale(&run)};
    features_compute(&probing);
    configurations_open(&probing);
    probing_train(&probing);

    describe_scale(scale, &probing);
    check_accuracies(&probing, scale);
    check_gaps(&probing, scale);
    /// ## Emit
    probing_emit(&probing, scale);
    if (run.options.export_arrays) probing_export(&probing);

    features_release(&probing);
    arena_close(&arena);
    images_free(&images[SPLIT_TRAIN]);
    images_free(&images[SPLIT_TEST]);
    weights_close(&model);
    return run_close(&run);
}
