/// The predictable part of a target: the covariance of its best linear prediction from some of the
/// other numbers. Its eigenvalues say how much of the target, and in how many directions, the
/// visible numbers determine.
#ifndef MASKBOOK_ANALYSIS_PREDICTABLE_H
#define MASKBOOK_ANALYSIS_PREDICTABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

/// A covariance S of D numbers, and lambda for the diagonal of its visible part; borrowed.
struct covariance {
    size_t numbers;       ///< D
    const double *values; ///< (D,D), both triangles
    double ridge;         ///< lambda >= 0
};

/// E[h h^T] of h = S_yv (S_vv + lambda I)^{-1} x_v:  part (F,F) = S_yv (S_vv + lambda I)^{-1} S_vy,
/// h the best linear prediction of y when x_v has noise of variance lambda added.
/// error            bound of what rounding may make of the part's spectral norm: with W =
///                  (S_vv + lambda I)^{-1} S_vy it is |W|_F^2 times 30 n epsilon times the largest
///                  eigenvalue of S_vv + lambda I, at most its trace
/// target (F), visible (n)  different numbers below D
/// Returns 0, or nonzero when S_vv + lambda I is not numerically positive definite. Cost n^3/6 +
/// n^2 F multiply-adds; scratch is taken from `arena` and given back.
int predictable_part(double *part, double *error, const struct covariance *covariance,
                     const uint32_t *target, size_t target_count,
                     const uint32_t *visible, size_t visible_count, struct arena *arena)
    __attribute__((warn_unused_result));

/// What is missing to "each eigenvalue of `more` (n,n) is at least that of `less` (n,n)", in units
/// of the largest of `more`: 0 where nothing is. Symmetric matrices; scratch as above. NAN when
/// LAPACK does not converge.
double eigenvalues_missing(const double *more, const double *less, size_t n,
                           struct arena *arena);

#endif
