/// Headings of a figure that is a panel of pixels (core/report/panel): the table from which
/// figures/panel.gp writes them at its top and left. Columns: axis (column, row, step), place,
/// heading, note, and numbers of the experiment's own.
#ifndef MASKBOOK_STUDY_HEADINGS_H
#define MASKBOOK_STUDY_HEADINGS_H

#include "core/base/files.h"
#include "core/data/images.h"
#include "core/report/run.h"

struct headings {
    struct output output;
    size_t numbers; ///< columns after note
};

/// Begins `file` in the run's folder. names (numbers): the columns after note.
void headings_open(struct headings *headings, const struct run *run, const char *file,
                   const char *const *names, size_t numbers);

/// One heading: of column or row `place`, or of the step from that column to the next.
/// values (headings->numbers)   NULL: NAN each
void headings_put(struct headings *headings, const char *axis, size_t place,
                  const char *heading, const char *note, const double *values);

enum { HEADINGS_DIGITS = 8 }; ///< of an image's SHA-256

/// The row of test image `row`: "test 0", with the first digits of the SHA-256 of its record as the
/// note.
void headings_put_image(struct headings *headings, const struct images *images,
                        size_t row, const double *values);

/// Ends the table (output_close).
void headings_close(struct headings *headings);

#endif
