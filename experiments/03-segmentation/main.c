// target: figure3
// needs: m75-h3
// budget: smoke 10 s, desk 4 min
/// # Figure 3: clusters of tokens
///
/// **Claim.** The paper shows images cut into segments by K-means on the encoder's tokens, and reads them as
/// clusters that mask modelling has formed (Sec. 6.2). It gives no layer, no number of clusters and no
/// measure.
///
/// **Method.** The encoder sees the whole image; its tokens $z_t$, class token dropped, are cut into $k$
/// clusters by K-means ($k$-means++, the best of ten starts), each image by itself. On planted scenes the
/// true regions are known: $k$ is their number, and agreement is the adjusted Rand index
/// $$\mathrm{ARI} = \frac{2(pd - qr)}{(p+q)(q+d) + (p+r)(r+d)}$$
/// of pairs of tokens together in both maps ($p$), in neither ($d$) or in one ($q$, $r$), with 90 %
/// bootstrap intervals over scenes. Beside it stand controls that have learned nothing: the pixels of each
/// patch, its position alone, and encoders with initial weights. Where each takes its tokens and how it
/// prepares them was chosen, for the controls too, on training scenes (choice.md).
/// On CIFAR-10 nobody knows the true regions: the picture is drawn, with $k = 3$, and nothing is judged.
#include <stdio.h>

#include "core/linalg/coretype.h"
#include "core/study/inputs.h"
#include "core/study/judgement.h"
#include "experiments/03-segmentation/emit.h"

/// How many test images are measured, the first of the canonical order, and how many training scenes the
/// choice is looked at again.
static const struct settings {
    size_t images, choice;
} smoke = {1000, 300}, full = {1000, 1000};

/// ## Run

/// Finds the pretraining and notes all that the result depends on.
static void open_model(struct weights *model, struct run *run)
{
    input_needed(model, run, "m75-h3");
    input_images(run, SPLIT_TEST);
    input_images(run, SPLIT_TRAIN);
    input_kernels(run);
}

/// The ways to make each column, on training scenes.
static void look_at_choice(struct run *run, const struct weights *model, size_t count,
                           struct arena *arena)
{
    struct images train;
    struct figure figure = {0};
    images_load(&train, run->options.data, SPLIT_TRAIN);
    figure_open(&figure, model, &train, count, run, arena);
    choice_emit(run, &figure.source, figure.truth, arena);
    images_free(&train);
}

/// ## Check

/// The claim holds when the model leads each control by the margin.
static void check(struct run *run, const struct figure *figure)
{
    if (!figure->known) {
        run_verdict(run, "figure3.clusters", VERDICT_NOT_RUN, NULL, "",
                    "CIFAR-10 has no true regions; judged on planted scenes: make "
                    "figure3 TIER=smoke");
        return;
    }
    struct estimate leads[COLUMNS - 1];
    for (int c = 1; c < COLUMNS; ++c) leads[c - 1] = figure->columns[c].gap;
    char scale[MODEL_SCALE_TEXT], note[256];
    model_scale(scale, figure->source.model);
    snprintf(note, sizeof note, "%s; given these weights; the least of 3 leads", scale);
    run_judge(run, "figure3.clusters", leads, COLUMNS - 1, 0,
              "paired bootstrap over scenes of the model's ARI minus each control's",
              note);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    run_open(&run, "03-segmentation", code_key, argc, argv);
    const struct settings *settings = run.options.tier == TIER_SMOKE ? &smoke : &full;
    struct weights model;
    open_model(&model, &run);
    if (run_fresh(&run)) return run_print(&run);

    struct images test;
    struct figure figure = {0};
    struct arena arena;
    images_load(&test, run.options.data, SPLIT_TEST);
    arena_open(&arena, "figure 3",
               figure_bytes(&model, settings->images, settings->choice));
    figure_open(&figure, &model, &test, settings->images, &run, &arena);
    for (int c = 0; c < COLUMNS; ++c) figure_measure(&figure, c, &run, &arena);
    figure_summarise(&figure, run.options.seed);

    check(&run, &figure);
    /// ## Emit
    /// Tables, the picture with the numbers in its headings, and on demand every map: emit.c.
    emit_scores(&run, &figure);
    emit_figure(&run, &figure);
    if (run.options.export_arrays) export_maps(&run, &figure);
    /// Where the truth is known, the choice is looked at again: choice.c.
    if (figure.known) look_at_choice(&run, &model, settings->choice, &arena);

    arena_close(&arena);
    images_free(&test);
    weights_close(&model);
    return run_close(&run);
}
