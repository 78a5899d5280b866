#include "core/analysis/ranks.h"

#include <math.h>
#include <string.h>

#include "core/linalg/svd.h"

int singular_values(double *s, const double *a, size_t m, size_t n, struct arena *arena)
{
    const size_t r = m < n ? m : n, mark = arena_mark(arena);
    double *u = arena_doubles(arena, m * r), *vt = arena_doubles(arena, r * n),
           *copy = arena_doubles(arena, m * n),
           *work = arena_doubles(arena, svd_workspace(m, n));
    memcpy(copy, a, m * n * sizeof *copy);
    const int status = svd_thin(u, s, vt, copy, m, n, work);
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
