/// Cholesky factorisation and solves through LAPACKE (dpotrf, dpotrs), in double.
#ifndef MASKBOOK_LINALG_CHOLESKY_H
#define MASKBOOK_LINALG_CHOLESKY_H

#include <stddef.h>

/// A = L L^T for symmetric A.
/// a (n,n)  row-major; its lower triangle is overwritten with L, the rest is not read
/// Thread-safe. Returns 0, or k > 0 when the leading minor of order k is not positive definite.
int cholesky_factor(double *a, size_t n) __attribute__((warn_unused_result));

/// x (n) = A^{-1} x by forward and back substitution with the factor from cholesky_factor.
void cholesky_solve(double *x, const double *factor, size_t n);

#endif
