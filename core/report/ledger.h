/// The ledger: one row for each claim of the paper, gathered from the verdicts that the experiments
/// recorded at one tier on one data set. A claim that was not run says why and never counts as a
/// pass. A result without a sound provenance, or judged by rows of paper/claims.tsv that have
/// changed since, is STALE. An experiment that failed is an ERROR.
#ifndef MASKBOOK_REPORT_LEDGER_H
#define MASKBOOK_REPORT_LEDGER_H

#include <stddef.h>
#include <stdio.h>

#include "core/base/files.h"
#include "core/report/verdicts.h"

/// The row of one claim. `state` is the name of a verdict, "STALE" or "ERROR".
struct ledger_row {
    struct claim claim;       ///< strings belong to the ledger's claims
    const char *state;        ///< static storage
    struct estimate estimate; ///< NAN and 0 if missing
    /// As in verdicts.tsv (record.h); of a row without a verdict `reason` says why. Owned, "" if
    /// missing.
    char *test, *reason, *scale, *finding;
    char *commit, *seconds; ///< owned, "" if missing
};

struct ledger {
    char root[PATH_SIZE]; ///< RESULTS/TIER-DATA
    struct claims claims;
    struct ledger_row *rows; ///< (count), in the order of paper/claims.tsv, owned
    size_t count;
};

/// Gathers RESULTS/TIER-DATA/NN-name/verdicts.tsv for each claim of paper/claims.tsv; where an
/// experiment has only runs, the worst of NN-name/RUN/verdicts.tsv. The state of a row is the first
/// that applies:
/// ERROR, with its first line, if the experiment's folder holds error.txt;
/// STALE if provenance.tsv does not verify the verdicts, or claims_digest has changed since they
/// were judged;
/// the recorded verdict;
/// NOT-RUN with the reason: that of claim_excluded, "no experiment yet" without
/// experiments/NN-name/main.c, "the experiment recorded no verdict on it", or "not run yet: `make
/// TARGET`".
/// Dies (EXIT_INPUT) if the table of claims is unsound.
void ledger_build(struct ledger *ledger, const char *results, enum tier tier,
                  const char *data);
void ledger_free(struct ledger *ledger);

/// The row gets this verdict, and the estimate, test, reason, scale and finding of row `at` of a
/// table with the columns of verdicts.tsv, or of a ledger that was written.
void ledger_row_take(struct ledger_row *row, enum verdict verdict,
                     const struct tsv *table, size_t at);

/// The number of rows that only subtract printed numbers (claim_is_arithmetic). All counts keep
/// them apart.
size_t ledger_arithmetic(const struct ledger *ledger);

/// Writes the ledger (id, place, printed, quantity, unit, estimate, low, high, n, test, margin,
/// verdict, reason, scale, finding, commit, seconds) atomically; the same inputs give the same
/// bytes.
void ledger_write(const struct ledger *ledger, const char *path);

#endif
