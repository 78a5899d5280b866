#include <math.h>
#include <stdio.h>

#include "experiments/03-segmentation/emit.h"

/// Where the ways of one column's features are tried.
struct trial {
    struct run *run;
    const struct source *source;
    const uint8_t *truth;
    uint8_t *maps;       ///< (n,T)
    double *ari;         ///< (n)
    struct table *table; ///< a row a depth, a column a normalisation
};

/// The mean ARI of column `which` clustered so.
static double try_one(const struct trial *trial, const struct token_set *set,
                      enum normalisation normalisation)
{
    column_maps(trial->maps, set, normalisation, trial->source);
    segments_score(trial->ari, NULL, trial->maps, trial->truth, trial->source->clusters,
                   set->images, set->tokens);
    return mean(trial->ari, set->images);
}

/// Tries every normalisation of one column's tokens from one depth: a row of the table.
static void try_depth(const struct trial *trial, int which, enum depth depth,
                      const struct token_set *set)
{
    const struct column *column = &columns_fixed[which];
    char cells[NORMALISATIONS][NUMBER_TEXT], key[96];
    const char *row[2 + NORMALISATIONS] = {column->title, "-"};
    if (column_encodes(which)) row[1] = depth_name(depth);
    for (int n = 0; n < NORMALISATIONS; ++n) {
        row[2 + n] = cells[n];
        // Positions are the same in every image: centred, they are nothing.
        snprintf(cells[n], NUMBER_TEXT, "-");
        if (which == COLUMN_POSITIONS && n != NORMALISATION_NONE) continue;
        double score = try_one(trial, set, (enum normalisation)n);
        int fixed =
            column->method.depth == depth && (int)column->method.normalisation == n;
        snprintf(cells[n], NUMBER_TEXT, "%.4f%s", score, fixed ? " *" : "");
        snprintf(key, sizeof key, "choice.%s.%s.%s", column->key, depth_name(depth),
                 normalisation_name((enum normalisation)n));
        for (char *c = key; *c; ++c)
            if (*c == ' ') *c = '-';
        run_result(trial->run, key, score, NAN, NAN, set->images, "ARI");
    }
    table_row(trial->table, row);
}

/// How far encoders with initial weights differ, each clustered in the fixed way.
static double try_encoders(const struct trial *trial, struct arena *arena)
{
    double score[RANDOM_ENCODERS];
    const struct method *method = &columns_fixed[COLUMN_RANDOM].method;
    for (uint64_t e = 0; e < RANDOM_ENCODERS; ++e) {
        size_t mark = arena_mark(arena);
        struct token_set set;
        column_tokens(&set, COLUMN_RANDOM, method->depth, trial->source, e, arena);
        score[e] = try_one(trial, &set, method->normalisation);
        arena_reset(arena, mark);
    }
    return encoder_spread(score);
}

void choice_emit(struct run *run, const struct source *source, const uint8_t *truth,
                 struct arena *arena)
{
    struct table table;
    const char *names[2 + NORMALISATIONS] = {"features", "depth"};
    size_t tokens = shape_tokens(&source->model->mae.shape), mark = arena_mark(arena);
    for (int n = 0; n < NORMALISATIONS; ++n)
        names[2 + n] = normalisation_name((enum normalisation)n);
    table_open(&table, 2 + NORMALISATIONS, names);
    struct trial trial = {run, source, truth, NULL, NULL, &table};
    trial.maps = arena_take(arena, source->count, tokens);
    trial.ari = arena_doubles(arena, source->count);
    for (int which = 0; which < COLUMNS; ++which) {
        int last = column_encodes(which) ? DEPTHS : 1;
        for (int depth = 0; depth < last; ++depth) {
            size_t before = arena_mark(arena);
            struct token_set set;
            column_tokens(&set, which, (enum depth)depth, source, 0, arena);
            try_depth(&trial, which, (enum depth)depth, &set);
            arena_reset(arena, before);
        }
    }
    double spread = try_encoders(&trial, arena);
    run_result(run, "choice.random.spread", spread, NAN, NAN, RANDOM_ENCODERS, "ARI");
    arena_reset(arena, mark);
    char about[256];
    snprintf(
        about, sizeof about,
        "Mean ARI with the true regions of the first %zu training scenes; the ways "
        "fixed for the claim are marked *. %d random encoders differ by %.4f "
        "(standard deviation of this mean).",
        source->count, RANDOM_ENCODERS, spread);
    run_table(run, "choice.md", about, &table, "");
    table_close(&table);
}
