#include "experiments/07-spectral/emit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

// What a checkpoint is summarised by: means over images, the sides of the repaired theorem, the
// plain loss and its terms.
enum { TERMS = 14, OVER_IMAGES = 5 };
static const char *const terms[TERMS] = {
    "error",      "spectral",  "bound",   "constant", "grey",  "whitened", "sum",
    "attraction", "repulsion", "penalty", "push",     "plain", "residual", "rounding"};

static void summarise(double value[TERMS], const struct checkpoint *checkpoint)
{
    const struct contrastive *c = &checkpoint->contrastive;
    const size_t n = checkpoint->images;
    const double row[TERMS] = {mean(checkpoint->error, n),
                               mean(checkpoint->spectral, n),
                               mean(checkpoint->bound, n),
                               mean(checkpoint->constant, n),
                               mean(checkpoint->grey, n),
                               c->whitened,
                               contrastive_sum(c, checkpoint->features),
                               c->attraction,
                               c->repulsion,
                               c->penalty,
                               c->push,
                               c->plain,
                               checkpoint->residual,
                               checkpoint->rounding};
    for (size_t t = 0; t < TERMS; ++t) value[t] = row[t];
}

// The tables of a training, and what is drawn of it.
struct training_tables {
    struct table bound, repaired;
    struct output plot;
};

static void cells_row(struct table *table, const char *name, const double *values,
                      size_t count)
{
    char cell[TERMS][NUMBER_TEXT];
    const char *row[TERMS + 1] = {name};
    for (size_t c = 0; c < count; ++c) {
        number_text(cell[c], values[c]);
        row[c + 1] = cell[c];
    }
    table_row(table, row);
}

static void training_row(struct study *study, struct training_tables *tables,
                         const struct checkpoint *checkpoint, const char *name)
{
    double value[TERMS];
    summarise(value, checkpoint);
    for (size_t t = 0; t < TERMS - 1; ++t)
        put_number(&study->run, NULL, value[t],
                   t < OVER_IMAGES ? checkpoint->images : 0, "1", "%s.%s", name,
                   terms[t]);
    const struct contrastive *c = &checkpoint->contrastive;
    const double bound[] = {checkpoint->loss, value[0], value[1],
                            value[2],         value[3], value[4]},
                 repaired[] = {c->plain,
                               c->penalty,
                               c->push,
                               c->whitened,
                               value[6],
                               checkpoint->residual,
                               checkpoint->rounding};
    cells_row(&tables->bound, name, bound, sizeof bound / sizeof *bound);
    cells_row(&tables->repaired, name, repaired, sizeof repaired / sizeof *repaired);
    tsv_put_number(tables->plot.file, checkpoint->updates, '\t');
    tsv_put_row(tables->plot.file, value, TERMS);
}

static void training_tables_open(struct training_tables *tables, struct study *study)
{
    char path[PATH_SIZE];
    table_open(&tables->bound, 7,
               (const char *const[]){"updates", "masked loss", "|M - N|^2", "L_spec",
                                     "bound", "L_spec of a constant", "of grey"});
    table_open(&tables->repaired, 8,
               (const char *const[]){"updates", "plain loss", "penalty", "repulsion",
                                     "whitened loss", "q + contrastive", "residual",
                                     "rounding"});
    run_path(path, &study->run, "bound.tsv");
    output_open(&tables->plot, path);
    fputs("updates", tables->plot.file);
    for (size_t t = 0; t < TERMS; ++t) fprintf(tables->plot.file, "\t%s", terms[t]);
    fputc('\n', tables->plot.file);
}

static void training_tables_close(struct training_tables *tables, struct study *study)
{
    output_close(&tables->plot);
    run_table(
        &study->run, "training.md",
        "Masked loss of the hidden tokens below, pixels in [-1,1]; the rest: means "
        "over test images with positive degrees, pixels in [0,1], M = D^{-1/2} g "
        "f(X).",
        &tables->bound, "");
    run_table(
        &study->run, "repaired.md",
        "The first hidden tokens, pixels in [-1,1], with a constant. Plain loss: of a "
        "token, not of a pixel; its penalty |G f|^2 would have to be the repulsion "
        "E' (G f . phi')^2 of all pairs for it to be contrastive.",
        &tables->repaired, "");
    table_close(&tables->bound);
    table_close(&tables->repaired);
}

void emit_training(struct study *study, const struct checkpoint *checkpoint,
                   const struct checkpoint *given)
{
    char caption[640], name[32];
    struct training_tables tables;
    training_tables_open(&tables, study);
    for (size_t c = 0; c < CHECKPOINTS; ++c) {
        snprintf(name, sizeof name, "%g", checkpoint[c].updates);
        training_row(study, &tables, &checkpoint[c], name);
    }
    training_row(study, &tables, given, study->recipe[0].run);
    training_tables_close(&tables, study);
    snprintf(caption, sizeof caption,
             "%s, mask ratio %g; top left: means over %zu test images, the others: %s "
             "hidden tokens, all pairs; the penalty of the plain loss would have to be "
             "the repulsion for it to be contrastive; a network of the smoke tier, %g "
             "updates; at the right edge %s: %s",
             study->run.options.data, study->recipe[0].mask_ratio, checkpoint[0].images,
             study->run.options.tier == TIER_SMOKE ? "1,200" : "4,800",
             checkpoint[CHECKPOINTS - 1].updates, study->recipe[0].run, study->scale);
    figure_draw(&study->run, "bound", "bound", caption, NULL);
}

