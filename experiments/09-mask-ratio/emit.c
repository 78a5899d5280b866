#include "experiments/09-mask-ratio/emit.h"

#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

static const char *const predictor_key[PREDICTORS] = {"learned", "linear"},
                         *const quality_key[QUALITIES] = {"segments", "probe"},
                         *const quality_name[QUALITIES] = {"100 ARI",
                                                           "probe's accuracy, %"};

// ====== Ranks ======

static void emit_predictable(struct study *study, const struct ranks *ranks)
{
    struct table table;
    char cell[1 + 2 * FALL_MASKS][NUMBER_TEXT], below[128];
    const char *row[1 + 2 * FALL_MASKS];
    table_open(&table, 1 + 2 * FALL_MASKS,
               (const char *const[]){"mask", "mask 1: explained", "mask 2", "mask 3",
                                     "mask 1: largest eigenvalue", "mask 2", "mask 3"});
    for (size_t a = 0; a < ARMS; ++a) {
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * ranks->ratio[a]);
        row[0] = cell[0];
        for (size_t m = 0; m < FALL_MASKS; ++m) {
            put_number(&study->run, NULL, ranks->explained[m][a], 0, "1",
                       "predictable.m%02.0f.mask%zu", 100 * ranks->ratio[a], m + 1);
            number_text(cell[1 + m], ranks->explained[m][a]);
            number_text(cell[1 + FALL_MASKS + m], ranks->largest[m][a]);
            row[1 + m] = cell[1 + m];
            row[1 + FALL_MASKS + m] = cell[1 + FALL_MASKS + m];
        }
        table_row(&table, row);
    }
    put_number(&study->run, NULL, ranks->missing, FALL_MASKS * (ARMS - 1), "1",
               "predictable.missing");
    snprintf(below, sizeof below,
             "No eigenvalue should rise; the largest rise is %.2g of the largest "
             "eigenvalue, and rounding explains %.2g.",
             ranks->missing, ranks->rounding);
    run_table(&study->run, "predictable.md",
              "One hidden patch, the middle one in reading order, predicted linearly "
              "from more and more of the others: shares of its variance.",
              &table, below);
    table_close(&table);
}

void emit_ranks(struct study *study, const struct ranks *ranks)
{
    struct run *run = &study->run;
    struct table table;
    struct output output;
    char cell[7][NUMBER_TEXT], path[PATH_SIZE], caption[STUDY_SCALE + 320], about[192];
    table_open(&table, 7,
               (const char *const[]){"mask", "N", "N0", "effective rank, trained",
                                     "best linear predictor", "hidden patches",
                                     "trained, the same patches"});
    run_path(path, run, "section5.1-ranks.tsv");
    output_open(&output, path);
    fputs("visible\tlearned\tlearned_low\tlearned_high\tlinear\tlinear_low\t"
          "linear_high\ttruth\n",
          output.file);
    for (size_t a = 0; a < ARMS; ++a) {
        struct estimate mean[PREDICTORS];
        const size_t count[PREDICTORS] = {ranks->images, ranks->rival_images};
        for (int p = 0; p < PREDICTORS; ++p) {
            mean[p] = study_mean(study, ranks->effective[p][a], count[p]);
            put_estimate(run, cell[3 + p], mean[p], "1", "effective.m%02.0f.%s",
                         100 * ranks->ratio[a], predictor_key[p]);
        }
        const struct estimate truth = study_mean(study, ranks->truth[a], ranks->images);
        put_estimate(run, cell[5], truth, "1", "effective.m%02.0f.truth",
                     100 * ranks->ratio[a]);
        put_estimate(run, cell[6], study_mean(study, ranks->shared[a], ranks->images),
                     "1", "effective.m%02.0f.same-patches", 100 * ranks->ratio[a]);
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * ranks->ratio[a]);
        number_text(cell[1], ranks->visible[a]);
        number_text(cell[2], ranks->hidden[a]);
        table_row(&table, (const char *const[]){cell[0], cell[1], cell[2], cell[3],
                                                cell[4], cell[5], cell[6]});
        tsv_put_row(output.file,
                    (const double[]){ranks->visible[a], mean[LEARNED].value,
                                     mean[LEARNED].low, mean[LEARNED].high,
                                     mean[LINEAR].value, mean[LINEAR].low,
                                     mean[LINEAR].high, truth.value},
                    8);
        if (run->options.export_arrays) {
            char name[64];
            snprintf(name, sizeof name, "effective-m%02.0f", 100 * ranks->ratio[a]);
            run_array(run, name, NPY_F8, 1, &ranks->images,
                      ranks->effective[LEARNED][a]);
        }
    }
    output_close(&output);
    snprintf(about, sizeof about,
             "Means over images, nested masks; the same patches: the %.0f hidden at "
             "every ratio.",
             ranks->hidden[0]);
    run_table(run, "ranks.md", about, &table, "");
    table_close(&table);
    emit_predictable(study, ranks);
    snprintf(
        caption, sizeof caption,
        "%s, first %zu test images (linear: %zu), nested masks; %s. Effective rank "
        "of the reconstructed hidden patches; dotted: proportional to N, through "
        "the trained model's first point; 90 %% bootstrap intervals over images",
        run->options.data, ranks->images, ranks->rival_images, study->scale);
    figure_draw(run, "section5.1-ranks", "section5.1-ranks", caption, NULL);
}

