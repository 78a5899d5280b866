#include "core/linalg/svd.h"

#include <lapacke.h>
#include <limits.h>
#include <math.h>

#include "core/base/die.h"

static size_t smaller(size_t m, size_t n)
{
    return m < n ? m : n;
}

// Doubles that hold the 8 min(m,n) integers of dgesdd.
static size_t integer_space(size_t m, size_t n)
{
    return (8 * smaller(m, n) * sizeof(lapack_int) + sizeof(double) - 1) /
           sizeof(double);
}

// dgesdd on the transpose: a row-major A is a column-major A^T = V S U^T, so LAPACK's left
// vectors are our vt, its right ones our u, and nothing needs to be copied.
static lapack_int transposed_svd(double *u, double *s, double *vt, double *a, size_t m,
                                 size_t n, double *work, lapack_int work_size,
                                 lapack_int *integers)
{
    lapack_int r = (lapack_int)smaller(m, n);
    return LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', (lapack_int)n, (lapack_int)m, a,
                               (lapack_int)n, s, vt, (lapack_int)n, u, r, work,
                               work_size, integers);
}

// The doubles of work that LAPACK itself asks for; they depend on the shape alone.
static lapack_int work_query(size_t m, size_t n)
{
    require(m > 0 && n > 0 && m <= INT_MAX && n <= INT_MAX, "svd of %zu x %zu", m, n);
    double dummy = 0, size = 0;
    lapack_int integer = 0;
    lapack_int info =
        transposed_svd(&dummy, &dummy, &dummy, &dummy, m, n, &size, -1, &integer);
    require(info == 0, "dgesdd refused the shape %zu x %zu: info %d", m, n, (int)info);
    require(size < INT_MAX, "svd of %zu x %zu exceeds LAPACK's 32-bit sizes", m, n);
    return (lapack_int)size;
}

size_t svd_workspace(size_t m, size_t n)
{
    return integer_space(m, n) + (size_t)work_query(m, n);
}

int svd_thin(double *u, double *s, double *vt, double *a, size_t m, size_t n,
             double *workspace)
{
    // Infinities and NaNs may keep LAPACK's iteration from converging.
    for (size_t i = 0; i < m * n; ++i)
        require(isfinite(a[i]), "svd of a matrix with %g at %zu", a[i], i);
    lapack_int work_size = work_query(m, n);
    return (int)transposed_svd(u, s, vt, a, m, n, workspace + integer_space(m, n),
                               work_size, (lapack_int *)(void *)workspace);
}

double svd_roundings(size_t n)
{
    return 2 * 35 * (double)n;
}

double svd_square_roundings(size_t n)
{
    return 2 * svd_roundings(n);
}

double solver_roundings(size_t n, double condition)
{
    return 2 * 30 * (double)n * condition;
}
