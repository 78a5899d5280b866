#include "experiments/09-mask-ratio/ranks.h"

#include <math.h>
#include <string.h>

#include "core/analysis/hidden_rows.h"
#include "core/analysis/predictable.h"
#include "core/analysis/ranks.h"
#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/stats/slope.h"

enum { SMOKE_IMAGES = 200, SMOKE_RIVAL = 50, IMAGES = 2000, RIVAL_IMAGES = 500 };

// effective (images) = the effective rank of each (rows,features) matrix.
static void effective_ranks(double *effective, const double *matrices,
                            const struct hidden_rows *rows, struct arena *arena)
{
    const size_t numbers = rows->rows * rows->features,
                 least = rows->rows < rows->features ? rows->rows : rows->features;
    for (size_t i = 0; i < rows->images; ++i) {
        const size_t mark = arena_mark(arena);
        double *s = arena_doubles(arena, least);
        if (singular_values(s, matrices + i * numbers, rows->rows, rows->features,
                            arena))
            die(EXIT_SYSTEM,
                "image %zu: a decomposition did not converge (report this)", i);
        effective[i] = effective_rank(s, least);
        arena_reset(arena, mark);
    }
}

size_t rows_pick(double *picked, const double *matrix, size_t features,
                 const int32_t *hidden, size_t count, const int32_t *wanted,
                 size_t wanted_count)
{
    size_t found = 0;
    for (size_t r = 0; r < count && found < wanted_count; ++r)
        if (hidden[r] == wanted[found])
            memcpy(picked + found++ * features, matrix + r * features,
                   features * sizeof *picked);
    return found;
}

// effective (images) = the effective rank of the rows of each (rows,features) matrix whose patches
// are hidden at the least ratio, and so at `ratio` too.
static void shared_ranks(double *effective, const double *matrices,
                         const struct hidden_rows *rows, double ratio, double least,
                         uint64_t seed, struct arena *arena)
{
    const size_t F = rows->features, T = rows->rows + rows->visible,
                 wanted = T - mask_visible(T, least), mark = arena_mark(arena);
    int32_t *visible = arena_take(arena, T, sizeof *visible),
            *hidden = arena_take(arena, T, sizeof *hidden),
            *always = arena_take(arena, T, sizeof *always);
    struct hidden_rows picked = *rows;
    double *all = arena_doubles(arena, rows->images * wanted * F);
    picked.rows = wanted;
    for (size_t i = 0; i < rows->images; ++i) {
        mask_draw(visible, always, T, least, seed, EVALUATION_EPOCH, (uint32_t)i);
        mask_draw(visible, hidden, T, ratio, seed, EVALUATION_EPOCH, (uint32_t)i);
        const size_t found =
            rows_pick(all + i * wanted * F, matrices + i * rows->rows * F, F, hidden,
                      rows->rows, always, wanted);
        require(found == wanted, "masks at %g and %g are not nested", least, ratio);
    }
    effective_ranks(effective, all, &picked, arena);
    arena_reset(arena, mark);
}

// ====== The predictable part under nested masks ======

// numbers (F) = those of patch t.
static void patch_numbers(uint32_t *numbers, size_t t, size_t features)
{
    for (size_t f = 0; f < features; ++f) numbers[f] = (uint32_t)(t * features + f);
}

