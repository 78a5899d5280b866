#include "experiments/08-visible-tokens/emit.h"

#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/results.h"

static const char *const space_name[SPACES] = {"encoder's tokens into the decoder's",
                                               "decoder's tokens", "pixels of patches"},
                         *const space_key[SPACES] = {"encoder", "decoder", "pixels"},
                         *const cause_key[CAUSES] = {"similarity", "nearness",
                                                     "region"},
                         *const combination_key[COMBINATIONS] = {
                             "patches", "decorrelated", "tokens"};

static void emit_spans(struct study *study, const struct measured *measured)
{
    struct run *run = &study->run;
    struct table table;
    char cell[3][NUMBER_TEXT], about[STUDY_SCALE + 160];
    table_open(&table, 4,
               (const char *const[]){"span of visible tokens", "own image",
                                     "another image", "own minus other"});
    for (int s = 0; s < SPACES; ++s) {
        put_estimate(run, cell[0], measured->own[s], "1", "span.%s.own", space_key[s]);
        put_estimate(run, cell[1], measured->other[s], "1", "span.%s.other",
                     space_key[s]);
        put_estimate(run, cell[2], measured->lead[s], "1", "span.%s.lead",
                     space_key[s]);
        table_row(&table,
                  (const char *const[]){space_name[s], cell[0], cell[1], cell[2]});
    }
    put_estimate(run, cell[0], measured->mapped, "1", "mapped.own");
    put_estimate(run, cell[1], measured->mapped_other, "1", "mapped.other");
    table_row(&table, (const char *const[]){"a patch from its decoder token, R^2",
                                            cell[0], cell[1], "-"});
    put_estimate(run, cell[0], measured->outputs, "1", "outputs.share");
    table_row(&table, (const char *const[]){"a patch from the model's output, R^2",
                                            cell[0], "-", "-"});
    put_estimate(run, cell[0], measured->guesses, "1", "outputs.hidden-share");
    table_row(&table,
              (const char *const[]){"a hidden patch from the model's output, R^2",
                                    cell[0], "-", "-"});
    put_estimate(run, cell[0], measured->colours, "1", "outputs.colour-share");
    table_row(&table, (const char *const[]){"a patch from its own mean colour, R^2",
                                            cell[0], "-", "-"});
    snprintf(about, sizeof about,
             "Shares of squared norm, %s, first %zu test images; %s.",
             run->options.data, measured->images, study->scale);
    run_table(run, "spans.md", about, &table, "");
    table_close(&table);
}

static void emit_attention(struct study *study, const struct measured *measured)
{
    struct run *run = &study->run;
    struct table table;
    char cell[2 * CAUSES][NUMBER_TEXT], name[NUMBER_TEXT];
    const char *row[1 + 2 * CAUSES];
    table_open(&table, 1 + 2 * CAUSES,
               (const char *const[]){"decoder block", "similarity, given the others",
                                     "nearness, given", "region, given",
                                     "similarity alone", "nearness alone",
                                     "region alone"});
    for (size_t b = 0; b < measured->blocks; ++b) {
        snprintf(name, sizeof name, "%zu", b + 1);
        row[0] = name;
        for (int c = 0; c < CAUSES; ++c) {
            const int known = c < measured->causes;
            row[1 + c] = known ? cell[c] : "-";
            row[1 + CAUSES + c] = known ? cell[CAUSES + c] : "-";
            if (!known) continue;
            put_estimate(run, cell[c], measured->partial[b][c], "1",
                         "attention.block%zu.%s.partial", b + 1, cause_key[c]);
            put_estimate(run, cell[CAUSES + c], measured->plain[b][c], "1",
                         "attention.block%zu.%s.plain", b + 1, cause_key[c]);
        }
        table_row(&table, row);
    }
    run_table(run, "attention.md",
              "Correlations of the decoder's attention, hidden on visible tokens.",
              &table, "");
    table_close(&table);
}

// Of rows and columns after the encoder's final norm: median over images of the ends.
static void emit_norms(struct study *study, const struct tokens *tokens)
{
    struct run *run = &study->run;
    struct table table;
    const struct {
        const char *name, *key;
        const double *least, *most;
    } line[] = {
        {"rows: one token", "rows", tokens->row_least, tokens->row_most},
        {"columns: one feature", "columns", tokens->column_least, tokens->column_most},
    };
    char cell[2][NUMBER_TEXT];
    double *scratch = arena_doubles(&study->arena, tokens->images);
    table_open(
        &table, 3,
        (const char *const[]){"squared norm after a layer norm", "least", "largest"});
    for (size_t i = 0; i < 2; ++i) {
        put_number(run, cell[0], median(line[i].least, tokens->images, scratch),
                   tokens->images, "1", "norm.%s.least", line[i].key);
        put_number(run, cell[1], median(line[i].most, tokens->images, scratch),
                   tokens->images, "1", "norm.%s.most", line[i].key);
        table_row(&table, (const char *const[]){line[i].name, cell[0], cell[1]});
    }
    run_table(
        run, "norms.md",
        "In units of D, the width, and of V, the number of visible tokens; medians "
        "over images of the least and largest.",
        &table, "");
    table_close(&table);
}

