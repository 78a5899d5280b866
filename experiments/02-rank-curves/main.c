// target: figure2
// needs: m50-h3 m60-h3 m70-h3 m80-h3 m90-h3
// budget: smoke 30 s, desk 9 min
/// # Figure 2: rank-one components of original and reconstruction
///
/// **Claim.** The paper reads mask modelling as low-rank recovery (Sec. 6.1): the distance between
/// the $i$-th rank-one components of an image and of its reconstruction rises with $i$, *therefore*
/// the reconstruction is of low rank; and it rises more steeply the more is masked, *therefore*
/// there are fewer clusters.
///
/// **Method.** Each model reconstructs the test images at the mask ratio it was trained with. An
/// image's hidden patches are a matrix $X = \sum_i s_i u_i v_i^\top$ of $N_0$ rows, their
/// reconstruction $Y = \sum_i t_i a_i b_i^\top$. The distance is $|s_i u_i v_i^\top - t_i a_i
/// b_i^\top|_F^2 / s_i^2$, for $i = 1..5$, summarised by the median over images and by the ratio of
/// sums, with 90 % bootstrap intervals. The printed norm has the subscript 2; the spectral norm of
/// the same differences is drawn next to it. Each curve is drawn with that of a rival that has
/// learned nothing but the mean and covariance of the training images, the best linear predictor: a
/// pattern that it shows as well is no evidence of anything more.
///
/// **Which matrix.** `figure2.slope-rises` judges the hidden patches as the model sees them,
/// $X_0$ of Sec. 3.1: 12 columns at the paper's patch side 2, 48 at side 4. A distance saturates
/// at $1 + t_i^2/s_i^2$ where components are unrelated, between 1 and 2 for $t_i \le s_i$, so
/// that the slope of 48 columns may fall where that of 12 rises, for a linear predictor too. So
/// the same hidden pixels, as patches of side 2, are judged by a claim of their own, and the
/// linear predictor is measured at both sides. Sec. 6.1 says "the original image", which is more
/// than its symbol $X_0$: all patches, the visible ones as they were, are a third claim.
///
/// **What does not follow.** If $Y = X + tI$ for $X = \mathrm{diag}(16, 8, 4, 2, 1, 0)$, component
/// $i$ is at distance $t^2/s_i^2$, which rises with $i$, and more steeply the larger $t$ is; yet
/// $Y$ has full rank, and an effective rank that exceeds that of $X$ and grows with $t$. Rising
/// distances show that leading components are closer, not that others are absent. Images with noise
/// on them show the same (noise.md).
///
/// ## Result
///
/// @figure figure2
///
/// The norm can decide: at 90 % masked the median goes from @{m90-h3.median.d4 %.3f} at the fourth
/// component to @{m90-h3.median.d5 %.3f} at the fifth by the Frobenius norm, which is judged, and
/// from @{m90-h3.spectral.d4 %.3f} to @{m90-h3.spectral.d5 %.3f} by the printed one.
///
/// At 50 % masked the first component lies @{m50-h3.median.d1 ci} from the original's, in units of
/// its energy, and @{m90-h3.median.d1 ci} at 90 % (median over all test images). On the first of
/// them, which the linear predictor reconstructs too, it is @{m50-h3.shared-median.d1 ci} and
/// @{m90-h3.shared-median.d1 ci}, of the linear predictor @{m50-h3.linear-median.d1 ci} and
/// @{m90-h3.linear-median.d1 ci}. A distance of 1 is what painting nothing would have. The losses
/// below are of those first images, the slopes of all.
///
/// | hidden | masked loss, model | of the linear predictor | slope over $i$, model |
/// | ---: | ---: | ---: | ---: |
/// | 50 % | @{m50-h3.loss ci} | @{m50-h3.linear-loss ci} | @{m50-h3.slope ci} |
/// | 60 % | @{m60-h3.loss ci} | @{m60-h3.linear-loss ci} | @{m60-h3.slope ci} |
/// | 70 % | @{m70-h3.loss ci} | @{m70-h3.linear-loss ci} | @{m70-h3.slope ci} |
/// | 80 % | @{m80-h3.loss ci} | @{m80-h3.linear-loss ci} | @{m80-h3.slope ci} |
/// | 90 % | @{m90-h3.loss ci} | @{m90-h3.linear-loss ci} | @{m90-h3.slope ci} |
#include "core/base/die.h"
#include "core/stats/bootstrap.h"
#include "core/study/judgement.h"
#include "experiments/02-rank-curves/emit.h"
#include "experiments/02-rank-curves/judge.h"
#include "experiments/02-rank-curves/readings.h"

/// How many test images, always the first of the canonical order. The rival factorises a matrix of
/// up to 1536 × 1536 for each, so it sees fewer.
enum { IMAGES = 10000, RIVAL_IMAGES = 2000, SMOKE_IMAGES = 400, SMOKE_RIVAL = 50 };

/// The paper's patches have side 2 (SIDE_OF_PAPER), those of the desk and smoke tiers side 4; the
/// rival is measured with both.
#define OTHER_PATCH(side) (6 - (side))

