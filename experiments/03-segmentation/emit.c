#include "experiments/03-segmentation/emit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/partition.h"
#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/panel.h"
#include "core/study/inputs.h"

/// A number with its interval, to the results and to a cell.
static void emit(struct run *run, char cell[NUMBER_TEXT], const struct column *column,
                 const char *what, struct estimate d, size_t n)
{
    char key[64];
    snprintf(key, sizeof key, "%s.%s", column->key, what);
    run_result(run, key, d.value, d.low, d.high, n, "1");
    interval_text(cell, d.value, d.low, d.high);
}

void emit_scores(struct run *run, const struct figure *figure)
{
    struct table table;
    size_t n = figure->source.count;
    const char *const known[] = {"clustered", "depth", "normalisation",
                                 "ARI",       "mIoU",  "MAE's ARI minus this"};
    const char *const unknown[] = {"clustered", "depth", "normalisation",
                                   "ARI with the MAE's map"};
    table_open(&table, figure->known ? 6 : 4, figure->known ? known : unknown);
    for (int c = 0; c < COLUMNS; ++c) {
        const struct column *column = &figure->columns[c];
        char cell[3][NUMBER_TEXT] = {"-", "-", "-"};
        if (figure->known) {
            emit(run, cell[0], column, "ari", column->mean_ari, n);
            emit(run, cell[1], column, "miou", column->mean_iou, n);
            if (c != COLUMN_MAE) emit(run, cell[2], column, "gap", column->gap, n);
        } else if (c != COLUMN_MAE) {
            emit(run, cell[0], column, "agreement", column->mean_ari, n);
        }
        table_row(&table,
                  (const char *const[]){
                      column->title,
                      column_encodes(c) ? depth_name(column->method.depth) : "-",
                      normalisation_name(column->method.normalisation), cell[0],
                      cell[1], cell[2]});
    }
    const struct column *random = &figure->columns[COLUMN_RANDOM];
    run_result(run, figure->known ? "random.ari.spread" : "random.agreement.spread",
               encoder_spread(random->encoder), NAN, NAN, RANDOM_ENCODERS, "1");
    char about[256], scale[MODEL_SCALE_TEXT];
    model_scale(scale, figure->source.model);
    snprintf(about, sizeof about,
             "%s, first %zu test images; %s; random encoder: %d of them; 90 %% "
             "bootstrap intervals over images.",
             run->options.data, n, scale, RANDOM_ENCODERS);
    run_table(run, "segments.md", about, &table, "");
    table_close(&table);
}

// ====== The picture ======

/// The images as (n) panels show them: side, and how the figure enlarges them.
enum { SCALE = 6, GAP = 12, DIGEST_SHOWN = 8 };

/// Draws a map in the colours of the true regions that its clusters match best.
static void draw_map(struct panel *panel, size_t row, size_t column,
                     const struct figure *figure, const uint8_t *map)
{
    uint8_t match[PARTITION_LABELS], named[IMAGE_SIDE * IMAGE_SIDE];
    size_t tokens = figure->tokens, side = 1;
    while (side * side < tokens) ++side;
    partition_match(match, figure->truth + row * tokens, map + row * tokens, tokens,
                    figure->clusters[row]);
    for (size_t t = 0; t < tokens; ++t) named[t] = match[map[row * tokens + t]];
    panel_labels(panel, row, column, named, side);
}

static void draw_panel(const char *path, const struct figure *figure)
{
    struct panel panel;
    size_t first = figure->known ? 2 : 1;
    panel_open(&panel, SHOWN, first + COLUMNS, IMAGE_SIDE, SCALE, GAP);
    for (size_t row = 0; row < SHOWN; ++row) {
        float image[IMAGE_BYTES];
        const uint8_t *pixels = figure->source.images->pixels + row * IMAGE_BYTES;
        for (size_t i = 0; i < IMAGE_BYTES; ++i)
            image[i] = (float)pixel_value(pixels[i]);
        panel_image(&panel, row, 0, image);
        if (figure->known) draw_map(&panel, row, 1, figure, figure->truth);
        for (size_t c = 0; c < COLUMNS; ++c)
            draw_map(&panel, row, first + c, figure, figure->columns[c].maps);
    }
    panel_write(&panel, path);
    panel_close(&panel);
}

