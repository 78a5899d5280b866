#include "core/study/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/record.h"
#include "core/report/run_files.h"
#include "core/report/run_state.h"
#include "core/report/table.h"
#include "core/study/judgement.h"

size_t draw_size(struct draw *draw, size_t least, size_t most)
{
    require(least <= most, "sizes %zu..%zu", least, most);
    return least + rng_below(&draw->rng, (uint32_t)(most - least + 1));
}

// What a check has found in all its draws.
struct finding {
    struct estimate largest; // residual or violation
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

// The largest over all draws; the first that is not a number counts as larger than any.
static struct finding check_draw(const struct check *check, uint64_t seed,
                                 struct arena *arena)
{
    const size_t draws = check->draws ? check->draws : CHECK_DRAWS;
    struct finding found = {.largest = {-INFINITY, (double)NAN, (double)NAN, draws}};
    for (size_t d = 0; d < draws; ++d) {
        const size_t mark = arena_mark(arena);
        char note[CHECK_NOTE] = "";
        struct draw draw = {
            d, rng_open(seed, PURPOSE_THEORY, (uint32_t)d, stream_of(check->id)),
            arena};
        const double value = check->residual ? fabs(check->residual(&draw))
                                             : check->violation(&draw, note);
        arena_reset(arena, mark);
        if (value <= found.largest.value || isnan(found.largest.value)) continue;
        found.largest.value = value;
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

static void judge_draws(struct run *run, const struct check *check,
                        const struct claim *claim, struct arena *arena)
{
    const struct finding found = check_draw(check, run->options.seed, arena);
    char note[CHECK_NOTE + 64];
    snprintf(note, sizeof note, "largest in draw %zu of %zu%s%s", found.draw,
             found.largest.n, *found.note ? ": " : "", found.note);
    run_result(run, check->id, found.largest.value, (double)NAN, (double)NAN,
               found.largest.n, "1");
    if (check->residual)
        run_judge(run, check->id, &found.largest, 1, 0, check->test, note);
    else
        run_verdict(run, check->id, violation_verdict(claim, found.largest.value),
                    &found.largest, check->test, note);
}

// ====== Arithmetic of printed numbers ======

long printed_thousandths(const struct run *run, const char *id)
{
    double value, half;
    const char *printed = run_claim(run, id).printed;
    if (!printed_parse(&value, &half, printed))
        die(EXIT_INPUT, "paper/claims.tsv: %s: '%s' is no number (correct the table)",
            id, printed);
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

static void check_judge(struct run *run, const struct check *check, struct arena *arena)
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
        judge_draws(run, check, &claim, arena);
}

static void check_row(struct table *table, const struct run *run,
                      const struct check *check)
{
    char tried[256], found[NUMBER_TEXT], allowed[NUMBER_TEXT], verdict[VERDICT_TEXT];
    const struct claim claim = run_claim(run, check->id);
    const struct verdict_row *row = run_recorded(run, check->id);
    snprintf(tried, sizeof tried, "%s%s%s", check->more ? check->more : row->test,
             check->more ? " minus " : "", check->more ? check->less : "");
    number_text(found, row->estimate.value);
    number_text(allowed, check->violation ? 0 : claim.margin);
    run_verdict_of(verdict, run, check->id);
    table_row(table, (const char *const[]){check->id, tried, found, allowed, verdict});
}

void checks_run(struct run *run, const struct check *checks, size_t count)
{
    if (count == 0) return;
    struct arena arena;
    struct table table;
    arena_open_growing(&arena, "checks");
    for (size_t c = 0; c < count; ++c) check_judge(run, &checks[c], &arena);
    arena_close(&arena);

    table_open(&table, 5,
               (const char *const[]){"claim", "tried", "found", "allowed", "verdict"});
    for (size_t c = 0; c < count; ++c) check_row(&table, run, &checks[c]);
    run_table(run, "checks.md", "", &table, "");
    table_close(&table);
}
