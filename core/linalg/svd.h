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

/// How many roundings the factors of an (m,n) matrix have gone through, for bounds derived from
/// them: they are those of a matrix within roundings * 2^-53 * |A|_F of A, a small multiple of m n
/// by Householder's worst case (Higham 2002, theorem 19.4; the constant is not tracked there, and
/// 10 is ours).
double svd_roundings(size_t m, size_t n);

#endif
