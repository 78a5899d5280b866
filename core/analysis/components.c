#include "core/analysis/components.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/svd.h"

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
}

// factors = svd of x (m,n); the arrays are taken from `arena`.
static int decompose(struct factors *factors, const double *x, size_t m, size_t n,
                     struct arena *arena)
{
    size_t r = m < n ? m : n;
    double *u = arena_doubles(arena, m * r), *s = arena_doubles(arena, r);
    double *vt = arena_doubles(arena, r * n);
    *factors = (struct factors){.u = u, .s = s, .vt = vt};
    size_t mark = arena_mark(arena);
    double *copy = arena_doubles(arena, m * n);
    double *workspace = arena_doubles(arena, svd_workspace(m, n));
    memcpy(copy, x, m * n * sizeof *x);
    int info = svd_thin(u, s, vt, copy, m, n, workspace);
    arena_reset(arena, mark);
    return info;
}

int components_compare(struct components *components, const double *x, const double *y,
                       size_t m, size_t n, struct arena *arena)
{
    struct factors of_x, of_y;
    size_t mark = arena_mark(arena);
    int info = decompose(&of_x, x, m, n, arena);
    if (!info) info = decompose(&of_y, y, m, n, arena);
    if (!info) components_distance(components, &of_x, &of_y, m, n);
    arena_reset(arena, mark);
    return info;
}

void components_relative(double relative[COMPONENTS], const double distance[COMPONENTS],
                         const double scale[COMPONENTS])
{
    for (size_t i = 0; i < COMPONENTS; ++i)
        relative[i] = distance[i] == 0 ? 0 : distance[i] / scale[i];
}