static int rival_images(const struct study *study)
{
    return study->run.options.tier == TIER_SMOKE ? SMOKE_RIVAL : RIVAL_IMAGES;
}

/// ## Run
///
/// The learned curve over the test images, the rivals' over the first of them; that of the same
/// patch side under the same masks. For the eye, the learned curve over the rivals' images too.
static void measure(struct arm *arm, struct study *study, size_t number,
                    const struct linear_predictor predictor[PREDICTORS])
{
    const struct run_options *options = &study->run.options;
    const size_t few = (size_t)rival_images(study);
    const struct evaluation evaluation = study_evaluation(
        study, number, options->tier == TIER_SMOKE ? SMOKE_IMAGES : IMAGES);
    size_t failures = 0;
    for (int p = 0; p < PREDICTORS; ++p) {
        struct rank_samples *samples = &arm->samples[p];
        rank_samples_open(samples, p == LEARNED ? evaluation.count : few,
                          &study->arena);
        failures += p == LEARNED ? rank_samples_learned(samples, &evaluation)
                                 : rank_samples_linear(samples, &predictor[p],
                                                       evaluation.images, arm->ratio,
                                                       options->seed, options->threads);
    }
    if (failures > 0)
        die(EXIT_SYSTEM, "%s: a matrix decomposition did not converge (report this)",
            arm->name);
    for (int p = 0; p < PREDICTORS; ++p) {
        rank_curve_fit(&arm->curve[p], &arm->samples[p], BOOTSTRAP_RESAMPLES,
                       options->seed);
        arm->rank[1 + p] = study_mean(study, arm->samples[p].rank[1], few);
        if (p != OTHER_SIDE)
            arm->loss[p] =
                rank_loss(&arm->samples[p], few, BOOTSTRAP_RESAMPLES, options->seed);
    }
    struct rank_samples shared = arm->samples[LEARNED];
    shared.count = few;
    rank_curve_fit(&arm->curve[LEARNED_SHARED], &shared, BOOTSTRAP_RESAMPLES,
                   options->seed);
    arm->rank[0] = study_mean(study, arm->samples[LEARNED].rank[0], few);
    rank_curve_gap(arm->gap, &arm->samples[LINEAR], &arm->samples[LEARNED],
                   BOOTSTRAP_RESAMPLES, options->seed);
}

/// ## Check
///
/// Distances rise with $i$ when every step of both curves does, at every mask ratio; the rival is
/// beaten when it is at every point. The slope rises when it does from each mask ratio to the next:
/// for the matrix that the model sees, for the paper's 12 columns and for the whole image. Its
/// direction is one of patch side when the linear predictor's rises at side 2 and falls at side 4:
/// judge.c.
static void judge_all(struct study *study, const struct arm *arms)
{
    judge_curves(study, arms);
    judge_slopes(study, arms, "figure2.slope-rises", GROUPING_HIDDEN);
    judge_slopes(study, arms, "figure2.slope-rises.2x2", GROUPING_QUARTERS);
    judge_slopes(study, arms, "figure2.slope-rises.whole", GROUPING_WHOLE);
    judge_direction(study, arms);
}

static void run(struct study *study)
{
    const int patch = study->recipe[0].shape.patch, rivals = rival_images(study);
    struct arm *arms = arena_take(&study->arena, ARMS, sizeof *arms);
    struct linear_predictor predictor[PREDICTORS];
    for (int p = LINEAR; p <= OTHER_SIDE; ++p)
        linear_predictor_fit(&predictor[p], &study->images[SPLIT_TRAIN],
                             p == LINEAR ? patch : OTHER_PATCH(patch),
                             study->run.options.threads, &study->arena);
    for (size_t a = 0; a < ARMS; ++a) {
        arms[a].name = study->recipe[a].run;
        arms[a].ratio = study->recipe[a].mask_ratio;
        for (int p = 0; p < PREDICTORS; ++p)
            arms[a].side[p] = p == OTHER_SIDE ? OTHER_PATCH(patch) : patch;
        measure(&arms[a], study, a, predictor);
    }
    judge_all(study, arms);
    /// ## Emit
    /// Tables, the figure with the numbers it draws, and on demand every image's distances: emit.c;
    /// what the paper concludes from the curves, tried on images with noise: readings.c.
    emit_curves(&study->run, arms);
    emit_noise(study, arms[ARMS / 2].ratio, (size_t)rivals);
    emit_figure2(study, arms);
    if (study->run.options.export_arrays) export_distances(study, arms);
}

int main(int argc, char **argv)
{
    static const struct experiment rank_curves = {
        .name = "02-rank-curves",
        .models = {"m50-h3", "m60-h3", "m70-h3", "m80-h3", "m90-h3"},
        .splits = 1u << SPLIT_TEST | 1u << SPLIT_TRAIN,
        .checks = readings,
        .check_count = READINGS,
        .run = run};
    return experiment_main(&rank_curves, argc, argv);
}
