#include "experiments/07-spectral/images.h"

#include <math.h>
#include <string.h>

#include "core/analysis/hidden_graph.h"
#include "core/analysis/pair_losses.h"
#include "core/analysis/ranks.h"
#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/stats/summary.h"

enum { RANK = 5 };

const char *found_name(enum found found)
{
    static const char *const names[FOUNDS] = {
        "|U_A^T U_A - I| / sqrt(N0)",
        "minimisers of rank 5 of Eqs. 7 (rows divided by sqrt(w_i)) and 8, distance",
        "trace of the normalised adjacency",
        "its second eigenvalue",
        "Eq. 10 as printed, with w_ij, misses L_spec by so many times",
        "with u+ from the more and u- from the less similar pairs, by so many times",
        "patches most similar to the brightest one, share"};
    return names[found];
}

// Columns of D^{-1/2} U D^{1/2}, U all eigenvectors of X X^T: their products with one another.
static double skew(const struct hidden_graph *image, struct arena *arena)
{
    const size_t n = image->n;
    double *u = arena_doubles(arena, n * n), *values = arena_doubles(arena, n),
           *gram = arena_doubles(arena, n * n);
    row_products(u, image->x, n, image->x, n, image->width);
    if (eigen_symmetric(values, u, u, n)) return (double)NAN;
    // Row c is eigenvector n - 1 - c of the paper's order, its token the same.
    for (size_t c = 0; c < n; ++c)
        for (size_t i = 0; i < n; ++i)
            u[c * n + i] *= sqrt(image->degrees[n - 1 - c] / image->degrees[i]);
    row_products(gram, u, n, u, n, n);
    for (size_t i = 0; i < n; ++i) gram[i * n + i] -= 1;
    return sqrt(squared_norm(gram, n * n) / (double)n);
}

static double minimisers(const struct hidden_graph *image, struct arena *arena)
{
    const size_t n = image->n, f = image->width;
    double *seven = arena_doubles(arena, n * f), *eight = arena_doubles(arena, n * f);
    if (truncate_rank(seven, NULL, image->x, n, f, RANK, arena) ||
        truncate_rank(eight, NULL, image->factor, n, f, RANK, arena))
        return (double)NAN;
    graph_factor(seven, seven, image->degrees, n, f);
    return sqrt(squared_distance(seven, eight, n * f) / squared_norm(eight, n * f));
}

// L_spec as it would be with u+ from the more and u- from the less similar half of all pairs.
static double halves(const struct hidden_graph *image, const struct pair_losses *loss,
                     struct arena *arena)
{
    const size_t n = image->n, pairs = n * n;
    double *w = arena_doubles(arena, pairs), *u = arena_doubles(arena, pairs),
           *sorted = arena_doubles(arena, pairs), sum[2] = {0}, count[2] = {0};
    row_products(w, image->x, n, image->x, n, image->width);
    row_products(u, image->predicted, n, image->predicted, n, image->width);
    const double middle = median(w, pairs, sorted);
    for (size_t p = 0; p < pairs; ++p) {
        const int low = w[p] <= middle;
        const double product =
            u[p] / sqrt(image->degrees[p / n]) / sqrt(image->degrees[p % n]);
        sum[low] += low ? product * product : product;
        ++count[low];
    }
    return loss->constant - 2 * loss->weight * sum[0] / fmax(count[0], 1) +
           loss->weight * loss->weight * sum[1] / count[1];
}

static double brightest(const struct hidden_graph *image, struct arena *arena)
{
    const size_t n = image->n;
    double *w = arena_doubles(arena, n * n), share = 0;
    size_t bright = 0;
    row_products(w, image->x, n, image->x, n, image->width);
    for (size_t i = 1; i < n; ++i)
        if (w[i * n + i] > w[bright * n + bright]) bright = i;
    for (size_t i = 0; i < n; ++i) {
        size_t most = 0;
        for (size_t j = 1; j < n; ++j)
            if (w[i * n + j] > w[i * n + most]) most = j;
        share += (most == bright) / (double)n;
    }
    return share;
}

static void image_measure(double value[FOUNDS], const struct hidden_graph *image,
                          struct arena *arena)
{
    const size_t n = image->n, f = image->width, least = n < f ? n : f;
    const struct pair_losses loss =
        pair_losses(image->predicted, image->x, n, f, arena);
    double *s = arena_doubles(arena, least);
    const int status = singular_values(s, image->factor, n, f, arena);
    value[FOUND_SKEW] = skew(image, arena);
    value[FOUND_MINIMISER] = minimisers(image, arena);
    value[FOUND_TRACE] = squared_norm(image->factor, n * f);
    value[FOUND_SECOND] = status ? (double)NAN : s[1] * s[1];
    value[FOUND_PRINTED] =
        fabs(loss.constant - 2 * loss.positive + loss.negative - loss.spectral) /
        loss.spectral;
    value[FOUND_NEGATIVES] =
        fabs(halves(image, &loss, arena) - loss.spectral) / loss.spectral;
    value[FOUND_BRIGHTEST] = brightest(image, arena);
}

size_t images_measure(double *values, const struct hidden_rows *rows,
                      struct arena *arena)
{
    size_t used = 0;
    for (size_t at = 0; at < rows->images; ++at) {
        const size_t mark = arena_mark(arena);
        struct hidden_graph graph;
        double value[FOUNDS];
        if (hidden_graph_open(&graph, rows, at, arena) == 0) {
            image_measure(value, &graph, arena);
            for (size_t v = 0; v < FOUNDS; ++v) {
                if (isnan(value[v]))
                    die(EXIT_SYSTEM, "image %zu: no decomposition (report this)", at);
                values[v * rows->images + used] = value[v];
            }
            ++used;
        }
        arena_reset(arena, mark);
    }
    return used;
}
