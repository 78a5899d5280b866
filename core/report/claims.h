/// The paper's claims and how each is judged. paper/claims.tsv states, before any result, what was
/// printed, what kind of test decides and with which margin; this file turns an estimate and its
/// interval into one verdict by the rule of that kind, capped by what the tier can earn.
#ifndef MASKBOOK_REPORT_CLAIMS_H
#define MASKBOOK_REPORT_CLAIMS_H

#include <stddef.h>

#include "core/base/estimate.h"
#include "core/base/tsv.h"
#include "core/report/run.h"

enum verdict {
    VERDICT_REPRODUCED,
    VERDICT_REPRODUCED_SCALED,
    VERDICT_TREND_ONLY,
    VERDICT_INCONCLUSIVE,
    VERDICT_NOT_REPRODUCED,
    VERDICT_REFUTED,
    VERDICT_NOT_RUN
};

/// The word in ledgers, e.g. "REPRODUCED-SCALED"; static storage.
const char *verdict_name(enum verdict verdict);

/// The verdict of a word in ledgers; -1 for any other word.
int verdict_find(const char *name);

/// A row of paper/claims.tsv; strings point into the table.
struct claim {
    const char *id, *place, *statement, *printed, *kind, *margin_source, *data, *tier,
        *target, *experiment;
    double effect; ///< printed effect e, 0 if none
    double margin; ///< NAN when the kind needs none
};

struct claims {
    struct tsv table;
    size_t count;
};

/// Reads and checks the table: ids unique, kinds, data and tiers known, margins present (with their
/// source) where the kind needs one, effects and margins not negative, `printed` one number where the
/// kind is numeric. Dies (EXIT_INPUT) naming the row otherwise.
void claims_read(struct claims *claims, const char *path);
void claims_free(struct claims *claims);
struct claim claims_row(const struct claims *claims, size_t row);

/// digest (HASH_HEX) = SHA-256 of the columns that decide verdicts in the rows of `experiment`: a changed
/// margin makes a result stale, a reworded statement does not.
void claims_digest(char digest[HASH_HEX], const struct claims *claims,
                   const char *experiment);

/// *value = a number as printed ("83.6", "+12.2", "-0.5 points", "64.4 %", "7,212,684", "1e-9"), *half =
/// half the unit of its last digit (0.05 for "83.6", 0.5 for a whole number): what rounding alone may
/// have hidden. Returns 0 when the text is not one number, with at most a unit behind it.
int printed_parse(double *value, double *half, const char *text);

// The rules. An estimate that is not finite, or whose interval is not, is INCONCLUSIVE by each of them, never a
// pass. Contract: low <= high.

/// Judges part `d` of an ordering with printed effect e >= 0: low > e/2 REPRODUCED, low > 0 TREND-ONLY,
/// high <= 0 or high < e/2 NOT-REPRODUCED, else INCONCLUSIVE.
enum verdict judge_ordering(const struct estimate *d, double effect);

/// A trend has a direction and no printed size: low > 0 REPRODUCED, high <= 0 NOT-REPRODUCED, else
/// INCONCLUSIVE.
enum verdict judge_trend(const struct estimate *d);

/// |estimate - printed| within absolute + relative |printed| + half the last printed digit, the bound
/// included (83.65 rounds to 83.6 or to 83.7); REPRODUCED or NOT-REPRODUCED. Contract: `printed` parses.
enum verdict judge_numeric(double estimate, const char *printed, double absolute,
                           double relative);

/// low and high within +-margin, the bounds included: REPRODUCED; the interval wholly outside:
/// NOT-REPRODUCED; else INCONCLUSIVE.
enum verdict judge_equivalence(const struct estimate *d, double margin);

/// REPRODUCED or NOT-REPRODUCED. A false statement of mathematics with a counter-example is
/// VERDICT_REFUTED instead, said outright by the experiment that has the example.
enum verdict judge_exact(int holds);

