#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report/reference.h"
#include "core/report/run_files.h"
#include "core/study/judgement.h"
#include "experiments/04-probing/probing.h"

static void emit(struct run *run, const char *arm, const char *what, struct estimate d,
                 size_t n, const char *unit)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", arm, what);
    run_result(run, key, d.value, d.low, d.high, n, unit);
}

static void emit_number(struct run *run, const char *arm, const char *what,
                        double value, const char *unit)
{
    emit(run, arm, what, (struct estimate){value, (double)NAN, (double)NAN, 0}, 0,
         unit);
}

// ====== Table 1 ======

/// A line of Table 1; `key` (of the result) and `ours` NULL where there is nothing to measure.
static void paper_line(struct table *table, const struct probing *study,
                       const char *what, const char *id, const char *key,
                       const struct estimate *ours)
{
    const struct run *run = study->run;
    char reference[NUMBER_TEXT], yours[NUMBER_TEXT] = "-", verdict[VERDICT_TEXT];
    number_text(reference, key ? run_reference(run, key) : (double)NAN);
    if (ours && strcmp(run->options.data, "cifar10") == 0)
        interval_text(yours, ours->value, ours->low, ours->high);
    run_verdict_of(verdict, run, id);
    table_row(table, (const char *const[]){what, run_claim(run, id).printed, reference,
                                           yours, verdict});
}

static void emit_paper_table(const struct probing *study, const char *scale)
{
    const struct configuration *arms = study->configuration;
    const struct difference *gaps = study->gap;
    char about[512];
    struct table table;
    snprintf(about, sizeof about,
             "Table 1: test accuracy in percent after the last epoch, on %s; %s.",
             study->run->options.data, scale);
    table_open(
        &table, 5,
        (const char *const[]){"Table 1", "published", "reference", "yours", "verdict"});
    paper_line(&table, study, "CIFAR-10, LP", "table1.cifar10.lp", "lp.accuracy",
               &arms[LP].answers.accuracy);
    paper_line(&table, study, "CIFAR-10, BN+LP", "table1.cifar10.bn-lp",
               "bn-lp.accuracy", &arms[BN_LP].answers.accuracy);
    paper_line(&table, study, "CIFAR-10, partial finetuning", "table1.cifar10.partial",
               "partial.accuracy", &arms[PARTIAL].answers.accuracy);
    paper_line(&table, study, "CIFAR-10, BN+LP minus LP", "table1.cifar10.bn-over-lp",
               "bn-over-lp.points", &gaps[GAP_BN].gain.points);
    paper_line(&table, study, "CIFAR-10, partial minus BN+LP",
               "table1.cifar10.partial-over-bn", "partial-over-bn.points",
               &gaps[GAP_PARTIAL].gain.points);
    paper_line(&table, study, "ImageNet-1K, LP", "table1.imagenet.lp", NULL, NULL);
    paper_line(&table, study, "ImageNet-1K, BN+LP", "table1.imagenet.bn-lp", NULL,
               NULL);
    paper_line(&table, study, "ImageNet-1K, partial finetuning",
               "table1.imagenet.partial", NULL, NULL);
    run_table(study->run, "table1.md", about, &table, "");
    table_close(&table);
}

// ====== Arms, gaps, rates ======

static void emit_arm(const struct probing *study, struct table *table,
                     const struct configuration *arm)
{
    static const char *const choices[] = {"recipe's", "chosen", "solved"};
    struct run *run = study->run;
    const size_t n = study->images[SPLIT_TEST].count;
    char rate[NUMBER_TEXT], accuracy[NUMBER_TEXT], range[NUMBER_TEXT] = "-",
                                                   best[NUMBER_TEXT], how[64];
    emit(run, arm->key, "accuracy", arm->answers.accuracy, n, "%");
    number_text(rate, arm->rate);
    interval_text(accuracy, arm->answers.accuracy.value, arm->answers.accuracy.low,
                  arm->answers.accuracy.high);
    if (arm->choice == RATE_NONE) {
        emit_number(run, arm->key, "gradient", arm->solution.gradient, "1");
        emit_number(run, arm->key, "iterations", (double)arm->solution.iterations, "1");
        emit_number(run, arm->key, "loss", arm->solution.value, "nat");
        snprintf(how, sizeof how, "%zu iterations, gradient %.1e",
                 arm->solution.iterations, arm->solution.gradient);
    } else {
        emit_number(run, arm->key, "rate", arm->rate, "1");
        emit_number(run, arm->key, "least", arm->answers.least, "%");
        emit_number(run, arm->key, "most", arm->answers.most, "%");
        snprintf(how, sizeof how, "%zu seed%s", arm->answers.seeds,
                 arm->answers.seeds == 1 ? "" : "s");
        snprintf(range, sizeof range, "%.2f .. %.2f", arm->answers.least,
                 arm->answers.most);
    }
    const int looked = arm->choice == RATE_RECIPE;
    if (looked)
        emit_number(run, arm->key, "maximum-over-epochs", arm->answers.best, "%");
    number_text(best, looked ? arm->answers.best : (double)NAN);
    table_row(table, (const char *const[]){arm->label, choices[arm->choice], rate, how,
                                           accuracy, range, best});
}

