/// Multinomial logistic regression without any regularisation, solved until its gradient vanishes:
/// what a linear head can reach on fixed features when neither steps nor epochs run out. In double.
///     L(W,b) = mean over rows of  log sum_c exp(w_c.x + b_c) - (w_y.x + b_y)
/// It is convex, and an invertible affine change of the features only renames W and b: at its
/// minimum the predictions do not depend on such a change (batch normalisation by fixed statistics
/// is one).
#ifndef MASKBOOK_ANALYSIS_SOFTMAX_REGRESSION_H
#define MASKBOOK_ANALYSIS_SOFTMAX_REGRESSION_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/lbfgs.h"

/// Rows to be told apart; all borrowed.
struct softmax_regression {
    size_t rows, width, classes; ///< n, D, C
    const double *features;      ///< (n,D)
    const uint16_t *labels;      ///< (n), 0 .. C-1
};

/// Numbers to be fitted: W (C,D), then b (C).
size_t softmax_regression_size(const struct softmax_regression *problem);

/// Returns L and writes its gradient (softmax_regression_size). Rows pass in chunks of one fixed
/// size, added in order. weights (softmax_regression_size). Scratch is taken from `arena` and given
/// back. Work 4*n*D*C flops. Contract: labels are below C.
double softmax_regression_loss(double *gradient, const double *weights,
                               const struct softmax_regression *problem,
                               struct arena *arena);

/// How a fit ended.
struct softmax_solution {
    /// Its gradient is with respect to weights of the whitened features.
    struct lbfgs_outcome solver;
    /// Directions of the features that vary by rounding alone and were left out.
    size_t dropped;
};

/// Fits from weights 0, on the whitened features (core/analysis/whitening.h), whose scales then
/// change nothing but rounding.
/// weights (softmax_regression_size)  overwritten, of the features as they are
/// Scratch, n*D doubles and more, is taken from `arena` and given back.
struct softmax_solution softmax_regression_fit(double *weights,
                                               const struct softmax_regression *problem,
                                               const struct lbfgs_settings *settings,
                                               struct arena *arena);

/// The most likely class of each row, the first of equals.
/// classes (n); features (n,D), of any origin; weights as fitted.
void softmax_regression_predict(uint16_t *classes, const double *weights,
                                const struct softmax_regression *problem,
                                struct arena *arena);

#endif
