#include "experiments/01-structure/emit.h"

#include <stdio.h>

#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/study/headings.h"
#include "core/study/results.h"

void emit_checks(struct study *study, const struct structure *structure)
{
    const char *const keys[] = {"loss", "guess-loss", "gain"},
                      *const texts[] = {"masked loss, squared in [-1,1]",
                                        "the same of the mean visible patch",
                                        "the difference, which must be above 0"};
    const struct estimate losses[] = {structure->loss, structure->guess,
                                      structure->gain};
    struct run *run = &study->run;
    struct table table;
    char cell[NUMBER_TEXT], about[160];
    const size_t n = structure->pipeline.count;
    table_open(&table, 2, (const char *const[]){"check", "images that break it"});
    for (int c = 0; c < PIPELINE_CHECKS; ++c) {
        put_number(run, NULL, (double)structure->broken[c], n, "images", "broken.%s",
                   pipeline_key[c]);
        snprintf(cell, sizeof cell, "%zu of %zu", structure->broken[c], n);
        table_row(&table, (const char *const[]){pipeline_text[c], cell});
    }
    for (size_t r = 0; r < 3; ++r) {
        put_estimate(run, cell, losses[r], "1", "%s", keys[r]);
        table_row(&table, (const char *const[]){texts[r], cell});
    }
    snprintf(about, sizeof about,
             "%s, first %zu test images, %zu of %zu patches visible; 90 %% bootstrap "
             "intervals over images.",
             run->options.data, n, structure->pipeline.visible,
             structure->pipeline.patches);
    run_table(run, "checks.md", about, &table, "");
    table_close(&table);
}

static void write_headings(const struct study *study, const struct pipeline *pipeline)
{
    const struct mae_shape *shape = &pipeline->mae->shape;
    const size_t T = pipeline->patches, V = pipeline->visible;
    static const char *const columns[PICTURE_COLUMNS] = {
        "image",          "masked",        "visible patches",
        "encoder output", "decoder input", "reconstruction"};
    char notes[PICTURE_COLUMNS][64], hide[64], encode[64], decode[64];
    const char *const steps[] = {hide, "drop", encode, "insert mask tokens", decode};
    snprintf(notes[IMAGE], 64, "%zu patches", T);
    snprintf(notes[MASKED], 64, "%zu hidden", T - V);
    snprintf(notes[DROPPED], 64, "%zu × %zu numbers", V, pipeline->numbers);
    snprintf(notes[ENCODED], 64, "(%zu + 1) × %d", V, shape->width);
    snprintf(notes[DECODED], 64, "(%zu + 1) × %d", T, shape->width);
    snprintf(notes[PAINTED], 64, "%zu patches painted", T - V);
    snprintf(hide, sizeof hide, "hide %.0f %%", 100 * pipeline->ratio);
    snprintf(encode, sizeof encode, "encoder, %d blocks", shape->encoder_blocks);
    snprintf(decode, sizeof decode, "decoder, %d blocks", shape->decoder_blocks);

    struct headings headings;
    headings_open(&headings, &study->run, "figure1.tsv",
                  (const char *const[]){"masked_loss"}, 1);
    for (size_t c = 0; c < PICTURE_COLUMNS; ++c)
        headings_put(&headings, "column", c, columns[c], notes[c], NULL);
    for (size_t s = 0; s + 1 < PICTURE_COLUMNS; ++s)
        headings_put(&headings, "step", s, steps[s], "", NULL);
    for (size_t row = 0; row < SHOWN; ++row)
        headings_put_image(&headings, &study->images[SPLIT_TEST], row,
                           &pipeline->loss[row]);
    headings_put(&headings, "scale", 0, "", "", &TOKEN_SPAN);
    headings_close(&headings);
}

void emit_figure1(struct study *study, const struct structure *structure)
{
    char panel[PATH_SIZE], caption[1024];
    write_headings(study, &structure->pipeline);
    run_path(panel, &study->run, "figure1-panel.png");
    panel_of_pipeline(panel, &structure->pipeline);
    snprintf(caption, sizeof caption,
             "%s, test images 0 to %d of the canonical order, none picked by eye, with "
             "the first %d digits of the SHA-256 of each record; %s. A token is drawn "
             "by its first %d numbers, a standard deviation being the root of the mean "
             "square of all numbers of the encoder's output for these images; + 1: the "
             "class token, not drawn. Decoder input before its positions are added: "
             "framed, the one learned mask token in every hidden place. "
             "Reconstruction: visible patches as they were. Masked loss over %zu test "
             "images %.3f; of painting the mean visible patch %.3f.",
             study->run.options.data, SHOWN - 1, HEADINGS_DIGITS, study->scale,
             TOKEN_NUMBERS, structure->pipeline.count, structure->loss.value,
             structure->guess.value);
    figure_draw(&study->run, "figure1", "figure1", caption, panel);
}

void export_pipeline(const struct run *run, const struct pipeline *pipeline)
{
    const size_t n = pipeline->count, V = pipeline->visible,
                 D = (size_t)pipeline->mae->shape.width;
    const size_t pictures[] = {n, 3, 32, 32}, tokens[] = {n, V + 1, D},
                 visible[] = {n, V};
    run_array(run, "images", NPY_F4, 4, pictures, pipeline->images);
    run_array(run, "tokens", NPY_F4, 3, tokens, pipeline->tokens);
    run_array(run, "reconstruction", NPY_F4, 4, pictures, pipeline->picture);
    run_array(run, "visible", NPY_I4, 2, visible, pipeline->seen);
}
