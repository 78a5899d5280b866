#include "core/analysis/ranks.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"

int decompose(struct decomposition *svd, const double *a, size_t m, size_t n,
              struct arena *arena)
{
    svd->r = m < n ? m : n;
    svd->u = arena_doubles(arena, m * svd->r);
    svd->s = arena_doubles(arena, svd->r);
    svd->vt = arena_doubles(arena, svd->r * n);
    const size_t mark = arena_mark(arena);
    double *copy = arena_doubles(arena, m * n),
           *work = arena_doubles(arena, svd_workspace(m, n));
    memcpy(copy, a, m * n * sizeof *copy);
    const int status = svd_thin(svd->u, svd->s, svd->vt, copy, m, n, work);
    arena_reset(arena, mark);
    return status;
}

int singular_values(double *s, const double *a, size_t m, size_t n, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    struct decomposition svd;
    const int status = decompose(&svd, a, m, n, arena);
    memcpy(s, svd.s, svd.r * sizeof *s);
    arena_reset(arena, mark);
    return status;
}

int truncate_rank(double *low, double *s, const double *a, size_t m, size_t n, size_t r,
                  struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    struct decomposition svd;
    const int status = decompose(&svd, a, m, n, arena);
    require(r <= svd.r, "rank %zu of a %zu x %zu matrix", r, m, n);
    if (s) memcpy(s, svd.s, svd.r * sizeof *s);
    for (size_t i = 0; i < svd.r; ++i)
        for (size_t j = 0; j < n; ++j) svd.vt[i * n + j] *= svd.s[i];
    memset(low, 0, m * n * sizeof *low);
    if (r > 0)
        gemm_doubles_strided(low, n, 1, svd.u, svd.r, PLAIN, svd.vt, n, PLAIN, m, n, r,
                             0);
    arena_reset(arena, mark);
    return status;
}

size_t rank_at(const double *s, size_t count, double threshold)
{
    size_t rank = 0;
    while (rank < count && s[rank] > threshold * s[0]) ++rank;
    return rank;
}

double effective_rank(const double *s, size_t count)
{
    double sum = 0, entropy = 0;
    for (size_t i = 0; i < count; ++i) sum += s[i];
    if (sum <= 0) return 0;
    for (size_t i = 0; i < count; ++i)
        if (s[i] > 0) entropy -= s[i] / sum * log(s[i] / sum);
    return exp(entropy);
}

double rank_tail(const double *s, size_t count, size_t r)
{
    double sum = 0;
    for (size_t i = count; i > r; --i) sum += s[i - 1] * s[i - 1];
    return sum;
}
