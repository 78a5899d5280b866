// target: learning
// needs: m75-h3 m75-h6 m50-h3 m60-h3 m70-h3 m80-h3 m90-h3
// budget: smoke 20 s, desk 4 min
/// # How the models learned
///
/// **Claim.** None of the paper: it says neither how long its models were trained nor how well they
/// reconstruct. All its measurements rest on these models, so a reader should see how far they got.
///
/// **Method.** The loss that each training reports, a mean over each epoch's updates, is drawn over
/// epochs, from the log that is kept with the weights (one whose last line is of other weights is
/// left out). After the last epoch each model reconstructs the first test images at its own mask
/// ratio, each under one fixed mask; next to it stands the best linear predictor, which knows
/// nothing but the means and covariances of the training images, on the same images under the same
/// masks. A model that does not beat it has learned no more than second moments.
///
/// Pretraining minimises this loss on training images, so that the curves and the table need not
/// agree: the masks differ in every epoch, and the curve is of weights that still change.
#include <stdlib.h>

#include "core/analysis/linear_predictor.h"
#include "core/base/die.h"
#include "core/study/judgement.h"
#include "experiments/11-learning/learning.h"

enum { IMAGES = 2000, SMOKE_IMAGES = 100 };

/// ## Run
///
/// The linear predictor's squared errors on what the model is asked for.
struct rival {
    const struct linear_predictor *predictor;
    double *loss;         ///< (images)
    struct arena *arenas; ///< (threads)
    int *failed;          ///< (threads)
};

static void rival_loss(const struct reconstruction *one, int worker, void *context)
{
    const struct rival *rival = context;
    struct arena *arena = &rival->arenas[worker];
    const size_t mark = arena_mark(arena), F = one->patch_size,
                 numbers = one->tokens * F;
    double *image = arena_doubles(arena, numbers),
           *guess = arena_doubles(arena, numbers), sum = 0;
    for (size_t i = 0; i < numbers; ++i) image[i] = (double)one->patches[i];
    if (linear_predictor_apply(guess, rival->predictor, image, one->visible,
                               one->visible_count, arena))
        rival->failed[worker] = 1;
    for (size_t h = 0; h < one->hidden_count; ++h) {
        const size_t row = (size_t)one->hidden[h] * F;
        for (size_t f = 0; f < F; ++f) {
            const double gap = guess[row + f] - image[row + f];
            sum += gap * gap;
        }
    }
    rival->loss[one->position] = sum / (double)(one->hidden_count * F);
    arena_reset(arena, mark);
}

static void rival_measure(double *loss, const struct study *study,
                          const struct linear_predictor *predictor,
                          const struct evaluation *evaluation)
{
    const size_t threads = (size_t)study->run.options.threads;
    struct rival rival = {.predictor = predictor,
                          .arenas = arenas_open(threads, "linear"),
                          .failed = calloc(threads, sizeof(int))};
    rival.loss = loss;
    if (!rival.failed) die(EXIT_SYSTEM, "learning: no memory for %zu threads", threads);
    evaluate_reconstructions(evaluation, rival_loss, &rival);
    for (size_t t = 0; t < threads; ++t)
        if (rival.failed[t])
            die(EXIT_SYSTEM, "learning: a covariance is not positive definite (report "
                             "this)");
    free(rival.failed);
    arenas_close(rival.arenas, threads);
}

static void run(struct study *study)
{
    struct learner *learner = arena_take(&study->arena, LEARNERS, sizeof *learner);
    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &study->images[SPLIT_TRAIN],
                         study->recipe[0].shape.patch, study->run.options.threads,
                         &study->arena);
    const size_t n = study->run.options.tier == TIER_SMOKE ? SMOKE_IMAGES : IMAGES;
    double *loss = arena_doubles(&study->arena, n),
           *linear = arena_doubles(&study->arena, n);
    for (size_t m = 0; m < LEARNERS; ++m) {
        const struct evaluation evaluation = study_evaluation(study, m, n);
        learner[m] =
            (struct learner){.model = &study->model[m], .recipe = &study->recipe[m]};
        learner_log(&learner[m], study);
        evaluate_losses(loss, &evaluation);
        // Models of the same mask ratio see the same masks.
        if (m == 0 || study->recipe[m].mask_ratio != study->recipe[m - 1].mask_ratio)
            rival_measure(linear, study, &predictor, &evaluation);
        learner[m].loss = study_mean(study, loss, n);
        learner[m].linear = study_mean(study, linear, n);
        learner[m].lead = study_gap(study, linear, loss, n);
    }
    /// ## Emit
    /// The table, and the picture with the numbers it draws: emit.c.
    emit_losses(study, learner);
    emit_learning(study, learner);
    for (size_t m = 0; m < LEARNERS; ++m) train_log_close(&learner[m].log);
}

int main(int argc, char **argv)
{
    static const struct experiment learning = {
        .name = "11-learning",
        .models = {"m75-h3", "m75-h6", "m50-h3", "m60-h3", "m70-h3", "m80-h3",
                   "m90-h3"},
        .splits = 1u << SPLIT_TEST | 1u << SPLIT_TRAIN,
        .run = run};
    return experiment_main(&learning, argc, argv);
}
