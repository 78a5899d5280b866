/// arithmetic: does training in bfloat16 learn as training in 32-bit floats does? `make
/// figure-arithmetic` draws the loss of one bf16 training among those of three fp32 trainings.
///
/// **Claim.** Over 500 updates of the desk recipe on CIFAR-10 the loss curve of bf16 lies within
/// the band of three fp32 seeds.
///
/// **Method.** Recipe desk m75-h3, shortened to the number of updates asked for, so that they
/// pass through the whole schedule: warm-up, the peak rate, decay to zero. fp32 with seeds S,
/// S+1, S+2; bf16 with seed S, so with the initial weights, batches and masks of the first fp32
/// training. The four advance together, one update at a time, so that they can be compared at any
/// moment.
///
/// **Test, fixed before the first run on CIFAR-10.** Curves are running means of WINDOW = 25
/// updates. At each update from the 25th on the band is [least, largest] of the three fp32
/// curves, widened on both sides by one standard error of such a mean: sigma / sqrt(25), where
/// sigma^2 is half the mean square of the differences of successive losses in the window (von
/// Neumann's estimate, which a falling curve does not raise), averaged over the three. The claim
/// holds when the bf16 curve lies in the widened band at *every* update.
///
/// Why a margin: bf16 shares all randomness with seed S, which is the least or the largest of the
/// three at two of three updates, where any deviation from it, however small, is outside the bare
/// band half of the time. Why a small one: with a margin of several standard errors the test
/// could not fail. Next to the verdict are the share of updates in the widened and in the bare
/// band; as a control the same share for each fp32 seed in the band of the other two; and the
/// paired difference, bf16 minus fp32 at seed S.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/base/tsv.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/product.h"
#include "core/report/figure.h"
#include "core/report/provenance.h"
#include "core/report/run_state.h"
#include "core/stats/summary.h"
#include "core/train/lock.h"
#include "core/train/pretrain.h"

enum {
    SEEDS = 3,
    BF16_RUN =
        SEEDS, ///< the trainings: fp32 with three seeds, then bf16 with the first
    RUNS = SEEDS + 1,
    WINDOW = 25, ///< updates of a running mean
    SAFETY = 25  ///< updates between checkpoints
};
#define USAGE                                                                          \
    "arithmetic [--tier smoke|desk] [--updates N]: the loss of bf16 among fp32 seeds"

/// One of the four trainings.
struct training {
    char name[40]; ///< "fp32_2": arithmetic and seed; a column of curves.tsv
    struct pretrain settings;
    struct pretrainer pretrainer;
    struct run_identity identity;
    char checkpoint[PATH_SIZE];
    double *loss; ///< (updates), owned
    /// (updates), owned: of the window that ends there; NAN before the first.
    double *mean;
};

struct study {
    struct run run;
    struct recipe recipe;
    struct images images;
    size_t updates;
    char folder[PATH_SIZE]; ///< the folder of the checkpoints
    char losses[PATH_SIZE]; ///< the table of the losses so far
    struct training training[RUNS];
};

static double *numbers(size_t count)
{
    double *x = malloc(count * sizeof *x);
    if (!x) die(EXIT_SYSTEM, "arithmetic: no memory for %zu numbers", count);
    return x;
}

// ====== Options ======

