// target: table2
// needs: m75-h3 m75-h6
// budget: smoke 30 s, desk 40 min
/// # Table 2: three heads or six
///
/// **Claim.** More heads offer more candidate clusters (Sec. 5.3); Table 2 therefore compares
/// encoders of three heads and of six, by a linear probe and by finetuning the whole network, and
/// Sec. 6.4 calls the improvement significant. Each of its numbers is one run.
///
/// **Method.** Both encoders are pretrained alike. A linear probe is a head on the frozen class
/// token; whole finetuning trains every weight, without augmentation, by the public code's recipe
/// (cross-entropy, AdamW at $5 \cdot 10^{-4}$, batches of 128, 100 epochs; 10 at the desk tier).
/// Its rival, without pretraining and with the same budget of finetuning, is the same network
/// trained from scratch. The last epoch is the result; the public code reports the maximum over
/// epochs of the test accuracy, which is chosen on the test set and is shown next to it.
/// `make finetune-all` trains all of them, those that are shipped as well.
///
/// Differences are paired over the test images: with $c_i$ the share of seeds that get image $i$
/// right, $d = \tfrac1n \sum_i (c_i - c'_i)$, with a 90 % bootstrap interval, and McNemar's test of
/// the first seeds as a cross-check that resamples nothing. They hold for these weights, not for
/// other pretrainings. At $n = 10{,}000$ half an interval is some 0.7 points; so some 1 point is
/// the least difference of finetunings that confirms the printed one, whose half is 0.25.
///
/// @show core/model/classifier.c classifier_forward
///
/// ## Result
///
/// Test accuracy, percent:
///
/// @compare table2.lp-h3 m75-h3.lp linear probe, 3 heads
/// @compare table2.lp-h6 m75-h6.lp linear probe, 6 heads
/// @compare table2.ft-h3 m75-h3.finetuned finetuning, 3 heads
/// @compare table2.ft-h6 m75-h6.finetuned finetuning, 6 heads
/// @compare - m75-h3.scratch from scratch, 3 heads
/// @compare - m75-h6.scratch from scratch, 6 heads
///
/// Six heads minus three are @{heads.lp ci} points by a linear probe, @{heads.finetuned ci} by
/// finetuning and @{heads.scratch ci} from scratch.
#include <math.h>
#include <stdio.h>

#include "core/report/need.h"
#include "core/study/judgement.h"
#include "core/train/finetune.h"
#include "experiments/05-heads/heads.h"

/// ## Check

/// A printed accuracy or difference, in percent.
static double printed(const struct run *run, const char *id)
{
    return (double)printed_thousandths(run, id) / 1000;
}

/// Two proportions, each on 10,000 images: all that the printed numbers allow. The differences
/// under both methods would have to be significant.
static void judge_significance(struct run *run, const char *id)
{
    enum { PRINTED_IMAGES = 10000 };
    const double critical = 1.959964; // two-sided 5 %
    double z[2];
    for (int m = METHOD_PROBE; m <= METHOD_FINETUNED; ++m)
        z[m] = accuracies_z(printed(run, methods[m].accuracy[SIX_HEADS]),
                            printed(run, methods[m].accuracy[THREE_HEADS]),
                            PRINTED_IMAGES);
    const double images = printed(run, "table2.ft-heads") * PRINTED_IMAGES / 100;
    const struct estimate found = {z[METHOD_FINETUNED], (double)NAN, (double)NAN,
                                   PRINTED_IMAGES};
    char note[256];
    snprintf(note, sizeof note,
             "z = %.2f under linear probing, %.2f under finetuning, where pairs could "
             "make it significant only had the models differed on at most %.0f images",
             z[METHOD_PROBE], z[METHOD_FINETUNED], floor(pow(images / critical, 2)));
    run_verdict(
        run, id,
        judge_exact(z[METHOD_PROBE] > critical && z[METHOD_FINETUNED] > critical),
        &found, "z of two printed accuracies, finetuning", note);
}

/// The differences that the paper prints are those of the accuracies that it prints.
static const struct check checks[] = {
    {"table2.difference.lp", .more = "table2.lp-h6", .less = "table2.lp-h3"},
    {"table2.difference.ft", .more = "table2.ft-h6", .less = "table2.ft-h3"},
    {"section6.4.significant", .judge = judge_significance},
};

