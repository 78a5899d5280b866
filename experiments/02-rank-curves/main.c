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
#include "core/base/npy.h"
#include "core/linalg/coretype.h"
#include "core/report/claims.h"
#include "core/report/figure.h"
#include "core/report/need.h"
#include "core/report/run.h"
#include "core/report/table.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/train/pretrained.h"

enum { ARMS = 5, RESAMPLES = BOOTSTRAP_RESAMPLES };

/// How many test images, always the first of the canonical order. The rival factorises a matrix of up
/// to 1536 x 1536 for each, hence sees fewer.
static const struct settings {
    size_t images, rival_images;
} smoke = {400, 50}, full = {10000, 2000};

/// A mean this many times its median summarises nothing.
static const double BREAKDOWN = 1e3;

/// One pretraining, at its own mask ratio, and its rival.
struct arm {
    const char *name;
    double ratio;
    struct weights model;
    struct rank_samples learned, linear;
    struct rank_curve curve, linear_curve;
    struct interval gap[2][COMPONENTS]; ///< linear minus learned, same images
    struct interval loss, linear_loss;  ///< masked loss, same images
};

/// ## Run

/// Finds the pretrainings and notes all that the result depends on.
static void open_arms(struct arm *arms, struct run *run)
{
    char path[PATH_SIZE], what[64], digest[HASH_HEX];
    for (struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        run_need_weights(path, run, arm->name);
        struct recipe recipe = recipe_find(run->tier_name, arm->name);
        arm->ratio = recipe.mask_ratio;
        pretrained_open(&arm->model, path, &recipe, run->data);
        snprintf(what, sizeof what, "weights %s", arm->name);
        run_note(run, what, arm->model.file.digest, 1);
    }
    images_digest(digest, run->data, SPLIT_TEST);
    run_note(run, "test data digest", digest, 1);
    images_digest(digest, run->data, SPLIT_TRAIN);
    run_note(run, "training data digest", digest, 1);
    run_note(run, "core type", coretype_name(), 1);
    run_note(run, "linear algebra", coretype_library(), 1);
}

/// The learned curve over the test images, the rival's over the first of them, the same masks.
static void measure(struct arm *arm, const struct run *run, const struct images *test,
                    const struct linear_predictor *predictor, struct arena *arena)
{
    const struct settings *settings = run->tier == TIER_SMOKE ? &smoke : &full;
    struct evaluation evaluation = {.mae = &arm->model.mae,
                                    .weights = arm->model.slab,
                                    .images = test,
                                    .count = settings->images,
                                    .mask_ratio = arm->ratio,
                                    .seed = run->seed,
                                    .threads = run->threads};
    rank_samples_open(&arm->learned, settings->images, arena);
    rank_samples_open(&arm->linear, settings->rival_images, arena);
    if (rank_samples_learned(&arm->learned, &evaluation) > 0 ||
        rank_samples_linear(&arm->linear, predictor, test, arm->ratio, run->seed,
                            run->threads) > 0)
        die(EXIT_SYSTEM, "%s: a matrix decomposition did not converge (report this)",
            arm->name);
    rank_curve_fit(&arm->curve, &arm->learned, RESAMPLES, run->seed);
    rank_curve_fit(&arm->linear_curve, &arm->linear, RESAMPLES, run->seed);
    rank_curve_gap(arm->gap, &arm->linear, &arm->learned, RESAMPLES, run->seed);
    size_t same = arm->linear.count;
    arm->loss = rank_loss(&arm->learned, same, RESAMPLES, run->seed);
    arm->linear_loss = rank_loss(&arm->linear, same, RESAMPLES, run->seed);
}

/// ## Check

static struct part part(struct interval d, size_t n)
{
    return (struct part){d.estimate, d.low, d.high, n};
}

/// How much training stands behind the numbers, in the weights' own words; the least and the most where
/// the arms differ.
static void describe_scale(char scale[128], const struct arm *arms)
{
    double epochs[2] = {INFINITY, 0}, updates[2] = {INFINITY, 0};
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        double e = pretrained_number(&arm->model, "epochs");
        double u = pretrained_number(&arm->model, "updates");
        epochs[0] = fmin(epochs[0], e), epochs[1] = fmax(epochs[1], e);
        updates[0] = fmin(updates[0], u), updates[1] = fmax(updates[1], u);
    }
    if (updates[0] < updates[1])
        snprintf(scale, 128, "models trained for %g to %g epochs, %.0f to %.0f updates",
                 epochs[0], epochs[1], updates[0], updates[1]);
    else
        snprintf(scale, 128, "models trained for %g epoch%s, %.0f updates", epochs[0],
                 epochs[0] == 1 ? "" : "s", updates[0]);
}

