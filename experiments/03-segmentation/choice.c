#include "experiments/03-segmentation/columns.h"

#include <stdio.h>

#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/results.h"

// Where the ways to make one column are tried.
struct trial {
    struct run *run;
    const struct scenes *scenes;
    uint8_t *maps; // (n,T)
    double *ari;   // (n)
    struct table *table;
};

// Tries every normalisation of one column's tokens from one depth: a row of the table.
static void try_depth(const struct trial *trial, int which, enum depth depth,
                      const struct token_set *set)
{
    const struct column *column = &columns_fixed[which];
    char cells[NORMALISATIONS][NUMBER_TEXT], key[96];
    const char *row[2 + NORMALISATIONS] = {
        column->title, column_encodes(which) ? depth_name(depth) : "-"};
    for (int n = 0; n < NORMALISATIONS; ++n) {
        const enum normalisation way = (enum normalisation)n;
        const int fixed = column->depth == depth && column->normalisation == way;
        row[2 + n] = cells[n];
        // Positions are the same in every image: centred, they are nothing.
        snprintf(cells[n], NUMBER_TEXT, "-");
        if (which == COLUMN_POSITIONS && way != NORMALISATION_NONE) continue;
        const double score = column_cluster(trial->maps, trial->ari, NULL, set, way,
                                            trial->scenes, trial->scenes->truth);
        snprintf(cells[n], NUMBER_TEXT, "%.4f%s", score, fixed ? " *" : "");
        snprintf(key, sizeof key, "choice.%s.%s.%s", column->key, depth_name(depth),
                 normalisation_name(way));
        for (char *c = key; *c; ++c)
            if (*c == ' ') *c = '-';
        put_number(trial->run, NULL, score, set->images, "ARI", "%s", key);
    }
    table_row(trial->table, row);
}

void emit_choice(struct study *study, const struct scenes *scenes)
{
    struct arena *arena = &study->arena;
    struct table table;
    const char *names[2 + NORMALISATIONS] = {"features", "depth"};
    for (int n = 0; n < NORMALISATIONS; ++n)
        names[2 + n] = normalisation_name((enum normalisation)n);
    table_open(&table, 2 + NORMALISATIONS, names);
    const struct trial trial = {&study->run, scenes,
                                arena_take(arena, scenes->count, scenes->tokens),
                                arena_doubles(arena, scenes->count), &table};
    for (int which = 0; which < COLUMNS; ++which)
        for (int depth = 0; depth < (column_encodes(which) ? DEPTHS : 1); ++depth) {
            const size_t mark = arena_mark(arena);
            struct token_set set;
            column_tokens(&set, which, (enum depth)depth, scenes, 0, arena);
            try_depth(&trial, which, (enum depth)depth, &set);
            arena_reset(arena, mark);
        }
    // How far encoders with initial weights differ, each clustered in the fixed way.
    struct figure encoders = {.scenes = *scenes};
    figure_measure(&encoders, COLUMN_RANDOM, study);
    const double spread =
        deviation(encoders.columns[COLUMN_RANDOM].encoder, RANDOM_ENCODERS);
    put_number(&study->run, NULL, spread, RANDOM_ENCODERS, "ARI",
               "choice.random.spread");
    char about[256];
    snprintf(
        about, sizeof about,
        "Mean ARI with the true regions of the first %zu training scenes; the ways "
        "fixed for the claim are marked *. %d random encoders differ by %.4f "
        "(standard deviation of this mean).",
        scenes->count, RANDOM_ENCODERS, spread);
    run_table(&study->run, "choice.md", about, &table, "");
    table_close(&table);
}
