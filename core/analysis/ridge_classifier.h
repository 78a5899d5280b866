/// A linear classifier by ridge regression on one-hot labels: solved in one step in double, so that
/// features are compared without steps, epochs or learning rates.
#ifndef MASKBOOK_ANALYSIS_RIDGE_CLASSIFIER_H
#define MASKBOOK_ANALYSIS_RIDGE_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/// Rows with labels; borrowed.
struct labelled_rows {
    size_t rows, width;
    const double *features; ///< (n,D) finite
    const uint16_t *labels; ///< (n), 0 .. classes-1
};

/// answers (test->rows) = the class of the largest score, the first of equals. Features and one-hot
/// targets are centred by the training rows' means. The penalty is the one of five (1e-4 .. 1 times
/// the mean variance of a feature) that answers the last fifth of the training rows best when
/// fitted on the rest, the first of equals; the fit is then that of all training rows.
/// Work n D^2 + 5 D^3 / 3 multiply-adds; memory O(n D + D^2) from `arena`, given back. Returns 0,
/// or nonzero when a system is not numerically positive definite. Requires at least five training
/// rows.
int ridge_classify(uint16_t *answers, const struct labelled_rows *train,
                   const struct labelled_rows *test, size_t classes,
                   struct arena *arena) __attribute__((warn_unused_result));

/// right (test->rows) = 100 where the answer is the label, else 0; otherwise as ridge_classify.
int ridge_right(double *right, const struct labelled_rows *train,
                const struct labelled_rows *test, size_t classes, struct arena *arena)
    __attribute__((warn_unused_result));

#endif
