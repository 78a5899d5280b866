#include "core/analysis/reduced_rank.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"

struct moments moments_of(const double *x, const double *y, size_t n, size_t p,
                          size_t q, struct arena *arena)
{
    struct moments moments = {p, q, arena_doubles(arena, p * p),
                              arena_doubles(arena, q * p), arena_doubles(arena, q * q)};
    gemm_doubles(moments.xx, x, TRANSPOSED, x, PLAIN, p, p, n, 0);
    gemm_doubles(moments.yx, y, TRANSPOSED, x, PLAIN, q, p, n, 0);
    gemm_doubles(moments.yy, y, TRANSPOSED, y, PLAIN, q, q, n, 0);
    for (size_t i = 0; i < p * p; ++i) moments.xx[i] /= (double)n;
    for (size_t i = 0; i < q * p; ++i) moments.yx[i] /= (double)n;
    for (size_t i = 0; i < q * q; ++i) moments.yy[i] /= (double)n;
    return moments;
}

int moments_whiten(struct moments *moments, struct arena *arena)
{
    const size_t p = moments->p, q = moments->q, mark = arena_mark(arena);
    double *factor = arena_doubles(arena, q * q);
    memcpy(factor, moments->yy, q * q * sizeof *factor);
    const int status = cholesky_factor(factor, q);
    // Forward substitution, a row of S_yx at a time.
    for (size_t i = 0; i < q && !status; ++i)
        for (size_t j = 0; j < p; ++j) {
            double *value = &moments->yx[i * p + j];
            for (size_t l = 0; l < i; ++l)
                *value -= factor[i * q + l] * moments->yx[l * p + j];
            *value /= factor[i * q + i];
        }
    for (size_t i = 0; i < q * q; ++i) moments->yy[i] = i % (q + 1) == 0;
    arena_reset(arena, mark);
    return status;
}

double moments_condition(const struct moments *moments, struct arena *arena)
{
    const size_t p = moments->p, mark = arena_mark(arena);
    double *values = arena_doubles(arena, p), *vectors = arena_doubles(arena, p * p);
    const int status = eigen_symmetric(values, vectors, moments->xx, p);
    const double condition = values[p - 1] / values[0];
    require(status == 0, "eigenvalues of order %zu: info %d", p, status);
    arena_reset(arena, mark);
    return condition;
}

// full (q,p) = S_yx S_xx^{-1}.
static int full_map(double *full, const struct moments *moments, struct arena *arena)
{
    const size_t p = moments->p, q = moments->q, mark = arena_mark(arena);
    double *factor = arena_doubles(arena, p * p);
    memcpy(factor, moments->xx, p * p * sizeof *factor);
    const int status = cholesky_factor(factor, p);
    memcpy(full, moments->yx, q * p * sizeof *full);
    for (size_t i = 0; i < q && !status; ++i) cholesky_solve(full + i * p, factor, p);
    arena_reset(arena, mark);
    return status;
}

int reduced_rank_solve(double *map, double *squares, const struct moments *moments,
                       size_t rank, struct arena *arena)
{
    const size_t p = moments->p, q = moments->q, mark = arena_mark(arena);
    double *full = arena_doubles(arena, q * p), *values = arena_doubles(arena, q),
           *vectors = arena_doubles(arena, q * q), *some = arena_doubles(arena, q * p);
    require(rank <= q, "rank %zu of %zu targets", rank, q);
    int status = full_map(full, moments, arena);
    gemm_doubles(vectors, full, PLAIN, moments->yx, TRANSPOSED, q, q, p, 0);
    if (!status) status = eigen_symmetric(values, vectors, vectors, q);
    for (size_t i = 0; i < q; ++i) squares[i] = values[q - 1 - i];
    // The leading eigenvectors are the last rows.
    const double *leading = vectors + (q - rank) * q;
    memset(map, 0, q * p * sizeof *map);
    if (rank > 0) {
        gemm_doubles(some, leading, PLAIN, full, PLAIN, rank, p, q, 0);
        gemm_doubles(map, leading, TRANSPOSED, some, PLAIN, q, p, rank, 0);
    }
    arena_reset(arena, mark);
    return status;
}

