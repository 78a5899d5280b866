// Sec. 3.3: the normalised adjacency and the recipe of spectral clustering.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/kmeans.h"
#include "core/analysis/partition.h"
#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"
#include "core/report/record.h"
#include "core/stats/bootstrap.h"
#include "experiments/07-spectral/statements.h"

double degrees_of_nothing(struct draw *draw, char note[CHECK_NOTE])
{
    const double x[2] = {1, -1};
    double degrees[2];
    const size_t others = graph_degrees(degrees, x, 2, 1, draw->arena);
    snprintf(note, CHECK_NOTE, "weights 1, -1 / -1, 1: degrees %g and %g", degrees[0],
             degrees[1]);
    return (double)others;
}

void adjacency_normalise(double *weights, double *degrees, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        degrees[i] = 0;
        for (size_t j = 0; j < n; ++j) degrees[i] += weights[i * n + j];
    }
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            weights[i * n + j] /= sqrt(degrees[i] * degrees[j]);
}

// In turn inner products of tokens, which have no negative eigenvalue, weights without loops, which
// have some, and weights of both signs with a large diagonal, of which larger eigenvalues are not
// excluded.
double unit_eigenvalue(struct draw *draw)
{
    enum { PRODUCTS, WITHOUT_LOOPS, SIGNED };
    const size_t n = draw_size(draw, 2, 20), width = draw_size(draw, 1, 20);
    struct arena *arena = draw->arena;
    double *x = draw_normals(draw, n * width), *degrees = arena_doubles(arena, n),
           *matrix = draw_normals(draw, n * n), *root = arena_doubles(arena, n),
           *image = arena_doubles(arena, n), *values = arena_doubles(arena, n);
    for (size_t i = 0; i < n * width; ++i) x[i] = fabs(x[i]);
    const int kind = (int)(draw->number % 3);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j <= i; ++j) {
            const double weight = matrix[i * n + j];
            matrix[i * n + j] = matrix[j * n + i] = i == j           ? 0
                                                    : kind == SIGNED ? weight
                                                                     : fabs(weight);
        }
    for (size_t i = 0; kind == SIGNED && i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            if (j != i) matrix[i * n + i] += 2 * fabs(matrix[i * n + j]);
    if (kind == PRODUCTS) row_products(matrix, x, n, x, n, width);
    adjacency_normalise(matrix, degrees, n);
    for (size_t i = 0; i < n; ++i) root[i] = sqrt(degrees[i]);
    gemm_doubles(image, matrix, PLAIN, root, PLAIN, n, 1, n, 0);
    const double size = squared_norm(matrix, n * n),
                 error = sqrt(squared_distance(image, root, n) / squared_norm(root, n));
    if (eigen_symmetric(values, matrix, matrix, n)) return (double)NAN;
    const double above = kind == SIGNED ? 0 : fmax(values[n - 1], -values[0]) - 1;
    return draw_residual(draw, fmax(error, above), 0, size, svd_roundings(n));
}

// clusters (n) by the k leading eigenvectors of weights (n,n).
static int recipe(uint8_t *clusters, double *weights, size_t n, size_t k, int unit,
                  struct draw *draw)
{
    struct arena *arena = draw->arena;
    double *degrees = arena_doubles(arena, n), *points = arena_doubles(arena, n * k),
           *values = arena_doubles(arena, n);
    adjacency_normalise(weights, degrees, n);
    if (eigen_symmetric(values, weights, weights, n)) return 1;
    for (size_t i = 0; i < n; ++i) {
        double norm = 0;
        for (size_t c = 0; c < k; ++c) {
            points[i * k + c] = weights[(n - 1 - c) * n + i];
            norm += points[i * k + c] * points[i * k + c];
        }
        for (size_t c = 0; c < k && unit && norm > 0; ++c)
            points[i * k + c] /= sqrt(norm);
    }
    const struct kmeans_shape shape = {n, k, k};
    kmeans_fit(clusters, points, &shape, 20, 1, (uint32_t)draw->number, arena);
    return 0;
}

double recipe_with_hub(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 15, FIRST = 5 };
    double size[N], weights[N * N];
    uint8_t truth[N], clusters[N];
    for (size_t i = 0; i < N; ++i) {
        size[i] = i == 0 ? 100 : 1;
        truth[i] = i >= FIRST;
    }
    for (size_t i = 0; i < N * N; ++i)
        weights[i] = truth[i / N] == truth[i % N] ? size[i / N] * size[i % N] : 0;
    if (recipe(clusters, weights, N, 2, 0, draw)) return (double)NAN;
    size_t with_hub = 0;
    for (size_t i = 0; i < N; ++i) with_hub += clusters[i] == clusters[0];
    snprintf(note, CHECK_NOTE, "groups of %d and %d: the hub's cluster has %zu nodes",
             FIRST, N - FIRST, with_hub);
    return 1 - partition_ari(clusters, truth, N);
}

void recipe_with_unit_rows(struct run *run, const char *id)
{
    enum { GRAPHS = 60, BLOCKS = 4, BLOCK = 30, N = BLOCKS * BLOCK };
    double index[2][GRAPHS]; // without and with unit rows
    uint8_t truth[N], clusters[N];
    struct arena arena;
    arena_open_growing(&arena, "block graphs");
    for (size_t i = 0; i < N; ++i) truth[i] = (uint8_t)(i / BLOCK);
    for (uint32_t g = 0; g < GRAPHS; ++g) {
        struct draw draw = {g, rng_open(run->options.seed, PURPOSE_THEORY, g, 3),
                            &arena, (double)INFINITY};
        double *size = draw_normals(&draw, N), *weights = arena_doubles(&arena, N * N);
        for (size_t i = 0; i < N; ++i) size[i] = exp(1.2 * size[i]);
        // Weights are exponential, their means ten times larger inside a block.
        for (size_t i = 0; i < N; ++i)
            for (size_t j = i; j < N; ++j)
                weights[i * N + j] = weights[j * N + i] =
                    -log(1 - rng_uniform(&draw.rng)) * size[i] * size[j] *
                    (truth[i] == truth[j] ? 1 : .1);
        double *same = arena_doubles(&arena, N * N);
        memcpy(same, weights, N * N * sizeof *same);
        for (int unit = 0; unit < 2; ++unit) {
            if (recipe(clusters, unit ? weights : same, N, BLOCKS, unit, &draw))
                die(EXIT_SYSTEM, "graph %u: no eigenvectors (report this)", g);
            index[unit][g] = partition_ari(clusters, truth, N);
        }
        arena_reset(&arena, 0);
    }
    arena_close(&arena);
    char note[64];
    struct estimate found[2];
    const struct statistic means[2] = {{STATISTIC_MEAN, index[1], NULL},
                                       {STATISTIC_MEAN, index[0], NULL}};
    bootstrap_intervals(found, means, 2, GRAPHS, BOOTSTRAP_RESAMPLES,
                        run->options.seed);
    snprintf(note, sizeof note, "without unit rows %.3f", found[1].value);
    run_judge(run, id, found, 1, 0,
              "bootstrap over 60 random block graphs, adjusted Rand index", note);
}
