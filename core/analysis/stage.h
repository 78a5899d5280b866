/// What stands between frozen features and a probe's linear head, and may itself be trained: nothing (a
/// row of the features is the head's input), the last block's projections, part of its perceptron. A
/// stage belongs to one thread: it carries the workspace for batches of one size.
#ifndef MASKBOOK_ANALYSIS_STAGE_H
#define MASKBOOK_ANALYSIS_STAGE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"

struct stage {
    size_t batch, width; ///< B, D
    size_t count;        ///< numbers that it trains
    void *context;       ///< frozen weights, workspace
    /// weights (count) = where training starts. NULL when count is 0, and then backward is too.
    void (*initial)(real *weights, const void *context);
    /// out (B,D) = the head's input for B images; rows (B) points to each image's features.
    void (*forward)(real *out, const real *weights, const float *const *rows,
                    void *context);
    /// gradient (count) overwritten with the gradient of a scalar whose derivative by out is dout (B,D).
    /// Must follow forward with the same weights and rows.
    void (*backward)(real *gradient, const real *dout, const real *weights,
                     const float *const *rows, void *context);
};

/// Bytes of arena that stage_row takes.
enum { STAGE_ROW_BYTES = 512 };

/// The stage that trains nothing: row number `row` of each image's features (R,D) goes to the head.
struct stage stage_row(size_t row, size_t batch, size_t width, struct arena *arena);

#endif
