#include "experiments/02-rank-curves/readings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/rank_curves.h"
#include "core/base/die.h"
#include "core/report/run_files.h"
#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

// ====== Counter-examples that can be followed by hand ======

enum { SIDE = 6 };

// Compares X = diag(16, 8, 4, 2, 1, 0) with X + t I: the distance of component i is (t / s_i)^2,
// the rank is full for every t > 0. relative (COMPONENTS)
static void shifted(struct components *components, double relative[COMPONENTS],
                    double t, struct arena *arena)
{
    double x[SIDE * SIDE] = {0}, y[SIDE * SIDE] = {0};
    for (size_t i = 0; i < SIDE; ++i) {
        x[i * SIDE + i] = i < COMPONENTS ? ldexp(1, (int)(COMPONENTS - 1 - i)) : 0;
        y[i * SIDE + i] = x[i * SIDE + i] + t;
    }
    if (components_compare(components, x, y, SIDE, SIDE, arena))
        die(EXIT_SYSTEM, "a diagonal matrix was not decomposed (report this)");
    components_relative(relative, components->frobenius, components->scale);
}

// The slope of a curve on i.
static double steepness(const double relative[COMPONENTS])
{
    double index[COMPONENTS];
    for (size_t i = 0; i < COMPONENTS; ++i) index[i] = (double)(i + 1);
    return slope(relative, index, COMPONENTS);
}

// By how much the effective rank grows though the distances rise with i; NAN where they do not, so
// that it is no counter-example.
static double rising_at_full_rank(struct draw *draw, char note[CHECK_NOTE])
{
    struct components found;
    double relative[COMPONENTS];
    shifted(&found, relative, .25, draw->arena);
    snprintf(note, CHECK_NOTE,
             "X = diag(16, 8, 4, 2, 1, 0) and X + I/4, of full rank: distances from "
             "%.2g to %.2g, effective rank %.3f, of X %.3f",
             relative[0], relative[COMPONENTS - 1], found.rank[1], found.rank[0]);
    return strictly_increasing(relative, COMPONENTS) ? found.rank[1] - found.rank[0]
                                                     : (double)NAN;
}

// By how much the effective rank grows from the gentler curve to the steeper one, as above.
static double steeper_at_higher_rank(struct draw *draw, char note[CHECK_NOTE])
{
    struct components gentle, steep;
    double relative[2][COMPONENTS];
    shifted(&gentle, relative[0], .25, draw->arena);
    shifted(&steep, relative[1], .5, draw->arena);
    snprintf(note, CHECK_NOTE,
             "X + I/4 and X + I/2: slopes %.3f and %.3f, effective ranks %.3f and %.3f",
             steepness(relative[0]), steepness(relative[1]), gentle.rank[1],
             steep.rank[1]);
    return steepness(relative[1]) > steepness(relative[0])
               ? steep.rank[1] - gentle.rank[1]
               : (double)NAN;
}

// 1 where the mean of a hundred images' fifth distances summarises nothing, because one of them is
// grey; 0 where it does. Pixels are matrices of 12 columns, patches of side 2.
static double mean_with_one_grey_image(struct draw *draw, char note[CHECK_NOTE])
{
    enum { IMAGES = 100, ROWS = 48, PIXELS = 4, COLUMNS = 3 * PIXELS };
    // A mean this many times its median summarises nothing.
    const double breakdown = 1e3;
    double fifth[IMAGES], scratch[IMAGES];
    for (size_t n = 0; n < IMAGES; ++n) {
        double x[ROWS * COLUMNS], y[ROWS * COLUMNS], relative[COMPONENTS];
        struct components found;
        for (size_t k = 0; k < ROWS * COLUMNS; ++k) {
            const int copied = n == 0 && k % COLUMNS >= PIXELS;
            x[k] = copied ? x[k - PIXELS] : rng_normal(&draw->rng);
            y[k] = x[k] + .1 * rng_normal(&draw->rng);
        }
        if (components_compare(&found, x, y, ROWS, COLUMNS, draw->arena))
            die(EXIT_SYSTEM, "a random matrix was not decomposed (report this)");
        components_relative(relative, found.frobenius, found.scale);
        fifth[n] = relative[COMPONENTS - 1];
    }
    const double average = mean(fifth, IMAGES),
                 typical = median(fifth, IMAGES, scratch);
    snprintf(note, CHECK_NOTE,
             "fifth distance of 100 images, one of them grey: mean %.2g, median %.2g",
             average, typical);
    return average > breakdown * typical;
}

const struct check readings[READINGS] = {
    {"figure2.low-rank", .violation = rising_at_full_rank, .draws = 1,
     .test = "counter-example: effective rank above the original's"},
    {"figure2.clusters", .violation = steeper_at_higher_rank, .draws = 1,
     .test = "counter-example: effective rank above the gentler curve's"},
    {"figure2.literal-mean", .violation = mean_with_one_grey_image, .draws = 20,
     .test = "counter-example: a mean above a thousand medians"},
};

// ====== The same on images ======

static const double deviations[] = {.02, .05, .1, .2};
enum { LEVELS = sizeof deviations / sizeof *deviations, CELLS = COMPONENTS + 4 };

static void emit_level(struct study *study, struct table *table, double sd,
                       const struct rank_samples *samples)
{
    struct rank_curve curve;
    struct run *run = &study->run;
    char cell[CELLS][NUMBER_TEXT];
    const char *row[CELLS];
    rank_curve_fit(&curve, samples, BOOTSTRAP_RESAMPLES, run->options.seed);
    snprintf(cell[0], NUMBER_TEXT, "%g", sd);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        put_estimate(run, NULL, curve.line[RANK_MEDIAN][i], "1", "noise-%g.median.d%zu",
                     sd, i + 1);
        number_text(cell[1 + i], curve.line[RANK_MEDIAN][i].value);
    }
    put_estimate(run, cell[COMPONENTS + 1], curve.slope[GROUPING_HIDDEN], "1",
                 "noise-%g.slope", sd);
    put_estimate(run, cell[COMPONENTS + 2],
                 study_mean(study, samples->rank[0], samples->count), "1",
                 "noise-%g.rank-original", sd);
    put_estimate(run, cell[COMPONENTS + 3],
                 study_mean(study, samples->rank[1], samples->count), "1",
                 "noise-%g.rank", sd);
    for (size_t c = 0; c < CELLS; ++c) row[c] = cell[c];
    table_row(table, row);
}

void emit_noise(struct study *study, double ratio, size_t images)
{
    struct table table;
    char about[160];
    table_open(&table, CELLS,
               (const char *const[]){"sd of noise", "i = 1", "2", "3", "4", "5",
                                     "slope over i", "effective rank, original",
                                     "with noise"});
    for (size_t level = 0; level < LEVELS; ++level) {
        const size_t mark = arena_mark(&study->arena);
        struct rank_samples samples;
        rank_samples_open(&samples, images, &study->arena);
        if (rank_samples_noisy(&samples, deviations[level], &study->images[SPLIT_TEST],
                               study->recipe[0].shape.patch, ratio,
                               study->run.options.seed, study->run.options.threads) > 0)
            die(EXIT_SYSTEM, "noise: a matrix decomposition did not converge (report "
                             "this)");
        emit_level(study, &table, deviations[level], &samples);
        arena_reset(&study->arena, mark);
    }
    snprintf(about, sizeof about,
             "Hidden patches (%.0f %%) of the first %zu test images with noise on "
             "them, of full rank: median distances.",
             100 * ratio, images);
    run_table(&study->run, "noise.md", about, &table, "");
    table_close(&table);
}