// One image's masks are nested: a patch that is hidden at the least ratio is hidden at all.
static void predictable_measure(struct ranks *ranks, uint32_t mask,
                                const struct linear_predictor *predictor, uint64_t seed,
                                struct arena *arena)
{
    const size_t T = predictor->tokens, F = predictor->features,
                 mark = arena_mark(arena);
    const struct covariance covariance = {T * F, predictor->covariance,
                                          predictor->ridge};
    int32_t *visible = arena_take(arena, T, sizeof *visible),
            *hidden = arena_take(arena, T, sizeof *hidden);
    uint32_t *known = arena_take(arena, T * F, sizeof *known),
             *target = arena_take(arena, F, sizeof *target);
    double *part[ARMS], error[ARMS], whole = 0;
    mask_draw(visible, hidden, T, ranks->ratio[0], seed, EVALUATION_EPOCH, mask);
    // Lists ascend: the first is nearly always a corner, the middle one lies inside.
    patch_numbers(target, (size_t)hidden[(T - mask_visible(T, ranks->ratio[0])) / 2],
                  F);
    for (size_t f = 0; f < F; ++f)
        whole += predictor->covariance[target[f] * T * F + target[f]];
    for (size_t a = 0; a < ARMS; ++a) {
        const size_t count = mask_visible(T, ranks->ratio[a]);
        mask_draw(visible, hidden, T, ranks->ratio[a], seed, EVALUATION_EPOCH, mask);
        for (size_t v = 0; v < count; ++v)
            patch_numbers(known + v * F, (size_t)visible[v], F);
        part[a] = arena_doubles(arena, F * F);
        if (predictable_part(part[a], &error[a], &covariance, target, F, known,
                             count * F, arena))
            die(EXIT_SYSTEM,
                "the covariance of visible patches is singular (report this)");
        double trace = 0, *values = arena_doubles(arena, F);
        if (singular_values(values, part[a], F, F, arena))
            die(EXIT_SYSTEM, "a covariance did not converge (report this)");
        for (size_t f = 0; f < F; ++f) trace += part[a][f * F + f];
        ranks->explained[mask][a] = trace / whole;
        ranks->largest[mask][a] = values[0] / whole;
        if (a == 0) continue;
        const double missing = eigenvalues_missing(part[a - 1], part[a], F, arena);
        if (isnan(missing))
            die(EXIT_SYSTEM, "a predictable part did not converge (report this)");
        ranks->missing = fmax(ranks->missing, missing);
        ranks->rounding =
            fmax(ranks->rounding,
                 (error[a - 1] + error[a]) / (ranks->largest[mask][a - 1] * whole));
    }
    arena_reset(arena, mark);
}

void ranks_measure(struct ranks *ranks, struct study *study)
{
    const struct run_options *options = &study->run.options;
    const int smoke = options->tier == TIER_SMOKE;
    struct arena *arena = &study->arena;
    struct linear_predictor predictor;
    *ranks = (struct ranks){.images = smoke ? SMOKE_IMAGES : IMAGES,
                            .rival_images = smoke ? SMOKE_RIVAL : RIVAL_IMAGES};
    linear_predictor_fit(&predictor, &study->images[SPLIT_TRAIN],
                         study->recipe[0].shape.patch, options->threads, arena);
    for (size_t a = 0; a < ARMS; ++a) {
        const struct evaluation evaluation = study_evaluation(study, a, ranks->images);
        const size_t T = predictor.tokens, V = mask_visible(T, evaluation.mask_ratio);
        ranks->ratio[a] = evaluation.mask_ratio;
        ranks->visible[a] = (double)V;
        ranks->hidden[a] = (double)(T - V);
        ranks->truth[a] = arena_doubles(arena, ranks->images);
        ranks->effective[LEARNED][a] = arena_doubles(arena, ranks->images);
        ranks->shared[a] = arena_doubles(arena, ranks->images);
        ranks->effective[LINEAR][a] = arena_doubles(arena, ranks->rival_images);
        const size_t mark = arena_mark(arena);
        struct hidden_rows rows;
        hidden_rows_learned(&rows, &evaluation, arena);
        effective_ranks(ranks->truth[a], rows.truth, &rows, arena);
        effective_ranks(ranks->effective[LEARNED][a], rows.prediction, &rows, arena);
        for (size_t i = 0; i < ranks->images; ++i)
            if (!(ranks->effective[LEARNED][a][i] > 0))
                die(EXIT_INPUT, "%s: reconstructs nothing (train it again)",
                    evaluation.name);
        shared_ranks(ranks->shared[a], rows.prediction, &rows, ranks->ratio[a],
                     ranks->ratio[0], options->seed, arena);
        if (hidden_rows_linear(&rows, &predictor, evaluation.images,
                               ranks->rival_images, evaluation.mask_ratio,
                               options->seed, options->threads, arena))
            die(EXIT_SYSTEM, "a linear prediction has no solution (report this)");
        effective_ranks(ranks->effective[LINEAR][a], rows.prediction, &rows, arena);
        arena_reset(arena, mark);
    }
    for (uint32_t mask = 0; mask < FALL_MASKS; ++mask)
        predictable_measure(ranks, mask, &predictor, options->seed, arena);
}

// ====== Proportional to N? ======

void rank_slopes(double *slopes, double *const effective[ARMS],
                 const struct ranks *ranks, size_t images, int share)
{
    double x[ARMS], y[ARMS];
    for (size_t a = 0; a < ARMS; ++a)
        x[a] = log(ranks->visible[a] / (share ? ranks->hidden[a] : 1));
    for (size_t i = 0; i < images; ++i) {
        for (size_t a = 0; a < ARMS; ++a)
            y[a] = log(effective[a][i] / (share ? ranks->hidden[a] : 1));
        slopes[i] = slope(y, x, ARMS) - 1;
    }
}
