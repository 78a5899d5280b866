/// What an experiment writes for readers besides its numbers: tables, and the arrays from which
/// every number can be computed again.
#ifndef MASKBOOK_REPORT_RUN_FILES_H
#define MASKBOOK_REPORT_RUN_FILES_H

#include <stddef.h>

#include "core/base/npy.h"
#include "core/report/run.h"
#include "core/report/table.h"

/// Prints the table between the texts `about` and `below` ("" for none) and writes all three as
/// Markdown to `file` in the run's folder, a name that ends in .md. run_print shows them again.
void run_table(const struct run *run, const char *file, const char *about,
               const struct table *table, const char *below);

/// Prints the tables that the run's provenance lists, in the order in which they were made
/// (run_print).
void run_tables_print(const struct run *run);

/// Writes export/NAME.npy: data (row-major), whose `dimensions` extents are in `shape`. What its
/// axes are and what it holds say the rows of experiments/NN-name/arrays.tsv (a pattern of names,
/// axes, words), whose words go to export/arrays.tsv with type and shape; dies (EXIT_INPUT) when
/// there is such a table without the array.
void run_array(const struct run *run, const char *name, enum npy_type type,
               int dimensions, const size_t *shape, const void *data);

/// Writes export/NAME.npy as bytes: numbers of classes (row-major). Contract: all are below 256.
/// Dies (EXIT_SYSTEM) without memory.
void run_classes(const struct run *run, const char *name, int dimensions,
                 const size_t *shape, const uint16_t *classes);

/// Writes export/arrays.tsv when arrays were written: file, type, shape, axes, holds (run_close).
void run_arrays_write(const struct run *run);

#endif
