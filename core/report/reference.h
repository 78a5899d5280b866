/// The committed reference in results/reference/TIER-DATA: verdicts and numbers of one run of all
/// experiments, with which later runs are compared.
#ifndef MASKBOOK_REPORT_REFERENCE_H
#define MASKBOOK_REPORT_REFERENCE_H

#include <stddef.h>
#include <stdio.h>

#include "core/report/ledger.h"
#include "core/report/run.h"

/// Compares with a reference (columns id, verdict) and prints a line for each ERROR, for each claim
/// whose verdict differs, and for each claim that only one of the two has. Returns the number of
/// these lines; if there are none, it says so in a line. A claim that is NOT-RUN here because
/// weights or data are missing is printed but not counted. Without a reference it looks for errors
/// only, and says so.
size_t ledger_compare(const struct ledger *ledger, const char *reference, FILE *file);

/// Rows of claims whose target is another become those of the reference, where it has them, so that
/// one experiment can be accepted without all of the others. Dies (EXIT_USAGE) if `target` is that
/// of no claim; (EXIT_INPUT) without a reference, or if the target's experiment has no result here.
void ledger_restore(struct ledger *ledger, const char *reference, const char *target);

/// Locks the folders of all experiments below `root` ("RESULTS/TIER-DATA") to the end of the
/// process, as a run locks its own (run_fresh), so that what is accepted does not change between
/// the ledger and its copies. Waits for runs; a folder in which nothing can be written has none.
void results_lock(const char *root);

/// Makes this ledger the reference: writes FOLDER/ledger.tsv (as ledger_write) and adds a line
/// (number, date, commit, reason) to FOLDER/reasons.tsv, both atomically. So that readers have all
/// of a result, it copies the tables (.tsv and .md), pictures (.png) and captions (.txt) of each
/// experiment whose provenance is sound to FOLDER/NN-name, and those of each training, with its
/// log, to FOLDER/00-pretrain/RUN; it first removes the earlier reference's copies that their
/// provenance lists, also of experiments without a result now, but not of trainings without one.
/// With a `target` (else NULL) no files but those of its experiment are touched.
/// Dies (EXIT_INPUT) if a row is STALE or ERROR.
void ledger_accept(const struct ledger *ledger, const char *folder, const char *target,
                   const char *reason, const char *date, const char *commit);

#endif
