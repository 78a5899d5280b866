// target: figure2
// needs: m50-h3 m60-h3 m70-h3 m80-h3 m90-h3
// budget: smoke 10 s, desk 6 min
/// # Figure 2: rank-one components of original and reconstruction
///
/// **Claim.** The paper reads mask modelling as low-rank recovery (Sec. 6.1): the distance between the
/// $i$-th rank-one components of an image and of its reconstruction rises with $i$, and rises more steeply
/// the more is masked.
///
/// **Method.** Each model is shown the test images at the mask ratio it was trained with. An image's hidden
/// patches are a matrix $X = \sum_i s_i u_i v_i^\top$ of $N_0$ rows, their reconstruction
/// $Y = \sum_i t_i a_i b_i^\top$. The distance is $|s_i u_i v_i^\top - t_i a_i b_i^\top|_F^2 / s_i^2$, for
/// $i = 1..5$, summarised by the median over images and by the ratio of sums, with 90 % bootstrap intervals.
/// Beside each curve stands a rival that has learned nothing but the mean and covariance of the training
/// images, the best linear predictor: what it shows too is no evidence for more.
#include <math.h>
#include <stdio.h>

#include "core/analysis/rank_curves.h"
#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/model/weights.h"
#include "core/report/claims.h"
#include "core/report/figure.h"
#include "core/report/need.h"
#include "core/report/run.h"
#include "core/report/table.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"

enum {
    ARMS = 5,
    RESAMPLES = 2000,
    RIVAL_IMAGES =
        2000 ///< the first of the canonical order; a factorisation an image is costly
};

/// A mean this many times its median summarises nothing.
static const double MEAN_BREAKDOWN = 1e3;

/// One pretraining, at its own mask ratio, and its rival.
struct arm {
    const char *name;
    double ratio;
    struct weights model;
    struct rank_samples learned, linear;
    struct rank_curve curve, linear_curve;
    struct interval gap[COMPONENTS]; ///< linear minus learned, same images
    struct interval loss[2];         ///< masked loss, learned and linear, same images
};

/// ## Run

/// An arm is a finished pretraining, found by name.
static void arm_open(struct arm *arm, struct run *run)
{
    char path[PATH_SIZE], what[64];
    run_need_weights(path, run, arm->name);
    weights_open(&arm->model, path, NULL, 0);
    snprintf(what, sizeof what, "weights %s", arm->name);
    run_note(run, what, arm->model.file.digest, 1);
}

/// What else the result depends on.
static void note_data(struct run *run)
{
    char digest[HASH_HEX];
    images_digest(digest, run->data, SPLIT_TEST);
    run_note(run, "test data digest", digest, 1);
    images_digest(digest, run->data, SPLIT_TRAIN);
    run_note(run, "training data digest", digest, 1);
    run_note(run, "core type", coretype_name(), 1);
}

/// The learned curve over every test image, the rival's over the first ones, the same masks.
static void arm_measure(struct arm *arm, const struct run *run,
                        const struct images *test,
                        const struct linear_predictor *predictor, struct arena *arena)
{
    struct evaluation evaluation = {.mae = &arm->model.mae,
                                    .weights = arm->model.slab,
                                    .images = test,
                                    .count = test->count,
                                    .mask_ratio = arm->ratio,
                                    .seed = run->seed,
                                    .threads = run->threads};
    rank_samples_open(&arm->learned, test->count, arena);
    rank_samples_open(&arm->linear,
                      test->count < RIVAL_IMAGES ? test->count : RIVAL_IMAGES, arena);
    if (rank_samples_learned(&arm->learned, &evaluation) > 0 ||
        rank_samples_linear(&arm->linear, predictor, test, arm->ratio, run->seed,
                            run->threads) > 0)
        die(EXIT_SYSTEM, "%s: a matrix decomposition did not converge (report this)",
            arm->name);
    rank_curve_fit(&arm->curve, &arm->learned, RESAMPLES, run->seed);
    rank_curve_fit(&arm->linear_curve, &arm->linear, RESAMPLES, run->seed);
    rank_curve_gap(arm->gap, &arm->linear, &arm->learned, RESAMPLES, run->seed);
    size_t same = arm->linear.count;
    arm->loss[0] = rank_loss(&arm->learned, same, RESAMPLES, run->seed);
    arm->loss[1] = rank_loss(&arm->linear, same, RESAMPLES, run->seed);
}

/// ## Check

static struct part part_of(struct interval d, size_t n)
{
    return (struct part){d.estimate, d.low, d.high, n};
}

