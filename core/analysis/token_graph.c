#include "core/analysis/token_graph.h"

#include <math.h>
#include <string.h>

#include "core/analysis/ranks.h"
#include "core/base/die.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"

size_t graph_degrees(double *degrees, const double *x, size_t n, size_t width,
                     struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *sum = arena_doubles(arena, width);
    size_t others = 0;
    memset(sum, 0, width * sizeof *sum);
    for (size_t i = 0; i < n; ++i)
        for (size_t f = 0; f < width; ++f) sum[f] += x[i * width + f];
    for (size_t i = 0; i < n; ++i) {
        degrees[i] = inner_product(x + i * width, sum, width);
        others += !(degrees[i] > 0);
    }
    arena_reset(arena, mark);
    return others;
}

void graph_factor(double *factor, const double *x, const double *degrees, size_t n,
                  size_t width)
{
    for (size_t i = 0; i < n; ++i) {
        require(degrees[i] > 0, "degree %zu is %g", i, degrees[i]);
        const double root = sqrt(degrees[i]);
        for (size_t f = 0; f < width; ++f)
            factor[i * width + f] = x[i * width + f] / root;
    }
}

void row_products(double *products, const double *a, size_t n, const double *b,
                  size_t m, size_t width)
{
    gemm_doubles(products, a, PLAIN, b, TRANSPOSED, n, m, width, 0);
}

double spectral_loss(const double *m, const double *factor, size_t n, size_t width,
                     struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *a = arena_doubles(arena, n * n), *b = arena_doubles(arena, n * n);
    row_products(a, m, n, m, n, width);
    row_products(b, factor, n, factor, n, width);
    const double loss = squared_distance(a, b, n * n);
    arena_reset(arena, mark);
    return loss;
}

struct spectral_bound spectral_bound(const double *m, const double *factor, size_t n,
                                     size_t width, struct arena *arena)
{
    double sum = 0;
    for (size_t i = 0; i < n * width; ++i)
        sum += (m[i] + factor[i]) * (m[i] + factor[i]);
    const double error = squared_distance(m, factor, n * width),
                 root = 2 * sqrt(squared_norm(factor, n * width)) + sqrt(error);
    return (struct spectral_bound){error, spectral_loss(m, factor, n, width, arena),
                                   error * sum, root * root};
}

int nearest_rotation(double *q, const double *a, size_t n, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    struct decomposition svd;
    const int status = decompose(&svd, a, n, n, arena);
    gemm_doubles(q, svd.u, PLAIN, svd.vt, PLAIN, n, n, n, 0);
    arena_reset(arena, mark);
    return status;
}

double rotation_distance(const double *m, const double *factor, size_t n, size_t width,
                         struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *cross = arena_doubles(arena, width * width),
           *q = arena_doubles(arena, width * width),
           *turned = arena_doubles(arena, n * width);
    gemm_doubles(cross, factor, TRANSPOSED, m, PLAIN, width, width, n, 0);
    const int status = nearest_rotation(q, cross, width, arena);
    gemm_doubles(turned, factor, PLAIN, q, PLAIN, n, width, width, 0);
    const double distance = squared_distance(m, turned, n * width);
    arena_reset(arena, mark);
    return status ? (double)NAN : distance;
}

void rows_rotate(double *out, const double *in, size_t n, size_t width,
                 const double *normals, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *q = arena_doubles(arena, width * width);
    const int status = nearest_rotation(q, normals, width, arena);
    require(status == 0, "no rotation from %zu normal numbers: info %d", width * width,
            status);
    gemm_doubles(out, in, PLAIN, q, PLAIN, n, width, width, 0);
    arena_reset(arena, mark);
}
