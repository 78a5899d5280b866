#include "core/analysis/predictable.h"

#include <float.h>
#include <math.h>

#include "core/linalg/cholesky.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"

int predictable_part(double *part, double *error, const struct covariance *covariance,
                     const uint32_t *target, size_t target_count,
                     const uint32_t *visible, size_t visible_count, struct arena *arena)
{
    const size_t D = covariance->numbers, F = target_count, n = visible_count,
                 mark = arena_mark(arena);
    const double *s = covariance->values;
    double *factor = arena_doubles(arena, n * n), *known = arena_doubles(arena, F * n),
           *weight = arena_doubles(arena, F * n), trace = 0;
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j <= i; ++j)
            factor[i * n + j] = s[(size_t)visible[i] * D + visible[j]];
        factor[i * n + i] += covariance->ridge;
        trace += factor[i * n + i];
    }
    const int status = cholesky_factor(factor, n);
    for (size_t f = 0; f < F && status == 0; ++f) {
        for (size_t j = 0; j < n; ++j)
            known[f * n + j] = weight[f * n + j] =
                s[(size_t)target[f] * D + visible[j]];
        cholesky_solve(weight + f * n, factor, n);
        // Both triangles from one sum, so that the part is symmetric to the bit.
        for (size_t e = 0; e <= f; ++e)
            part[f * F + e] = part[e * F + f] =
                inner_product(weight + f * n, known + e * n, n);
    }
    if (status == 0)
        *error = 30 * (double)n * DBL_EPSILON * trace * squared_norm(weight, F * n);
    arena_reset(arena, mark);
    return status;
}

double eigenvalues_missing(const double *more, const double *less, size_t n,
                           struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *values[2] = {arena_doubles(arena, n), arena_doubles(arena, n)},
           *vectors = arena_doubles(arena, n * n), missing = 0;
    const int status = eigen_symmetric(values[0], vectors, more, n) ||
                       eigen_symmetric(values[1], vectors, less, n);
    for (size_t i = 0; i < n && !status; ++i)
        missing = fmax(missing, (values[1][i] - values[0][i]) / values[0][n - 1]);
    arena_reset(arena, mark);
    return status ? (double)NAN : missing;
}
