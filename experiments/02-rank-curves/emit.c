#include "experiments/02-rank-curves/emit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/train/pretrained.h"

void describe_scale(char scale[SCALE_TEXT], const struct arm *arms)
{
    double epochs[2] = {INFINITY, 0}, updates[2] = {INFINITY, 0};
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        double e = pretrained_number(&arm->model, "epochs");
        double u = pretrained_number(&arm->model, "updates");
        epochs[0] = fmin(epochs[0], e), epochs[1] = fmax(epochs[1], e);
        updates[0] = fmin(updates[0], u), updates[1] = fmax(updates[1], u);
    }
    if (updates[0] < updates[1])
        snprintf(scale, SCALE_TEXT,
                 "models trained for %g to %g epochs, %.0f to %.0f updates", epochs[0],
                 epochs[1], updates[0], updates[1]);
    else
        snprintf(scale, SCALE_TEXT, "models trained for %g epoch%s, %.0f updates",
                 epochs[0], epochs[0] == 1 ? "" : "s", updates[0]);
}

/// Writes an estimate to the results and, as text, to a cell of a table.
static void emit(struct run *run, char cell[NUMBER_TEXT], const struct arm *arm,
                 const char *key, struct estimate d, size_t n)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%s", arm->name, key);
    run_result(run, name, d.value, d.low, d.high, n, "1");
    interval_text(cell, d.value, d.low, d.high);
}

/// One line of one arm: a row of the table, and a result for each component.
static void emit_line(struct run *run, struct table *table, const struct arm *arm,
                      int rival, enum rank_line line)
{
    const struct rank_curve *curve = rival ? &arm->linear_curve : &arm->curve;
    char cell[2 + COMPONENTS][NUMBER_TEXT], key[64];
    const char *row[2 + COMPONENTS];
    snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
    snprintf(cell[1], NUMBER_TEXT, "%s%s", rival ? "linear, " : "",
             rank_line_label[line]);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        snprintf(key, sizeof key, "%s%s.d%zu", rival ? "linear-" : "",
                 rank_line_key[line], i + 1);
        emit(run, cell[2 + i], arm, key, curve->line[line][i], curve->count);
        number_text(cell[2 + i], curve->line[line][i].value);
    }
    for (size_t c = 0; c < 2 + COMPONENTS; ++c) row[c] = cell[c];
    table_row(table, row);
}

void emit_tables(struct run *run, const struct arm *arms)
{
    struct table lines, losses;
    table_open(
        &lines, 7,
        (const char *const[]){"mask", "|D_i|^2 / s_i^2", "i = 1", "2", "3", "4", "5"});
    table_open(&losses, 4,
               (const char *const[]){"mask", "masked loss", "best linear predictor",
                                     "slope over i"});
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        for (int line = 0; line < RANK_LINES; ++line)
            emit_line(run, &lines, arm, 0, line);
        for (int line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
            emit_line(run, &lines, arm, 1, line);
        char cell[4][NUMBER_TEXT];
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        emit(run, cell[1], arm, "loss", arm->loss, arm->linear.count);
        emit(run, cell[2], arm, "linear-loss", arm->linear_loss, arm->linear.count);
        emit(run, cell[3], arm, "slope", arm->curve.slope, arm->curve.count);
        table_row(&losses, (const char *const[]){cell[0], cell[1], cell[2], cell[3]});
    }
    run_table(run, "curves.md", "", &lines, "");
    char about[128];
    snprintf(about, sizeof about,
             "Masked loss, squared in [-1,1], first %zu test images; slopes over %zu "
             "images.",
             arms[0].linear.count, arms[0].curve.count);
    run_table(run, "losses.md", about, &losses, "");
    table_close(&lines);
    table_close(&losses);
}

void emit_figure(const struct run *run, const struct arm *arms)
{
    char path[PATH_SIZE], scale[SCALE_TEXT], caption[512];
    struct output output;
    run_path(path, run, "figure2.tsv");
    output_open(&output, path);
    fputs("mask_ratio\tcomponent\tmedian\tmedian_low\tmedian_high\tratio\tratio_"
          "low\tratio_high\t"
          "linear_median\tlinear_ratio\n",
          output.file);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            struct estimate d = arm->curve.line[RANK_MEDIAN][i],
                            q = arm->curve.line[RANK_RATIO][i];
            const double row[] = {arm->ratio,
                                  (double)(i + 1),
                                  d.value,
                                  d.low,
                                  d.high,
                                  q.value,
                                  q.low,
                                  q.high,
                                  arm->linear_curve.line[RANK_MEDIAN][i].value,
                                  arm->linear_curve.line[RANK_RATIO][i].value};
            for (size_t c = 0; c < 10; ++c)
                tsv_put_number(output.file, row[c], c < 9 ? '\t' : '\n');
        }
    output_close(&output);
    describe_scale(scale, arms);
    snprintf(caption, sizeof caption,
             "%s, %zu test images; %s; linear predictor: first %zu images; bars: 90 %% "
             "bootstrap intervals over images",
             run->options.data, arms[0].curve.count, scale, arms[0].linear.count);
    figure_draw(run, "figure2", "figure2", caption, NULL);
}

void export_arrays(const struct run *run, const struct arm *arms)
{
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t rival = 0; rival < 2; ++rival) {
            const struct rank_samples *samples = rival ? &arm->linear : &arm->learned;
            char name[64];
            snprintf(name, sizeof name, "%s%s", arm->name, rival ? "-linear" : "");
            struct arena arena;
            size_t shape[] = {samples->count, COMPONENTS},
                   count = shape[0] * COMPONENTS;
            arena_open(&arena, "export", count * sizeof(double) + 4096);
            double *rows = arena_doubles(&arena, count);
            for (size_t n = 0; n < samples->count; ++n)
                for (size_t i = 0; i < COMPONENTS; ++i)
                    rows[n * COMPONENTS + i] = samples->relative[GROUPING_HIDDEN][i][n];
            run_array(run, name, NPY_F8, 2, shape, rows);
            arena_close(&arena);
        }
}
