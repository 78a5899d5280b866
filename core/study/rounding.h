/// What the rounding of weights to BF16 costs, measured on the same images before and after it: the
/// file rounding.tsv of shipped weights, and the same as a table.
#ifndef MASKBOOK_STUDY_ROUNDING_H
#define MASKBOOK_STUDY_ROUNDING_H

#include "core/report/table.h"

/// Opens the table; closed by table_close.
void rounding_open(struct table *table);

/// Adds a row to the table, and to FOLDER/rounding.tsv, in the place of its row of the same name:
/// both means and the difference's, with 90 % intervals by mean_normal.
/// measure   what is measured, and its unit
/// trained   (n) of each image, by the trained weights
/// rounded   (n) of each image, by the rounded ones
/// Dies (EXIT_INPUT) when the file that is there is no table, (EXIT_SYSTEM) when it cannot be
/// written.
void rounding_put(struct table *table, const char *folder, const char *name,
                  const char *measure, const double *trained, const double *rounded,
                  size_t n);

#endif
