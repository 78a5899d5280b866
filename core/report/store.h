/// What a run has collected so far: numbers, verdicts, provenance, the files it wrote and the paper's
/// claims. Only core/report looks inside; experiments go through run.h and claims.h.
#ifndef MASKBOOK_REPORT_STORE_H
#define MASKBOOK_REPORT_STORE_H

#include <stddef.h>

#include "core/report/claims.h"
#include "core/report/provenance.h"
#include "core/report/run.h"

/// A row of verdicts.tsv.
struct verdict_row {
    char *id, *test, *note; ///< owned
    enum verdict verdict;
    struct estimate estimate; ///< NAN and 0 where there is none
};

struct run_store {
    struct result *results; ///< (result_count), owned
    size_t result_count;
    struct verdict_row *verdicts; ///< (verdict_count), owned
    size_t verdict_count;
    char **files; ///< (file_count), owned: names relative to the run's folder
    size_t file_count;
    struct provenance provenance;
    struct claims claims; ///< read when first needed
    int claims_read, keyed;
    char *
        pilot; ///< owned: why what is recorded from now on rests on a pilot; NULL when it does not
};

/// A fresh, empty store that store_free frees.
struct run_store *store_make(void);
void store_free(struct run_store *store);

/// Remembers that the run may write the file `name` of its folder; a name already there is kept once.
void store_file(struct run_store *store, const char *name);

/// paper/claims.tsv, read once.
const struct claims *store_claims(struct run_store *store);

/// Writes result.tsv (key, value, low, high, n, unit) and verdicts.tsv (id, verdict, estimate, low,
/// high, n, test, note).
void store_write_results(const struct run_store *store, const char *path);
void store_write_verdicts(const struct run_store *store, const char *path);

#endif
