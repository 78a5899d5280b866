#include "core/analysis/ridge.h"

#include <math.h>

#include "core/base/die.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/gemm.h"

int ridge_weights(double *weights, const struct ridge *ridge, const double *x,
                  struct arena *arena)
{
    const size_t n = ridge->tokens, mark = arena_mark(arena);
    require(ridge->lambda > 0, "a ridge of %g", ridge->lambda);
    double *matrix = arena_doubles(arena, n * n);
    gemm_doubles(matrix, ridge->u, PLAIN, ridge->u, TRANSPOSED, n, n, ridge->width, 0);
    for (size_t j = 0; j < n; ++j) matrix[j * n + j] += ridge->lambda;
    ridge_similarity(weights, ridge, x);
    const int status = cholesky_factor(matrix, n);
    if (status == 0) cholesky_solve(weights, matrix, n);
    arena_reset(arena, mark);
    return status;
}

double ridge_objective(const double *weights, const struct ridge *ridge,
                       const double *x)
{
    double value = 0;
    for (size_t f = 0; f < ridge->width; ++f) {
        double error = -x[f];
        for (size_t j = 0; j < ridge->tokens; ++j)
            error += weights[j] * ridge->u[j * ridge->width + f];
        value += error * error;
    }
    for (size_t j = 0; j < ridge->tokens; ++j)
        value += ridge->lambda * weights[j] * weights[j];
    return value;
}

void ridge_similarity(double *similarity, const struct ridge *ridge, const double *x)
{
    for (size_t j = 0; j < ridge->tokens; ++j) {
        similarity[j] = 0;
        for (size_t f = 0; f < ridge->width; ++f)
            similarity[j] += ridge->u[j * ridge->width + f] * x[f];
    }
}

double cosine(const double *a, const double *b, size_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; ++i) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}
