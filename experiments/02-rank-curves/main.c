// target: figure2
// needs: m50-h3 m60-h3 m70-h3 m80-h3 m90-h3
// budget: smoke 10 s, desk 6 min
/// # Figure 2: rank-one components of original and reconstruction
///
/// **Claim.** The paper reads mask modelling as low-rank recovery (Sec. 6.1): the distance between
/// the $i$-th rank-one components of an image and of its reconstruction rises with $i$, and rises
/// more steeply the more is masked.
///
/// **Method.** Each model reconstructs the test images at the mask ratio it was trained with. An
/// image's hidden patches are a matrix $X = \sum_i s_i u_i v_i^\top$ of $N_0$ rows, their
/// reconstruction $Y = \sum_i t_i a_i b_i^\top$. The distance is $|s_i u_i v_i^\top - t_i a_i
/// b_i^\top|_F^2 / s_i^2$, for $i = 1..5$, summarised by the median over images and by the ratio of
/// sums, with 90 % bootstrap intervals. Each curve is drawn with that of a rival that has learned
/// nothing but the mean and covariance of the training images, the best linear predictor: a pattern
/// that it shows as well is no evidence of anything more.
#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/study/judgement.h"
#include "experiments/02-rank-curves/emit.h"

/// How many test images, always the first of the canonical order. The rival factorises a matrix of
/// up to 1536 x 1536 for each, so it sees fewer.
enum { IMAGES = 10000, RIVAL_IMAGES = 2000, SMOKE_IMAGES = 400, SMOKE_RIVAL = 50 };

/// ## Run
///
/// The learned curve over the test images, the rival's over the first of them, the same masks.
static void measure(struct arm *arm, struct study *study, size_t number,
                    const struct linear_predictor *predictor)
{
    const struct run_options *options = &study->run.options;
    const int is_smoke = options->tier == TIER_SMOKE;
    const struct evaluation evaluation =
        study_evaluation(study, number, is_smoke ? SMOKE_IMAGES : IMAGES);
    struct rank_samples *learned = &arm->samples[LEARNED],
                        *linear = &arm->samples[LINEAR];
    rank_samples_open(learned, evaluation.count, &study->arena);
    rank_samples_open(linear, is_smoke ? SMOKE_RIVAL : RIVAL_IMAGES, &study->arena);
    if (rank_samples_learned(learned, &evaluation) > 0 ||
        rank_samples_linear(linear, predictor, evaluation.images, arm->ratio,
                            options->seed, options->threads) > 0)
        die(EXIT_SYSTEM, "%s: a matrix decomposition did not converge (report this)",
            arm->name);
    for (int p = 0; p < PREDICTORS; ++p) {
        rank_curve_fit(&arm->curve[p], &arm->samples[p], BOOTSTRAP_RESAMPLES,
                       options->seed);
        arm->loss[p] = rank_loss(&arm->samples[p], linear->count, BOOTSTRAP_RESAMPLES,
                                 options->seed);
    }
    rank_curve_gap(arm->gap, linear, learned, BOOTSTRAP_RESAMPLES, options->seed);
}

/// ## Check
///
/// Distances rise with $i$ when every step of both curves does, at every mask ratio; the rival is
/// beaten when it is at every point.
static void judge_curves(struct study *study, const struct arm *arms)
{
    enum { STEPS = 2 * (COMPONENTS - 1), GAPS = 2 * COMPONENTS };
    struct estimate steps[ARMS * STEPS], gaps[ARMS * GAPS];
    for (size_t a = 0; a < ARMS; ++a) {
        memcpy(steps + a * STEPS, arms[a].curve[LEARNED].step,
               sizeof arms[a].curve[LEARNED].step);
        memcpy(gaps + a * GAPS, arms[a].gap, sizeof arms[a].gap);
    }
    study_judge(
        study, "figure2.distance-rises", steps, ARMS * STEPS, 0,
        "bootstrap over images of each step from i to i+1, median and ratio of sums",
        "given these weights; the least of %d steps", ARMS * STEPS);
    study_judge(
        study, "figure2.learned-beats-linear", gaps, ARMS * GAPS, 0,
        "paired bootstrap over images of each gap, linear minus learned, median "
        "and ratio of sums",
        "given these weights; the least of %d gaps", ARMS * GAPS);
}

/// The slope rises when it does from each mask ratio to the next.
static void judge_slopes(struct study *study, const struct arm *arms)
{
    struct estimate rises[ARMS - 1];
    double slopes[ARMS];
    for (size_t a = 0; a < ARMS; ++a) {
        slopes[a] = arms[a].curve[LEARNED].slope.value;
        if (a > 0)
            rises[a - 1] = rank_slope_rise(
                &arms[a - 1].samples[LEARNED], &arms[a].samples[LEARNED],
                BOOTSTRAP_RESAMPLES, study->run.options.seed);
    }
    study_judge(study, "figure2.slope-rises", rises, ARMS - 1, 1,
                "paired bootstrap over images of each rise of the slope",
                "one an arm; the least of %d rises of the medians' slope; exact p of "
                "their order %.2g",
                ARMS - 1, increase_p_value(slopes, ARMS));
}

/// The literal mean is refuted by one component that vanishes.
static void judge_mean(struct study *study, const struct arm *arms)
{
    struct estimate mean = {0, NAN, NAN, arms->curve[LEARNED].count};
    // A mean this many times its median summarises nothing.
    const double breakdown = 1e3;
    double excess = 0;
    for (size_t a = 0; a < ARMS; ++a) {
        const struct rank_curve *curve = &arms[a].curve[LEARNED];
        const double literal = curve->line[RANK_MEAN_2X2][COMPONENTS - 1].value,
                     typical = curve->line[RANK_MEDIAN_2X2][COMPONENTS - 1].value;
        excess = fmax(excess, literal / typical);
        mean.value = fmax(mean.value, literal);
    }
    study_verdict(
        study, "figure2.literal-mean",
        excess > breakdown ? VERDICT_REFUTED : VERDICT_REPRODUCED, mean,
        "counter-example: mean distance of the fifth component, hidden pixels as 2x2 "
        "patches",
        "a grey image has no fifth component there, and the mean divides by it");
}

static void run(struct study *study)
{
    struct arm *arms = arena_take(&study->arena, ARMS, sizeof *arms);
    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &study->images[SPLIT_TRAIN],
                         study->recipe[0].shape.patch, study->run.options.threads,
                         &study->arena);
    for (size_t a = 0; a < ARMS; ++a) {
        arms[a].name = study->recipe[a].run;
        arms[a].ratio = study->recipe[a].mask_ratio;
        measure(&arms[a], study, a, &predictor);
    }
    judge_curves(study, arms);
    judge_slopes(study, arms);
    judge_mean(study, arms);
    /// ## Emit
    /// Tables, the figure with the numbers it draws, and on demand every image's distances: emit.c.
    emit_curves(&study->run, arms);
    emit_figure2(study, arms);
    if (study->run.options.export_arrays) export_distances(study, arms);
}

int main(int argc, char **argv)
{
    static const struct experiment rank_curves = {
        .name = "02-rank-curves",
        .models = {"m50-h3", "m60-h3", "m70-h3", "m80-h3", "m90-h3"},
        .splits = 1u << SPLIT_TEST | 1u << SPLIT_TRAIN,
        .run = run};
    return experiment_main(&rank_curves, argc, argv);
}
