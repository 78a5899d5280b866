/// The rules that turn an estimate into a verdict, one for each kind of claim, and the caps: what
/// tier, data and training allow a verdict to say.
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

// The rules. An estimate that is not finite, or whose interval is not, is INCONCLUSIVE by each of
// them. Contract: low <= high.

/// An ordering with printed effect e >= 0: low > e/2 REPRODUCED, else low > 0 TREND-ONLY;
/// high < e/2 or low = high = 0 NOT-REPRODUCED; else INCONCLUSIVE, as where one end alone is 0.
enum verdict judge_ordering(const struct estimate *d, double effect);

/// A trend, which has a direction but no printed size: an ordering with e = 0.
enum verdict judge_trend(const struct estimate *d);

/// REPRODUCED if |estimate - printed| <= margin + half the last printed digit (83.65 rounds to 83.6
/// or to 83.7), else NOT-REPRODUCED. Contract: `printed` parses.
enum verdict judge_numeric(double estimate, const char *printed, double margin);

/// -margin <= low and high <= margin REPRODUCED; the interval entirely outside of +-margin
/// NOT-REPRODUCED; else INCONCLUSIVE.
enum verdict judge_equivalence(const struct estimate *d, double margin);

/// REPRODUCED or NOT-REPRODUCED. For a false statement of mathematics, an experiment that has a
/// counter-example records VERDICT_REFUTED itself.
enum verdict judge_exact(int holds);

/// An identity: |residual| <= its rounding bound REPRODUCED, else REFUTED, with the residual as
/// counter-example.
enum verdict judge_identity(double residual, double bound);

/// Agreement of a partition (an adjusted Rand index, or its excess over a control), which has to
/// reach the margin: low >= margin REPRODUCED, high < margin NOT-REPRODUCED, else INCONCLUSIVE.
enum verdict judge_partition(const struct estimate *d, double margin);

/// Applies the rule of the claim's kind with the claim's effect and margin. Contract: the kind is
/// neither exact nor arithmetic, which have no interval to judge.
enum verdict claim_judge(const struct claim *claim, const struct estimate *d);

/// The smallest difference that the claim's test could have confirmed with an interval that reaches
/// as far below its estimate as this one: that far above what the interval has to exceed (half the
/// effect, 0 of a trend, a partition's margin). NAN if the interval is not finite, and of kinds
/// that ask for no difference.
double confirmable_difference(const struct claim *claim, const struct estimate *d);

/// The worse of two verdicts: a claim of several parts holds if each part does. From best to worst:
/// REPRODUCED, REPRODUCED-SCALED, TREND-ONLY, INCONCLUSIVE, NOT-RUN, NOT-REPRODUCED, REFUTED. A
/// part that failed decides even if another was not run.
enum verdict verdict_worst(enum verdict a, enum verdict b);

/// The conditions under which a verdict was found.
struct conditions {
    enum tier tier;
    const char *data; ///< "cifar10"
    int pilot; ///< nonzero: something was trained for less than its recipe asks for
    int pretrainings; ///< an arm, if the claim compares pretrainings; otherwise 0
    int own_epochs;   ///< nonzero: the number of epochs was given, as no recipe says
};

/// Caps a verdict. A claim with data "none" keeps it. For all others, in this order:
/// a claim that cannot be judged here (claim_excluded) becomes NOT-RUN;
/// an identity keeps its verdict, as it holds at all weights and on all images, or fails;
/// at the desk tier, REPRODUCED becomes REPRODUCED-SCALED;
/// a pass becomes TREND-ONLY at the smoke tier, on planted data (unless the claim is about planted
/// data), with 1 or 2 pretrainings an arm, with epochs of the user's own, and on a pilot;
/// on a pilot, NOT-REPRODUCED and REFUTED become INCONCLUSIVE: what it does not show, the whole
/// training may.
enum verdict verdict_cap(enum verdict verdict, const struct claim *claim,
                         const struct conditions *conditions);

#endif
