/// The rules by which an estimate becomes a verdict: one for each kind of claim, and what tier, data and
/// training allow a verdict to say.
#ifndef MASKBOOK_REPORT_VERDICTS_H
#define MASKBOOK_REPORT_VERDICTS_H

#include "core/base/estimate.h"
#include "core/report/claims.h"

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

/// The rule of the claim's kind with the claim's effect and margin. Contract: the kind is neither
/// exact nor arithmetic, which have no interval to judge.
enum verdict claim_judge(const struct claim *claim, const struct estimate *d);

/// The smallest difference that a test with this interval could have told from none: half the
/// interval's width; NAN when the interval is not finite.
double detectable_difference(const struct estimate *d);

/// The worst of two verdicts: a claim of several parts holds when each part does. From best to worst:
/// REPRODUCED, REPRODUCED-SCALED, TREND-ONLY, INCONCLUSIVE, NOT-RUN, NOT-REPRODUCED, REFUTED; a part
/// that failed decides even where another was not run.
enum verdict verdict_worst(enum verdict a, enum verdict b);

/// What a verdict was reached under.
struct conditions {
    enum tier tier;
    const char *data; ///< "cifar10"
    int pilot;        ///< nonzero: something was trained for less than its recipe
    int pretrainings; ///< an arm, where the claim compares pretrainings; 0 where it does not
};

/// Caps a verdict. A claim whose data is none keeps it. Otherwise, in this order:
/// a claim that cannot be judged here (claim_excluded) -> NOT-RUN;
/// at the desk tier REPRODUCED -> REPRODUCED-SCALED;
/// at the smoke tier, on planted data (unless the claim's data is planted), with 1 or 2 pretrainings an
/// arm, or on a pilot a pass -> TREND-ONLY;
/// on a pilot NOT-REPRODUCED and REFUTED -> INCONCLUSIVE: what it does not show, the whole training may.
enum verdict verdict_cap(enum verdict verdict, const struct claim *claim,
                         const struct conditions *conditions);

#endif
