#include "core/linalg/cholesky.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>

#include "core/base/die.h"

// Row-major lower is column-major upper: A = L L^T here is A = U^T U with U = L^T there.

int cholesky_factor(double *a, size_t n)
{
    require(n > 0 && n <= INT_MAX, "Cholesky factor of order %zu", n);
    lapack_int info =
        LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, (lapack_int)n);
    require(info >= 0, "dpotrf refused argument %d", -(int)info);
    if (info) return (int)info;

    // A NaN passes OpenBLAS's test for a pivot <= 0, but then is on the diagonal.
    for (size_t i = 0; i < n; ++i)
        if (!(a[i * n + i] > 0) || isinf(a[i * n + i])) return (int)i + 1;
    return 0;
}

void cholesky_solve(double *x, const double *factor, size_t n)
{
    require(n > 0 && n <= INT_MAX, "Cholesky solve of order %zu", n);
    lapack_int info = LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, 1,
                                          factor, (lapack_int)n, x, (lapack_int)n);
    require(info == 0, "dpotrs refused argument %d", -(int)info);
}
