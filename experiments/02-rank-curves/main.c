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

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/report/record.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/study/inputs.h"
#include "core/study/judgement.h"
#include "experiments/02-rank-curves/emit.h"

enum { RESAMPLES = BOOTSTRAP_RESAMPLES };

/// How many test images, always the first of the canonical order. The rival factorises a matrix of up
/// to 1536 x 1536 for each, hence sees fewer.
static const struct settings {
    size_t images, rival_images;
} smoke = {400, 50}, full = {10000, 2000};

/// A mean this many times its median summarises nothing.
static const double BREAKDOWN = 1e3;

/// ## Run

/// Finds the pretrainings and notes all that the result depends on.
static void open_arms(struct arm *arms, struct run *run)
{
    for (struct arm *arm = arms; arm < arms + ARMS; ++arm)
        arm->ratio = input_needed(&arm->model, run, arm->name).mask_ratio;
    input_images(run, SPLIT_TEST);
    input_images(run, SPLIT_TRAIN);
    input_kernels(run);
}

/// The learned curve over the test images, the rival's over the first of them, the same masks.
static void measure(struct arm *arm, const struct run *run, const struct images *test,
                    const struct linear_predictor *predictor, struct arena *arena)
{
    const struct settings *settings = run->options.tier == TIER_SMOKE ? &smoke : &full;
    size_t count = settings->images < test->count ? settings->images : test->count;
    struct evaluation evaluation = {.mae = &arm->model.mae,
                                    .weights = arm->model.slab,
                                    .images = test,
                                    .count = count,
                                    .mask_ratio = arm->ratio,
                                    .seed = run->options.seed,
                                    .threads = run->options.threads};
    rank_samples_open(&arm->learned, count, arena);
    rank_samples_open(&arm->linear, settings->rival_images, arena);
    if (rank_samples_learned(&arm->learned, &evaluation) > 0 ||
        rank_samples_linear(&arm->linear, predictor, test, arm->ratio,
                            run->options.seed, run->options.threads) > 0)
        die(EXIT_SYSTEM, "%s: a matrix decomposition did not converge (report this)",
            arm->name);
    rank_curve_fit(&arm->curve, &arm->learned, RESAMPLES, run->options.seed);
    rank_curve_fit(&arm->linear_curve, &arm->linear, RESAMPLES, run->options.seed);
    rank_curve_gap(arm->gap, &arm->linear, &arm->learned, RESAMPLES, run->options.seed);
    size_t same = arm->linear.count;
    arm->loss = rank_loss(&arm->learned, same, RESAMPLES, run->options.seed);
    arm->linear_loss = rank_loss(&arm->linear, same, RESAMPLES, run->options.seed);
}

/// ## Check

/// Distances rise with $i$ when every step of both curves does, at every mask ratio; the slope rises
/// when it does from each mask ratio to the next; the rival is beaten when it is at every point. The
/// literal mean is refuted by one component that vanishes.
static void check(struct run *run, const struct arm *arms)
{
    struct estimate steps[ARMS * 2 * (COMPONENTS - 1)], rises[ARMS - 1],
        gaps[ARMS * 2 * COMPONENTS];
    struct estimate *step = steps, *gap = gaps,
                    mean = {0, NAN, NAN, arms[0].learned.count};
    double slopes[ARMS], excess = 0;
    for (size_t a = 0; a < ARMS; ++a) {
        const struct arm *arm = &arms[a];
        for (size_t i = 0; i + 1 < COMPONENTS; ++i)
            for (size_t line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
                *step++ = arm->curve.step[line][i];
        for (size_t i = 0; i < 2 * COMPONENTS; ++i)
            *gap++ = arm->gap[i / COMPONENTS][i % COMPONENTS];
        slopes[a] = arm->curve.slope.value;
        if (a > 0)
            rises[a - 1] = rank_slope_rise(&arms[a - 1].learned, &arm->learned,
                                           RESAMPLES, run->options.seed);
        double literal = arm->curve.line[RANK_MEAN_2X2][COMPONENTS - 1].value;
        double typical = arm->curve.line[RANK_MEDIAN_2X2][COMPONENTS - 1].value;
        excess = fmax(excess, literal / typical);
        mean.value = fmax(mean.value, literal);
    }
    char scale[SCALE_TEXT], note[3][256];
    describe_scale(scale, arms);
    snprintf(note[0], sizeof note[0], "%s; given these weights; the least of 40 steps",
             scale);
    snprintf(note[1], sizeof note[1],
             "%s, one an arm; the least of 4 rises of the medians' slope; exact p of "
             "their order %.2g",
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
    images_load(&test, run.options.data, SPLIT_TEST);
    images_load(&train, run.options.data, SPLIT_TRAIN);
    arena_open(&arena, "figure 2",
               linear_predictor_bytes(patch) +
                   2 * ARMS * rank_samples_bytes(test.count));
    linear_predictor_fit(&predictor, &train, patch, run.options.threads, &arena);
    for (size_t a = 0; a < ARMS; ++a)
        measure(&arms[a], &run, &test, &predictor, &arena);

    check(&run, arms);
    /// ## Emit
    /// Tables, the figure with the numbers it draws, and on demand every image's distances: emit.c.
    emit_tables(&run, arms);
    emit_figure(&run, arms);
    if (run.options.export_arrays) export_arrays(&run, arms);

    arena_close(&arena);
    images_free(&train);
    images_free(&test);
    for (size_t a = 0; a < ARMS; ++a) weights_close(&arms[a].model);
    return run_close(&run);
}
