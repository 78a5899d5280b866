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
/// are. And it must be a reconstruction: the masked loss has to be lower than that of painting every hidden
/// patch like the mean of the visible ones.
#include <math.h>

#include "core/report/record.h"
#include "core/study/judgement.h"
#include "experiments/01-structure/emit.h"

/// How many test images are examined, the first of the canonical order.
enum { SMOKE_IMAGES = 500, IMAGES = 1000 };

/// ## Check
///
/// The claim holds when no image breaks any check and the model beats the guess, image by image.
static void judge_pipeline(struct study *study, const struct structure *structure,
                           const struct losses *losses)
{
    size_t broken = 0;
    for (int c = 0; c < CHECKS; ++c) broken += structure->broken[c];
    const struct estimate found = {(double)broken, (double)NAN, (double)NAN,
                                   structure->count};
    study_verdict(
        study, "figure1.pipeline", judge_exact(broken == 0 && losses->gain.low > 0),
        found, "checks of every image that were broken; paired bootstrap of the loss",
        "%zu of %zu checks broken; masked loss %.3f, of the mean visible "
        "patch %.3f",
        broken, CHECKS * structure->count, losses->model.value, losses->guess.value);
}

/// ## Run
static void run(struct study *study)
{
    struct structure structure;
    structure_open(&structure, study,
                   study->run.options.tier == TIER_SMOKE ? SMOKE_IMAGES : IMAGES);
    structure_examine(&structure, &study->arena);
    structure_losses(&structure);
    const size_t n = structure.count;
    const struct losses losses = {study_mean(study, structure.loss, n),
                                  study_mean(study, structure.guess, n),
                                  study_gap(study, structure.guess, structure.loss, n)};
    judge_pipeline(study, &structure, &losses);
    /// ## Emit
    /// The table of checks, the figure, and on demand the tensors that it shows: emit.c.
    emit_checks(study, &structure, &losses);
    emit_figure1(study, &structure, &losses);
    if (study->run.options.export_arrays) export_passes(&study->run, &structure);
}

int main(int argc, char **argv)
{
    static const struct experiment structure = {
        .name = "01-structure",
        .models = {"m75-h3"},
        .splits = 1u << SPLIT_TEST,
        .run = run,
    };
    return experiment_main(&structure, argc, argv);
}