/// Distances rise with i when every step of both curves does, at every mask ratio; the slope rises
/// when it does from each mask ratio to the next; the rival is beaten when it is at every point.
static void check(struct run *run, const struct arm *arms)
{
    struct part rises[ARMS * (COMPONENTS - 1) * 2], slopes[ARMS - 1];
    struct part gaps[ARMS * COMPONENTS], *rise = rises, *gap = gaps;
    double slope[ARMS];
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        for (size_t i = 0; i + 1 < COMPONENTS; ++i) {
            *rise++ = part_of(arm->curve.median_step[i], arm->learned.count);
            *rise++ = part_of(arm->curve.ratio_step[i], arm->learned.count);
        }
        for (size_t i = 0; i < COMPONENTS; ++i)
            *gap++ = part_of(arm->gap[i], arm->linear.count);
        slope[arm - arms] = arm->curve.slope.estimate;
    }
    for (size_t a = 0; a + 1 < ARMS; ++a)
        slopes[a] = part_of(rank_slope_rise(&arms[a].learned, &arms[a + 1].learned,
                                            RESAMPLES, run->seed),
                            arms[a].learned.count);
    run_judge(run, "figure2.distance-rises", rises, sizeof rises / sizeof *rises, 0,
              "paired bootstrap over images of each step from i to i+1",
              "40 steps: 5 mask ratios, 4 steps, median and ratio of sums; given these "
              "weights");
    char note[128];
    snprintf(note, sizeof note,
             "4 rises from one mask ratio to the next, exact p of the order %.2g; one "
             "pretraining an arm",
             increase_p_value(slope, ARMS));
    run_judge(run, "figure2.slope-rises", slopes, ARMS - 1, 1,
              "paired bootstrap over images of each rise of the slope", note);
    run_judge(run, "figure2.learned-beats-linear", gaps, sizeof gaps / sizeof *gaps, 0,
              "paired bootstrap over images of the ratio of sums, linear minus learned",
              "25 gaps: 5 mask ratios, 5 components; given these weights");
}

/// One image whose component vanishes is enough to make the paper's literal mean meaningless.
static void check_mean(struct run *run, const struct arm *arms)
{
    struct part worst = {NAN, NAN, NAN, arms[0].curve.count};
    double excess = 0;
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        double literal = arm->curve.quarters_mean[COMPONENTS - 1].estimate;
        double typical = arm->curve.median[COMPONENTS - 1].estimate;
        if (literal / typical <= excess) continue;
        excess = literal / typical;
        worst.estimate = literal;
    }
    run_verdict(
        run, "figure2.literal-mean",
        excess > MEAN_BREAKDOWN ? VERDICT_REFUTED : VERDICT_REPRODUCED, &worst,
        "counter-example: mean distance of the fifth component, hidden pixels as "
        "2x2 patches (4 N0 x 12)",
        "a grey image has no fifth component there, and the mean divides by it");
}

/// ## Emit