int reduced_rank_solve_at_gap(double *map, double *squares, size_t *rank,
                              const struct moments *moments, struct arena *arena)
{
    require(moments->q >= 2, "a gap between %zu numbers", moments->q);
    *rank = 1;
    if (reduced_rank_solve(map, squares, moments, *rank, arena)) return 1;
    for (size_t k = 2; k < moments->q; ++k)
        if (squares[k] / squares[k - 1] < squares[*rank] / squares[*rank - 1])
            *rank = k;
    return reduced_rank_solve(map, squares, moments, *rank, arena);
}

// tr M S_xx M^T of m (q,p).
static double energy(const double *m, const struct moments *moments,
                     struct arena *arena)
{
    const size_t numbers = moments->q * moments->p, mark = arena_mark(arena);
    double *image = arena_doubles(arena, numbers);
    gemm_doubles(image, m, PLAIN, moments->xx, PLAIN, moments->q, moments->p,
                 moments->p, 0);
    const double sum = inner_product(image, m, numbers);
    arena_reset(arena, mark);
    return sum;
}

double reduced_rank_loss(const double *map, const struct moments *moments,
                         struct arena *arena)
{
    const size_t p = moments->p, q = moments->q;
    double trace = 0;
    for (size_t i = 0; i < q; ++i) trace += moments->yy[i * q + i];
    return trace - 2 * inner_product(map, moments->yx, q * p) +
           energy(map, moments, arena);
}

double reduced_rank_distance(const double *map, const double *other,
                             const struct moments *moments, struct arena *arena)
{
    const size_t numbers = moments->q * moments->p, mark = arena_mark(arena);
    double *difference = arena_doubles(arena, numbers);
    for (size_t i = 0; i < numbers; ++i) difference[i] = map[i] - other[i];
    const double distance = energy(difference, moments, arena);
    arena_reset(arena, mark);
    return distance;
}

// out (rows,k) = rows of `in` times the inverse of gram (k,k), which is overwritten.
static int divide_rows(double *out, const double *in, double *gram, size_t rows,
                       size_t k)
{
    const int status = cholesky_factor(gram, k);
    if (out != in) memcpy(out, in, rows * k * sizeof *out);
    for (size_t i = 0; i < rows && !status; ++i) cholesky_solve(out + i * k, gram, k);
    return status;
}

int reduced_rank_alternate(double *map, const double *start,
                           const struct moments *moments, size_t rank, size_t sweeps,
                           struct arena *arena)
{
    const size_t p = moments->p, q = moments->q, mark = arena_mark(arena);
    double *full = arena_doubles(arena, q * p), *a = arena_doubles(arena, rank * p),
           *b = arena_doubles(arena, q * rank),
           *gram = arena_doubles(arena, rank * rank),
           *image = arena_doubles(arena, rank * p),
           *right = arena_doubles(arena, p * rank);
    int status = full_map(full, moments, arena);
    memcpy(a, start, rank * p * sizeof *a);
    for (size_t sweep = 0; sweep < sweeps && !status; ++sweep) {
        // B = S_yx A^T (A S_xx A^T)^{-1}
        gemm_doubles(image, a, PLAIN, moments->xx, PLAIN, rank, p, p, 0);
        gemm_doubles(gram, image, PLAIN, a, TRANSPOSED, rank, rank, p, 0);
        gemm_doubles(b, moments->yx, PLAIN, a, TRANSPOSED, q, rank, p, 0);
        status = divide_rows(b, b, gram, q, rank);
        if (status) break;
        // A = (B^T B)^{-1} B^T S_yx S_xx^{-1}, by its transpose
        gemm_doubles(gram, b, TRANSPOSED, b, PLAIN, rank, rank, q, 0);
        gemm_doubles(right, full, TRANSPOSED, b, PLAIN, p, rank, q, 0);
        status = divide_rows(right, right, gram, p, rank);
        for (size_t i = 0; i < rank; ++i)
            for (size_t j = 0; j < p; ++j) a[i * p + j] = right[j * rank + i];
    }
    gemm_doubles(map, b, PLAIN, a, PLAIN, q, p, rank, 0);
    arena_reset(arena, mark);
    return status;
}