void emit_degrees(struct study *study, const struct degrees_row row[SCALINGS])
{
    static const char *const names[SCALINGS] = {"[-1,1]", "[0,1]",
                                                "mean 0, deviation 1 in each patch"},
                             *const keys[SCALINGS] = {"signed", "unit", "patch"};
    struct table table;
    table_open(&table, 3,
               (const char *const[]){"pixels", "images with a degree <= 0, %",
                                     "such patches, %"});
    for (int s = 0; s < SCALINGS; ++s) {
        char cell[2][NUMBER_TEXT];
        struct estimate images = row[s].images;
        images.value *= 100;
        images.low *= 100;
        images.high *= 100;
        put_estimate(&study->run, cell[0], images, "%", "degrees.%s.images", keys[s]);
        put_number(&study->run, cell[1], 100 * row[s].patches, images.n, "%",
                   "degrees.%s.patches", keys[s]);
        table_row(&table, (const char *const[]){names[s], cell[0], cell[1]});
    }
    run_table(&study->run, "degrees.md", "", &table, "");
    table_close(&table);
}

void emit_images(struct study *study, const double *values, size_t stride, size_t count)
{
    static const char *const keys[FOUNDS] = {
        "skew", "minimiser", "trace", "second", "printed", "negatives", "brightest"};
    char about[128];
    struct table table;
    table_open(&table, 2, (const char *const[]){"found on images", "median"});
    for (int v = 0; v < FOUNDS; ++v) {
        const size_t mark = arena_mark(&study->arena);
        char cell[NUMBER_TEXT];
        const double middle = median(values + (size_t)v * stride, count,
                                     arena_doubles(&study->arena, count));
        put_number(&study->run, NULL, middle, count, "1", "images.%s", keys[v]);
        number_text(cell, middle);
        table_row(&table, (const char *const[]){found_name((enum found)v), cell});
        arena_reset(&study->arena, mark);
    }
    snprintf(
        about, sizeof about,
        "Hidden patches of %zu test images, pixels in [0,1], and their predictions.",
        count);
    run_table(&study->run, "images.md", about, &table, "");
    table_close(&table);
}

void emit_downstream(struct study *study, const struct downstream_row row[ROTATED_WAYS],
                     size_t trained)
{
    static const char *const names[ROTATED_WAYS] = {"N", "N times one sign per image",
                                                    "N times one rotation per image"},
                             *const keys[ROTATED_WAYS] = {"plain", "sign", "rotation"};
    char below[128];
    struct table table;
    table_open(&table, 4,
               (const char *const[]){"features", "ridge classifier, % right",
                                     "answers as on N, %", "largest L_spec"});
    for (int way = 0; way < ROTATED_WAYS; ++way) {
        char cell[3][NUMBER_TEXT];
        put_estimate(&study->run, cell[0], row[way].accuracy, "%", "downstream.%s",
                     keys[way]);
        put_number(&study->run, cell[1], row[way].agrees, row[way].accuracy.n, "%",
                   "downstream.%s.agrees", keys[way]);
        put_number(&study->run, cell[2], row[way].loss, row[way].accuracy.n, "1",
                   "downstream.%s.loss", keys[way]);
        table_row(&table, (const char *const[]){names[way], cell[0], cell[1], cell[2]});
    }
    snprintf(below, sizeof below,
             "Trained on %zu images, tested on %zu, the same patches of each.", trained,
             row[0].accuracy.n);
    run_table(&study->run, "downstream.md", "", &table, below);
    table_close(&table);
}

void emit_pairs(struct study *study, const struct pair_losses *loss,
                const struct pair_samples *samples, size_t image)
{
    const double w = loss->weight,
                 sampled = loss->constant - 2 * w * samples->positive +
                           w * w * samples->negative,
                 error = sqrt(pow(2 * w * samples->positive_error, 2) +
                              pow(w * w * samples->negative_error, 2)),
                 printed = loss->constant - 2 * loss->positive + loss->negative;
    const struct {
        const char *name, *key;
        double value;
    } lines[] = {{"Eq. 6", "spectral", loss->spectral},
                 {"constant", "constant", loss->constant},
                 {"-2 sum w_ij u_i.u_j", "attraction", loss->attraction},
                 {"sum w_i w_j (u_i.u_j)^2", "repulsion", loss->repulsion},
                 {"Eq. 9, their sum", "sum",
                  loss->constant + loss->attraction + loss->repulsion},
                 {"Eq. 10 as corrected, sampled", "sampled", sampled},
                 {"its standard error", "sampled-error", error},
                 {"Eq. 10 as printed, with w_ij", "printed", printed},
                 {"W", "weight", w}};
    char below[96];
    struct table table;
    table_open(&table, 2, (const char *const[]){"term", "one test image"});
    for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
        char cell[NUMBER_TEXT];
        put_number(&study->run, NULL, lines[i].value, 0, "1", "pairs.%s", lines[i].key);
        number_text(cell, lines[i].value);
        table_row(&table, (const char *const[]){lines[i].name, cell});
    }
    snprintf(below, sizeof below, "Test image %zu, pixels in [0,1].", image);
    run_table(&study->run, "pairs.md", "", &table, below);
    table_close(&table);
}

void export_pairs(struct study *study, const double *m, const double *x, size_t n,
                  size_t width)
{
    const size_t shape[] = {n, width};
    run_array(&study->run, "pairs-m", NPY_F8, 2, shape, m);
    run_array(&study->run, "pairs-x", NPY_F8, 2, shape, x);
}

void export_repaired(struct study *study, const struct contrastive_pairs *pairs)
{
    const size_t target[] = {pairs->count, pairs->features},
                 trunk[] = {pairs->count, pairs->width},
                 head[] = {pairs->features, pairs->width};
    run_array(&study->run, "repaired-target", NPY_F8, 2, target, pairs->target);
    run_array(&study->run, "repaired-trunk", NPY_F8, 2, trunk, pairs->trunk);
    run_array(&study->run, "repaired-head", NPY_F8, 2, head, pairs->head);
}
