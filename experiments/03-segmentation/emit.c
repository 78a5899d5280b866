#include "experiments/03-segmentation/columns.h"

#include <math.h>
#include <stdio.h>

#include "core/analysis/partition.h"
#include "core/base/die.h"
#include "core/report/figure.h"
#include "core/report/panel.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/headings.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

void emit_scores(struct study *study, const struct figure *figure)
{
    struct run *run = &study->run;
    struct table table;
    const int known = figure->scenes.truth != NULL;
    const char *const names[] = {
        "clustered",     "depth",
        "normalisation", known ? "ARI" : "ARI with the MAE's map",
        "mIoU",          "MAE's ARI minus this"};
    table_open(&table, known ? 6 : 4, names);
    for (int c = 0; c < COLUMNS; ++c) {
        const struct column *column = &figure->columns[c];
        char cell[3][NUMBER_TEXT] = {"-", "-", "-"};
        if (known || c != COLUMN_MAE)
            put_estimate(run, cell[0], column->mean_ari, "1", "%s.%s", column->key,
                         known ? "ari" : "agreement");
        if (known)
            put_estimate(run, cell[1], column->mean_iou, "1", "%s.miou", column->key);
        if (known && c != COLUMN_MAE)
            put_estimate(run, cell[2], column->gap, "1", "%s.gap", column->key);
        table_row(&table, (const char *const[]){
                              column->title,
                              column_encodes(c) ? depth_name(column->depth) : "-",
                              normalisation_name(column->normalisation), cell[0],
                              cell[1], cell[2]});
    }
    put_number(run, NULL,
               deviation(figure->columns[COLUMN_RANDOM].encoder, RANDOM_ENCODERS),
               RANDOM_ENCODERS, "1", "random.%s.spread", known ? "ari" : "agreement");
    char about[STUDY_SCALE + 192];
    snprintf(about, sizeof about,
             "%s, first %zu test images; %s; random encoder: %d of them; 90 %% "
             "bootstrap intervals over images.",
             run->options.data, figure->scenes.count, study->scale, RANDOM_ENCODERS);
    run_table(run, "segments.md", about, &table, "");
    table_close(&table);
}

// ====== The picture ======

// The first images, and how the figure enlarges them: to a cell of 192 pixels, photographs of a
// folder to one of 224.
enum { SHOWN = 8, CELL = 192, FOLDER_CELL = 224, GAP = 24 };

static size_t shown(const struct figure *figure)
{
    return figure->scenes.count < SHOWN ? figure->scenes.count : SHOWN;
}

static size_t cell_of(const struct images *images)
{
    return images->side == IMAGE_SIDE && !images->values ? CELL : FOLDER_CELL;
}

void figure3_ready(const struct images *images)
{
    if (cell_of(images) % (size_t)images->side)
        die(EXIT_INPUT,
            "images of side %d do not fit into cells of %zu pixels (give an encoder of "
            "images of side 224)",
            images->side, cell_of(images));
}

// Draws a map in the colours of the true regions that its clusters match best.
static void draw_map(struct panel *panel, size_t row, size_t column,
                     const struct figure *figure, const uint8_t *map)
{
    uint8_t match[PARTITION_LABELS], named[FOLDER_CELL * FOLDER_CELL];
    const size_t tokens = figure->scenes.tokens;
    size_t side = 1;
    while (side * side < tokens) ++side;
    partition_match(match, figure_truth(figure) + row * tokens, map + row * tokens,
                    tokens, figure->scenes.clusters[row]);
    for (size_t t = 0; t < tokens; ++t) named[t] = match[map[row * tokens + t]];
    panel_labels(panel, row, column, named, side);
}

static void draw_panel(const char *path, const struct figure *figure)
{
    struct panel panel;
    const size_t first = figure->scenes.truth ? 2 : 1;
    const struct images *images = figure->scenes.images;
    const size_t side = (size_t)images->side;
    panel_open(&panel, shown(figure), first + COLUMNS, side, cell_of(images) / side,
               GAP);
    for (size_t row = 0; row < shown(figure); ++row) {
        panel_bytes(&panel, row, 0,
                    images->pixels + row * IMAGE_CHANNELS * side * side);
        if (first == 2) draw_map(&panel, row, 1, figure, figure->scenes.truth);
        for (size_t c = 0; c < COLUMNS; ++c)
            draw_map(&panel, row, first + c, figure, figure->columns[c].maps);
    }
    panel_write(&panel, path);
    panel_close(&panel);
}

// The agreement of the maps that are drawn: of several random encoders those of the first, not the
// mean of all.
static struct estimate drawn_ari(struct study *study, const struct figure *figure,
                                 int which)
{
    const struct column *column = &figure->columns[which];
    const struct scenes *scenes = &figure->scenes;
    if (which != COLUMN_RANDOM) return column->mean_ari;
    double *ari = arena_doubles(&study->arena, scenes->count);
    segments_score(ari, NULL, column->maps, figure_truth(figure), scenes->clusters,
                   scenes->count, scenes->tokens);
    return study_mean(study, ari, scenes->count);
}

// Below the title of a column: what is clustered and how it is prepared, and its agreement.
static void put_column(struct headings *headings, struct study *study,
                       const struct figure *figure, int which, size_t place)
{
    const struct column *column = &figure->columns[which];
    const struct estimate unknown = {(double)NAN, (double)NAN, (double)NAN, 0};
    const int known = figure->scenes.truth != NULL;
    const struct estimate ari = drawn_ari(study, figure, which),
                          iou = known && which != COLUMN_RANDOM ? column->mean_iou
                                                                : unknown;
    const double values[] = {ari.value, ari.low, ari.high,
                             iou.value, iou.low, iou.high};
    char score[48] = "", interval[48] = "";
    if (known || which != COLUMN_MAE) {
        snprintf(score, sizeof score, known ? "ARI %.3f" : "agrees: %.3f", ari.value);
        snprintf(interval, sizeof interval, "[%.3f, %.3f]", ari.low, ari.high);
    }
    headings_put(headings, "column", place, column->title, score, values);
    headings_put(headings, "prepared", place,
                 column_encodes(which) ? depth_name(column->depth) : "",
                 normalisation_name(column->normalisation), NULL);
    headings_put(headings, "interval", place, interval, "", NULL);
}