/// Finetunings may be shorter than their recipe; linear probes are whole at every scale.
static void note_pilot(const struct heads *heads)
{
    struct run *run = &heads->study->run;
    const struct recipe *recipe = &heads->recipe[0];
    const double whole = finetune_recipe(recipe->tier, recipe->run).epochs;
    const size_t few = heads->few.count, all = heads->study->images[SPLIT_TRAIN].count;
    if (recipe->epochs < whole || few < all)
        run_pilot(run, "pilot finetuning: %g of %g epochs, %zu of %zu images",
                  recipe->epochs, whole, few, all);
}

/// Accuracies against the printed ones, at the paper tier; their differences at every tier, where
/// one pretraining a model earns a trend at best.
static void judge_method(struct heads *heads, int m)
{
    struct study *study = heads->study;
    const struct method *method = &methods[m];
    const struct gain *gain = &heads->difference[m];
    heads_describe(study->scale, heads, m);
    for (size_t model = 0; model < MODELS; ++model) {
        const struct answers *answers = &heads->answers[model][m];
        study_judge(study, method->accuracy[model], &answers->accuracy, 1, 0,
                    "bootstrap over test images",
                    "after the last epoch (maximum over epochs %.4g)", answers->best);
    }
    study_judge(study, method->difference, &gain->points, 1, 1,
                "paired bootstrap over test images",
                "first seeds differ on %zu images, McNemar mid-p %.2g",
                gain->mcnemar.first_only + gain->mcnemar.second_only,
                gain->mcnemar.mid_p);
}

/// The paper calls the gap between probing and finetuning one encoder large (abstract, Sec. 1), or
/// significant (Sec. 5.2).
static void judge_gap(struct heads *heads)
{
    struct study *study = heads->study;
    heads_describe(study->scale, heads, METHOD_FINETUNED);
    study_judge(study, "section5.2.gap", &heads->gap.points, 1, 0,
                "paired bootstrap over test images, finetuned minus probed",
                "given these weights; first seeds: McNemar mid-p %.2g",
                heads->gap.mcnemar.mid_p);
}

/// ## Run

static void prepare(struct study *study)
{
    struct heads heads;
    char what[64], text[RECIPE_TEXT];
    heads_open(&heads, study);
    for (size_t model = 0; model < MODELS; ++model) {
        snprintf(what, sizeof what, "finetuning of %s", heads.recipe[model].run);
        recipe_text(text, &heads.recipe[model]);
        run_note(&study->run, what, text, 1);
        for (int m = METHOD_FINETUNED; m < METHODS; ++m)
            study_shipped_note(study, methods[m].key, heads.recipe[model].run,
                               heads.scale.seeds[m]);
    }
    run_note(&study->run, "arithmetic of finetuning here",
             arithmetic_name(heads.arithmetic), 1);
    run_note(&study->run, "kernel of finetuning here",
             arithmetic_kernel(heads.arithmetic), 0);
}

/// Finetuning takes hours, which nobody has asked for who wants to see all results: where its
/// weights are not there, Table 2 waits for them then.
static int complete(struct study *study)
{
    struct heads heads;
    const struct run_options *options = &study->run.options;
    if (options->tier == TIER_SMOKE || !run_goes_on()) return 1;
    heads_open(&heads, study);
    heads.few.count = images_count(options->data, SPLIT_TRAIN);
    images_digest(heads.few.digest, options->data, SPLIT_TRAIN);
    for (size_t model = 0; model < MODELS; ++model)
        for (int m = METHOD_FINETUNED; m < METHODS; ++m) {
            const struct study_finetuning finetuning =
                heads_finetuning(&heads, model, m);
            if (study_finetuned(study, &finetuning, heads.scale.seeds[m])) continue;
            run_lacks(&study->run, "finetune-all");
            return 0;
        }
    return 1;
}

static void run(struct study *study)
{
    struct heads heads;
    heads_open(&heads, study);
    heads_train(&heads);
    judge_method(&heads, METHOD_PROBE);
    note_pilot(&heads);
    judge_method(&heads, METHOD_FINETUNED);
    judge_gap(&heads);
    /// ## Emit
    /// The table as the paper prints it, and on demand every answer: emit.c.
    heads_emit(&heads);
    if (study->run.options.export_arrays) heads_export(&heads);
}

int main(int argc, char **argv)
{
    static const struct experiment heads = {
        .name = "05-heads",
        .models = TABLE2_RUNS,
        .splits = 1u << SPLIT_TEST | 1u << SPLIT_TRAIN,
        .checks = checks,
        .check_count = sizeof checks / sizeof *checks,
        .prepare = prepare,
        .complete = complete,
        .run = run};
    return experiment_main(&heads, argc, argv);
}
