/// Numbers on their way out: to result.tsv and, as text, to a cell of a table.
#ifndef MASKBOOK_STUDY_RESULTS_H
#define MASKBOOK_STUDY_RESULTS_H

#include "core/base/estimate.h"
#include "core/report/run.h"
#include "core/report/table.h"

/// Adds a number and its interval to result.tsv under the formatted key, and writes "value [low,
/// high]" into `cell` (NUMBER_TEXT) unless it is NULL. The sample size is found.n.
void put_estimate(struct run *run, char *cell, struct estimate found, const char *unit,
                  const char *key, ...) __attribute__((format(printf, 5, 6)));

/// The same of a number without an interval, from n units of replication (0: none).
void put_number(struct run *run, char *cell, double value, size_t n, const char *unit,
                const char *key, ...) __attribute__((format(printf, 6, 7)));

/// The row of a claim in a table with the columns what | published | yours | verdict: the number
/// that the paper prints, ours with its interval, and the verdict that was recorded. `ours` NULL:
/// nothing was measured. `id` NULL: no claim of the paper. On images other than the claim's the
/// published number gives way to "-" where ours is shown. `more` is the cell of a fifth column,
/// NULL where the table has none. Contract: the claim has been judged before.
void claim_row(struct table *table, const struct run *run, const char *what,
               const char *id, const struct estimate *ours, const char *more);

#endif
