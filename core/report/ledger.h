/// The ledger: one row for each claim of the paper, gathered from the verdicts that the experiments
/// recorded at one tier on one data set. What was not run says why and never counts as a pass; a result
/// without a sound provenance, or judged by other rows of paper/claims.tsv than there are now, is STALE; an
/// experiment that failed is an ERROR.
#ifndef MASKBOOK_REPORT_LEDGER_H
#define MASKBOOK_REPORT_LEDGER_H

#include <stddef.h>
#include <stdio.h>

#include "core/report/claims.h"

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

/// Writes the ledger (id, place, printed, estimate, low, high, n, test, margin, verdict, reason, commit,
/// seconds) atomically; the same inputs give the same bytes.
void ledger_write(const struct ledger *ledger, const char *path);

/// Compares with a reference (columns id, verdict): prints a line for each ERROR and for each claim whose
/// verdict differs or that only one of the two has. Returns how many there were; 0 is said in a line too.
/// A claim that is NOT-RUN here for want of weights or data is named and does not count. Without a
/// reference only errors are looked for, and a line says so.
size_t ledger_compare(const struct ledger *ledger, const char *reference, FILE *file);

/// Makes this ledger the reference: FOLDER/ledger.tsv (id, verdict, estimate, note) and a line (date,
/// commit, reason) more in FOLDER/reasons.tsv, both atomically. So that a reader can compare with more than
/// verdicts, figure*.png, figure*.tsv, result.tsv and provenance.tsv of each experiment whose provenance is
/// sound go to FOLDER/NN-name; the earlier reference's copies, as far as their provenance lists them, are
/// removed first, also where there is no result now. Dies (EXIT_INPUT) while a row is STALE or ERROR.
void ledger_accept(const struct ledger *ledger, const char *folder, const char *reason,
                   const char *date, const char *commit);

/// Prints the ledger for people, grouped by the part of the paper (its make target), with a count of
/// each verdict at the end; `colours` nonzero colours the verdicts.
void ledger_print(const struct ledger *ledger, FILE *file, int colours);

/// Prints claim | place | statement | printed | ours | verdict as Markdown, and the counts.
void ledger_markdown(const struct ledger *ledger, FILE *file);

#endif