static void emit_arms(const struct probing *study)
{
    struct table table;
    table_open(&table, 7,
               (const char *const[]){"probe", "rate", "value", "how", "accuracy",
                                     "seeds' range", "maximum over epochs"});
    for (const struct configuration *arm = study->configuration;
         arm < study->configuration + CONFIGURATIONS; ++arm)
        emit_arm(study, &table, arm);
    run_table(study->run, "arms.md",
              "Every probe, percent of test images, 90 % intervals over images. The "
              "maximum over epochs is chosen on the test images, as the public code "
              "reports it, and thus flatters.",
              &table, "");
    table_close(&table);
}

static void emit_gaps(const struct probing *study)
{
    struct run *run = study->run;
    const size_t n = study->images[SPLIT_TEST].count;
    char about[256];
    struct table table;
    table_open(
        &table, 4,
        (const char *const[]){"difference", "points", "discordant", "McNemar mid-p"});
    for (const struct difference *gap = study->gap; gap < study->gap + GAPS; ++gap) {
        char points[NUMBER_TEXT], discordant[NUMBER_TEXT], p[NUMBER_TEXT];
        const size_t count =
            gap->gain.mcnemar.first_only + gap->gain.mcnemar.second_only;
        emit(run, gap->key, "points", gap->gain.points, n, "points");
        emit_number(run, gap->key, "mcnemar-mid-p", gap->gain.mcnemar.mid_p, "1");
        interval_text(points, gap->gain.points.value, gap->gain.points.low,
                      gap->gain.points.high);
        number_text(discordant, (double)count);
        number_text(p, gap->gain.mcnemar.mid_p);
        table_row(&table, (const char *const[]){gap->label, points, discordant, p});
    }
    emit_number(run, "fold", "residual", study->configuration[BN_LP].fusion.residual,
                "1");
    emit_number(run, "fold", "agreement", study->configuration[BN_LP].fusion.agreement,
                "1");
    snprintf(about, sizeof about,
             "Differences over the same test images, 90 %% intervals; mid-p of "
             "McNemar's test on the first seeds. A trained BN+LP and the linear layer "
             "it folds into differ by %.1e of the largest logit.",
             study->configuration[BN_LP].fusion.residual);
    run_table(run, "gaps.md", about, &table, "");
    table_close(&table);
}

static void emit_rates(const struct probing *study)
{
    char heads[RATES][NUMBER_TEXT], about[256];
    const char *names[1 + RATES] = {"probe"};
    struct table table;
    for (size_t r = 0; r < RATES; ++r) {
        number_text(heads[r], PROBE_RECIPE.learning_rate * rate_factor[r]);
        names[1 + r] = heads[r];
    }
    table_open(&table, 1 + RATES, names);
    for (const struct configuration *arm = study->configuration;
         arm < study->configuration + CONFIGURATIONS; ++arm) {
        if (arm->choice != RATE_CHOSEN) continue;
        char cells[RATES][NUMBER_TEXT];
        const char *row[1 + RATES] = {arm->label};
        for (size_t r = 0; r < RATES; ++r) {
            const double percent = 100 * arm->held_out[r];
            const char *mark = arm->rate != PROBE_RECIPE.learning_rate * rate_factor[r]
                                   ? ""
                               : rate_at_end(arm) ? " *!"
                                                  : " *";
            snprintf(cells[r], NUMBER_TEXT, "%.2f%s", percent, mark);
            row[1 + r] = cells[r];
        }
        table_row(&table, row);
    }
    snprintf(
        about, sizeof about,
        "Rates: percent of %zu held-out training images after %g epochs on the "
        "others; * chosen, ! at an end of the rates tried, so that a better one may "
        "lie beyond.",
        study->held_out, study->scale.search_epochs);
    run_table(study->run, "rates.md", about, &table, "");
    table_close(&table);
}

void probing_emit(const struct probing *study, const char *scale)
{
    emit_paper_table(study, scale);
    emit_arms(study);
    emit_gaps(study);
    emit_rates(study);
}

// ====== Arrays ======

void probing_export(const struct probing *study)
{
    static const char *const splits[2] = {"train", "test"};
    const size_t n = study->images[SPLIT_TEST].count;
    char name[48];
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct features *features = &study->features.trained[split].summary;
        const size_t shape[] = {features->images, features->rows, features->width};
        snprintf(name, sizeof name, "%s-features", splits[split]);
        run_array(study->run, name, NPY_F4, 3, shape, features->data);
        snprintf(name, sizeof name, "%s-labels", splits[split]);
        run_array(study->run, name, NPY_U1, 1, shape, study->images[split].labels);
    }
    for (const struct configuration *arm = study->configuration;
         arm < study->configuration + CONFIGURATIONS; ++arm) {
        const size_t shape[] = {arm->answers.seeds, n};
        snprintf(name, sizeof name, "answers-%s", arm->key);
        run_array(study->run, name, NPY_U1, 2, shape, arm->answers.predicted);
    }
}
