#include <math.h>
#include <stdio.h>

#include "core/report/run_files.h"
#include "core/study/results.h"
#include "experiments/04-probing/probing.h"

static void emit_paper_table(const struct probing *probing)
{
    const struct grid_probe *probes = probing->probe;
    const struct difference *gaps = probing->gap;
    const struct {
        const char *what, *id;
        const struct estimate *ours;
    } rows[] = {
        {"CIFAR-10, LP", "table1.cifar10.lp", &probes[LP].answers.accuracy},
        {"CIFAR-10, BN+LP", "table1.cifar10.bn-lp", &probes[BN_LP].answers.accuracy},
        {"CIFAR-10, partial finetuning", "table1.cifar10.partial",
         &probes[PARTIAL].answers.accuracy},
        {"CIFAR-10, BN+LP minus LP", "table1.cifar10.bn-over-lp",
         &gaps[GAP_BN].gain.points},
        {"CIFAR-10, partial minus BN+LP", "table1.cifar10.partial-over-bn",
         &gaps[GAP_PARTIAL].gain.points},
        {"ImageNet-1K, LP", "table1.imagenet.lp", NULL},
        {"ImageNet-1K, BN+LP", "table1.imagenet.bn-lp", NULL},
        {"ImageNet-1K, partial finetuning", "table1.imagenet.partial", NULL},
    };
    const struct run *run = &probing->study->run;
    char about[STUDY_SCALE + 128];
    struct table table;
    snprintf(about, sizeof about,
             "Table 1: test accuracy in percent after the last epoch, on %s; %s.",
             run->options.data, probing->study->scale);
    table_open(&table, 4,
               (const char *const[]){"Table 1", "published", "measured", "verdict"});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i)
        claim_row(&table, run, rows[i].what, rows[i].id, rows[i].ours, NULL);
    run_table(run, "table1.md", about, &table, "");
    table_close(&table);
}

static void emit_probe(struct run *run, struct table *table,
                       const struct grid_probe *probe)
{
    static const char *const choices[] = {"recipe's", "chosen", "solved"};
    const struct answers *answers = &probe->answers;
    char rate[NUMBER_TEXT], accuracy[NUMBER_TEXT], range[NUMBER_TEXT] = "-",
                                                   best[NUMBER_TEXT] = "-", how[112];
    put_estimate(run, accuracy, answers->accuracy, "%", "%s.accuracy", probe->key);
    number_text(rate, probe->rate);
    if (probe->choice == RATE_NONE) {
        const struct lbfgs_outcome *end = &probe->solution.solver;
        const size_t dropped = probe->solution.dropped, width = probe->adapter.width;
        put_number(run, NULL, end->gradient, 0, "1", "%s.gradient", probe->key);
        put_number(run, NULL, (double)end->iterations, 0, "1", "%s.iterations",
                   probe->key);
        put_number(run, NULL, end->value, 0, "nat", "%s.loss", probe->key);
        put_number(run, NULL, (double)dropped, 0, "1", "%s.dropped", probe->key);
        snprintf(how, sizeof how,
                 "%zu iterations, gradient %.1e, %zu of %zu directions dropped",
                 end->iterations, end->gradient, dropped, width);
    } else {
        put_number(run, NULL, probe->rate, 0, "1", "%s.rate", probe->key);
        put_number(run, NULL, answers->least, 0, "%", "%s.least", probe->key);
        put_number(run, NULL, answers->most, 0, "%", "%s.most", probe->key);
        snprintf(how, sizeof how, "%zu seed%s", answers->seeds,
                 answers->seeds == 1 ? "" : "s");
        snprintf(range, sizeof range, "%.2f .. %.2f", answers->least, answers->most);
    }
    // The others answer the test images once only.
    if (probe->choice == RATE_RECIPE)
        put_number(run, best, answers->best, 0, "%", "%s.maximum-over-epochs",
                   probe->key);
    table_row(table, (const char *const[]){probe->label, choices[probe->choice], rate,
                                           how, accuracy, range, best});
}

static void emit_probes(const struct probing *probing)
{
    struct run *run = &probing->study->run;
    struct table table;
    table_open(&table, 7,
               (const char *const[]){"probe", "rate", "value", "how", "accuracy",
                                     "seeds' range", "maximum over epochs"});
    for (size_t c = 0; c < probing->probes; ++c)
        emit_probe(run, &table, &probing->probe[c]);
    run_table(run, "probes.md",
              "Every probe, percent of test images, 90 % intervals over images. The "
              "maximum over epochs is chosen on the test images, as the public code "
              "reports it, so it flatters.",
              &table, "");
    table_close(&table);
}

