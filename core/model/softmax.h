/// Softmax over rows of scores, for attention.
#ifndef MASKBOOK_MODEL_SOFTMAX_H
#define MASKBOOK_MODEL_SOFTMAX_H

#include <stddef.h>

#include "core/base/real.h"

/// probs = softmax(scale scores), row by row; zeros in the columns from n on.
/// probs  (rows,stride)  overwritten
/// scores (rows,stride)  the first n of a row are scores; destroyed
/// Requires stride = lanes_stride(n) (core/model/lanes.h): whole lanes need no tail with another
/// formula. Requires scale > 0 and no overlap. No allocation.
void softmax_rows(real *probs, real *scores, size_t rows, size_t n, size_t stride,
                  real scale);

/// The gradient of softmax_rows by the scores, in place:
///     dscores = scale P (dP - sum over the row of P dP)
/// dscores (rows,stride)  on entry dP in the first n columns; zeros from column n on afterwards
/// probs   (rows,stride)  P from softmax_rows
void softmax_rows_backward(real *dscores, const real *probs, size_t rows, size_t n,
                           size_t stride, real scale);

#endif
