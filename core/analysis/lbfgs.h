/// The minimum of a smooth function of many numbers, from values and gradients alone:
/// limited-memory BFGS (Nocedal & Wright 2006, Algorithms 7.4 and 7.5) with a line search for the
/// strong Wolfe conditions (their Algorithms 3.5 and 3.6), in double. Sums run in index order, so
/// the iterates depend on the function alone.
#ifndef MASKBOOK_ANALYSIS_LBFGS_H
#define MASKBOOK_ANALYSIS_LBFGS_H

#include <stddef.h>

#include "core/base/arena.h"

/// Returns f(x) and writes its gradient (n).
typedef double lbfgs_function(double *gradient, const double *x, void *context);

struct lbfgs_settings {
    /// Pairs of a step and the change of the gradient that are remembered; 10 is usual.
    size_t history;
    /// At most.
    size_t iterations;
    /// Converged when the gradient's largest component is at most this.
    double tolerance;
};

/// How it ended.
enum lbfgs_end {
    /// The gradient is within the tolerance.
    LBFGS_CONVERGED,
    /// All iterations were used.
    LBFGS_ITERATIONS,
    /// The line search found no better point: rounding, or a wrong gradient.
    LBFGS_STALLED,
    /// The function or its gradient is not finite at the start.
    LBFGS_NOT_FINITE
};

struct lbfgs_outcome {
    enum lbfgs_end end;
    size_t iterations, evaluations;
    double value;    ///< f at the x returned
    double gradient; ///< its gradient's largest component, |g|_inf
};

/// Lowers f from x on.
/// x (n)  the start on entry; on exit the last point accepted: f never rose from one point to the
///        next, except by rounding
/// Scratch is taken from `arena` and given back. Requires n > 0, history > 0, tolerance >= 0. Cost
/// of an iteration: one or two evaluations and 4*history*n multiply-adds.
struct lbfgs_outcome lbfgs_minimise(double *x, size_t n, lbfgs_function *function,
                                    void *context,
                                    const struct lbfgs_settings *settings,
                                    struct arena *arena);

#endif
