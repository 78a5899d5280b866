/// What an experiment writes for people besides its numbers: tables, and the arrays that every number can be
/// computed from again.
#ifndef MASKBOOK_REPORT_RUN_FILES_H
#define MASKBOOK_REPORT_RUN_FILES_H

#include <stddef.h>

#include "core/base/npy.h"
#include "core/report/run.h"
#include "core/report/table.h"

/// Prints the table between two texts, `about` above and `below` under it ("" for none), and keeps all three
/// as Markdown in the run's folder under the name `file`, which ends in .md; run_print shows them again.
void run_table(const struct run *run, const char *file, const char *about,
               const struct table *table, const char *below);

/// Prints the tables that the run's provenance lists, in the order in which they were made: those of an earlier
/// run of the same content (run_print).
void run_tables_print(const struct run *run);

/// Writes export/NAME.npy: data, row-major, of the `dimensions` numbers in `shape`.
void run_array(const struct run *run, const char *name, enum npy_type type,
               int dimensions, const size_t *shape, const void *data);

#endif
