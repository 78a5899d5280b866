/// A trainable module between frozen features and the linear head of a probe: none, the last
/// block's projections, some units of its perceptron.
///
/// An adapter is a value that all threads share; each training opens its own workspace.
#ifndef MASKBOOK_ANALYSIS_ADAPTER_H
#define MASKBOOK_ANALYSIS_ADAPTER_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"

struct adapter {
    size_t width; ///< D, numbers of the head's input
    size_t count; ///< numbers that are trained
    const void
        *frozen;   ///< the part of the model that it is built on, borrowed, or NULL
    size_t choice; ///< which part of the features or of `frozen`
    /// Takes a workspace for batches of B images from `arena`.
    void *(*open)(const struct adapter *adapter, size_t batch, struct arena *arena);
    /// weights (count) = where training starts. NULL when count is 0, and then backward is too.
    void (*initial)(real *weights, const struct adapter *adapter);
    /// out (B,D) = the head's input for B images; rows (B) points to the features of each.
    void (*forward)(real *out, const real *weights, const float *const *rows,
                    void *workspace);
    /// gradient (count) = that of a scalar with respect to the weights, from dout (B,D), that with
    /// respect to out. Must follow forward with the same weights.
    void (*backward)(real *gradient, const real *dout, const real *weights,
                     void *workspace);
};

/// Trains nothing: row number `row` of each image's features (R,D) is the head's input.
struct adapter adapter_none(size_t row, size_t width);

#endif