static void study_open(struct study *study, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "smoke (planted data, seconds) or desk [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"updates", NULL, "updates of each training [desk 500, smoke 40]"},
        {"seed", "1", "the first of three seeds"},
        {"threads", NULL, "threads [the CPUs allowed]; not seen in the curves"},
        {"force", "0", "1: train again although there are curves or checkpoints"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
    struct run *run = &study->run;
    *run = (struct run){.name = "arithmetic", .started = clock_seconds()};
    tier_find(&run->options.tier, &run->options.data,
              option_text(options, count, "tier"), option_text(options, count, "data"));
    if (run->options.tier == TIER_PAPER)
        die(EXIT_USAGE, "--tier: paper would take days (choose smoke or desk)");
    run->options.tier_name = tier_name(run->options.tier);
    run->options.seed = parse_seed("--seed", option_text(options, count, "seed"));
    run->options.threads = parse_threads(option_text(options, count, "threads"));
    run->options.force =
        (int)parse_integer("--force", option_text(options, count, "force"), 0, 1);
    const char *results = option_text(options, count, "results");
    path_format(run->root, "%s/%s-%s", results, run->options.tier_name,
                run->options.data);
    path_format(run->folder, "%s/%s", run->root, run->name);
    run->state = run_state_make();

    const char *updates = option_text(options, count, "updates");
    study->updates = run->options.tier == TIER_SMOKE ? 40 : 500;
    if (updates)
        study->updates =
            (size_t)parse_integer("--updates", updates, WINDOW + 1, 1000000);
    study->recipe = recipe_find(run->options.tier_name, "m75-h3");
    path_format(study->folder, "%s/runs/%s", run->root, run->name);
    path_format(study->losses, "%s/runs/%s/losses.tsv", run->root, run->name);
}

// Everything that the curves depend on, except the code.
static void study_note(struct study *study)
{
    struct run *run = &study->run;
    char recipe[RECIPE_TEXT], text[160];
    const struct recipe *of = &study->recipe;
    recipe_text(recipe, of);
    run_note(run, "experiment", run->name, 1);
    run_note(run, "recipe", recipe, 1);
    run_note(run, "data digest", study->images.digest, 1);
    snprintf(text, sizeof text, "%zu of %zu images", study->updates, of->batch);
    run_note(run, "updates", text, 1);
    snprintf(text, sizeof text,
             "fp32 %" PRIu64 ", %" PRIu64 ", %" PRIu64 "; bf16 %" PRIu64,
             run->options.seed, run->options.seed + 1, run->options.seed + 2,
             run->options.seed);
    run_note(run, "seeds", text, 1);
    run_note(run, "core type", coretype_name(), 1);
    snprintf(text, sizeof text, "fp32 %s, bf16 %s", product_path(), gemm_bf16_path(BF16));
    run_note(run, "products", text, 0);
}

// ====== Four trainings in turn ======

static void training_open(struct training *training, const struct study *study,
                          int number)
{
    const struct run *run = &study->run;
    enum arithmetic arithmetic = number == BF16_RUN ? BF16 : FP32;
    *training = (struct training){
        .settings = {.recipe = study->recipe,
                     .seed = run->options.seed + (uint64_t)(number % SEEDS),
                     .threads = run->options.threads,
                     .arithmetic = arithmetic,
                     .images = &study->images},
        .loss = numbers(study->updates),
        .mean = numbers(study->updates),
    };
    snprintf(training->name, sizeof training->name, "%s_%" PRIu64,
             arithmetic_name(arithmetic), training->settings.seed);
    path_format(training->checkpoint, "%s/runs/%s/%s.safetensors", run->root, run->name,
                training->name);
    run_identity_fill(&training->identity, &study->recipe, training->settings.seed,
                      study->images.digest, arithmetic, NULL);
    pretrainer_open(&training->pretrainer, &training->settings);
}

// Goes on from the checkpoint, if there is one.
static void training_resume(struct training *training, const struct study *study)
{
    struct tsv table;
    struct train_state *state = &training->pretrainer.trainer.state;
    if (study->run.options.force || !file_exists(training->checkpoint)) return;
    checkpoint_read(state, training->checkpoint, &training->identity,
                    &training->pretrainer.mae.parameters);
    tsv_read(&table, study->losses);
    if (state->updates > table.rows)
        die(EXIT_INPUT,
            "%s: ends before update %" PRIu64 ", the one of %s (FORCE=1 to start anew)",
            study->losses, state->updates, training->checkpoint);
    for (size_t t = 0; t < state->updates; ++t)
        training->loss[t] = tsv_number(&table, t, training->name);
    tsv_free(&table);
}

// The losses are written first, so that the table never has fewer than a checkpoint has updates.
static void study_save(struct study *study, size_t updates)
{
    struct output output;
    output_open(&output, study->losses);
    for (int r = 0; r < RUNS; ++r)
        tsv_put(output.file, study->training[r].name, r + 1 < RUNS ? '\t' : '\n');
    for (size_t t = 0; t < updates; ++t)
        for (int r = 0; r < RUNS; ++r)
            tsv_put_number(output.file, study->training[r].loss[t],
                           r + 1 < RUNS ? '\t' : '\n');
    output_close(&output);
    for (int r = 0; r < RUNS; ++r) {
        struct training *training = &study->training[r];
        checkpoint_write(training->checkpoint, &training->identity,
                         &training->pretrainer.mae.parameters,
                         &training->pretrainer.trainer.state);
    }
}

// The training with the fewest updates, the first of equals.
static struct training *training_next(struct study *study)
{
    struct training *next = study->training;
    for (int r = 1; r < RUNS; ++r)
        if (study->training[r].pretrainer.trainer.state.updates <
            next->pretrainer.trainer.state.updates)
            next = &study->training[r];
    return next;
}

static void study_train(struct study *study)
{
    struct progress progress;
    size_t batch = study->recipe.batch, done = 0, all = RUNS * study->updates;
    images_load(&study->images, study->run.options.data, SPLIT_TRAIN);
    recipe_set_epochs(&study->recipe,
                      (double)all / RUNS * (double)batch / (double)study->images.count);
    for (int r = 0; r < RUNS; ++r) {
        training_open(&study->training[r], study, r);
        training_resume(&study->training[r], study);
        done += study->training[r].pretrainer.trainer.state.updates;
    }
    progress_open(&progress, "arithmetic", "images", (double)(all * batch),
                  (double)(done * batch));
    while (done < all) {
        char note[80];
        struct training *training = training_next(study);
        size_t t = training->pretrainer.trainer.state.updates;
        training->loss[t] = trainer_step(&training->pretrainer.trainer);
        ++done;
        snprintf(note, sizeof note, "%s, update %zu: loss %.4f", training->name, t + 1,
                 training->loss[t]);
        progress_show(&progress, (double)(done * batch), note);
        if (done % ((size_t)RUNS * SAFETY) == 0) study_save(study, done / RUNS);
    }
    progress_close(&progress);
}

// ====== The test ======

static void training_smooth(struct training *training, size_t updates)
{
    for (size_t t = 0; t < updates; ++t)
        training->mean[t] = t + 1 < WINDOW
                                ? (double)NAN
                                : mean(training->loss + t + 1 - WINDOW, WINDOW);
}

struct band {
    double low, high, margin;
};

// The band of the fp32 curves at update t; all but seed number `without` (SEEDS: all).
static struct band band_at(const struct study *study, size_t t, int without)
{
    struct band band = {.low = INFINITY, .high = -INFINITY};
    double variance = 0;
    int members = 0;
    for (int r = 0; r < SEEDS; ++r) {
        if (r == without) continue;
        const struct training *training = &study->training[r];
        const double *loss = training->loss + t + 1 - WINDOW;
        double square = 0;
        for (int u = 0; u + 1 < WINDOW; ++u)
            square += (loss[u + 1] - loss[u]) * (loss[u + 1] - loss[u]);
        variance += square / (2 * (WINDOW - 1));
        band.low = fmin(band.low, training->mean[t]);
        band.high = fmax(band.high, training->mean[t]);
        ++members;
    }
    band.margin = sqrt(variance / members / WINDOW);
    return band;
}

// How far x lies outside the bare band, in margins; 0 inside.
static double excess(double x, struct band band)
{
    return fmax(0, fmax(band.low - x, x - band.high)) / band.margin;
}

// The share of windows in which training `r` is at most `margins` outside the band of the fp32
// seeds, itself left out.
static double share_within(const struct study *study, int r, double margins)
{
    size_t inside = 0;
    for (size_t t = WINDOW - 1; t < study->updates; ++t)
        inside +=
            excess(study->training[r].mean[t], band_at(study, t, r)) <= margins ? 1 : 0;
    return (double)inside / (double)(study->updates + 1 - WINDOW);
}

// The paired difference, bf16 minus fp32 at seed S, over the last fifth of the updates, and the
// breadth of the band there.
static void compare_end(struct study *study)
{
    const double *bf16_loss = study->training[BF16_RUN].loss,
                 *fp32_loss = study->training[0].loss;
    size_t last = study->updates / 5, first = study->updates - last;
    double difference = 0, breadth = 0;
    for (size_t t = first; t < study->updates; ++t) {
        struct band band = band_at(study, t, SEEDS);
        difference += (bf16_loss[t] - fp32_loss[t]) / (double)last;
        breadth += (band.high - band.low) / (double)last;
    }
    run_result(&study->run, "paired_difference_last_fifth", difference, NAN, NAN, last,
               "[-1,1]^2");
    run_result(&study->run, "band_breadth_last_fifth", breadth, NAN, NAN, last,
               "[-1,1]^2");
}

// Fills result.tsv; verdict (size) = the sentence.
static void study_judge(struct study *study, char *verdict, size_t size)
{
    struct run *run = &study->run;
    size_t windows = study->updates + 1 - WINDOW;
    double worst = 0, apart = 0;
    for (int r = 0; r < RUNS; ++r) training_smooth(&study->training[r], study->updates);
    for (size_t t = WINDOW - 1; t < study->updates; ++t) {
        double x = study->training[BF16_RUN].mean[t];
        worst = fmax(worst, excess(x, band_at(study, t, SEEDS)));
        apart = fmax(apart, fabs(x - study->training[0].mean[t]));
    }
    double within = share_within(study, BF16_RUN, 1),
           bare = share_within(study, BF16_RUN, 0);
    run_result(run, "share_within_widened_band", within, NAN, NAN, windows, "share");
    run_result(run, "share_within_bare_band", bare, NAN, NAN, windows, "share");
    run_result(run, "largest_excess", worst, NAN, NAN, windows, "standard errors");
    for (int r = 0; r < SEEDS; ++r) {
        char key[80];
        snprintf(key, sizeof key, "control_share_%s", study->training[r].name);
        run_result(run, key, share_within(study, r, 1), NAN, NAN, windows, "share");
    }
    run_result(run, "largest_paired_difference_of_means", apart, NAN, NAN, windows,
               "[-1,1]^2");
    compare_end(study);
    for (int r = 0; r < RUNS; ++r) {
        char key[80];
        snprintf(key, sizeof key, "final_mean_%s", study->training[r].name);
        run_result(run, key, study->training[r].mean[study->updates - 1], NAN, NAN,
                   WINDOW, "[-1,1]^2");
    }
    snprintf(verdict, size,
             "%s: the bf16 curve lies in the band of three fp32 seeds, widened by one "
             "standard error, at %.1f %% of the updates (in the bare band at %.1f %%)",
             within >= 1 ? "HOLDS" : "FAILS", 100 * within, 100 * bare);
}

// ====== Emit ======

static void write_curves(struct study *study)
{
    char path[PATH_SIZE];
    struct output output;
    run_path(path, &study->run, "curves.tsv");
    output_open(&output, path);
    fprintf(output.file, "update");
    for (int r = 0; r < RUNS; ++r)
        fprintf(output.file, "\t%s\t%s_mean", study->training[r].name,
                study->training[r].name);
    fprintf(output.file, "\tlow\thigh\tmargin\treference\ttrial\n");
    for (size_t t = 0; t < study->updates; ++t) {
        struct band band = {NAN, NAN, NAN};
        if (t + 1 >= WINDOW) band = band_at(study, t, SEEDS);
        fprintf(output.file, "%zu\t", t + 1);
        for (int r = 0; r < RUNS; ++r) {
            tsv_put_number(output.file, study->training[r].loss[t], '\t');
            tsv_put_number(output.file, study->training[r].mean[t], '\t');
        }
        tsv_put_number(output.file, band.low, '\t');
        tsv_put_number(output.file, band.high, '\t');
        tsv_put_number(output.file, band.margin, '\t');
        tsv_put_number(output.file, study->training[0].mean[t], '\t');
        tsv_put_number(output.file, study->training[BF16_RUN].mean[t], '\n');
    }
    output_close(&output);
}

static void draw(const struct study *study, const char *verdict)
{
    char caption[1024];
    const struct run *run = &study->run;
    snprintf(
        caption, sizeof caption,
        "Masked loss in training, running means of %d updates: bf16 products, fp32 "
        "sums and master weights (seed %" PRIu64 ") next to fp32 (seeds %" PRIu64
        " to %" PRIu64 "). Recipe %s %s on %s, its schedule shortened to %zu "
        "updates of %zu images. Grey: the band of the fp32 seeds; light: widened "
        "by one standard error. Right: minus the fp32 curve of seed %" PRIu64
        ", same batches and masks. %s.",
        WINDOW, run->options.seed, run->options.seed, run->options.seed + SEEDS - 1,
        study->recipe.tier, study->recipe.run, run->options.data, study->updates,
        study->recipe.batch, run->options.seed, verdict);
    figure_draw(run, "arithmetic", "curves", caption, NULL);
}

// Prints the verdict in the run's provenance, of this run or an earlier one.
static void print_verdict(const struct run *run)
{
    char path[PATH_SIZE];
    struct provenance provenance;
    path_format(path, "%s/provenance.tsv", run->folder);
    provenance_read(&provenance, path);
    const char *verdict = provenance_find(&provenance, "verdict");
    printf("%s\n", verdict ? verdict : "no verdict");
    provenance_free(&provenance);
}

static void study_close(struct study *study)
{
    for (int r = 0; r < RUNS; ++r) {
        struct training *training = &study->training[r];
        pretrainer_close(&training->pretrainer);
        unlink(training->checkpoint);
        free(training->loss);
        free(training->mean);
    }
    unlink(study->losses);
    images_free(&study->images);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    static struct study study;
    char verdict[256];
    study_open(&study, argc, argv);
    struct run *run = &study.run;
    images_digest(study.images.digest, run->options.data, SPLIT_TRAIN);
    study_note(&study);
    if (run_fresh(run)) {
        run_print(run);
    } else {
        int lock = training_lock(study.folder);
        study_train(&study);
        close(lock);
        study_judge(&study, verdict, sizeof verdict);
        write_curves(&study);
        draw(&study, verdict);
        run_note(run, "verdict", verdict, 0);
        run_close(run);
        study_close(&study);
    }
    print_verdict(run);
    return EXIT_SUCCESS;
}
