#include "core/report/verdicts.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/die.h"

// The words, and the order from best to worst.
static const struct {
    const char *name;
    int badness;
} verdicts[] = {
    [VERDICT_REPRODUCED] = {"REPRODUCED", 0},
    [VERDICT_REPRODUCED_SCALED] = {"REPRODUCED-SCALED", 1},
    [VERDICT_TREND_ONLY] = {"TREND-ONLY", 2},
    [VERDICT_INCONCLUSIVE] = {"INCONCLUSIVE", 3},
    [VERDICT_NOT_RUN] = {"NOT-RUN", 4},
    [VERDICT_NOT_REPRODUCED] = {"NOT-REPRODUCED", 5},
    [VERDICT_REFUTED] = {"REFUTED", 6},
};

const char *verdict_name(enum verdict verdict)
{
    return verdicts[verdict].name;
}

int verdict_find(const char *name)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; ++i)
        if (!strcmp(verdicts[i].name, name)) return (int)i;
    return -1;
}

enum verdict verdict_worst(enum verdict a, enum verdict b)
{
    return verdicts[a].badness >= verdicts[b].badness ? a : b;
}

// True if the estimate and its interval are finite. An empty interval is a bug.
static int estimate_finite(const struct estimate *d)
{
    require(!(d->low > d->high), "the interval [%g, %g] is empty", d->low, d->high);
    return isfinite(d->value) && isfinite(d->low) && isfinite(d->high);
}

enum verdict judge_ordering(const struct estimate *d, double effect)
{
    require(effect >= 0, "an ordering's effect of %g is negative", effect);
    if (!estimate_finite(d)) return VERDICT_INCONCLUSIVE;
    if (d->low > effect / 2) return VERDICT_REPRODUCED;
    if (d->low > 0) return VERDICT_TREND_ONLY;
    // An end at 0 excludes nothing, unless the two are simply equal.
    if (d->high < effect / 2 || (d->low == 0 && d->high == 0))
        return VERDICT_NOT_REPRODUCED;
    return VERDICT_INCONCLUSIVE;
}

enum verdict judge_trend(const struct estimate *d)
{
    return judge_ordering(d, 0);
}

enum verdict judge_numeric(double estimate, const char *printed, double margin)
{
    double value, half;
    int parsed = printed_parse(&value, &half, printed);
    require(parsed, "'%s' is not a printed number", printed);
    require(margin >= 0, "a margin of %g is negative", margin);
    if (!isfinite(estimate)) return VERDICT_INCONCLUSIVE;
    // The bound is included; a few ulps more, because decimals are not binary fractions.
    double slack = 4 * DBL_EPSILON * fmax(fabs(value), fabs(estimate));
    return judge_exact(fabs(estimate - value) <= margin + half + slack);
}

enum verdict judge_equivalence(const struct estimate *d, double margin)
{
    require(margin >= 0, "a margin of %g is negative", margin);
    if (!estimate_finite(d)) return VERDICT_INCONCLUSIVE;
    if (d->low >= -margin && d->high <= margin) return VERDICT_REPRODUCED;
    if (d->low > margin || d->high < -margin) return VERDICT_NOT_REPRODUCED;
    return VERDICT_INCONCLUSIVE;
}

enum verdict judge_exact(int holds)
{
    return holds ? VERDICT_REPRODUCED : VERDICT_NOT_REPRODUCED;
}

enum verdict judge_identity(double residual, double bound)
{
    if (!isfinite(residual) || !isfinite(bound)) return VERDICT_INCONCLUSIVE;
    require(bound >= 0, "a bound of %g is negative", bound);
    return fabs(residual) <= bound ? VERDICT_REPRODUCED : VERDICT_REFUTED;
}

enum verdict judge_partition(const struct estimate *d, double margin)
{
    require(margin >= 0, "a margin of %g is negative", margin);
    if (!estimate_finite(d)) return VERDICT_INCONCLUSIVE;
    if (d->low >= margin) return VERDICT_REPRODUCED;
    return d->high < margin ? VERDICT_NOT_REPRODUCED : VERDICT_INCONCLUSIVE;
}

static int kind_is(const struct claim *claim, const char *kind)
{
    return !strcmp(claim->kind, kind);
}

enum verdict claim_judge(const struct claim *claim, const struct estimate *d)
{
    require(!kind_is(claim, "exact") && !claim_is_arithmetic(claim),
            "%s: the kind %s has no interval to judge", claim->id, claim->kind);
    if (kind_is(claim, "ordering")) return judge_ordering(d, claim->effect);
    if (kind_is(claim, "trend")) return judge_trend(d);
    if (kind_is(claim, "equivalence")) return judge_equivalence(d, claim->margin);
    if (kind_is(claim, "partition")) return judge_partition(d, claim->margin);
    if (kind_is(claim, "identity")) return judge_identity(d->value, claim->margin);
    return judge_numeric(d->value, claim->printed, claim->margin);
}

double confirmable_difference(const struct claim *claim, const struct estimate *d)
{
    const double below = estimate_finite(d) ? d->value - d->low : (double)NAN;
    if (kind_is(claim, "ordering")) return claim->effect / 2 + below;
    if (kind_is(claim, "partition")) return claim->margin + below;
    return kind_is(claim, "trend") ? below : (double)NAN;
}

// The worse of the two: a failure stays a failure.
static enum verdict at_best(enum verdict verdict, enum verdict cap)
{
    return verdict_worst(verdict, cap);
}

enum verdict verdict_cap(enum verdict verdict, const struct claim *claim,
                         const struct conditions *c)
{
    if (!strcmp(claim->data, "none")) return verdict;
    if (claim_excluded(claim, c->tier, c->data)) return VERDICT_NOT_RUN;
    if (kind_is(claim, "identity")) return verdict;
    if (c->tier == TIER_DESK) verdict = at_best(verdict, VERDICT_REPRODUCED_SCALED);
    const int planted = !strcmp(c->data, "planted") && strcmp(claim->data, "planted"),
              few = c->pretrainings == 1 || c->pretrainings == 2,
              failed = verdict == VERDICT_NOT_REPRODUCED || verdict == VERDICT_REFUTED;
    if (c->tier == TIER_SMOKE || planted || few || c->own_epochs || c->pilot)
        verdict = at_best(verdict, VERDICT_TREND_ONLY);
    return failed && c->pilot ? VERDICT_INCONCLUSIVE : verdict;
}