// ====== The dial ======

static void dial_rows(struct study *study, const struct dial *dial, FILE *file,
                      struct table *table, size_t k)
{
    char cell[1 + DIAL_RATIOS][NUMBER_TEXT], name[64];
    const char *row[1 + DIAL_RATIOS];
    for (int q = 0; q < QUALITIES; ++q) {
        snprintf(cell[0], NUMBER_TEXT, "%zu, %s", dial->regions[k], quality_name[q]);
        row[0] = cell[0];
        for (size_t m = 0; m < dial->ratio_count; ++m) {
            const struct estimate mean =
                dial_mean(dial, k, m, (enum quality)q, study->run.options.seed);
            put_estimate(&study->run, cell[1 + m], mean, "points",
                         "dial.k%zu.m%02.0f.%s", dial->regions[k], 100 * dial->ratio[m],
                         quality_key[q]);
            row[1 + m] = cell[1 + m];
            tsv_put_row(file,
                        (const double[]){q, (double)k, (double)m,
                                         (double)dial->regions[k], dial->ratio[m],
                                         mean.value,
                                         m == dial_best(dial, k, (enum quality)q)},
                        7);
            if (!study->run.options.export_arrays) continue;
            const size_t shape[] = {dial->seeds, dial->scenes[q]};
            snprintf(name, sizeof name, "dial-k%zu-m%02.0f-%s", dial->regions[k],
                     100 * dial->ratio[m], quality_key[q]);
            run_array(&study->run, name, NPY_F8, 2, shape, dial->quality[k][m][q]);
        }
        table_row(table, row);
    }
}

void emit_dial(struct study *study, const struct dial *dial)
{
    struct run *run = &study->run;
    struct table table;
    struct output output;
    char name[DIAL_RATIOS][32], path[PATH_SIZE], caption[512];
    const char *names[1 + DIAL_RATIOS] = {"regions"};
    for (size_t m = 0; m < dial->ratio_count; ++m) {
        snprintf(name[m], sizeof name[m], "%.0f %% masked", 100 * dial->ratio[m]);
        names[1 + m] = name[m];
    }
    table_open(&table, 1 + dial->ratio_count, names);
    run_path(path, run, "section5.1-dial.tsv");
    output_open(&output, path);
    fputs("quality\tk\tm\tregions\tmask_ratio\tvalue\tbest\n", output.file);
    for (size_t k = 0; k < dial->region_count; ++k) {
        dial_rows(study, dial, output.file, &table, k);
        for (size_t m = 0; m < dial->ratio_count; ++m)
            put_number(run, NULL, dial->loss[k][m], dial->seeds, "[-1,1]^2",
                       "dial.k%zu.m%02.0f.loss", dial->regions[k],
                       100 * dial->ratio[m]);
    }
    output_close(&output);
    run_table(
        run, "dial.md",
        dial->seeds == 1
            ? "Means over test scenes, with 90 % intervals over them, of one seed."
            : "Means over seeds and test scenes, with 90 % intervals over both; "
              "those of few seeds are wide, and may pass 0 or 100.",
        &table, "");
    table_close(&table);
    snprintf(
        caption, sizeof caption,
        "Scenes of k regions; %zu training%s of the smoke model at each setting, "
        "%g epoch%s of %zu scenes. K-means on the tokens of %zu test scenes; "
        "linear probe of the class token on %zu. Frames: the best ratio for each k",
        dial->seeds, dial->seeds == 1 ? "" : "s", dial->epochs,
        dial->epochs == 1 ? "" : "s", dial->train, dial->scenes[QUALITY_SEGMENTS],
        dial->scenes[QUALITY_PROBE]);
    figure_draw(run, "section5.1-dial", "section5.1-dial", caption, NULL);
}