void emit_measured(struct study *study, const struct measured *measured,
                   const struct tokens *tokens)
{
    emit_spans(study, measured);
    emit_attention(study, measured);
    emit_norms(study, tokens);
    for (int k = 0; k < COMBINATIONS; ++k)
        for (size_t l = 0; l < LAMBDAS; l += 2)
            put_estimate(&study->run, NULL, measured->cosine[k][l], "1",
                         "cosine.%s.lambda%+.0f", combination_key[k],
                         .5 * (double)l - 3);
}

void emit_picture(struct study *study, const struct measured *measured)
{
    char path[PATH_SIZE], caption[STUDY_SCALE + 400];
    struct output output;
    run_path(path, &study->run, "lemma4.6.tsv");
    output_open(&output, path);
    fputs("panel\tseries\tx\tvalue\tlow\thigh\n", output.file);
    for (int k = 0; k < COMBINATIONS; ++k)
        for (size_t l = 0; l < LAMBDAS; ++l) {
            const struct estimate e = measured->cosine[k][l];
            const double row[] = {0, k, lambda_of(l), e.value, e.low, e.high};
            tsv_put_row(output.file, row, sizeof row / sizeof *row);
        }
    for (size_t b = 0; b < measured->blocks; ++b)
        for (int c = 0; c < measured->causes; ++c) {
            const struct estimate e = measured->partial[b][c];
            const double row[] = {1, c, (double)(b + 1), e.value, e.low, e.high};
            tsv_put_row(output.file, row, sizeof row / sizeof *row);
        }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "%s, first %zu test images, left the first %zu; %s. Left: cosine of the "
        "ridge weights of a hidden patch and the similarities that Lemma 4.6 puts in "
        "their place. Right: partial correlations of the decoder's attention; %s90 %% "
        "bootstrap intervals over images",
        study->run.options.data, measured->images, measured->cosine[0][0].n,
        study->scale, measured->causes < CAUSES ? "regions are not known here; " : "");
    figure_draw(&study->run, "lemma4.6", "lemma4.6", caption, NULL);
}

void export_tokens(struct study *study, const struct tokens *tokens)
{
    enum { SHOWN = 40 };
    const size_t n = tokens->images < SHOWN ? tokens->images : SHOWN,
                 V = tokens->visible, M = tokens->hidden, F = tokens->features,
                 D = tokens->width, encoded[] = {n, V, D}, predicted[] = {n, M, D},
                 seen[] = {n, V, F}, truth[] = {n, M, F}, pairs[] = {n, M, V},
                 attention[] = {n, tokens->blocks, M, V};
    const struct run *run = &study->run;
    run_array(run, "encoded", NPY_F8, 3, encoded, tokens->encoded);
    run_array(run, "predicted", NPY_F8, 3, predicted, tokens->predicted);
    run_array(run, "visible", NPY_F8, 3, seen, tokens->seen);
    run_array(run, "hidden", NPY_F8, 3, truth, tokens->truth);
    run_array(run, "attention", NPY_F8, 4, attention, tokens->attention);
    run_array(run, "nearness", NPY_F8, 3, pairs, tokens->nearness);
    if (tokens->region) run_array(run, "region", NPY_F8, 3, pairs, tokens->region);
    // What this program makes of them, image by image.
    double *own = arena_doubles(&study->arena, tokens->images),
           *other = arena_doubles(&study->arena, tokens->images),
           *partial = arena_doubles(&study->arena, CAUSES * tokens->images),
           *plain = arena_doubles(&study->arena, CAUSES * tokens->images),
           *cosines = arena_doubles(&study->arena, LAMBDAS * n);
    struct tokens first = *tokens;
    first.images = n;
    span_shares(own, other, &first, SPACE_ENCODER, &study->arena);
    attention_causes(partial, plain, &first, 0, &study->arena);
    ridge_cosines(cosines, &first, n, OF_PATCHES, &study->arena);
    const size_t one[] = {n}, causes[] = {CAUSES, n}, lambdas[] = {LAMBDAS, n};
    run_array(run, "span-own", NPY_F8, 1, one, own);
    run_array(run, "span-other", NPY_F8, 1, one, other);
    run_array(run, "partial-block1", NPY_F8, 2, causes, partial);
    run_array(run, "cosines", NPY_F8, 2, lambdas, cosines);
}
