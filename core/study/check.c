#include "core/study/check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/record.h"
#include "core/report/run_files.h"
#include "core/report/run_state.h"
#include "core/report/table.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

size_t draw_size(struct draw *draw, size_t least, size_t most)
{
    require(least <= most, "sizes %zu..%zu", least, most);
    return least + rng_below(&draw->rng, (uint32_t)(most - least + 1));
}

double *draw_normals(struct draw *draw, size_t count)
{
    double *numbers = arena_doubles(draw->arena, count);
    for (size_t i = 0; i < count; ++i) numbers[i] = rng_normal(&draw->rng);
    return numbers;
}

double draw_residual(struct draw *draw, double lhs, double rhs, double size,
                     double roundings)
{
    const double half_epsilon = DBL_EPSILON / 2;
    require(!(size < 0) && !(roundings * half_epsilon >= 1),
            "terms of size %g, %g roundings", size, roundings);
    const double gamma = roundings * half_epsilon / (1 - roundings * half_epsilon);
    require(isinf(draw->rounding) || !(fabs(draw->rounding - gamma) > 0),
            "two bounds of one draw: %g and %g", draw->rounding, gamma);
    draw->rounding = gamma;
    return size == 0 ? fabs(lhs - rhs) : fabs(lhs - rhs) / size;
}

double draw_missing(struct draw *draw, double lhs, double rhs, double size,
                    double roundings)
{
    return draw_residual(draw, lhs <= rhs ? 0 : lhs - rhs, 0, size, roundings);
}

double larger_residual(double a, double b)
{
    return a > b || isnan(a) ? a : b;
}

// What a check has found in all its draws.
struct finding {
    struct estimate largest; // residual or violation, of the draw that decides
    double rounding;         // of that residual
    size_t draw;             // the first that has it
    char note[CHECK_NOTE];
};

// A stream of random numbers for each claim, wherever its row is in the table: FNV-1a of its id.
static uint32_t stream_of(const char *id)
{
    uint32_t hash = 2166136261u;
    for (; *id; ++id) hash = (hash ^ (unsigned char)*id) * 16777619u;
    return hash;
}

// Of all draws the one that decides: whose residual is the largest in units of what is allowed, the
// margin or what rounding may make of it, whichever is less; or whose violation is. The first that
// is not a number counts as larger than any.
static struct finding check_draw(const struct check *check, double margin,
                                 uint64_t seed, struct arena *arena)
{
    const size_t draws = check->draws ? check->draws : CHECK_DRAWS;
    struct finding found = {.largest = {-INFINITY, (double)NAN, (double)NAN, draws}};
    double most = -INFINITY;
    for (size_t d = 0; d < draws; ++d) {
        const size_t mark = arena_mark(arena);
        char note[CHECK_NOTE] = "";
        struct draw draw = {
            d, rng_open(seed, PURPOSE_THEORY, (uint32_t)d, stream_of(check->id)), arena,
            (double)INFINITY};
        const double value = check->residual ? fabs(check->residual(&draw))
                                             : check->violation(&draw, note);
        arena_reset(arena, mark);
        const double size =
            check->residual && value != 0 ? value / fmin(draw.rounding, margin) : value;
        if (size <= most || isnan(most)) continue;
        most = size;
        found.largest.value = value;
        found.rounding = draw.rounding;
        found.draw = d;
        memcpy(found.note, note, sizeof note);
    }
    return found;
}

static enum verdict violation_verdict(const struct claim *claim, double largest)
{
    if (!isfinite(largest)) return VERDICT_INCONCLUSIVE;
    if (largest <= 0) return VERDICT_REPRODUCED;
    return strcmp(claim->data, "none") == 0 ? VERDICT_REFUTED : VERDICT_NOT_REPRODUCED;
}