/// Everything that was measured, under its name, and the small table of the other choices.
static void emit_numbers(struct run *run, const struct arm *arms)
{
    static const char *const head[] = {
        "mask", "|D_i|^2 / s_i^2", "i = 1", "2", "3", "4", "5"};
    struct table table;
    table_open(&table, 2 + COMPONENTS, head);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        const struct {
            const char *key, *label;
            const struct rank_curve *curve;
            const struct interval *d;
        } rows[] = {
            {"median", "median", &arm->curve, arm->curve.median},
            {"ratio", "ratio of sums", &arm->curve, arm->curve.ratio},
            {"linear-median", "linear, median", &arm->linear_curve,
             arm->linear_curve.median},
            {"linear-ratio", "linear, ratio of sums", &arm->linear_curve,
             arm->linear_curve.ratio},
            {"spectral", "spectral norm, median", &arm->curve,
             arm->curve.spectral_median},
            {"whole", "whole image, median", &arm->curve, arm->curve.whole_median},
            {"mean", "literal mean", &arm->curve, arm->curve.mean},
            {"mean-2x2", "literal mean, 2x2 patches", &arm->curve,
             arm->curve.quarters_mean},
        };
        for (size_t r = 0; r < sizeof rows / sizeof *rows; ++r) {
            char cells[2 + COMPONENTS][NUMBER_TEXT], key[64];
            const char *row[2 + COMPONENTS];
            for (size_t c = 0; c < 2 + COMPONENTS; ++c) row[c] = cells[c];
            snprintf(cells[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
            snprintf(cells[1], NUMBER_TEXT, "%s", rows[r].label);
            for (size_t i = 0; i < COMPONENTS; ++i) {
                struct interval d = rows[r].d[i];
                snprintf(key, sizeof key, "%s.%s.d%zu", arm->name, rows[r].key, i + 1);
                run_result(run, key, d.estimate, d.low, d.high, rows[r].curve->count,
                           "1");
                number_text(cells[2 + i], d.estimate);
            }
            table_row(&table, row);
        }
    }
    table_print(&table, stdout);
    table_close(&table);
}

/// The masked loss beside the best linear predictor's, on the rival's images.
static void emit_losses(struct run *run, const struct arm *arms)
{
    static const char *const head[] = {"mask", "masked loss", "best linear predictor",
                                       "images"};
    struct table table;
    table_open(&table, 4, head);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        char cells[4][NUMBER_TEXT], key[64];
        for (size_t c = 0; c < 2; ++c) {
            struct interval d = arm->loss[c];
            snprintf(key, sizeof key, "%s.%s", arm->name, c ? "linear-loss" : "loss");
            run_result(run, key, d.estimate, d.low, d.high, arm->linear.count,
                       "squared, [-1,1]");
            interval_text(cells[1 + c], d.estimate, d.low, d.high);
        }
        snprintf(key, sizeof key, "%s.slope", arm->name);
        run_result(run, key, arm->curve.slope.estimate, arm->curve.slope.low,
                   arm->curve.slope.high, arm->curve.count, "1 a component");
        snprintf(cells[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        snprintf(cells[3], NUMBER_TEXT, "%zu", arm->linear.count);
        table_row(&table,
                  (const char *const[]){cells[0], cells[1], cells[2], cells[3]});
    }
    table_print(&table, stdout);
    table_close(&table);
}

/// The figure, from the table that is kept beside it; the caption's scale is the weights' own.
static void emit_figure(const struct run *run, const struct arm *arms)
{
    char path[PATH_SIZE], caption[512];
    run_path(path, run, "figure2.tsv");
    struct output output;
    output_open(&output, path);
    fputs("mask_ratio\tcomponent\tmedian\tmedian_low\tmedian_high\tratio\tratio_"
          "low\tratio_high\t"
          "linear_median\tlinear_ratio\n",
          output.file);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            struct interval d = arm->curve.median[i], q = arm->curve.ratio[i];
            const double row[] = {arm->ratio,
                                  (double)(i + 1),
                                  d.estimate,
                                  d.low,
                                  d.high,
                                  q.estimate,
                                  q.low,
                                  q.high,
                                  arm->linear_curve.median[i].estimate,
                                  arm->linear_curve.ratio[i].estimate};
            for (size_t c = 0; c < 10; ++c)
                tsv_put_number(output.file, row[c], c < 9 ? '\t' : '\n');
        }
    output_close(&output);
    const struct safetensors *file = &arms[0].model.file;
    snprintf(caption, sizeof caption,
             "%s, %zu test images; pretraining: %s epochs, %s updates a model; linear: "
             "first "
             "%zu images; bars: 90 %% bootstrap intervals",
             run->data, arms[0].curve.count, safetensors_metadata(file, "epochs"),
             safetensors_metadata(file, "updates"), arms[0].linear.count);
    figure_draw(run, "figure2", "figure2", caption, NULL);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    run_open(&run, "02-rank-curves", code_key, argc, argv);
    struct arm arms[ARMS] = {{.name = "m50-h3", .ratio = .5},
                             {.name = "m60-h3", .ratio = .6},
                             {.name = "m70-h3", .ratio = .7},
                             {.name = "m80-h3", .ratio = .8},
                             {.name = "m90-h3", .ratio = .9}};
    for (size_t a = 0; a < ARMS; ++a) arm_open(&arms[a], &run);
    note_data(&run);
    if (run_fresh(&run)) return run_print(&run);

    struct images test, train;
    images_load(&test, run.data, SPLIT_TEST);
    images_load(&train, run.data, SPLIT_TRAIN);
    int patch = arms[0].model.mae.shape.patch;
    struct arena arena;
    arena_open(&arena, "figure 2",
               linear_predictor_bytes(patch) +
                   3 * ARMS * rank_samples_bytes(test.count));
    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &train, patch, run.threads, &arena);
    for (size_t a = 0; a < ARMS; ++a)
        arm_measure(&arms[a], &run, &test, &predictor, &arena);

    check(&run, arms);
    check_mean(&run, arms);
    emit_numbers(&run, arms);
    emit_losses(&run, arms);
    emit_figure(&run, arms);

    arena_close(&arena);
    images_free(&train);
    images_free(&test);
    for (size_t a = 0; a < ARMS; ++a) weights_close(&arms[a].model);
    return run_close(&run);
}
