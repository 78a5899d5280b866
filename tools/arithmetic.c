/// arithmetic: does training in bfloat16 learn as training in 32-bit floats does? `make
/// figure-arithmetic` draws the loss of a training in each bfloat16 arithmetic, bf16 (AMX tiles)
/// and bf16-dot (VDPBF16PS), among those of three fp32 trainings.
///
/// **Claim, of either.** Over 500 updates on CIFAR-10 the loss curve lies within the band of three
/// fp32 seeds.
///
/// **Method.** Recipe desk m75-h3, shortened to the number of updates asked for, so that they
/// pass through the whole schedule: warm-up, the peak rate, decay to zero. fp32 with seeds S,
/// S+1, S+2; bfloat16 with seed S, so with the initial weights, batches and masks of the first
/// fp32 training. All advance together, one update at a time, so that they can be compared at any
/// moment. The bits of an arithmetic are the same on every CPU: one without its instruction only
/// takes longer.
///
/// **Test, fixed before the first run on CIFAR-10.** Curves are running means of WINDOW = 25
/// updates. At each update from the 25th on the band is [least, largest] of the three fp32
/// curves, widened on both sides by one standard error of such a mean: sigma / sqrt(25), where
/// sigma^2 is half the mean square of the differences of successive losses in the window (von
/// Neumann's estimate, which a falling curve does not raise), averaged over the three. The claim
/// holds when the bfloat16 curve lies in the widened band at *every* update.
///
/// Why a margin: bfloat16 shares all randomness with seed S, which is the least or the largest of
/// the three at two of three updates, where any deviation from it, however small, is outside the
/// bare band half of the time. Why a small one: with a margin of several standard errors the test
/// could not fail. Next to the verdicts are the shares of updates in the widened and in the bare
/// band; as a control the same share for each fp32 seed in the band of the other two; and the
/// paired differences, bfloat16 minus fp32 at seed S.
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
#include "core/report/figure.h"
#include "core/report/provenance.h"
#include "core/report/run_state.h"
#include "core/stats/curve_band.h"
#include "core/stats/summary.h"
#include "core/train/pretrain.h"
#include "core/train/training_lock.h"

enum {
    SEEDS = 3,             ///< fp32 trainings, the first ones of a study
    RUNS_MOST = SEEDS + 2, ///< then one in each bfloat16 arithmetic asked for
    WINDOW = 25,           ///< updates of a running mean
    SAFETY = 25            ///< updates between checkpoints
};
#define USAGE                                                                          \
    "arithmetic [--tier smoke|desk] [--updates N] [--arithmetic A]: the loss of "      \
    "bfloat16 among fp32 seeds"

/// One of the trainings.
struct training {
    char name[40]; ///< "fp32_2": arithmetic and seed; a column of curves.tsv
    struct pretrain settings;
    struct pretrainer pretrainer;
    struct run_identity identity;
    char checkpoint[PATH_SIZE];
    double *loss; ///< (updates), owned
    double *mean; ///< (updates), owned: the running means of the losses
};

struct study {
    struct run run;
    struct recipe recipe;
    struct images images;
    size_t updates;
    int runs;                              ///< trainings
    enum arithmetic arithmetic[RUNS_MOST]; ///< (runs)
    char folder[PATH_SIZE];                ///< the folder of the checkpoints
    char losses[PATH_SIZE];                ///< the table of the losses so far
    struct training training[RUNS_MOST];   ///< (runs)
    struct curve fp32[SEEDS];              ///< of the first trainings, once judged
};

static double *numbers(size_t count)
{
    double *x = malloc(count * sizeof *x);
    if (!x) die(EXIT_SYSTEM, "arithmetic: no memory for %zu numbers", count);
    return x;
}

// ====== Options ======

// Three seeds in fp32, and what is asked for.
static void study_choose(struct study *study, const char *asked)
{
    static const char *const choices[] = {"all", "bf16", "bf16-dot"};
    static const enum arithmetic trials[] = {BF16, BF16_DOT};
    const size_t choice = parse_choice("--arithmetic", asked, choices, 3);
    for (int r = 0; r < SEEDS; ++r) study->arithmetic[r] = FP32;
    study->runs = SEEDS;
    for (size_t i = 0; i < 2; ++i)
        if (choice == 0 || choice == i + 1)
            study->arithmetic[study->runs++] = trials[i];
}

