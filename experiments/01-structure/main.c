// target: figure1
// needs: m75-h3
// budget: smoke 5 s, desk 2 min
/// # Figure 1: what a mask model is
///
/// **Claim.** A mask model hides most patches of an image, encodes the visible ones and nothing else, and
/// lets a decoder, which is given a mask token for every hidden patch, reconstruct the image (Figure 1,
/// Definition 3.1).
///
/// **Method.** The figure is drawn with the tensors of a trained model. Its arrows are claims about what
/// depends on what, so each is tried on the first test images: other pixels in hidden patches must not
/// change one bit of the encoder's output or of the reconstruction; other pixels in visible patches must
/// change every token and every hidden patch; another mask token must leave the tokens alone and change
/// every hidden patch; no two hidden patches may be painted alike, or the decoder would not know where they
/// are. And it must be a reconstruction: the masked loss has to lie below that of painting every hidden
/// patch like the mean of the visible ones.
#include <math.h>
#include <stdio.h>

#include "core/linalg/coretype.h"
#include "core/report/claims.h"
#include "core/stats/bootstrap.h"
#include "core/study/inputs.h"
#include "experiments/01-structure/emit.h"

/// How many test images are examined, the first of the canonical order.
static const struct settings {
    size_t images;
} smoke = {500}, full = {1000};

/// ## Run

/// Finds the pretraining, notes all that the result depends on, and returns its mask ratio.
static double open_model(struct weights *model, struct run *run)
{
    const double ratio = input_model(model, run, "m75-h3").mask_ratio;
    input_images(run, SPLIT_TEST);
    input_kernels(run);
    return ratio;
}

/// Mean losses with their intervals; the gain is taken image by image.
static void summarise(struct structure *structure, uint64_t seed)
{
    const struct statistic both[] = {{STATISTIC_MEAN, structure->loss, NULL},
                                     {STATISTIC_MEAN, structure->guess, NULL}};
    struct estimate means[2];
    size_t n = structure->count;
    bootstrap_intervals(means, both, 2, n, BOOTSTRAP_RESAMPLES, seed);
    structure->mean_loss = means[0];
    structure->mean_guess = means[1];
    structure->gain =
        bootstrap_difference(&both[1], &both[0], n, BOOTSTRAP_RESAMPLES, seed);
}

/// ## Check

/// The claim holds when no image breaks any check and the model beats the guess.
static void check(struct run *run, const struct structure *structure)
{
    size_t broken = 0;
    for (int c = 0; c < CHECKS; ++c) broken += structure->broken[c];
    int learned = structure->gain.low > 0;
    struct estimate part = {(double)broken, (double)NAN, (double)NAN, structure->count};
    char scale[MODEL_SCALE_TEXT], note[320];
    model_scale(scale, structure->model);
    snprintf(note, sizeof note,
             "%zu of %zu checks broken; masked loss %.3f, of the mean visible patch "
             "%.3f; %s",
             broken, CHECKS * structure->count, structure->mean_loss.value,
             structure->mean_guess.value, scale);
    run_verdict(run, "figure1.pipeline", judge_exact(broken == 0 && learned), &part,
                "checks of every image that were broken; paired bootstrap of the loss",
                note);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    run_open(&run, "01-structure", code_key, argc, argv);
    struct weights model;
    double ratio = open_model(&model, &run);
    if (run_fresh(&run)) return run_print(&run);

    struct images test;
    struct structure structure;
    struct arena arena;
    size_t count = (run.tier == TIER_SMOKE ? smoke : full).images;
    images_load(&test, run.data, SPLIT_TEST);
    arena_open(&arena, "figure 1", structure_bytes(&model, ratio, count));
    structure_open(&structure, &model, ratio, &test, count, &run, &arena);
    structure_examine(&structure, &run, &arena);
    summarise(&structure, run.seed);

    check(&run, &structure);
    /// ## Emit
    /// The table of checks, the figure, and on demand the tensors that it shows: emit.c.
    emit_checks(&run, &structure);
    emit_figure(&run, &structure, &test);
    if (run.export_arrays) export_arrays(&run, &structure);

    arena_close(&arena);
    images_free(&test);
    weights_close(&model);
    return run_close(&run);
}