/// Distances rise with $i$ when every step of both curves does, at every mask ratio; the slope rises
/// when it does from each mask ratio to the next; the rival is beaten when it is at every point. The
/// literal mean is refuted by one component that vanishes.
static void check(struct run *run, const struct arm *arms)
{
    struct part steps[ARMS * 2 * (COMPONENTS - 1)], rises[ARMS - 1],
        gaps[ARMS * 2 * COMPONENTS];
    struct part *step = steps, *gap = gaps, mean = {0, NAN, NAN, arms[0].learned.count};
    double slopes[ARMS], excess = 0;
    for (size_t a = 0; a < ARMS; ++a) {
        const struct arm *arm = &arms[a];
        for (size_t i = 0; i + 1 < COMPONENTS; ++i)
            for (size_t line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
                *step++ = part(arm->curve.step[line][i], arm->learned.count);
        for (size_t i = 0; i < 2 * COMPONENTS; ++i)
            *gap++ = part(arm->gap[i / COMPONENTS][i % COMPONENTS], arm->linear.count);
        slopes[a] = arm->curve.slope.estimate;
        if (a > 0)
            rises[a - 1] = part(rank_slope_rise(&arms[a - 1].learned, &arm->learned,
                                                RESAMPLES, run->seed),
                                arm->learned.count);
        double literal = arm->curve.line[RANK_MEAN_2X2][COMPONENTS - 1].estimate;
        double typical = arm->curve.line[RANK_MEDIAN_2X2][COMPONENTS - 1].estimate;
        excess = fmax(excess, literal / typical);
        mean.estimate = fmax(mean.estimate, literal);
    }
    char scale[128], note[3][256];
    describe_scale(scale, arms);
    snprintf(note[0], sizeof note[0], "%s; given these weights; the least of 40 steps",
             scale);
    snprintf(note[1], sizeof note[1],
             "%s, one an arm; the least of 4 rises of the medians' slope; exact p of "
             "the slopes' "
             "order %.2g",
             scale, increase_p_value(slopes, ARMS));
    snprintf(note[2], sizeof note[2], "%s; given these weights; the least of 50 gaps",
             scale);
    run_judge(
        run, "figure2.distance-rises", steps, ARMS * 2 * (COMPONENTS - 1), 0,
        "bootstrap over images of each step from i to i+1, median and ratio of sums",
        note[0]);
    run_judge(run, "figure2.slope-rises", rises, ARMS - 1, 1,
              "paired bootstrap over images of each rise of the slope", note[1]);
    run_judge(run, "figure2.learned-beats-linear", gaps, ARMS * 2 * COMPONENTS, 0,
              "paired bootstrap over images of each gap, linear minus learned, median "
              "and ratio of sums",
              note[2]);
    run_verdict(
        run, "figure2.literal-mean",
        excess > BREAKDOWN ? VERDICT_REFUTED : VERDICT_REPRODUCED, &mean,
        "counter-example: mean distance of the fifth component, hidden pixels as 2x2 "
        "patches",
        "a grey image has no fifth component there, and the mean divides by it");
}

/// ## Emit

/// Writes an estimate to the results and, as text, to a cell of a table.
static void emit(struct run *run, char cell[NUMBER_TEXT], const struct arm *arm,
                 const char *key, struct interval d, size_t n)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", arm->name, key);
    run_result(run, name, d.estimate, d.low, d.high, n, "1");
    interval_text(cell, d.estimate, d.low, d.high);
}

/// Prints a table and keeps it as Markdown beside the figure.
static void emit_table(const struct run *run, const char *file, const char *about,
                       const struct table *table)
{
    char path[PATH_SIZE];
    struct output output;
    run_path(path, run, file);
    output_open(&output, path);
    fprintf(output.file, "%s%s", about, *about ? "\n\n" : "");
    table_markdown(table, output.file);
    output_close(&output);
    printf("%s\n", about);
    table_print(table, stdout);
}

/// One line of one arm: a row of the table, and a result for each component.
static void emit_line(struct run *run, struct table *table, const struct arm *arm,
                      int rival, enum rank_line line)
{
    const struct rank_curve *curve = rival ? &arm->linear_curve : &arm->curve;
    char cell[2 + COMPONENTS][NUMBER_TEXT], key[64];
    const char *row[2 + COMPONENTS];
    snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
    snprintf(cell[1], NUMBER_TEXT, "%s%s", rival ? "linear, " : "",
             rank_line_label[line]);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        snprintf(key, sizeof key, "%s%s.d%zu", rival ? "linear-" : "",
                 rank_line_key[line], i + 1);
        emit(run, cell[2 + i], arm, key, curve->line[line][i], curve->count);
        number_text(cell[2 + i], curve->line[line][i].estimate);
    }
    for (size_t c = 0; c < 2 + COMPONENTS; ++c) row[c] = cell[c];
    table_row(table, row);
}

