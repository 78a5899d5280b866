#include "experiments/02-rank-curves/emit.h"

#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/study/results.h"

static const struct {
    const char *key, *label, *suffix;
} predictors[PREDICTORS] = {{"", "", ""}, {"linear-", "linear, ", "-linear"}};

// One line of one arm: a row of the table, and a result for each component.
static void emit_line(struct run *run, struct table *table, const struct arm *arm,
                      int predictor, enum rank_line line)
{
    char cell[2 + COMPONENTS][NUMBER_TEXT];
    const char *row[2 + COMPONENTS];
    snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
    snprintf(cell[1], NUMBER_TEXT, "%s%s", predictors[predictor].label,
             rank_line_label[line]);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        const struct estimate found = arm->curve[predictor].line[line][i];
        put_estimate(run, NULL, found, "1", "%s.%s%s.d%zu", arm->name,
                     predictors[predictor].key, rank_line_key[line], i + 1);
        number_text(cell[2 + i], found.value);
    }
    for (size_t c = 0; c < 2 + COMPONENTS; ++c) row[c] = cell[c];
    table_row(table, row);
}

void emit_curves(struct run *run, const struct arm *arms)
{
    struct table lines, losses;
    char cell[4][NUMBER_TEXT], about[128];
    table_open(
        &lines, 7,
        (const char *const[]){"mask", "|D_i|^2 / s_i^2", "i = 1", "2", "3", "4", "5"});
    table_open(&losses, 4,
               (const char *const[]){"mask", "masked loss", "best linear predictor",
                                     "slope over i"});
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        for (int line = 0; line < RANK_LINES; ++line)
            emit_line(run, &lines, arm, LEARNED, line);
        for (int line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
            emit_line(run, &lines, arm, LINEAR, line);
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        put_estimate(run, cell[1], arm->loss[LEARNED], "1", "%s.loss", arm->name);
        put_estimate(run, cell[2], arm->loss[LINEAR], "1", "%s.linear-loss", arm->name);
        put_estimate(run, cell[3], arm->curve[LEARNED].slope, "1", "%s.slope",
                     arm->name);
        table_row(&losses, (const char *const[]){cell[0], cell[1], cell[2], cell[3]});
    }
    run_table(run, "curves.md", "", &lines, "");
    snprintf(about, sizeof about,
             "Masked loss, squared in [-1,1], first %zu test images; slopes over %zu "
             "images.",
             arms->loss[LINEAR].n, arms->curve[LEARNED].count);
    run_table(run, "losses.md", about, &losses, "");
    table_close(&lines);
    table_close(&losses);
}

void emit_figure2(struct study *study, const struct arm *arms)
{
    char path[PATH_SIZE], caption[512];
    struct output output;
    run_path(path, &study->run, "figure2.tsv");
    output_open(&output, path);
    fputs("mask_ratio\tcomponent\tmedian\tmedian_low\tmedian_high\tratio\tratio_low\t"
          "ratio_high\tlinear_median\tlinear_ratio\n",
          output.file);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            const struct rank_curve *curve = &arm->curve[LEARNED],
                                    *rival = &arm->curve[LINEAR];
            const struct estimate m = curve->line[RANK_MEDIAN][i],
                                  q = curve->line[RANK_RATIO][i];
            const double row[] = {arm->ratio,
                                  (double)(i + 1),
                                  m.value,
                                  m.low,
                                  m.high,
                                  q.value,
                                  q.low,
                                  q.high,
                                  rival->line[RANK_MEDIAN][i].value,
                                  rival->line[RANK_RATIO][i].value};
            for (size_t c = 0; c < 10; ++c)
                tsv_put_number(output.file, row[c], c < 9 ? '\t' : '\n');
        }
    output_close(&output);
    snprintf(caption, sizeof caption,
             "%s, %zu test images; %s; linear predictor: first %zu images; bars: 90 %% "
             "bootstrap intervals over images",
             study->run.options.data, arms->curve[LEARNED].count, study->scale,
             arms->curve[LINEAR].count);
    figure_draw(&study->run, "figure2", "figure2", caption, NULL);
}

void export_distances(struct study *study, const struct arm *arms)
{
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (int p = 0; p < PREDICTORS; ++p) {
            const struct rank_samples *samples = &arm->samples[p];
            const size_t shape[] = {samples->count, COMPONENTS},
                         mark = arena_mark(&study->arena);
            double *rows = arena_doubles(&study->arena, samples->count * COMPONENTS);
            char name[64];
            snprintf(name, sizeof name, "%s%s", arm->name, predictors[p].suffix);
            for (size_t n = 0; n < samples->count; ++n)
                for (size_t i = 0; i < COMPONENTS; ++i)
                    rows[n * COMPONENTS + i] = samples->relative[GROUPING_HIDDEN][i][n];
            run_array(&study->run, name, NPY_F8, 2, shape, rows);
            arena_reset(&study->arena, mark);
        }
}
