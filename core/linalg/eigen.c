#include "core/linalg/eigen.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/base/die.h"

int eigen_symmetric(double *values, double *vectors, const double *a, size_t n)
{
    require(n > 0 && n <= INT_MAX, "eigenvalues of a matrix of order %zu", n);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j)
            require(isfinite(a[i * n + j]),
                    "eigenvalues of a matrix with %g at %zu, %zu", a[i * n + j], i, j);
    if (vectors != a) memcpy(vectors, a, n * n * sizeof *a);

    // Row-major lower is column-major upper, and column-major eigenvectors are our rows.
    lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', (lapack_int)n, vectors,
                                     (lapack_int)n, values);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        die(EXIT_SYSTEM, "eigenvalues of order %zu: no memory for LAPACK's workspace",
            n);
    return (int)info;
}
