#include <math.h>
#include <stdio.h>

#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "experiments/03-segmentation/columns.h"

// Cosines of an encoder's tokens, the same place and preparation for all of them.
struct contrast {
    double *within, *between, *apart; // (scenes); apart = within - between
};

static void contrast_measure(struct contrast *contrast, int which, uint64_t encoder,
                             const struct scenes *scenes, struct arena *arena)
{
    const struct column *column = &columns_fixed[COLUMN_MAE];
    contrast->within = arena_doubles(arena, scenes->count);
    contrast->between = arena_doubles(arena, scenes->count);
    contrast->apart = arena_doubles(arena, scenes->count);
    const size_t mark = arena_mark(arena);
    struct token_set set;
    column_tokens(&set, which, column->depth, scenes, encoder, arena);
    segments_contrast(contrast->within, contrast->between, &set, column->normalisation,
                      scenes->truth, arena);
    arena_reset(arena, mark);
    for (size_t i = 0; i < scenes->count; ++i)
        contrast->apart[i] = contrast->within[i] - contrast->between[i];
}

static void emit_contrast(struct study *study, struct table *table, const char *title,
                          const char *key, const struct contrast *contrast,
                          size_t scenes)
{
    struct run *run = &study->run;
    char cell[3][NUMBER_TEXT];
    put_estimate(run, cell[0], study_mean(study, contrast->within, scenes), "1",
                 "%s.within", key);
    put_estimate(run, cell[1], study_mean(study, contrast->between, scenes), "1",
                 "%s.between", key);
    put_estimate(run, cell[2], study_mean(study, contrast->apart, scenes), "1",
                 "%s.apart", key);
    table_row(table, (const char *const[]){title, cell[0], cell[1], cell[2]});
}

static void range_widen(double range[2], double value)
{
    range[0] = fmin(range[0], value);
    range[1] = fmax(range[1], value);
}

void judge_contrast(struct study *study, const struct scenes *scenes)
{
    struct contrast trained, initial;
    struct estimate gains[RANDOM_ENCODERS];
    double within[2] = {1, -1},
           between[2] = {1, -1}; // with initial weights, least and most
    struct table table;
    char key[32], title[48];
    if (!scenes->truth) {
        run_verdict(&study->run, "intro.within-between", VERDICT_NOT_RUN, NULL, "",
                    "nobody knows the true regions");
        return;
    }
    table_open(&table, 4,
               (const char *const[]){"encoder", "cosine within regions",
                                     "between regions", "difference"});
    contrast_measure(&trained, COLUMN_MAE, 0, scenes, &study->arena);
    emit_contrast(study, &table, "trained", "trained", &trained, scenes->count);
    for (size_t e = 0; e < RANDOM_ENCODERS; ++e) {
        contrast_measure(&initial, COLUMN_RANDOM, e, scenes, &study->arena);
        gains[e] = study_gap(study, trained.apart, initial.apart, scenes->count);
        snprintf(key, sizeof key, "initial%zu", e + 1);
        snprintf(title, sizeof title, "initial weights, %zu", e + 1);
        emit_contrast(study, &table, title, key, &initial, scenes->count);
        range_widen(within, mean(initial.within, scenes->count));
        range_widen(between, mean(initial.between, scenes->count));
    }
    run_table(&study->run, "contrast.md",
              "Mean cosine of two tokens of a scene, after the final norm, centred by "
              "place.",
              &table, "");
    table_close(&table);
    study_judge(study, "intro.within-between", gains, RANDOM_ENCODERS, 0,
                "paired bootstrap over scenes of the difference of cosines, trained "
                "minus initial",
                "given these weights; the least of %d gains; within regions %.2f, with "
                "initial weights %.2f to %.2f; between them %.2f, %.2f to %.2f",
                RANDOM_ENCODERS, mean(trained.within, scenes->count), within[0],
                within[1], mean(trained.between, scenes->count), between[0],
                between[1]);
}
