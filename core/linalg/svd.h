/// Singular value decomposition through LAPACKE (dgesdd), in double.
#ifndef MASKBOOK_LINALG_SVD_H
#define MASKBOOK_LINALG_SVD_H

#include <stddef.h>

/// Doubles of workspace that svd_thin needs for an (m,n) matrix.
size_t svd_workspace(size_t m, size_t n);

/// A = U diag(s) V^T, thin; r = min(m,n).
/// u  (m,r)  orthonormal columns
/// s  (r)    singular values, descending
/// vt (r,n)  orthonormal rows
/// a  (m,n)  input, row-major, destroyed
/// workspace (svd_workspace(m,n))
/// Requires finite input. Thread-safe. Returns 0 when converged, otherwise LAPACK's info, and the
/// outputs are then unspecified.
int svd_thin(double *u, double *s, double *vt, double *a, size_t m, size_t n,
             double *workspace) __attribute__((warn_unused_result));

/// How many roundings of 2^-53 the factors of a matrix count for in a bound of its Frobenius norm,
/// its larger side being n: 35 n units in the last place, the ratio at which LAPACK's own tests
/// (svd.in) fail a decomposition.
double svd_roundings(size_t n);

/// The same of what is quadratic in the factors, A A^T or a squared distance, which changes twice
/// as much relative to its terms.
double svd_square_roundings(size_t n);

/// The same of a solution of a definite system of order n and that condition number: 30 n cond
/// units in the last place, as LAPACK's tests (dtest.in) fail a solver.
double solver_roundings(size_t n, double condition);

#endif
