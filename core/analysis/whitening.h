/// The directions in which rows vary, each scaled to unit variance. Features of a layer norm are
/// linearly dependent: in one direction they hold nothing but the rounding of their arithmetic, and
/// a solution that may use it depends on that rounding.
#ifndef MASKBOOK_ANALYSIS_WHITENING_H
#define MASKBOOK_ANALYSIS_WHITENING_H

#include <stddef.h>

#include "core/base/arena.h"

/// A direction is dropped when its variance is below this share of the largest: a standard
/// deviation of 1e-5 of the largest is what the rounding of float features makes (other kernels
/// move them by up to 5e-6), and what an encoder says lies far above it.
#define WHITENING_SHARE 1e-10

struct whitening {
    size_t width, rank; ///< D, r: directions kept
    double *mean;       ///< mu (D)
    double *map;        ///< A (r,D), directions by rising variance
};

/// mu and A = L^{-1/2} V^T of the rows' covariance V L V^T (divided by n), its eigenvalues below
/// WHITENING_SHARE of the largest left out: z = A (x - mu) has mean 0 and covariance 1. Rows that
/// do not vary at all have A = 0. The arrays are taken from `arena`.
/// features (n,D)  finite
/// Sums run over chunks of one fixed size, in order. Requires n > 0. Dies (EXIT_SYSTEM) when the
/// eigenvalues do not converge. Work n D^2 multiply-adds and O(D^3).
void whitening_fit(struct whitening *whitening, const double *features, size_t rows,
                   size_t width, struct arena *arena);

/// out (n,r) = A (x - mu) of features (n,D), of any origin. Scratch from `arena`, given back.
void whitening_apply(double *out, const struct whitening *whitening,
                     const double *features, size_t rows, struct arena *arena);

/// mean (D), variance (D) (divided by n) of the columns of features (n,D), two passes in row order.
void columns_moments(double *mean, double *variance, const double *features,
                     size_t rows, size_t width);

/// Centres and scales columns, x <- (x - mean_j) / sqrt(var_j + epsilon), in place.
/// features (n,D); mean, variance (D)
void columns_standardise(double *features, const double *mean, const double *variance,
                         double epsilon, size_t rows, size_t width);

#endif