static void study_open(struct study *study, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "smoke (planted data, seconds) or desk [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"updates", NULL, "updates of each training [desk 500, smoke 40]"},
        {"arithmetic", "all", "bf16, bf16-dot or all: what is trained next to fp32"},
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
    folder_ours(run->root);
    path_format(run->folder, "%s/%s", run->root, run->name);
    run->state = run_state_make();

    const char *updates = option_text(options, count, "updates");
    study->updates = run->options.tier == TIER_SMOKE ? 40 : 500;
    if (updates)
        study->updates =
            (size_t)parse_integer("--updates", updates, WINDOW + 1, 1000000);
    study_choose(study, option_text(options, count, "arithmetic"));
    study->recipe = recipe_find(run->options.tier_name, "m75-h3");
    path_format(study->folder, "%s/runs/%s", run->root, run->name);
    path_format(study->losses, "%s/runs/%s/losses.tsv", run->root, run->name);
}

// Everything that the curves depend on.
static void study_note(struct study *study)
{
    struct run *run = &study->run;
    char recipe[RECIPE_TEXT], text[160];
    const struct recipe *of = &study->recipe;
    recipe_text(recipe, of);
    run_note(run, "experiment", run->name, 1);
    run_note(run, "code", code_key, 1);
    run_note(run, "recipe", recipe, 1);
    run_note(run, "data digest", study->images.digest, 1);
    snprintf(text, sizeof text, "%zu of %zu images", study->updates, of->batch);
    run_note(run, "updates", text, 1);
    int length =
        snprintf(text, sizeof text, "fp32 %" PRIu64 ", %" PRIu64 ", %" PRIu64,
                 run->options.seed, run->options.seed + 1, run->options.seed + 2);
    for (int r = SEEDS; r < study->runs; ++r)
        length += snprintf(text + length, sizeof text - (size_t)length, "; %s %" PRIu64,
                           arithmetic_name(study->arithmetic[r]), run->options.seed);
    run_note(run, "seeds", text, 1);
    run_note(run, "core type", coretype_name(), 1);
    length = 0;
    for (int r = SEEDS - 1; r < study->runs; ++r)
        length += snprintf(text + length, sizeof text - (size_t)length, "%s%s %s",
                           length ? ", " : "", arithmetic_name(study->arithmetic[r]),
                           arithmetic_kernel(study->arithmetic[r]));
    run_note(run, "products", text, 0);
}

// ====== Trainings in turn ======

