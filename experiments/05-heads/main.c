// target: table2
// needs: m75-h3 m75-h6
// budget: smoke 30 s, desk 40 min
/// # Table 2: three heads or six
///
/// **Claim.** More heads form more clusters, and better ones (Sec. 5.3); Table 2 therefore compares encoders of
/// three heads and of six, by a linear probe and by finetuning the whole network, and Sec. 6.4 calls the
/// improvement significant. Each of its numbers is one run.
///
/// **Method.** Both encoders are pretrained alike. A linear probe is a head on the frozen class token;
/// whole finetuning trains every weight, without augmentation, by the public code's recipe (cross-entropy, AdamW
/// at $5 \cdot 10^{-4}$, batches of 128, 100 epochs). Beside it stands the rival at an equal budget: the same
/// network trained from scratch. The last epoch is the result; the public code reports the maximum over
/// epochs of the test accuracy, which is chosen on the test set and stands beside it.
///
/// Differences are paired over the test images: with $c_i$ the share of seeds that get image $i$ right,
/// $d = \tfrac1n \sum_i (c_i - c'_i)$, with a 90 % bootstrap interval, and McNemar's test as a cross-check that
/// resamples nothing. They hold given these weights: an interval over images knows nothing of what
/// another pretraining would have given. At $n = 10{,}000$ some 0.7 points is the least that can be confirmed.
///
/// @show core/model/classifier.c classifier_forward
#include <math.h>
#include <stdio.h>

#include "core/linalg/coretype.h"
#include "core/stats/accuracy.h"
#include "core/stats/bootstrap.h"
#include "core/study/judgement.h"
#include "experiments/05-heads/emit.h"

/// ## Run

static struct gain gain_of(const struct answers *better, const struct answers *worse,
                           const struct study *study)
{
    return answers_gain(better, worse, study->test.labels, study->run->options.seed);
}

static struct comparison compare(const struct study *study)
{
    const struct arm *three = &study->arms[0], *six = &study->arms[1];
    struct comparison comparison;
    for (int m = 0; m < METHODS; ++m)
        comparison.heads[m] = gain_of(&six->by[m], &three->by[m], study);
    for (size_t a = 0; a < ARMS; ++a)
        comparison.pretraining[a] = gain_of(&study->arms[a].by[METHOD_FINETUNED],
                                            &study->arms[a].by[METHOD_SCRATCH], study);
    return comparison;
}

/// ## Check

/// Accuracies against the printed ones, at the paper tier; their differences at every tier, where one
/// pretraining an arm earns a trend at best.
static void check_method(const struct study *study, const struct comparison *comparison,
                         enum method method)
{
    char scale[SCALE_TEXT], note[SCALE_TEXT + 128];
    describe_scale(scale, study, method);
    for (size_t a = 0; a < ARMS; ++a) {
        const struct answers *answers = &study->arms[a].by[method];
        snprintf(note, sizeof note,
                 "%s; after the last epoch (maximum over epochs %.4g)", scale,
                 answers->best);
        judge_cifar10(study->run, claim_of_accuracy(a, method), &answers->accuracy, 0,
                      "bootstrap over test images", note);
    }
    const struct gain *heads = &comparison->heads[method];
    snprintf(note, sizeof note,
             "%s; first seeds differ on %zu images, McNemar mid-p %.2g", scale,
             heads->mcnemar.first_only + heads->mcnemar.second_only,
             heads->mcnemar.mid_p);
    judge_cifar10(study->run, claim_of_heads(method), &heads->points, 1,
                  "paired bootstrap over test images", note);
}

/// The linear probes are whole at every scale; what is judged from here on rests on finetunings.
static void note_pilot(const struct study *study)
{
    const struct recipe *recipe = &study->arms[0].recipe,
                        whole = finetune_recipe(recipe->tier, recipe->run);
    if (recipe->epochs < whole.epochs || study->few.count < study->train.count)
        run_pilot(study->run, "pilot finetuning: %g of %g epochs, %zu of %zu images",
                  recipe->epochs, whole.epochs, study->few.count, study->train.count);
}

/// The differences that the paper prints are those of the accuracies that it prints.
static void check_arithmetic(struct run *run)
{
    judge_printed_difference(run, "table2.difference.lp",
                             claim_of_accuracy(1, METHOD_PROBE),
                             claim_of_accuracy(0, METHOD_PROBE));
    judge_printed_difference(run, "table2.difference.ft",
                             claim_of_accuracy(1, METHOD_FINETUNED),
                             claim_of_accuracy(0, METHOD_FINETUNED));
}

/// A printed accuracy in percent.
static double printed(const struct run *run, const char *id)
{
    return (double)printed_thousandths(run, id) / 1000;
}

/// Two proportions, each on 10,000 images: all that the printed numbers allow. Both methods' differences
/// would have to be significant.
static void check_significance(struct run *run)
{
    enum { PRINTED_IMAGES = 10000 };
    static const double critical = 1.959964; // two-sided 5 %
    double z[2];
    char note[256];
    for (int m = METHOD_PROBE; m <= METHOD_FINETUNED; ++m)
        z[m] = accuracies_z(printed(run, claim_of_accuracy(1, (enum method)m)),
                            printed(run, claim_of_accuracy(0, (enum method)m)),
                            PRINTED_IMAGES);
    const double images =
        printed(run, claim_of_heads(METHOD_FINETUNED)) * PRINTED_IMAGES / 100;
    snprintf(note, sizeof note,
             "z = %.2f under linear probing, %.2f under finetuning, where pairs could "
             "make it significant only had the models differed on at most %.0f images",
             z[METHOD_PROBE], z[METHOD_FINETUNED], floor(pow(images / critical, 2)));
    const struct estimate part = {z[METHOD_FINETUNED], (double)NAN, (double)NAN,
                                  PRINTED_IMAGES};
    run_verdict(
        run, "section6.4.significant",
        judge_exact(z[METHOD_PROBE] > critical && z[METHOD_FINETUNED] > critical),
        &part, "z of two printed accuracies, finetuning", note);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    struct study study;
    run_open(&run, "05-heads", code_key, argc, argv);
    check_arithmetic(&run);
    check_significance(&run);
    study_open(&study, &run);
    if (run_fresh(&run)) return run_print(&run);

    study_run(&study);
    const struct comparison comparison = compare(&study);
    check_method(&study, &comparison, METHOD_PROBE);
    note_pilot(&study);
    check_method(&study, &comparison, METHOD_FINETUNED);
    /// ## Emit
    /// The table as the paper prints it, and on demand every answer: emit.c.
    emit_table(&study, &comparison);
    if (run.options.export_arrays) export_answers(&study);

    study_close(&study);
    return run_close(&run);
}