/// Every line of every arm, and the masked losses side by side.
static void emit_tables(struct run *run, const struct arm *arms)
{
    struct table lines, losses;
    table_open(
        &lines, 7,
        (const char *const[]){"mask", "|D_i|^2 / s_i^2", "i = 1", "2", "3", "4", "5"});
    table_open(&losses, 4,
               (const char *const[]){"mask", "masked loss", "best linear predictor",
                                     "slope over i"});
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        for (int line = 0; line < RANK_LINES; ++line)
            emit_line(run, &lines, arm, 0, line);
        for (int line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
            emit_line(run, &lines, arm, 1, line);
        char cell[4][NUMBER_TEXT];
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        emit(run, cell[1], arm, "loss", arm->loss, arm->linear.count);
        emit(run, cell[2], arm, "linear-loss", arm->linear_loss, arm->linear.count);
        emit(run, cell[3], arm, "slope", arm->curve.slope, arm->curve.count);
        table_row(&losses, (const char *const[]){cell[0], cell[1], cell[2], cell[3]});
    }
    emit_table(run, "curves.md", "", &lines);
    char about[128];
    snprintf(about, sizeof about,
             "Masked loss, squared in [-1,1], first %zu test images; slopes over %zu "
             "images.",
             arms[0].linear.count, arms[0].curve.count);
    emit_table(run, "losses.md", about, &losses);
    table_close(&lines);
    table_close(&losses);
}

/// The figure, drawn from the table that is kept beside it. Its caption's scale is the weights' own.
static void emit_figure(const struct run *run, const struct arm *arms)
{
    char path[PATH_SIZE], scale[128], caption[512];
    struct output output;
    run_path(path, run, "figure2.tsv");
    output_open(&output, path);
    fputs("mask_ratio\tcomponent\tmedian\tmedian_low\tmedian_high\tratio\tratio_"
          "low\tratio_high\t"
          "linear_median\tlinear_ratio\n",
          output.file);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            struct interval d = arm->curve.line[RANK_MEDIAN][i],
                            q = arm->curve.line[RANK_RATIO][i];
            const double row[] = {arm->ratio,
                                  (double)(i + 1),
                                  d.estimate,
                                  d.low,
                                  d.high,
                                  q.estimate,
                                  q.low,
                                  q.high,
                                  arm->linear_curve.line[RANK_MEDIAN][i].estimate,
                                  arm->linear_curve.line[RANK_RATIO][i].estimate};
            for (size_t c = 0; c < 10; ++c)
                tsv_put_number(output.file, row[c], c < 9 ? '\t' : '\n');
        }
    output_close(&output);
    describe_scale(scale, arms);
    snprintf(caption, sizeof caption,
             "%s, %zu test images; %s; linear predictor: first %zu images; bars: 90 %% "
             "bootstrap intervals over images",
             run->data, arms[0].curve.count, scale, arms[0].linear.count);
    figure_draw(run, "figure2", "figure2", caption, NULL);
}

/// With EXPORT=1 the distances of every image, (images, 5), from which anyone can redraw the figure.
static void export_arrays(const struct run *run, const struct arm *arms)
{
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t rival = 0; rival < 2; ++rival) {
            const struct rank_samples *samples = rival ? &arm->linear : &arm->learned;
            char file[64], path[PATH_SIZE];
            snprintf(file, sizeof file, "export/%s%s.npy", arm->name,
                     rival ? "-linear" : "");
            run_path(path, run, file);
            struct arena arena;
            size_t shape[] = {samples->count, COMPONENTS},
                   count = shape[0] * COMPONENTS;
            arena_open(&arena, "export", count * sizeof(double) + 4096);
            double *rows = arena_doubles(&arena, count);
            for (size_t n = 0; n < samples->count; ++n)
                for (size_t i = 0; i < COMPONENTS; ++i)
                    rows[n * COMPONENTS + i] = samples->relative[GROUPING_HIDDEN][i][n];
            npy_write(path, NPY_F8, 2, shape, rows);
            arena_close(&arena);
        }
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    run_open(&run, "02-rank-curves", code_key, argc, argv);
    struct arm arms[ARMS] = {{.name = "m50-h3"},
                             {.name = "m60-h3"},
                             {.name = "m70-h3"},
                             {.name = "m80-h3"},
                             {.name = "m90-h3"}};
    open_arms(arms, &run);
    if (run_fresh(&run)) return run_print(&run);

    struct images test, train;
    struct linear_predictor predictor;
    struct arena arena;
    int patch = arms[0].model.mae.shape.patch;
    images_load(&test, run.data, SPLIT_TEST);
    images_load(&train, run.data, SPLIT_TRAIN);
    arena_open(&arena, "figure 2",
               linear_predictor_bytes(patch) +
                   2 * ARMS * rank_samples_bytes(test.count));
    linear_predictor_fit(&predictor, &train, patch, run.threads, &arena);
    for (size_t a = 0; a < ARMS; ++a)
        measure(&arms[a], &run, &test, &predictor, &arena);

    check(&run, arms);
    emit_tables(&run, arms);
    emit_figure(&run, arms);
    if (run.export_arrays) export_arrays(&run, arms);

    arena_close(&arena);
    images_free(&train);
    images_free(&test);
    for (size_t a = 0; a < ARMS; ++a) weights_close(&arms[a].model);
    return run_close(&run);
}
