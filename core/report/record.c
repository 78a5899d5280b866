#include "core/report/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/memory.h"
#include "core/report/run_state.h"
#include "core/report/table.h"

struct claim run_claim(const struct run *run, const char *id)
{
    const struct claims *claims = run_state_claims(run->state);
    long row = tsv_row(&claims->table, "id", id);
    require(row >= 0, "the claim %s is not in the table", id);
    struct claim claim = claims_row(claims, (size_t)row);
    require(!strcmp(claim.experiment, run->name),
            "the claim %s belongs to %s, not to %s", id, claim.experiment, run->name);
    return claim;
}

static int is_pass(enum verdict verdict)
{
    return verdict == VERDICT_REPRODUCED || verdict == VERDICT_REPRODUCED_SCALED ||
           verdict == VERDICT_TREND_ONLY;
}

// Checks what a pass and REFUTED require.
static void check_verdict(const struct claim *claim, enum verdict verdict,
                          const struct estimate *part)
{
    int exact = !strcmp(claim->kind, "exact"),
        identity = !strcmp(claim->kind, "identity"),
        numeric = !strcmp(claim->kind, "numeric") || claim_is_arithmetic(claim);
    require(verdict != VERDICT_REFUTED || exact || identity ||
                !strcmp(claim->data, "none"),
            "%s is no mathematical statement and cannot be REFUTED", claim->id);
    if (!is_pass(verdict) || exact) return;
    require(part && isfinite(part->value), "%s passes without an estimate", claim->id);
    require(numeric || identity || (isfinite(part->low) && isfinite(part->high)),
            "%s passes without an interval", claim->id);
}

// Whether the claim rests on no training: by its row, or as run_scale has said of what is recorded
// now.
static int is_untrained(const struct claim *claim, const struct run *run)
{
    const char *scale = run->state->scale;
    return !strcmp(claim->data, "none") || (scale && !*scale);
}

// Why the verdict may not be the one that was found: the claim is excluded here, or rests on a
// pilot. "" if neither holds.
static const char *cap_reason(const struct claim *claim, const struct run *run,
                              enum verdict verdict)
{
    const char *excluded = claim_excluded(claim, run->options.tier, run->options.data);
    if (verdict == VERDICT_NOT_RUN) return excluded ? excluded : "";
    return run->state->pilot && !is_untrained(claim, run) ? run->state->pilot : "";
}

// The finding, completed by the smallest difference that the test could have confirmed, if nothing
// was found. The caller frees.
static char *full_finding(const struct claim *claim, enum verdict found,
                          const struct estimate *d, const char *finding)
{
    static const char says[] = "the smallest difference this test could confirm is ";
    char least[sizeof says + NUMBER_TEXT] = "", number[NUMBER_TEXT];
    const double confirmable = d ? confirmable_difference(claim, d) : (double)NAN;
    if (found == VERDICT_INCONCLUSIVE && isfinite(confirmable)) {
        number_text(number, confirmable);
        snprintf(least, sizeof least, "%s%s", says, number);
    }
    return text_joined(finding, least);
}

void run_scale(struct run *run, const char *scale)
{
    free(run->state->scale);
    run->state->scale = text_copy(scale);
}

const struct verdict_row *run_recorded(const struct run *run, const char *id)
{
    for (size_t i = 0; i < run->state->verdict_count; ++i)
        if (!strcmp(run->state->verdicts[i].id, id)) return &run->state->verdicts[i];
    return NULL;
}

// Tables hold finite numbers and NAN.
static double finite_or_nan(double value)
{
    return isinf(value) ? (double)NAN : value;
}