static void emit_differences(const struct probing *probing)
{
    struct run *run = &probing->study->run;
    const struct batch_norm_fusion *fusion = &probing->probe[BN_LP].fusion;
    char about[256];
    struct table table;
    table_open(
        &table, 4,
        (const char *const[]){"difference", "points", "discordant", "McNemar mid-p"});
    for (const struct difference *gap = probing->gap; gap < probing->gap + GAPS;
         ++gap) {
        const struct mcnemar *mcnemar = &gap->gain.mcnemar;
        char points[NUMBER_TEXT], discordant[NUMBER_TEXT], p[NUMBER_TEXT];
        put_estimate(run, points, gap->gain.points, "points", "%s.points", gap->key);
        put_number(run, p, mcnemar->mid_p, 0, "1", "%s.mcnemar-mid-p", gap->key);
        number_text(discordant, (double)(mcnemar->first_only + mcnemar->second_only));
        table_row(&table, (const char *const[]){gap->label, points, discordant, p});
    }
    put_number(run, NULL, fusion->residual, 0, "1", "fold.residual");
    put_number(run, NULL, fusion->agreement, 0, "1", "fold.agreement");
    snprintf(about, sizeof about,
             "Differences over the same test images, 90 %% intervals; mid-p of "
             "McNemar's test on the first seeds. A trained BN+LP and the linear layer "
             "that it can be fused into differ by %.1e of the largest logit.",
             fusion->residual);
    run_table(run, "gaps.md", about, &table, "");
    table_close(&table);
}

static void emit_rates(const struct probing *probing)
{
    char heads[GRID_RATES][NUMBER_TEXT], about[512];
    const char *names[1 + GRID_RATES] = {"probe"};
    struct table table;
    for (size_t r = 0; r < GRID_RATES; ++r) {
        snprintf(heads[r], NUMBER_TEXT, "rate × %g", grid_rate_factor[r]);
        names[1 + r] = heads[r];
    }
    table_open(&table, 1 + GRID_RATES, names);
    for (size_t c = 0; c < probing->probes; ++c) {
        const struct grid_probe *probe = &probing->probe[c];
        if (probe->choice != RATE_CHOSEN) continue;
        char cells[GRID_RATES][NUMBER_TEXT];
        const char *row[1 + GRID_RATES] = {probe->label};
        for (size_t r = 0; r < GRID_RATES; ++r) row[1 + r] = "-";
        for (size_t r = 0; r < probe->rates; ++r) {
            const int chosen = probe->rate == grid_probe_rate(probe, r);
            snprintf(cells[r], NUMBER_TEXT, "%.2f%s", 100 * probe->held_out[r],
                     !chosen                   ? ""
                     : grid_rate_at_end(probe) ? " *!"
                                               : " *");
            row[1 + r] = cells[r];
        }
        table_row(&table, row);
    }
    snprintf(
        about, sizeof about,
        "Rates: percent of %zu held-out training images after all epochs on the "
        "others, of probes that train part of the encoder after %g, at the recipe's "
        "rate (%g, of LARS for 256 images %g) times 1 to %g, - "
        "not tried; * chosen, ! at an end of the rates tried, so that a better one may "
        "lie beyond.",
        probing->grid.held_out,
        probing->grid.epochs * probing->probe[PARTIAL_CHOSEN].search,
        grid_probe_rate(&probing->probe[LP], 0),
        grid_probe_rate(&probing->probe[LARS], 0), grid_rate_factor[GRID_RATES - 1]);
    run_table(&probing->study->run, "rates.md", about, &table, "");
    table_close(&table);
}

void probing_emit(const struct probing *probing)
{
    emit_paper_table(probing);
    emit_probes(probing);
    emit_differences(probing);
    emit_rates(probing);
}

void probing_export(const struct probing *probing)
{
    static const char *const splits[2] = {"train", "test"};
    const struct run *run = &probing->study->run;
    char name[48];
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct features *features = &probing->seen.trained[split].summary;
        const size_t shape[] = {features->images, features->rows, features->width};
        snprintf(name, sizeof name, "%s-features", splits[split]);
        run_array(run, name, NPY_F4, 3, shape, features->data);
        snprintf(name, sizeof name, "%s-labels", splits[split]);
        run_classes(run, name, 1, shape, probing->study->images[split].labels);
    }
    for (size_t c = 0; c < probing->probes; ++c) {
        const struct answers *answers = &probing->probe[c].answers;
        const size_t shape[] = {answers->seeds, answers->images};
        snprintf(name, sizeof name, "answers-%s", probing->probe[c].key);
        run_classes(run, name, 2, shape, answers->predicted);
    }
}