/// An identity: |residual| within its rounding bound REPRODUCED, else REFUTED (the residual is the
/// counter-example).
enum verdict judge_identity(double residual, double bound);

/// A partition's agreement (an adjusted Rand index, or its excess over a control) against the margin it
/// has to reach: low >= margin REPRODUCED, high < margin NOT-REPRODUCED, else INCONCLUSIVE.
enum verdict judge_partition(const struct estimate *d, double margin);

/// The rule of the claim's kind with the claim's effect and margin. Contract: the kind is not exact,
/// which has no estimate to judge.
enum verdict claim_judge(const struct claim *claim, const struct estimate *d);

/// The smallest difference that a test with this interval could have told from none: half the
/// interval's width; NAN when the interval is not finite.
double detectable_difference(const struct estimate *d);

/// The worst of two verdicts: a claim of several parts holds when each part does. From best to worst:
/// REPRODUCED, REPRODUCED-SCALED, TREND-ONLY, INCONCLUSIVE, NOT-RUN, NOT-REPRODUCED, REFUTED; a part
/// that failed decides even where another was not run.
enum verdict verdict_worst(enum verdict a, enum verdict b);

/// Why a claim cannot be judged at this tier on this data, whatever was found: "imagenet", "no data" or
/// "paper tier" (a claim of the paper tier at any other); NULL when it can. Static storage.
const char *claim_excluded(const struct claim *claim, enum tier tier, const char *data);

/// Caps a verdict by tier and data: a claim that cannot be judged here (claim_excluded) -> NOT-RUN; desk
/// REPRODUCED -> REPRODUCED-SCALED; smoke, or planted data (unless the claim's data is planted) ->
/// TREND-ONLY at best; fewer than 3 pretrainings an arm when the claim compares pretrainings ->
/// TREND-ONLY at best; after run_pilot a pass -> TREND-ONLY at best, NOT-REPRODUCED and
/// REFUTED -> INCONCLUSIVE: what a pilot does not show, the whole training may. Claims whose data is none
/// are never capped.
enum verdict verdict_cap(enum verdict verdict, const struct claim *claim,
                         const struct run *run, int compares_pretrainings,
                         int pretrainings);

/// The row of the claim `id`. Contract: it is in paper/claims.tsv and belongs to this experiment.
struct claim run_claim(const struct run *run, const char *id);

/// 1 when run_verdict has recorded a verdict for the claim `id`.
int run_judged(const struct run *run, const char *id);

/// Records the claim's verdict for verdicts.tsv: estimate and interval of its deciding (worst) part, or
/// NULL where there is none; the test by name; a sentence. The caps of tier and data are applied here
/// too, so that no experiment can forget them; that of pretrainings is the caller's (verdict_cap or
/// run_judge). What was found INCONCLUSIVE gets the smallest difference that the test could have
/// confirmed, an excluded claim its reason, and what rests on a pilot says so. Contract: `id` as in run_claim and not recorded before; REFUTED only for kinds exact
/// and identity and for data none; a pass of a kind that has an interval comes with a finite one.
void run_verdict(struct run *run, const char *id, enum verdict verdict,
                 const struct estimate *deciding, const char *test, const char *note);

/// Judges `count` parts by the rule of the claim's kind, caps the worst (by `pretrainings` an arm when
/// that is not 0: the claim compares pretrainings) and records it with the part that decides: of the parts
/// with the worst verdict the worst, which is the smallest `high` of a failed ordering, trend or partition
/// and their smallest `low` otherwise; for an equivalence the interval whose far end (when it failed, whose
/// near end) is farthest from 0; for kinds numeric and identity the estimate farthest from the printed
/// number and from 0. A part that is not finite is worse than any other of its verdict; equals: the first.
void run_judge(struct run *run, const char *id, const struct estimate *parts,
               size_t count, int pretrainings, const char *test, const char *note);

#endif
