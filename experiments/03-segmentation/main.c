// target: figure3
// needs: m75-h3
// budget: smoke 20 s, desk 4 min
/// # Figure 3: clusters of tokens
///
/// **Claim.** The paper shows images cut into segments by K-means on the encoder's tokens, and
/// reads them as clusters that mask modelling has formed (Sec. 6.2). It gives no layer, no number
/// of clusters and no measure.
///
/// **Method.** The encoder sees the whole image; its tokens $z_t$, class token dropped, are cut
/// into $k$ clusters by K-means ($k$-means++ with several candidates for each centre, the best of
/// ten starts), each image by itself. On planted scenes the true regions are known: $k$ is their
/// number, and agreement is the adjusted Rand index $$\mathrm{ARI} = \frac{2(pd - qr)}{(p+q)(q+d) +
/// (p+r)(r+d)}$$ of pairs of tokens together in both maps ($p$), in neither ($d$) or in one ($q$,
/// $r$), with 90 % bootstrap intervals over scenes. The model is compared with controls that have
/// learned nothing: the pixels of each patch, its position alone, and encoders with initial
/// weights. Where each takes its tokens and how it prepares them was chosen once, for the controls
/// too, on training scenes and the smoke tier's first model; choice.md looks again, with the
/// weights at hand, at what could have been chosen (for a control a hundredth more at times). On
/// CIFAR-10 nobody knows the true regions: the picture is drawn, with $k = 3$, and nothing is
/// judged.
///
/// The introduction says what makes such clusters: training attracts similar patches and repels
/// dissimilar ones. So the mean cosine of two tokens of one region, minus that of two tokens of
/// different regions, is compared with that of encoders with initial weights (contrast.md).
#include <stdio.h>

#include "core/study/judgement.h"
#include "experiments/03-segmentation/columns.h"

/// How many test images are measured, the first of the canonical order, and how many training
/// scenes the choice is looked at again.
enum { IMAGES = 1000, FOLDER_IMAGES = 200, CHOICE = 1000, SMOKE_CHOICE = 300 };

/// ## Check
///
/// The claim holds when the model leads each control by the margin.
static void judge_leads(struct study *study, const struct figure *figure)
{
    struct estimate leads[COLUMNS - 1];
    if (!figure->scenes.truth) {
        run_verdict(&study->run, "figure3.clusters", VERDICT_NOT_RUN, NULL, "",
                    study->folder
                        ? "judged on planted scenes: make figure3 TIER=smoke"
                        : "CIFAR-10 has no true regions; judged on planted scenes: "
                          "make figure3 TIER=smoke");
        return;
    }
    for (int c = 1; c < COLUMNS; ++c) leads[c - 1] = figure->columns[c].gap;
    study_judge(study, "figure3.clusters", leads, COLUMNS - 1, 0,
                "paired bootstrap over scenes of the model's ARI minus each control's",
                "given these weights; the least of %d leads", COLUMNS - 1);
}

/// ## Run
///
/// Means over images with their intervals, and the model's lead over each control, image by image.
static void run(struct study *study)
{
    struct figure figure = {0};
    scenes_open(&figure.scenes, study, SPLIT_TEST, IMAGES);
    for (int c = 0; c < COLUMNS; ++c) {
        struct column *column = &figure.columns[c];
        figure_measure(&figure, c, study);
        column->mean_ari = study_mean(study, column->ari, figure.scenes.count);
        column->mean_iou = study_mean(study, column->iou, figure.scenes.count);
        column->gap = study_gap(study, figure.columns[COLUMN_MAE].ari, column->ari,
                                figure.scenes.count);
    }
    judge_leads(study, &figure);
    judge_contrast(study, &figure.scenes);
    /// ## Emit
    /// Tables, the picture with the numbers in its headings, and on demand every map: emit.c.
    emit_scores(study, &figure);
    emit_figure3(study, &figure);
    if (study->run.options.export_arrays) export_columns(study, &figure);
    /// Where the truth is known, the choice is looked at again: choice.c.
    if (figure.scenes.truth) {
        struct scenes train;
        scenes_open(&train, study, SPLIT_TRAIN,
                    study->run.options.tier == TIER_SMOKE ? SMOKE_CHOICE : CHOICE);
        emit_choice(study, &train);
    }
}

/// On a folder of photographs the encoder is a published one, and the first validation images are
/// cut: columns and controls are the same.
static void run_folder(struct study *study)
{
    folder_images(&study->images[SPLIT_TEST], study->folder, SPLIT_TEST, FOLDER_IMAGES);
    figure3_ready(&study->images[SPLIT_TEST]);
    snprintf(study->scale, sizeof study->scale, "an encoder of %s names",
             vit_naming_name(study->folder->vit.naming));
    run(study);
}

int main(int argc, char **argv)
{
    static const struct experiment segmentation = {.name = "03-segmentation",
                                                   .models = {"m75-h3"},
                                                   .splits = 1u << SPLIT_TEST |
                                                             1u << SPLIT_TRAIN,
                                                   .run = run,
                                                   .run_folder = run_folder};
    return experiment_main(&segmentation, argc, argv);
}
