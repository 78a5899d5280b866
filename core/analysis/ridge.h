/// Ridge regression of one vector on a few others, Eq. 11 of the paper (sec. 4.3): which scalars
/// a_j make sum_j a_j u_j nearest to x, when large scalars cost lambda sum_j a_j^2.
#ifndef MASKBOOK_ANALYSIS_RIDGE_H
#define MASKBOOK_ANALYSIS_RIDGE_H

#include <stddef.h>

#include "core/base/arena.h"

/// A problem: n tokens of F numbers, rows of u; all borrowed.
struct ridge {
    size_t tokens, width; ///< n, F
    const double *u;      ///< (n,F)
    double lambda;        ///< > 0
};

/// weights (n) = a = (U U^T + lambda I)^{-1} U x, the only minimiser, by Cholesky. x (F). Scratch
/// is taken from `arena` and given back. Returns 0, or nonzero when the matrix is not numerically
/// positive definite. Cost n^2 F + n^3/6 multiply-adds.
int ridge_weights(double *weights, const struct ridge *ridge, const double *x,
                  struct arena *arena) __attribute__((warn_unused_result));

/// sum_f (sum_j a_j u_jf - x_f)^2 + lambda sum_j a_j^2 of weights (n), the minimised function.
double ridge_objective(const double *weights, const struct ridge *ridge,
                       const double *x);

/// similarity (n) = U x, the inner products u_j.x to which the paper's Lemma 4.6 says the weights
/// are proportional.
void ridge_similarity(double *similarity, const struct ridge *ridge, const double *x);

/// The cosine of two vectors (n): 1 when one is a positive multiple of the other. NAN of a zero
/// vector.
double cosine(const double *a, const double *b, size_t n);

#endif
