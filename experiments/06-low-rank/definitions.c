#include "experiments/06-low-rank/definitions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/token_graph.h"
#include "core/data/planted.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"

// The proofs, and what each shows, are told in main.c.

void random_rows(struct hidden_rows *rows, double *loss, struct draw *draw, int patch,
                 double ratio)
{
    const struct mae_shape shape = {IMAGE_SIDE, IMAGE_CHANNELS, patch, 48, 2, 2, 3, 3};
    struct mae mae;
    struct images images;
    mae_open(&mae, &shape, draw->arena);
    real *weights = arena_reals(draw->arena, mae.parameters.count);
    parameters_initialise(weights, &mae.parameters, rng_bits(&draw->rng));
    planted_make(&images, rng_bits(&draw->rng), 1, PLANTED_NOISE);
    const struct evaluation evaluation = {.mae = &mae,
                                          .weights = weights,
                                          .images = &images,
                                          .count = 1,
                                          .mask_ratio = ratio,
                                          .seed = draw->number,
                                          .threads = 1};
    hidden_rows_learned(rows, &evaluation, draw->arena);
    if (loss) evaluate_losses(loss, &evaluation);
    images_free(&images);
}

double rows_missing(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const int tokens = 4, visible = 1, hidden = tokens - visible;
    snprintf(note, CHECK_NOTE, "%d patches, %d visible: g f(X) has %d row, X0 has %d",
             tokens, visible, visible, hidden);
    return hidden - visible;
}

double rows_filled(struct draw *draw, char note[CHECK_NOTE])
{
    const double ratio = .1 * (double)(1 + draw->number);
    struct hidden_rows rows;
    random_rows(&rows, NULL, draw, 8, ratio);
    // In whole numbers, so that no rounding is shared with what is counted.
    const size_t visible = 16 * (9 - draw->number) / 10, F = 192;
    size_t odd = rows.rows != 16 - visible || rows.features != F;
    for (size_t i = 0; i < rows.rows; ++i) {
        const double *row = rows.prediction + i * rows.features;
        for (size_t j = 0; j < i; ++j)
            odd += !(squared_distance(row, rows.prediction + j * rows.features, F) > 0);
        for (size_t f = 0; f < rows.features; ++f) odd += !isfinite(row[f]);
    }
    snprintf(note, CHECK_NOTE, "%zu rows from %zu", rows.rows, rows.visible);
    return (double)odd;
}

double one_image(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const double hidden[2] = {1, -1}, best = 0;
    double alone = 0, both = 0;
    for (int i = 0; i < 2; ++i) {
        const double constant = hidden[i];
        alone += (constant - hidden[i]) * (constant - hidden[i]) / 2;
        both += (best - hidden[i]) * (best - hidden[i]) / 2;
    }
    snprintf(note, CHECK_NOTE, "hidden +1 or -1: image by image %g, by one network %g",
             alone, both);
    return both - alone;
}

double conditional_mean(struct draw *draw)
{
    enum { GROUPS = 5, FEATURES = 12 };
    const size_t images = draw_size(draw, 20, 60);
    const double *hidden = draw_normals(draw, images * FEATURES),
                 *other = draw_normals(draw, (size_t)GROUPS * FEATURES);
    double best[GROUPS * FEATURES] = {0}, size[GROUPS] = {0}, lhs = 0, rhs = 0;
    for (size_t i = 0; i < images; ++i) ++size[i % GROUPS];
    for (size_t i = 0; i < images; ++i)
        for (size_t f = 0; f < FEATURES; ++f)
            best[i % GROUPS * FEATURES + f] +=
                hidden[i * FEATURES + f] / size[i % GROUPS];
    for (size_t i = 0; i < images; ++i) {
        const size_t g = i % GROUPS * FEATURES;
        const double *x = hidden + i * FEATURES;
        lhs += squared_distance(other + g, x, FEATURES);
        rhs += squared_distance(best + g, x, FEATURES) +
               squared_distance(other + g, best + g, FEATURES);
    }
    return draw_residual(draw, lhs, rhs, lhs + rhs, (double)(images * FEATURES));
}

double loss_of_one(struct draw *draw)
{
    struct hidden_rows rows;
    double loss;
    random_rows(&rows, &loss, draw, 8, .75);
    const size_t numbers = rows.rows * rows.features;
    const double norm = squared_distance(rows.prediction, rows.truth, numbers);
    return draw_residual(draw, (double)numbers * loss, norm, norm,
                         (double)(numbers + 1) *
                             (sizeof(real) < sizeof(double) ? 0x1p29 : 1));
}

// Attention of three heads.
enum { HEADS = 3, HEAD = 4, CHANNELS = HEADS * HEAD };

