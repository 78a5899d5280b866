/// The paper's claims and how each is judged. paper/claims.tsv states, before any result, what was
/// printed, what kind of test decides and with which margin; this file turns an estimate and its
/// interval into one verdict by the rule of that kind, capped by what the tier can earn.
#ifndef MASKBOOK_REPORT_CLAIMS_H
#define MASKBOOK_REPORT_CLAIMS_H

#include <stddef.h>

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

/// Reads and checks the table: ids unique, kinds, data and tiers known, margins present where the kind
/// needs one. Dies (EXIT_INPUT) naming the row otherwise.
void claims_read(struct claims *claims, const char *path);
void claims_free(struct claims *claims);
struct claim claims_row(const struct claims *claims, size_t row);

/// One part of a claim: an estimate d with its 90 % interval, from n units of replication.
struct part {
    double estimate, low, high;
    size_t n;
};

/// Judges part `d` of an ordering: low > e/2 REPRODUCED, low > 0 TREND-ONLY, high <= 0 or
/// high < e/2 NOT-REPRODUCED, else INCONCLUSIVE.
enum verdict judge_ordering(const struct part *d, double effect);

/// The same for the other kinds: |estimate - printed| within margin (absolute + relative + half the last
/// printed digit); low, high within +-margin.
enum verdict judge_numeric(double estimate, const char *printed, double absolute,
                           double relative);
enum verdict judge_equivalence(const struct part *d, double margin);
enum verdict judge_exact(int holds);

/// The worst of two verdicts: a claim of several parts holds when each part does.
enum verdict verdict_worst(enum verdict a, enum verdict b);

/// Caps a verdict by tier and data: desk REPRODUCED -> REPRODUCED-SCALED; planted (unless the claim's
/// data is planted or none) -> TREND-ONLY; fewer than 3 pretrainings an arm when the claim compares
/// pretrainings -> TREND-ONLY. claims whose data is none are never capped.
enum verdict verdict_cap(enum verdict verdict, const struct claim *claim,
                         const struct run *run, int compares_pretrainings, int pretrainings);

/// Records the claim's verdict for verdicts.tsv: estimate and interval of its deciding (worst) part, the
/// test by name, and a sentence. Contract: `id` is in paper/claims.tsv and belongs to this experiment.
void run_verdict(struct run *run, const char *id, enum verdict verdict,
                 const struct part *deciding, const char *test, const char *note);

#endif