/// A heading of the table that gnuplot reads.
static void put_heading(FILE *file, const char *axis, size_t place, const char *heading,
                        const char *note, struct estimate ari, struct estimate iou)
{
    const double numbers[] = {ari.value, ari.low, ari.high,
                              iou.value, iou.low, iou.high};
    tsv_put(file, axis, '\t');
    tsv_put_number(file, (double)place, '\t');
    tsv_put(file, heading, '\t');
    tsv_put(file, note, '\t');
    for (size_t i = 0; i < 6; ++i)
        tsv_put_number(file, numbers[i], i < 5 ? '\t' : '\n');
}

static void write_headings(const char *path, const struct figure *figure)
{
    const struct estimate none = {NAN, NAN, NAN, 0};
    struct output output;
    size_t place = 0;
    output_open(&output, path);
    fputs("axis\tplace\theading\tnote\tari\tari_low\tari_high\tmiou\tmiou_low\tmiou_"
          "high\n",
          output.file);
    put_heading(output.file, "column", place++, "image", "", none, none);
    if (figure->known)
        put_heading(output.file, "column", place++, "true regions", "", none, none);
    for (size_t c = 0; c < COLUMNS; ++c) {
        const struct column *column = &figure->columns[c];
        char note[64] = "";
        if (figure->known || c != COLUMN_MAE)
            snprintf(note, sizeof note, figure->known ? "ARI %.3f" : "agrees: %.3f",
                     column->mean_ari.value);
        put_heading(output.file, "column", place++, column->title, note,
                    column->mean_ari, figure->known ? column->mean_iou : none);
    }
    for (size_t row = 0; row < SHOWN; ++row) {
        char heading[32], digest[HASH_HEX];
        snprintf(heading, sizeof heading, "test %zu", row);
        images_record_digest(digest, figure->source.images, row);
        digest[DIGEST_SHOWN] = 0;
        put_heading(output.file, "row", row, heading, digest, none, none);
    }
    output_close(&output);
}

void emit_figure(const struct run *run, const struct figure *figure)
{
    char path[PATH_SIZE], panel[PATH_SIZE], scale[MODEL_SCALE_TEXT], caption[1024];
    const struct method *method = &figure->columns[COLUMN_MAE].method;
    run_path(path, run, "figure3.tsv");
    write_headings(path, figure);
    run_path(panel, run, "figure3-panel.png");
    draw_panel(panel, figure);
    model_scale(scale, figure->source.model);
    snprintf(
        caption, sizeof caption,
        "%s, test images 0 to %d of the canonical order%s, none picked by eye, with "
        "the first "
        "%d digits of the SHA-256 of each record. K-means in each image by itself, %s; "
        "MAE: %s, %s; %s. Colours are matched to %s in each row. %s over the "
        "first %zu test images.",
        run->options.data, SHOWN - 1,
        figure->known ? " (that of the generator)" : " (ascending SHA-256)",
        DIGEST_SHOWN, figure->known ? "as many clusters as true regions" : "3 clusters",
        depth_name(method->depth), normalisation_name(method->normalisation), scale,
        figure->known ? "the true regions" : "the MAE's map",
        figure->known
            ? "ARI: mean adjusted Rand index with the true regions"
            : "CIFAR-10 has no true regions, so that no column can be right or "
              "wrong here; agrees: mean adjusted Rand index with the MAE's map",
        figure->source.count);
    figure_draw(run, "figure3", "figure3", caption, panel);
}

// ====== Arrays ======

/// export/KEYWHAT.npy of a column.
static void export_array(const struct run *run, const struct column *column,
                         const char *what, enum npy_type type, int dimensions,
                         const size_t *shape, const void *data)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s", column->key, what);
    run_array(run, name, type, dimensions, shape, data);
}

void export_maps(const struct run *run, const struct figure *figure)
{
    const size_t shape[] = {figure->source.count, figure->tokens};
    run_array(run, "clusters", NPY_U1, 1, shape, figure->clusters);
    if (figure->known) run_array(run, "truth", NPY_U1, 2, shape, figure->truth);
    for (size_t c = 0; c < COLUMNS; ++c) {
        const struct column *column = &figure->columns[c];
        export_array(run, column, "-maps", NPY_U1, 2, shape, column->maps);
        export_array(run, column, "-ari", NPY_F8, 1, shape, column->ari);
        if (figure->known)
            export_array(run, column, "-iou", NPY_F8, 1, shape, column->iou);
    }
}

void export_tokens(const struct run *run, const struct column *column,
                   const struct token_set *set)
{
    const size_t shape[] = {set->images, set->tokens, set->width};
    export_array(run, column, "-tokens", NPY_F4, 3, shape, set->values);
}
