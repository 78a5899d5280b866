#include "experiments/10-token-mixing/emit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/tsv.h"
#include "core/data/planted.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/results.h"

// The table's columns; the figure has the first of them.
enum { DRAWN = 4 };
static const enum measure shown[MEASURES] = {HIDDEN_LOSS, SEGMENTS,     CLASS_PROBE,
                                             MEAN_PROBE,  ORACLE_PROBE, HEAD_REGIONS,
                                             VISIBLE_LOSS};

static void emit_table(const struct arms *arms)
{
    struct run *run = &arms->study->run;
    struct table table;
    char about[512];
    char heading[MEASURES][NUMBER_TEXT];
    const char *row[1 + MEASURES] = {"training"};
    for (size_t m = 0; m < MEASURES; ++m) {
        const struct measure_names *names = &measure_names[shown[m]];
        snprintf(heading[m], NUMBER_TEXT, "%s%s", names->name, names->scale);
        row[1 + m] = heading[m];
    }
    table_open(&table, 1 + MEASURES, row);
    for (size_t a = 0; a < ARMS; ++a) {
        char cell[MEASURES][NUMBER_TEXT];
        row[0] = arms->arm[a].title;
        for (size_t m = 0; m < MEASURES; ++m) {
            const struct measure_names *names = &measure_names[shown[m]];
            row[1 + m] = cell[m];
            if (arms->arm[a].value[shown[m]])
                put_estimate(run, cell[m], arm_mean(arms, a, shown[m]), names->unit,
                             "%s.%s", arms->arm[a].key, names->key);
            else
                snprintf(cell[m], NUMBER_TEXT, "-");
        }
        table_row(&table, row);
    }
    const double raw = mean(arms->raw_patches, arms->scale.scenes);
    put_number(run, NULL, raw, arms->scale.scenes, "percent", "raw-patches.segments");
    snprintf(about, sizeof about,
             "Trainings on planted scenes that differ in one thing each: %zu seed%s, "
             "%zu test scenes, 90 %% intervals over %s. Hidden loss in the training's "
             "own targets. K-means on raw patches has 100 ARI = %.1f.",
             arms->scale.seeds, arms->scale.seeds == 1 ? "" : "s", arms->scale.scenes,
             arms->scale.seeds == 1 ? "scenes alone" : "both", raw);
    run_table(run, "controls.md", about, &table, "");
    table_close(&table);
}

static void emit_figure(const struct arms *arms)
{
    char path[PATH_SIZE], caption[512];
    struct output output;
    const size_t scenes = arms->scale.scenes;
    run_path(path, &arms->study->run, "controls.tsv");
    output_open(&output, path);
    fputs("place\ttraining\tseed\tloss\tsegments\tclass\tmean\tpatches\n", output.file);
    for (size_t a = 0; a < ARMS; ++a)
        for (size_t s = 0; s < arms->scale.seeds; ++s) {
            fprintf(output.file, "%zu\t%s\t%zu\t", a, arms->arm[a].title, s);
            for (size_t m = 0; m < DRAWN; ++m)
                tsv_put_number(output.file,
                               mean(arms->arm[a].value[shown[m]] + s * scenes, scenes),
                               '\t');
            tsv_put_number(output.file, mean(arms->raw_patches, arms->scale.scenes),
                           '\n');
        }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "planted scenes, %d for training, %zu for tests; one point a training, %zu "
        "seed%s; hidden loss in the training's own targets, a triangle where it is "
        "off the axis; dotted: the targets' variance, K-means on raw patches, and "
        "chance for ten classes",
        PLANTED_TRAIN, scenes, arms->scale.seeds, arms->scale.seeds == 1 ? "" : "s");
    figure_draw(&arms->study->run, "controls", "controls", caption, NULL);
}

void emit_arms(const struct arms *arms)
{
    emit_table(arms);
    emit_figure(arms);
}
