#include "core/analysis/components.h"

#include <math.h>

#include "core/analysis/ranks.h"
#include "core/base/die.h"

// *defect = 1 - |x.y| for two unit vectors, computed from their difference, because in the product
// it would be lost to rounding. Returns the sign of x.y.
static double alignment(double *defect, const double *x, size_t x_step, const double *y,
                        size_t y_step, size_t n)
{
    double product = 0, square = 0;
    for (size_t i = 0; i < n; ++i) product += x[i * x_step] * y[i * y_step];
    double sign = product < 0 ? -1 : 1;
    for (size_t i = 0; i < n; ++i) {
        double difference = x[i * x_step] - sign * y[i * y_step];
        square += difference * difference;
    }
    *defect = fmin(square / 2, 1); // |x - y|^2 = 2 - 2 x.y
    return sign;
}

// Both squared norms of s u v^T - t a b^T, where |u.a| = 1 - p, |v.b| = 1 - q, and `sign` is the
// sign of (u.a) * (v.b).
static void rank_two_norms(double *frobenius, double *spectral, double s, double t,
                           double p, double q, double sign)
{
    // 1 - c*e, exactly 0 for p = q = 0.
    double apart = sign > 0 ? p + q - p * q : 1 + (1 - p) * (1 - q);
    *frobenius = (s - t) * (s - t) + 2 * s * t * apart;
    double square = s * t * s * t * (p * (2 - p)) * (q * (2 - q));
    double root = sqrt(fmax(0, *frobenius * *frobenius - 4 * square));
    *spectral = (*frobenius + root) / 2;
}

void components_distance(struct components *components, const struct factors *x,
                         const struct factors *y, size_t m, size_t n)
{
    size_t r = m < n ? m : n;
    require(r >= COMPONENTS, "%d components of a %zu x %zu matrix", COMPONENTS, m, n);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        double p, q;
        double sign = alignment(&p, x->u + i, r, y->u + i, r, m);
        sign *= alignment(&q, x->vt + i * n, 1, y->vt + i * n, 1, n);
        rank_two_norms(&components->frobenius[i], &components->spectral[i], x->s[i],
                       y->s[i], p, q, sign);
        components->scale[i] = x->s[i] * x->s[i];
    }
    components->rank[0] = effective_rank(x->s, r);
    components->rank[1] = effective_rank(y->s, r);
}

int components_compare(struct components *components, const double *x, const double *y,
                       size_t m, size_t n, struct arena *arena)
{
    struct decomposition of_x, of_y;
    size_t mark = arena_mark(arena);
    int info = decompose(&of_x, x, m, n, arena);
    if (!info) info = decompose(&of_y, y, m, n, arena);
    if (!info) {
        const struct factors a = {of_x.u, of_x.s, of_x.vt},
                             b = {of_y.u, of_y.s, of_y.vt};
        components_distance(components, &a, &b, m, n);
    }
    arena_reset(arena, mark);
    return info;
}

void components_relative(double relative[COMPONENTS], const double distance[COMPONENTS],
                         const double scale[COMPONENTS])
{
    for (size_t i = 0; i < COMPONENTS; ++i)
        relative[i] = distance[i] == 0 ? 0 : distance[i] / scale[i];
}