static void training_open(struct training *training, const struct study *study,
                          int number)
{
    const struct run *run = &study->run;
    const enum arithmetic arithmetic = study->arithmetic[number];
    *training = (struct training){
        .settings = {.recipe = study->recipe,
                     .seed =
                         run->options.seed + (number < SEEDS ? (uint64_t)number : 0),
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
                      study->images.digest, arithmetic, code_key);
    pretrainer_open(&training->pretrainer, &training->settings);
}

// Goes on from the checkpoint, if there is one.
static void training_resume(struct training *training, const struct study *study)
{
    struct tsv table;
    struct train_state *state = &training->pretrainer.trainer.state;
    if (study->run.options.force || !file_exists(training->checkpoint)) return;
    // As a run of other arithmetics, which went to its end, may leave it.
    if (!file_exists(study->losses))
        die(EXIT_INPUT,
            "%s: is missing, next to the checkpoint %s (FORCE=1 to start anew)",
            study->losses, training->checkpoint);
    checkpoint_read(state, training->checkpoint, &training->identity,
                    &training->pretrainer.mae.parameters);
    tsv_read(&table, study->losses);
    if (tsv_find(&table, training->name) < 0 || state->updates > table.rows)
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
    const int runs = study->runs;
    for (int r = 0; r < runs; ++r)
        tsv_put(output.file, study->training[r].name, r + 1 < runs ? '\t' : '\n');
    for (size_t t = 0; t < updates; ++t)
        for (int r = 0; r < runs; ++r)
            tsv_put_number(output.file, study->training[r].loss[t],
                           r + 1 < runs ? '\t' : '\n');
    output_close(&output);
    for (int r = 0; r < runs; ++r) {
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
    for (int r = 1; r < study->runs; ++r)
        if (study->training[r].pretrainer.trainer.state.updates <
            next->pretrainer.trainer.state.updates)
            next = &study->training[r];
    return next;
}

static void study_train(struct study *study)
{
    struct progress progress;
    size_t batch = study->recipe.batch, done = 0, runs = (size_t)study->runs,
           all = runs * study->updates;
    images_load(&study->images, study->run.options.data, SPLIT_TRAIN);
    recipe_set_epochs(&study->recipe, (double)study->updates * (double)batch /
                                          (double)study->images.count);
    for (int r = 0; r < study->runs; ++r) {
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
        // One that joins the others later, after them, is not saved before it has reached them.
        const size_t least = training_next(study)->pretrainer.trainer.state.updates;
        if (done == runs * least && least % SAFETY == 0) study_save(study, least);
    }
    progress_close(&progress);
}

// ====== The test ======

// The band of the fp32 curves at update t; all but seed number `without` (SEEDS: all).
static struct band band_at(const struct study *study, size_t t, int without)
{
    return curve_band(study->fp32, SEEDS, (size_t)without, t, WINDOW);
}

// The share of windows in which training `r` is at most `margins` outside the band of the fp32
// seeds, itself left out.
static double share_within(const struct study *study, int r, double margins)
{
    size_t inside = 0;
    for (size_t t = WINDOW - 1; t < study->updates; ++t) {
        struct band band = band_at(study, t, r);
        inside += band_excess(study->training[r].mean[t], &band) <= margins ? 1 : 0;
    }
    return (double)inside / (double)(study->updates + 1 - WINDOW);
}

// A row of result.tsv about one training.
static void put(struct study *study, const char *what, int r, double value, size_t n,
                const char *unit)
{
    char key[96];
    snprintf(key, sizeof key, "%s_%s", what, study->training[r].name);
    run_result(&study->run, key, value, NAN, NAN, n, unit);
}

// The breadth of the fp32 band over the last fifth of the updates, and there the paired difference
// of each trial, bfloat16 minus fp32 at seed S.
static void compare_end(struct study *study)
{
    const size_t last = study->updates / 5, first = study->updates - last;
    double breadth = 0;
    for (size_t t = first; t < study->updates; ++t) {
        struct band band = band_at(study, t, SEEDS);
        breadth += (band.high - band.low) / (double)last;
    }
    run_result(&study->run, "band_breadth_last_fifth", breadth, NAN, NAN, last,
               "[-1,1]^2");
    for (int r = SEEDS; r < study->runs; ++r)
        put(study, "paired_difference_last_fifth", r,
            mean(study->training[r].loss + first, last) -
                mean(study->training[0].loss + first, last),
            last, "[-1,1]^2");
}

// What the test says of training r, a trial: rows of result.tsv, and a sentence of provenance.
static void trial_judge(struct study *study, int r)
{
    const struct training *trial = &study->training[r];
    const size_t windows = study->updates + 1 - WINDOW;
    const char *name = arithmetic_name(study->arithmetic[r]);
    double worst = 0, apart = 0;
    for (size_t t = WINDOW - 1; t < study->updates; ++t) {
        struct band band = band_at(study, t, SEEDS);
        worst = fmax(worst, band_excess(trial->mean[t], &band));
        apart = fmax(apart, fabs(trial->mean[t] - study->training[0].mean[t]));
    }
    double within = share_within(study, r, 1), bare = share_within(study, r, 0);
    put(study, "share_within_widened_band", r, within, windows, "share");
    put(study, "share_within_bare_band", r, bare, windows, "share");
    put(study, "largest_excess", r, worst, windows, "standard errors");
    put(study, "largest_paired_difference_of_means", r, apart, windows, "[-1,1]^2");
    char what[40], verdict[256];
    snprintf(what, sizeof what, "verdict %s", name);
    snprintf(verdict, sizeof verdict,
             "%s: the %s curve lies in the band of three fp32 seeds, widened by one "
             "standard error, at %.1f %% of the updates (in the bare band at %.1f %%)",
             within >= 1 ? "HOLDS" : "FAILS", name, 100 * within, 100 * bare);
    run_note(&study->run, what, verdict, 0);
}

static void study_judge(struct study *study)
{
    for (int r = 0; r < study->runs; ++r) {
        struct training *training = &study->training[r];
        curve_means(training->mean, training->loss, study->updates, WINDOW);
        if (r < SEEDS) study->fp32[r] = (struct curve){training->loss, training->mean};
    }
    for (int r = SEEDS; r < study->runs; ++r) trial_judge(study, r);
    for (int r = 0; r < SEEDS; ++r)
        put(study, "control_share", r, share_within(study, r, 1),
            study->updates + 1 - WINDOW, "share");
    compare_end(study);
    for (int r = 0; r < study->runs; ++r)
        put(study, "final_mean", r, study->training[r].mean[study->updates - 1], WINDOW,
            "[-1,1]^2");
}

// ====== Emit ======

// A row an update: the loss and the running mean of each training, the band, and again the means
// that the figure draws, of fp32 at seed S and of each trial.
static void write_curves(struct study *study)
{
    char path[PATH_SIZE];
    struct output output;
    run_path(path, &study->run, "curves.tsv");
    output_open(&output, path);
    FILE *file = output.file;
    fprintf(file, "update");
    for (int r = 0; r < study->runs; ++r)
        fprintf(file, "\t%s\t%s_mean", study->training[r].name,
                study->training[r].name);
    fprintf(file, "\tlow\thigh\tmargin\treference");
    for (int r = SEEDS; r < study->runs; ++r)
        fprintf(file, "\ttrial_%s", arithmetic_name(study->arithmetic[r]));
    fprintf(file, "\n");
    for (size_t t = 0; t < study->updates; ++t) {
        struct band band = {NAN, NAN, NAN};
        if (t + 1 >= WINDOW) band = band_at(study, t, SEEDS);
        fprintf(file, "%zu\t", t + 1);
        for (int r = 0; r < study->runs; ++r) {
            tsv_put_number(file, study->training[r].loss[t], '\t');
            tsv_put_number(file, study->training[r].mean[t], '\t');
        }
        tsv_put_number(file, band.low, '\t');
        tsv_put_number(file, band.high, '\t');
        tsv_put_number(file, band.margin, '\t');
        tsv_put_number(file, study->training[0].mean[t], '\t');
        for (int r = SEEDS; r < study->runs; ++r)
            tsv_put_number(file, study->training[r].mean[t],
                           r + 1 < study->runs ? '\t' : '\n');
    }
    output_close(&output);
}

// The verdict on training r, a trial, in a provenance; NULL when there is none.
static const char *trial_verdict(const struct provenance *provenance,
                                 const struct study *study, int r)
{
    char what[40];
    snprintf(what, sizeof what, "verdict %s", arithmetic_name(study->arithmetic[r]));
    return provenance_find(provenance, what);
}

static void draw(const struct study *study)
{
    char caption[2048];
    const struct run *run = &study->run;
    int length = snprintf(
        caption, sizeof caption,
        "Masked loss in training, running means of %d updates: bfloat16 products, fp32 "
        "sums and master weights (seed %" PRIu64 ") next to fp32 (seeds %" PRIu64
        " to %" PRIu64 "). Recipe %s %s on %s, its schedule shortened to %zu "
        "updates of %zu images. Grey: the band of the fp32 seeds; light: widened "
        "by one standard error. Right: minus the fp32 curve of seed %" PRIu64
        ", same batches and masks.",
        WINDOW, run->options.seed, run->options.seed, run->options.seed + SEEDS - 1,
        study->recipe.tier, study->recipe.run, run->options.data, study->updates,
        study->recipe.batch, run->options.seed);
    for (int r = SEEDS; r < study->runs; ++r)
        length += snprintf(caption + length, sizeof caption - (size_t)length, " %s.",
                           trial_verdict(&run->state->provenance, study, r));
    figure_draw(run, "arithmetic", "curves", caption, NULL);
}

// Prints the verdicts in the run's provenance, of this run or an earlier one.
static void print_verdicts(const struct study *study)
{
    char path[PATH_SIZE];
    struct provenance provenance;
    path_format(path, "%s/provenance.tsv", study->run.folder);
    provenance_read(&provenance, path);
    for (int r = SEEDS; r < study->runs; ++r) {
        const char *verdict = trial_verdict(&provenance, study, r);
        printf("%s\n", verdict ? verdict : "no verdict");
    }
    provenance_free(&provenance);
}

static void study_close(struct study *study)
{
    for (int r = 0; r < study->runs; ++r) {
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
    study_open(&study, argc, argv);
    struct run *run = &study.run;
    images_digest(study.images.digest, run->options.data, SPLIT_TRAIN);
    study_note(&study);
    if (run_fresh(run)) {
        figures_refresh(run);
        run_print(run);
    } else {
        figure_ready();
        const int lock = training_lock(study.folder);
        study_train(&study);
        study_judge(&study);
        write_curves(&study);
        draw(&study);
        run_close(run);
        study_close(&study);
        close(lock);
    }
    print_verdicts(&study);
    return EXIT_SUCCESS;
}
