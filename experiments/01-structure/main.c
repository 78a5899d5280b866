// target: figure1
// needs: m75-h3
// budget: smoke 5 s, desk 2 min
/// # Figure 1: what a mask model is
///
/// **Claim.** A mask model hides most patches of an image and encodes only the visible ones. A
/// decoder, which is given a mask token for every hidden patch, reconstructs the image (Figure 1,
/// Definition 3.1).
///
/// **Method.** The figure is drawn with the tensors of a trained model. Its arrows are claims about
/// what depends on what, so each is tried on the first test images. Other pixels in hidden patches
/// must not change one bit of the encoder's output or of the reconstruction. Other pixels in
/// visible patches must change every token and every hidden patch. Another mask token must change
/// no token and every hidden patch. No two hidden patches may be painted alike, or the decoder
/// would not know where they are. And it must be a reconstruction: the masked loss has to be lower
/// than that of painting every hidden patch like the mean of the visible ones.
#include <math.h>

#include "core/report/record.h"
#include "core/study/judgement.h"
#include "experiments/01-structure/emit.h"

/// How many test images are examined, the first of the canonical order.
enum { SMOKE_IMAGES = 500, IMAGES = 1000 };

/// ## Check
///
/// The claim holds when no image breaks any check and the model beats the guess on average, paired
/// over images.
static void judge_pipeline(struct study *study, const struct structure *structure)
{
    const size_t n = structure->pipeline.count;
    size_t broken = 0;
    for (int c = 0; c < PIPELINE_CHECKS; ++c) broken += structure->broken[c];
    study_verdict(
        study, "figure1.pipeline", judge_exact(broken == 0 && structure->gain.low > 0),
        (struct estimate){(double)broken, NAN, NAN, n},
        "checks of every image that were broken; paired bootstrap of the loss",
        "%zu of %zu checks broken; masked loss %.3f, of the mean visible "
        "patch %.3f",
        broken, PIPELINE_CHECKS * n, structure->loss.value, structure->guess.value);
}

/// ## Run
static void run(struct study *study)
{
    const struct weights *model = &study->model[0];
    struct structure structure;
    struct pipeline *pipeline = &structure.pipeline;
    const size_t n = study->run.options.tier == TIER_SMOKE ? SMOKE_IMAGES : IMAGES;
    input_finite(model,
                 pipeline_open(pipeline, &model->mae, model->slab,
                               study->recipe[0].mask_ratio, &study->images[SPLIT_TEST],
                               n, study->run.options.seed, study->run.options.threads,
                               &study->arena));
    input_finite(model, pipeline_examine(structure.broken, pipeline, &study->arena));
    structure.loss = study_mean(study, pipeline->loss, n);
    structure.guess = study_mean(study, pipeline->guess, n);
    structure.gain = study_gap(study, pipeline->guess, pipeline->loss, n);
    judge_pipeline(study, &structure);
    /// ## Emit
    /// The table of checks, the figure, and on demand the tensors that it shows: emit.c.
    emit_checks(study, &structure);
    emit_figure1(study, &structure);
    if (study->run.options.export_arrays) export_pipeline(&study->run, pipeline);
}

int main(int argc, char **argv)
{
    static const struct experiment structure = {.name = "01-structure",
                                                .models = {"m75-h3"},
                                                .splits = 1u << SPLIT_TEST,
                                                .run = run};
    return experiment_main(&structure, argc, argv);
}