static void write_headings(struct study *study, const struct figure *figure)
{
    static const char *const names[] = {"ari",  "ari_low",  "ari_high",
                                        "miou", "miou_low", "miou_high"};
    struct headings headings;
    size_t place = 0;
    headings_open(&headings, &study->run, "figure3.tsv", names, 6);
    headings_put(&headings, "column", place++, "image", "", NULL);
    if (figure->scenes.truth)
        headings_put(&headings, "column", place++, "true regions", "", NULL);
    for (int c = 0; c < COLUMNS; ++c) put_column(&headings, study, figure, c, place++);
    for (size_t row = 0; row < shown(figure); ++row)
        headings_put_image(&headings, figure->scenes.images, row, NULL);
    // The colours that some image has use for: as many as the most clusters of a row.
    uint8_t most = 0;
    for (size_t row = 0; row < shown(figure); ++row)
        if (figure->scenes.clusters[row] > most) most = figure->scenes.clusters[row];
    for (size_t k = 0; k < most; ++k) {
        char name[24];
        snprintf(name, sizeof name, "%zu", k + 1);
        headings_put(&headings, "key", k, name, "", NULL);
    }
    headings_close(&headings);
}

void emit_figure3(struct study *study, const struct figure *figure)
{
    char panel[PATH_SIZE], caption[1280 + STUDY_SCALE];
    const int known = figure->scenes.truth != NULL;
    write_headings(study, figure);
    run_path(panel, &study->run, "figure3-panel.png");
    draw_panel(panel, figure);
    snprintf(
        caption, sizeof caption,
        "%s, test images 0 to %zu of the canonical order%s, none picked by eye, with "
        "the first %d digits of the SHA-256 of each record. K-means in each image by "
        "itself, %s; %s. Above each column: the depth its tokens are taken from, and "
        "how they are prepared (centred: minus the mean of all images at that place; "
        "unit: of length 1). The colours name the clusters of one image, in each row "
        "those of %s that they match best; from row to row they mean nothing. %s over "
        "the first %zu test images, of the maps that are drawn, with 90 %% intervals; "
        "of %d encoders with initial weights the first is drawn.",
        study->run.options.data, shown(figure) - 1,
        known           ? " (that of the generator)"
        : study->folder ? " (of the names' SHA-256, classes in turn)"
                        : " (ascending SHA-256)",
        HEADINGS_DIGITS, known ? "as many clusters as true regions" : "3 clusters",
        study->scale, known ? "the true regions" : "the MAE's map",
        known
            ? "ARI: mean adjusted Rand index with the true regions"
            : "Nobody knows the true regions, so that no column can be right or wrong "
              "here; agrees: mean adjusted Rand index with the MAE's map",
        figure->scenes.count, RANDOM_ENCODERS);
    figure_draw(&study->run, study->folder ? "figure3-folder" : "figure3", "figure3",
                caption, panel);
}

// ====== Arrays ======

// export/KEYWHAT.npy of a column.
static void export_array(const struct run *run, const char *key, const char *what,
                         enum npy_type type, int dimensions, const size_t *shape,
                         const void *data)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%s", key, what);
    run_array(run, name, type, dimensions, shape, data);
}

// The agreement of the maps that are exported. That of the random encoders is a mean over several
// in the table, and goes by another name.
static void export_agreement(struct study *study, const struct figure *figure,
                             const struct column *column)
{
    const struct scenes *scenes = &figure->scenes;
    double *ari = arena_doubles(&study->arena, scenes->count),
           *iou = arena_doubles(&study->arena, scenes->count);
    segments_score(ari, iou, column->maps, figure_truth(figure), scenes->clusters,
                   scenes->count, scenes->tokens);
    const struct run *run = &study->run;
    export_array(run, column->key, "ari", NPY_F8, 1, &scenes->count, ari);
    if (scenes->truth)
        export_array(run, column->key, "iou", NPY_F8, 1, &scenes->count, iou);
    if (column != &figure->columns[COLUMN_RANDOM]) return;
    export_array(run, column->key, "mean-ari", NPY_F8, 1, &scenes->count, column->ari);
    if (scenes->truth)
        export_array(run, column->key, "mean-iou", NPY_F8, 1, &scenes->count,
                     column->iou);
}

void export_columns(struct study *study, const struct figure *figure)
{
    const struct run *run = &study->run;
    const struct scenes *scenes = &figure->scenes;
    const size_t shape[] = {scenes->count, scenes->tokens},
                 mark = arena_mark(&study->arena);
    run_array(run, "clusters", NPY_U1, 1, shape, scenes->clusters);
    if (scenes->truth) run_array(run, "truth", NPY_U1, 2, shape, scenes->truth);
    for (int which = 0; which < COLUMNS; ++which) {
        const struct column *c = &figure->columns[which];
        struct token_set set;
        column_tokens(&set, which, c->depth, scenes, 0, &study->arena);
        const size_t tokens[] = {set.images, set.tokens, set.width};
        export_array(run, c->key, "tokens", NPY_F4, 3, tokens, set.values);
        export_array(run, c->key, "maps", NPY_U1, 2, shape, c->maps);
        export_agreement(study, figure, c);
        arena_reset(&study->arena, mark);
    }
}
