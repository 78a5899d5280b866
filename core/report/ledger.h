/// The ledger: one row for each claim of the paper, gathered from the verdicts that the experiments
/// recorded at one tier on one data set. What was not run says why and never counts as a pass; a result
/// without a sound provenance, or judged by other rows of paper/claims.tsv than there are now, is STALE; an
/// experiment that failed is an ERROR.
#ifndef MASKBOOK_REPORT_LEDGER_H
#define MASKBOOK_REPORT_LEDGER_H

#include <stddef.h>
#include <stdio.h>

#include "core/base/files.h"
#include "core/report/verdicts.h"

/// One claim's row; `state` is a verdict's name, "STALE" or "ERROR".
struct ledger_row {
    struct claim claim;                     ///< strings belong to the ledger's claims
    const char *state;                      ///< static storage
    struct estimate estimate;               ///< NAN and 0 where there is none
    char *test, *reason, *commit, *seconds; ///< owned, "" where there is none
};

struct ledger {
    char root[PATH_SIZE]; ///< RESULTS/TIER-DATA
    struct claims claims;
    struct ledger_row *rows; ///< (count), in the order of paper/claims.tsv, owned
    size_t count;
};

/// Gathers RESULTS/TIER-DATA/NN-name/verdicts.tsv for each claim of paper/claims.tsv (where an experiment
/// has only runs, NN-name/RUN/verdicts.tsv, the worst of them). In this order: error.txt in the
/// experiment's folder -> ERROR with its line; verdicts that provenance.tsv does not vouch for, or that
/// were judged by other margins than the table's (claims_digest) -> STALE; a recorded verdict; else NOT-RUN
/// with the reason: claim_excluded, "no experiment yet" when there is no experiments/NN-name/main.c, "the
/// experiment recorded no verdict on it", "not run yet: `make TARGET`". Dies (EXIT_INPUT) when the claims
/// are unsound.
void ledger_build(struct ledger *ledger, const char *results, enum tier tier,
                  const char *data);
void ledger_free(struct ledger *ledger);

/// How many rows are subtractions of printed numbers (claim_is_arithmetic): every count names them apart.
size_t ledger_arithmetic(const struct ledger *ledger);

/// Writes the ledger (id, place, printed, estimate, low, high, n, test, margin, verdict, reason, commit,
/// seconds) atomically; the same inputs give the same bytes.
void ledger_write(const struct ledger *ledger, const char *path);

#endif
