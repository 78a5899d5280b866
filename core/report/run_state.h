/// What a run has collected so far: numbers, verdicts, provenance, the files it wrote, and the
/// paper's claims. Private to core/report; others use run.h and record.h.
#ifndef MASKBOOK_REPORT_RUN_STATE_H
#define MASKBOOK_REPORT_RUN_STATE_H

#include <stddef.h>

#include "core/report/provenance.h"
#include "core/report/record.h"
#include "core/report/run.h"

struct run_state {
    struct result *results; ///< (result_count), owned
    size_t result_count;
    struct verdict_row *verdicts; ///< (verdict_count), owned
    size_t verdict_count;
    char **files; ///< (file_count), owned: names relative to the run's folder
    size_t file_count;
    struct provenance provenance;
    struct claims claims; ///< read when first needed
    int claims_read, keyed;
    /// Why what is recorded from now on rests on a pilot, owned; NULL when it does not.
    char *pilot;
    /// How much training what is recorded from now on rests on, owned; NULL when on none.
    char *scale;
    char *arrays; ///< rows of export/arrays.tsv, owned; NULL without any
    int lock;     ///< of the run's folder, from run_fresh on; -1 without
};

/// A fresh, empty state that run_state_free frees, which also releases the lock.
struct run_state *run_state_make(void);
void run_state_free(struct run_state *state);

/// Remembers that the run may write the file `name` in its folder; a name is stored once.
void run_state_file(struct run_state *state, const char *name);

/// Adds a row of verdicts for the caller to fill; the pointer is valid until the next row is added.
struct verdict_row *run_state_verdict(struct run_state *state);

/// paper/claims.tsv, which is read at the first call.
const struct claims *run_state_claims(struct run_state *state);

/// Writes result.tsv (key, value, low, high, n, unit) and verdicts.tsv (id, verdict, estimate, low,
/// high, n, test, reason, scale, finding).
void run_state_write_results(const struct run_state *state, const char *path);
void run_state_write_verdicts(const struct run_state *state, const char *path);

/// The estimate in a row of verdicts.tsv.
struct estimate verdicts_estimate(const struct tsv *verdicts, size_t row);

/// Replaces the verdicts and the provenance of the state by those that an earlier run wrote to
/// `folder`. Contract: that provenance is sound and lists verdicts.tsv (run_fresh).
void run_state_read(struct run_state *state, const char *folder);

#endif
