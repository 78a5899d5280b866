#include "experiments/01-structure/emit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/exhibits.h"
#include "core/report/figure.h"
#include "core/study/inputs.h"

static void emit_loss(struct run *run, struct table *table, const char *key,
                      const char *text, struct estimate d, size_t n)
{
    char cell[NUMBER_TEXT];
    run_result(run, key, d.value, d.low, d.high, n, "1");
    interval_text(cell, d.value, d.low, d.high);
    table_row(table, (const char *const[]){text, cell});
}

void emit_checks(struct run *run, const struct structure *structure)
{
    struct table table;
    char key[64], cell[NUMBER_TEXT], about[128];
    size_t n = structure->count;
    table_open(&table, 2, (const char *const[]){"check", "images that break it"});
    for (int c = 0; c < CHECKS; ++c) {
        snprintf(key, sizeof key, "broken.%s", check_keys[c]);
        run_result(run, key, (double)structure->broken[c], NAN, NAN, n, "images");
        snprintf(cell, sizeof cell, "%zu of %zu", structure->broken[c], n);
        table_row(&table, (const char *const[]){check_texts[c], cell});
    }
    emit_loss(run, &table, "loss", "masked loss, squared in [-1,1]",
              structure->mean_loss, n);
    emit_loss(run, &table, "guess-loss", "the same of the mean visible patch",
              structure->mean_guess, n);
    emit_loss(run, &table, "gain", "the difference, which must be above 0",
              structure->gain, n);
    snprintf(about, sizeof about,
             "%s, first %zu test images, %zu of %zu patches visible; 90 %% bootstrap "
             "intervals over images.",
             run->data, n, structure->visible, structure->patches);
    run_table(run, "checks.md", about, &table, "");
    table_close(&table);
}

/// A heading of the table that gnuplot reads.
static void put(FILE *file, const char *axis, size_t place, const char *heading,
                const char *note, double loss)
{
    tsv_put(file, axis, '\t');
    tsv_put_number(file, (double)place, '\t');
    tsv_put(file, heading, '\t');
    tsv_put(file, note, '\t');
    tsv_put_number(file, loss, '\n');
}

static void write_headings(const char *path, const struct structure *structure,
                           const struct images *images)
{
    const struct mae_shape *shape = &structure->model->mae.shape;
    size_t patches = structure->patches, visible = structure->visible;
    static const char *const columns[PICTURE_COLUMNS] = {
        "image",          "masked",        "visible patches",
        "encoder output", "decoder input", "reconstruction"};
    char notes[PICTURE_COLUMNS][64], steps[PICTURE_COLUMNS][64], digest[HASH_HEX],
        name[32];
    snprintf(notes[IMAGE], 64, "%zu patches", patches);
    snprintf(notes[MASKED], 64, "%zu hidden", patches - visible);
    snprintf(notes[DROPPED], 64, "%zu x %zu numbers", visible, shape_patch(shape));
    snprintf(notes[ENCODED], 64, "(%zu + 1) x %d", visible, shape->width);
    snprintf(notes[DECODED], 64, "(%zu + 1) x %d", patches, shape->width);
    snprintf(notes[PAINTED], 64, "%zu patches painted", patches - visible);
    snprintf(steps[0], 64, "hide %.0f %%", 100 * structure->ratio);
    snprintf(steps[1], 64, "drop");
    snprintf(steps[2], 64, "encoder, %d blocks", shape->encoder_blocks);
    snprintf(steps[3], 64, "insert mask tokens");
    snprintf(steps[4], 64, "decoder, %d blocks", shape->decoder_blocks);

    struct output output;
    output_open(&output, path);
    fputs("axis\tplace\theading\tnote\tmasked_loss\n", output.file);
    for (size_t c = 0; c < PICTURE_COLUMNS; ++c)
        put(output.file, "column", c, columns[c], notes[c], NAN);
    for (size_t s = 0; s + 1 < PICTURE_COLUMNS; ++s)
        put(output.file, "step", s, steps[s], "", NAN);
    for (size_t row = 0; row < SHOWN; ++row) {
        snprintf(name, sizeof name, "test %zu", row);
        images_record_digest(digest, images, row);
        digest[DIGEST_SHOWN] = 0;
        put(output.file, "row", row, name, digest, structure->loss[row]);
    }
    output_close(&output);
}

void emit_figure(const struct run *run, const struct structure *structure,
                 const struct images *images)
{
    char path[PATH_SIZE], panel[PATH_SIZE], scale[MODEL_SCALE_TEXT], caption[1024];
    run_path(path, run, "figure1.tsv");
    write_headings(path, structure, images);
    run_path(panel, run, "figure1-panel.png");
    panel_draw(panel, structure);
    model_scale(scale, structure->model);
    snprintf(caption, sizeof caption,
             "%s, test images 0 to %d of the canonical order, none picked by eye, with "
             "the first %d digits of the SHA-256 of each record; %s. A token is drawn "
             "as all its numbers, from -%.1f (dark) to %.1f (bright) standard "
             "deviations; + 1: the class token, not drawn. Decoder input before its "
             "positions are added: the same mask token in every hidden place. "
             "Reconstruction: visible patches as they were. Masked loss over %zu test "
             "images %.3f; of painting the mean visible patch %.3f.",
             run->data, SHOWN - 1, DIGEST_SHOWN, scale, TOKEN_SPAN, TOKEN_SPAN,
             structure->count, structure->mean_loss.value, structure->mean_guess.value);
    figure_draw(run, "figure1", "figure1", caption, panel);
}

void export_arrays(const struct run *run, const struct structure *structure)
{
    size_t n = structure->count, width = (size_t)structure->model->mae.shape.width;
    const struct {
        const char *name;
        enum npy_type type;
        int dimensions;
        size_t shape[4];
        const void *data;
    } arrays[] = {
        {"images", NPY_F4, 4, {n, 3, 32, 32}, structure->images},
        {"tokens",
         NPY_F4,
         3,
         {n, structure->visible + 1, width},
         structure->plain.tokens},
        {"reconstruction", NPY_F4, 4, {n, 3, 32, 32}, structure->plain.picture},
        {"visible", NPY_I4, 2, {n, structure->visible}, structure->shown},
    };
    for (size_t a = 0; a < sizeof arrays / sizeof *arrays; ++a)
        run_array(run, arrays[a].name, arrays[a].type, arrays[a].dimensions,
                  arrays[a].shape, arrays[a].data);
}
