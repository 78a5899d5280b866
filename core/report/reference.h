/// The committed reference, results/reference/TIER-DATA: the verdicts and numbers of one run of everything,
/// with which others compare theirs.
#ifndef MASKBOOK_REPORT_REFERENCE_H
#define MASKBOOK_REPORT_REFERENCE_H

#include <stddef.h>
#include <stdio.h>

#include "core/report/ledger.h"
#include "core/report/run.h"

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

/// The number under `key` in the result.tsv of the committed reference of this tier, data and experiment;
/// NAN where there is none.
double run_reference(const struct run *run, const char *key);

#endif
