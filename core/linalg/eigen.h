/// Eigenvalues of symmetric matrices through LAPACKE (dsyevd), in double.
#ifndef MASKBOOK_LINALG_EIGEN_H
#define MASKBOOK_LINALG_EIGEN_H

#include <stddef.h>

/// A = sum_i values[i] v_i v_i^T for symmetric A.
/// values  (n)    ascending
/// vectors (n,n)  row i is the unit eigenvector of values[i]
/// a       (n,n)  input, only its lower triangle is read; may be the same array as vectors
/// Requires finite input. LAPACK allocates its workspace. Returns 0 when converged, nonzero
/// otherwise.
int eigen_symmetric(double *values, double *vectors, const double *a, size_t n)
    __attribute__((warn_unused_result));

#endif