// Returns what rounding may make of the residual that decides; INFINITY where nothing says so.
static double judge_draws(struct run *run, const struct check *check,
                          const struct claim *claim, struct arena *arena)
{
    const struct finding found =
        check_draw(check, claim->margin, run->options.seed, arena);
    const struct estimate *largest = &found.largest;
    char note[CHECK_NOTE + 96], bound[48] = "";
    put_number(run, NULL, largest->value, largest->n, "1", "%s", check->id);
    if (isfinite(found.rounding)) {
        put_number(run, NULL, found.rounding, largest->n, "1", "%s.rounding",
                   check->id);
        snprintf(bound, sizeof bound, "; rounding explains %.2g", found.rounding);
    }
    snprintf(note, sizeof note, "largest in draw %zu of %zu%s%s%s", found.draw,
             largest->n, bound, *found.note ? ": " : "", found.note);
    if (check->violation)
        run_verdict(run, check->id, violation_verdict(claim, largest->value), largest,
                    check->test, note);
    else if (largest->value > found.rounding)
        run_verdict(run, check->id, VERDICT_REFUTED, largest, check->test, note);
    else
        run_judge(run, check->id, largest, 1, 0, check->test, note);
    return found.rounding;
}

// ====== Arithmetic of printed numbers ======

long printed_thousandths(const struct run *run, const char *id)
{
    double value, half;
    const struct claim claim = run_claim(run, id);
    if (!printed_parse(&value, &half, claim.printed))
        die(EXIT_INPUT, "paper/claims.tsv: %s: '%s' is no number (correct the table)",
            id, claim_published(&claim));
    return lround(1000 * value);
}

static void judge_difference(struct run *run, const struct check *check)
{
    const long difference =
        printed_thousandths(run, check->more) - printed_thousandths(run, check->less);
    const struct estimate part = {(double)difference / 1000, (double)NAN, (double)NAN,
                                  0};
    run_verdict(run, check->id,
                judge_exact(difference == printed_thousandths(run, check->id)), &part,
                "printed numbers subtracted", "");
}

// ====== All of them ======

// As judge_draws.
static double check_judge(struct run *run, const struct check *check,
                          struct arena *arena)
{
    const struct claim claim = run_claim(run, check->id);
    const int ways = (check->residual != NULL) + (check->violation != NULL) +
                     (check->more != NULL) + (check->judge != NULL);
    require(ways == 1, "%s is judged in %d ways", check->id, ways);
    require(!check->residual || strcmp(claim.kind, "identity") == 0,
            "%s has a residual and is of kind %s", check->id, claim.kind);
    require(!check->violation || strcmp(claim.kind, "exact") == 0,
            "%s has a violation and is of kind %s", check->id, claim.kind);
    require(!check->more == !claim_is_arithmetic(&claim),
            "%s is of kind %s and subtracts %s", check->id, claim.kind,
            check->more ? "printed numbers" : "nothing");
    if (check->more)
        judge_difference(run, check);
    else if (check->judge)
        check->judge(run, check->id);
    else
        return judge_draws(run, check, &claim, arena);
    return (double)INFINITY;
}

static void check_row(struct table *table, const struct run *run,
                      const struct check *check, double rounding)
{
    char tried[256], found[NUMBER_TEXT], allowed[NUMBER_TEXT], verdict[VERDICT_TEXT];
    const struct claim claim = run_claim(run, check->id);
    const struct verdict_row *row = run_recorded(run, check->id);
    snprintf(tried, sizeof tried, "%s%s%s", check->more ? check->more : row->test,
             check->more ? " minus " : "", check->more ? check->less : "");
    number_text(found, row->estimate.value);
    const double margin = check->violation ? 0 : claim.margin;
    number_text(allowed, isfinite(rounding) ? fmin(margin, rounding) : margin);
    run_verdict_of(verdict, run, check->id);
    table_row(table, (const char *const[]){check->id, tried, found, allowed, verdict});
}

void checks_run(struct run *run, const struct check *checks, size_t count)
{
    if (count == 0) return;
    struct arena arena;
    struct table table;
    arena_open_growing(&arena, "checks");
    double *rounding = arena_doubles(&arena, count);
    for (size_t c = 0; c < count; ++c)
        rounding[c] = check_judge(run, &checks[c], &arena);

    table_open(&table, 5,
               (const char *const[]){"claim", "tried", "found", "allowed", "verdict"});
    for (size_t c = 0; c < count; ++c)
        if (run_recorded(run, checks[c].id))
            check_row(&table, run, &checks[c], rounding[c]);
    run_table(run, "checks.md", "", &table, "");
    table_close(&table);
    arena_close(&arena);
}
