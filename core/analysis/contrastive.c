#include "core/analysis/contrastive.h"

#include <math.h>
#include <string.h>

#include "core/linalg/cholesky.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"

enum { CHUNK = 256 }; // rows of f whose products with all g are in memory at a time

// The mean over all n^2 pairs of (f_i.g_j)^2; f, g (n,k). A sum a row, then the sum of the rows.
static double all_pairs(const double *f, const double *g, size_t n, size_t width,
                        struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *products = arena_doubles(arena, CHUNK * n), sum = 0;
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t rows = n - first < CHUNK ? n - first : CHUNK;
        gemm_doubles(products, f + first * width, PLAIN, g, TRANSPOSED, rows, n, width,
                     0);
        for (size_t i = 0; i < rows; ++i)
            sum += squared_norm(products + i * n, n) / (double)n;
    }
    arena_reset(arena, mark);
    return sum / (double)n;
}

// The mean over rows of a_i.b_i; a, b (n,width).
static double paired(const double *a, const double *b, size_t n, size_t width)
{
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
        sum += inner_product(a + i * width, b + i * width, width);
    return sum / (double)n;
}

// out (n,q) = rows of `in` times S^{-1}.
static void solve_rows(double *out, const double *in, const double *factor, size_t n,
                       size_t features)
{
    memcpy(out, in, n * features * sizeof *out);
    for (size_t i = 0; i < n; ++i) cholesky_solve(out + i * features, factor, features);
}

// factor (q,q) of S, its trace and its condition. Returns 0, or nonzero.
static int second_moment(double *factor, struct contrastive *found,
                         const struct contrastive_pairs *pairs, struct arena *arena)
{
    const size_t n = pairs->count, q = pairs->features, mark = arena_mark(arena);
    double *values = arena_doubles(arena, q), *vectors = arena_doubles(arena, q * q);
    gemm_doubles(factor, pairs->target, TRANSPOSED, pairs->target, PLAIN, q, q, n, 0);
    found->trace = 0;
    for (size_t i = 0; i < q * q; ++i) factor[i] /= (double)n;
    for (size_t i = 0; i < q; ++i) found->trace += factor[i * q + i];
    int status = eigen_symmetric(values, vectors, factor, q);
    found->condition = values[q - 1] / values[0];
    if (!status) status = cholesky_factor(factor, q);
    arena_reset(arena, mark);
    return status;
}

int contrastive_measure(struct contrastive *found,
                        const struct contrastive_pairs *pairs, struct arena *arena)
{
    const size_t n = pairs->count, q = pairs->features, k = pairs->width,
                 mark = arena_mark(arena);
    double *factor = arena_doubles(arena, q * q), *output = arena_doubles(arena, n * q),
           *solved = arena_doubles(arena, n * q), *rest = arena_doubles(arena, n * q),
           *g = arena_doubles(arena, n * k);
    const int status = second_moment(factor, found, pairs, arena);
    if (status) {
        arena_reset(arena, mark);
        return status;
    }
    gemm_doubles(output, pairs->trunk, PLAIN, pairs->head, TRANSPOSED, n, q, k, 0);
    for (size_t i = 0; i < n * q; ++i) rest[i] = pairs->target[i] - output[i];

    // Whitened.
    solve_rows(solved, rest, factor, n, q);
    found->whitened = paired(rest, solved, n, q);
    solve_rows(solved, pairs->target, factor, n, q);
    gemm_doubles(g, solved, PLAIN, pairs->head, PLAIN, n, k, q, 0);
    found->attraction = -2 * paired(pairs->trunk, g, n, k);
    found->repulsion = all_pairs(pairs->trunk, g, n, k, arena);

    // Plain.
    found->plain = paired(rest, rest, n, q);
    gemm_doubles(g, pairs->target, PLAIN, pairs->head, PLAIN, n, k, q, 0);
    found->pull = -2 * paired(pairs->trunk, g, n, k);
    found->penalty = paired(output, output, n, q);
    found->push = all_pairs(pairs->trunk, g, n, k, arena);
    arena_reset(arena, mark);
    return 0;
}

double contrastive_sum(const struct contrastive *found, size_t features)
{
    return (double)features + found->attraction + found->repulsion;
}

double contrastive_size(const struct contrastive *found, size_t features)
{
    return found->whitened + (double)features + fabs(found->attraction) +
           found->repulsion;
}

double contrastive_roundings(const struct contrastive *found,
                             const struct contrastive_pairs *pairs)
{
    // What S loses in its sum over the pairs grows by its condition number, as its solver's loss.
    return 3 * (double)pairs->count + (double)(pairs->features + 2 * pairs->width) +
           (double)pairs->count * found->condition +
           solver_roundings(pairs->features, found->condition);
}