// w (n,n) of one head, for tokens x (n,CHANNELS), query and key (CHANNELS,HEAD).
static void attention(double *w, const double *x, size_t n, const double *query,
                      const double *key, struct arena *arena)
{
    double *q = arena_doubles(arena, n * HEAD), *k = arena_doubles(arena, n * HEAD);
    gemm_doubles(q, x, PLAIN, query, PLAIN, n, HEAD, CHANNELS, 0);
    gemm_doubles(k, x, PLAIN, key, PLAIN, n, HEAD, CHANNELS, 0);
    row_products(w, q, n, k, n, HEAD);
    for (size_t i = 0; i < n; ++i) {
        double sum = 0;
        for (size_t j = 0; j < n; ++j) sum += w[i * n + j] = exp(w[i * n + j] / HEAD);
        for (size_t j = 0; j < n; ++j) w[i * n + j] /= sum;
    }
}

double rows_sum_to_one(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 40);
    double *w = arena_doubles(draw->arena, n * n), residual = 0;
    attention(w, draw_normals(draw, n * CHANNELS), n,
              draw_normals(draw, CHANNELS * HEAD), draw_normals(draw, CHANNELS * HEAD),
              draw->arena);
    for (size_t i = 0; i < n; ++i) {
        double sum = 0, size = 0, least = 1;
        for (size_t j = 0; j < n; ++j) {
            sum += w[i * n + j];
            size += fabs(w[i * n + j]);
            least = fmin(least, w[i * n + j]);
        }
        const double k = (double)(n + 2);
        residual = larger_residual(residual, draw_residual(draw, sum, 1, 1 + size, k));
        residual = larger_residual(residual, draw_missing(draw, 0, least, 1 + size, k));
    }
    return residual;
}

double two_inputs(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 2 };
    const double x[N] = {0, 0}, other[N] = {0, 1};
    double w[2];
    (void)draw;
    // Query and key are the token itself: W_21 = 1 / (1 + exp(x_2 x_2)).
    for (int i = 0; i < 2; ++i) w[i] = 1 / (1 + exp((i ? other : x)[1] * (i ? 1 : 0)));
    snprintf(note, CHECK_NOTE, "tokens (0, 0) and (0, 1): W_21 is %.3g and %.3g", w[0],
             w[1]);
    return fabs(w[0] - w[1]);
}

double sum_of_heads(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 20);
    struct arena *arena = draw->arena;
    const double *x = draw_normals(draw, n * CHANNELS),
                 *out = draw_normals(draw, CHANNELS * CHANNELS);
    double *w = arena_doubles(arena, n * n), *v = arena_doubles(arena, n * HEAD),
           *joined = arena_doubles(arena, n * CHANNELS),
           *layer = arena_doubles(arena, n * CHANNELS),
           *sum = arena_doubles(arena, n * CHANNELS), size = 0;
    memset(sum, 0, n * CHANNELS * sizeof *sum);
    for (size_t h = 0; h < HEADS; ++h) {
        const double *value = draw_normals(draw, CHANNELS * HEAD);
        attention(w, x, n, draw_normals(draw, CHANNELS * HEAD),
                  draw_normals(draw, CHANNELS * HEAD), arena);
        gemm_doubles(v, x, PLAIN, value, PLAIN, n, HEAD, CHANNELS, 0);
        gemm_doubles_strided(joined + h * HEAD, CHANNELS, 1, w, n, PLAIN, v, HEAD,
                             PLAIN, n, HEAD, n, 0);
        // W (X (V O)), in another order than (W (X V)) O.
        double *mixed = arena_doubles(arena, CHANNELS * CHANNELS),
               *moved = arena_doubles(arena, n * CHANNELS);
        gemm_doubles(mixed, value, PLAIN, out + h * HEAD * CHANNELS, PLAIN, CHANNELS,
                     CHANNELS, HEAD, 0);
        gemm_doubles(moved, x, PLAIN, mixed, PLAIN, n, CHANNELS, CHANNELS, 0);
        gemm_doubles(sum, w, PLAIN, moved, PLAIN, n, CHANNELS, n, 1);
        size += sqrt(squared_norm(w, n * n) * squared_norm(x, n * CHANNELS) *
                     squared_norm(value, CHANNELS * HEAD) *
                     squared_norm(out + h * HEAD * CHANNELS, HEAD * CHANNELS));
    }
    gemm_doubles(layer, joined, PLAIN, out, PLAIN, n, CHANNELS, CHANNELS, 0);
    return draw_residual(draw, sqrt(squared_distance(layer, sum, n * CHANNELS)), 0,
                         2 * size, (double)(n + 2 * CHANNELS));
}