// Caps and stores the verdict that was found. `pretrainings` an arm, 0 if the claim compares none.
static void record(struct run *run, const char *id, enum verdict found,
                   int pretrainings, const struct estimate *deciding, const char *test,
                   const char *finding)
{
    const struct claim claim = run_claim(run, id);
    require(!run_recorded(run, id), "%s has a verdict already", id);
    check_verdict(&claim, found, deciding);

    const int trained = !is_untrained(&claim, run);
    const struct conditions conditions = {.tier = run->options.tier,
                                          .data = run->options.data,
                                          .pilot = run->state->pilot && trained,
                                          .pretrainings = pretrainings,
                                          .own_epochs =
                                              run->options.epochs > 0 && trained};
    const enum verdict verdict = verdict_cap(found, &claim, &conditions);
    const char *reason = cap_reason(&claim, run, verdict), *scale = run->state->scale;
    const int unfound = found == VERDICT_NOT_RUN,
              scaled = scale && trained && verdict != VERDICT_NOT_RUN;
    struct verdict_row *row = run_state_verdict(run->state);
    *row = (struct verdict_row){
        .id = text_copy(id),
        .test = text_copy(test),
        .reason = text_joined(reason, unfound ? finding : ""),
        .scale = text_copy(scaled ? scale : ""),
        .finding =
            unfound ? text_copy("") : full_finding(&claim, found, deciding, finding),
        .verdict = verdict,
        .estimate = {(double)NAN, (double)NAN, (double)NAN, 0},
    };
    if (deciding)
        row->estimate = (struct estimate){finite_or_nan(deciding->value),
                                          finite_or_nan(deciding->low),
                                          finite_or_nan(deciding->high), deciding->n};
}

void run_verdict(struct run *run, const char *id, enum verdict verdict,
                 const struct estimate *deciding, const char *test, const char *finding)
{
    record(run, id, verdict, 0, deciding, test, finding);
}

// Ranks parts of the same verdict: a worse part has a larger number.
static double badness(const struct claim *claim, const struct estimate *part,
                      enum verdict verdict)
{
    double printed, half;
    int failed = verdict == VERDICT_NOT_REPRODUCED;
    // A part that is not finite is the worst.
    if (!isfinite(part->value)) return (double)INFINITY;
    if (!strcmp(claim->kind, "identity")) return fabs(part->value);
    if (!strcmp(claim->kind, "numeric") &&
        printed_parse(&printed, &half, claim->printed))
        return fabs(part->value - printed);
    if (!isfinite(part->low) || !isfinite(part->high)) return (double)INFINITY;

    // The end of the interval that the rule compares: for a failure the better one.
    if (!strcmp(claim->kind, "equivalence")) {
        double low = fabs(part->low), high = fabs(part->high);
        return failed ? fmin(low, high) : fmax(low, high);
    }
    return failed ? -part->high : -part->low;
}

void run_judge(struct run *run, const char *id, const struct estimate *parts,
               size_t count, int pretrainings, const char *test, const char *finding)
{
    struct claim claim = run_claim(run, id);
    require(count > 0, "%s has no part to judge", id);
    enum verdict worst = claim_judge(&claim, &parts[0]);
    size_t deciding = 0;
    for (size_t i = 1; i < count; ++i) {
        enum verdict verdict = claim_judge(&claim, &parts[i]);
        // A better verdict never decides; among equal verdicts the worse part does, or the first.
        if (verdict_worst(worst, verdict) != verdict) continue;
        if (verdict == worst && badness(&claim, &parts[i], verdict) <=
                                    badness(&claim, &parts[deciding], worst))
            continue;
        worst = verdict;
        deciding = i;
    }
    record(run, id, worst, pretrainings, &parts[deciding], test, finding);
}

void run_verdict_of(char text[VERDICT_TEXT], const struct run *run, const char *id)
{
    const struct verdict_row *row = run_recorded(run, id);
    const struct claim claim = run_claim(run, id);
    const char *excluded = claim_excluded(&claim, run->options.tier, run->options.data),
               *name = row ? verdict_name(row->verdict) : "-";
    if (row && row->verdict == VERDICT_NOT_RUN && excluded)
        snprintf(text, VERDICT_TEXT, "%s(%s)", name, excluded);
    else
        snprintf(text, VERDICT_TEXT, "%s", name);
}

void run_verdict_rest(struct run *run, const char *reason)
{
    const struct claims *claims = run_state_claims(run->state);
    for (size_t i = 0; i < claims->count; ++i) {
        const struct claim claim = claims_row(claims, i);
        if (strcmp(claim.experiment, run->name) != 0 || run_recorded(run, claim.id))
            continue;
        // What would lift the reason would not make an excluded claim judgeable.
        const int excluded =
            claim_excluded(&claim, run->options.tier, run->options.data) != NULL;
        run_verdict(run, claim.id, VERDICT_NOT_RUN, NULL, "", excluded ? "" : reason);
    }
}
