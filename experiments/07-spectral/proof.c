// Theorem 4.3, line by line. The proofs are told in main.c.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/ranks.h"
#include "core/analysis/token_graph.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"
#include "experiments/07-spectral/statements.h"

// Tokens without a negative number, of rank at most r: positive degrees, weights of at least 0.
struct tokens {
    size_t n, width, rank, big; // rows, F, r, the larger of n and F
    double *x, *degrees;        // (n,F), (n)
    double *factor;             // (n,F) N = D^{-1/2} x
};

static struct tokens tokens_draw(struct draw *draw)
{
    struct tokens t = {.n = draw_size(draw, 2, 24), .width = draw_size(draw, 1, 16)};
    const size_t least = t.n < t.width ? t.n : t.width;
    t.rank = draw_size(draw, 1, least);
    t.big = t.n < t.width ? t.width : t.n;
    double *left = draw_normals(draw, t.n * t.rank),
           *right = draw_normals(draw, t.rank * t.width);
    for (size_t i = 0; i < t.n * t.rank; ++i) left[i] = fabs(left[i]);
    for (size_t i = 0; i < t.rank * t.width; ++i) right[i] = fabs(right[i]);
    t.x = arena_doubles(draw->arena, t.n * t.width);
    t.degrees = arena_doubles(draw->arena, t.n);
    t.factor = arena_doubles(draw->arena, t.n * t.width);
    gemm_doubles(t.x, left, PLAIN, right, PLAIN, t.n, t.width, t.rank, 0);
    graph_degrees(t.degrees, t.x, t.n, t.width, draw->arena);
    graph_factor(t.factor, t.x, t.degrees, t.n, t.width);
    return t;
}

// A prediction near N or far from it, in turn: N Q or N, plus noise of four sizes.
static double *prediction_draw(struct draw *draw, const struct tokens *t)
{
    const size_t numbers = t->n * t->width;
    const double much = pow(10, 1 - 3 * (double)(draw->number % 4));
    double *m = draw_normals(draw, numbers), *base = t->factor;
    if (draw->number % 3 == 0) {
        base = arena_doubles(draw->arena, numbers);
        rows_rotate(base, t->factor, t->n, t->width,
                    draw_normals(draw, t->width * t->width), draw->arena);
    }
    for (size_t i = 0; i < numbers; ++i) m[i] = base[i] + much * m[i];
    return m;
}

// ====== The statement ======

double minus_itself(struct draw *draw, char note[CHECK_NOTE])
{
    const double x = 1, m = -1;
    const struct spectral_bound bound = spectral_bound(&m, &x, 1, 1, draw->arena);
    snprintf(note, CHECK_NOTE, "one token, N = 1, M = -1: L_spec %g, |M - N|^2 %g",
             bound.spectral, bound.error);
    return bound.error - bound.spectral;
}

double sign_of_its_own(struct draw *draw, char note[CHECK_NOTE])
{
    const double x[4] = {1, 1, -1, -1}, sign[4] = {1, -1, 1, -1};
    double loss = 0, right = 0;
    for (int i = 0; i < 4; ++i) {
        const double m = sign[i] * x[i];
        loss += spectral_loss(&m, &x[i], 1, 1, draw->arena);
        right += .25 * (m * x[i] > 0);
    }
    snprintf(
        note, CHECK_NOTE,
        "four images of one token, class = its sign; times a sign an image: L_spec "
        "%g, %g %% right",
        loss, 100 * right);
    return loss == 0 ? 1 - right : (double)NAN;
}

double dark_patch(struct draw *draw, char note[CHECK_NOTE])
{
    const double x[2] = {1, -.5};
    double degrees[2];
    graph_degrees(degrees, x, 2, 1, draw->arena);
    snprintf(note, CHECK_NOTE, "patches 1 and -1/2: degrees %g and %g", degrees[0],
             degrees[1]);
    return -degrees[1];
}

double rotated_factor(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    double *m = arena_doubles(draw->arena, t.n * t.width);
    rows_rotate(m, t.factor, t.n, t.width, draw_normals(draw, t.width * t.width),
                draw->arena);
    return draw_residual(draw,
                         sqrt(spectral_loss(m, t.factor, t.n, t.width, draw->arena)), 0,
                         squared_norm(t.factor, t.n * t.width), svd_roundings(t.big));
}

// ====== The decomposition ======

// product (n,n) = U diag(s^2) U^T of the first `rank` components.
static void squares_of(double *product, const struct decomposition *svd, size_t n,
                       size_t rank, struct arena *arena)
{
    double *scaled = arena_doubles(arena, n * svd->r);
    for (size_t i = 0; i < n; ++i)
        for (size_t c = 0; c < svd->r; ++c)
            scaled[i * svd->r + c] = svd->u[i * svd->r + c] * svd->s[c] * svd->s[c];
    gemm_doubles_strided(product, n, 1, scaled, svd->r, PLAIN, svd->u, svd->r,
                         TRANSPOSED, n, n, rank, 0);
}

double first_line(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 24), width = draw_size(draw, 1, 16),
                 least = n < width ? n : width, rank = draw_size(draw, 1, least);
    const double *x = draw_normals(draw, n * width);
    double *low = arena_doubles(draw->arena, n * width),
           *a = arena_doubles(draw->arena, n * n),
           *b = arena_doubles(draw->arena, n * n);
    struct decomposition svd;
    if (decompose(&svd, x, n, width, draw->arena) ||
        truncate_rank(low, NULL, x, n, width, rank, draw->arena))
        return (double)NAN;
    row_products(a, low, n, low, n, width);
    squares_of(b, &svd, n, rank, draw->arena);
    return draw_residual(draw, sqrt(squared_distance(a, b, n * n)), 0,
                         squared_norm(x, n * width),
                         svd_square_roundings(n < width ? width : n));
}

double printed_eigenvalues(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 6, F = 2 };
    const double x[N * F] = {1, 0, 1, 0, 1, 0, 0, 2, 0, 2, 0, 2};
    double degrees[N], factor[N * F], adjacency[N * N], values[N], s[F];
    graph_degrees(degrees, x, N, F, draw->arena);
    graph_factor(factor, x, degrees, N, F);
    row_products(adjacency, factor, N, factor, N, F);
    if (eigen_symmetric(values, adjacency, adjacency, N) ||
        singular_values(s, x, N, F, draw->arena))
        return (double)NAN;
    // S_A = D^{-1/2} S^2 D^{-1/2} divides the i-th component by the i-th token's degree.
    const double printed[F] = {s[0] * s[0] / degrees[0], s[1] * s[1] / degrees[1]};
    snprintf(note, CHECK_NOTE,
             "tokens e1 e1 e1 2e2 2e2 2e2: eigenvalues %.3g and %.3g, printed %.3g and "
             "%.3g",
             values[N - 1], values[N - 2], printed[0], printed[1]);
    return fabs(printed[0] - values[N - 1]) + fabs(printed[1] - values[N - 2]);
}

double true_eigenvalues(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    double *a = arena_doubles(draw->arena, t.n * t.n),
           *b = arena_doubles(draw->arena, t.n * t.n);
    struct decomposition svd;
    row_products(a, t.x, t.n, t.x, t.n, t.width);
    for (size_t i = 0; i < t.n; ++i)
        for (size_t j = 0; j < t.n; ++j)
            a[i * t.n + j] /= sqrt(t.degrees[i]) * sqrt(t.degrees[j]);
    if (decompose(&svd, t.factor, t.n, t.width, draw->arena)) return (double)NAN;
    squares_of(b, &svd, t.n, svd.r, draw->arena);
    return draw_residual(draw, sqrt(squared_distance(a, b, t.n * t.n)), 0,
                         squared_norm(t.factor, t.n * t.width),
                         svd_square_roundings(t.big));
}

// ====== Eqs. 7 and 8 ======

double other_order(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    // Degrees of the best matrix of rank 1: 9 and 9.
    const double x[4] = {2, 1, 1, 2}, low[4] = {1.5, 1.5, 1.5, 1.5},
                 z[4] = {.5, -.5, -.5, .5}, zero[4] = {0};
    const double five[2] = {squared_distance(z, x, 4), squared_distance(zero, x, 4)},
                 seven[2] = {squared_distance(z, low, 4),
                             squared_distance(zero, low, 4)};
    snprintf(note, CHECK_NOTE,
             "X0 = (2, 1; 1, 2): (1/2, -1/2; -1/2, 1/2) costs %g and 0 costs %g by "
             "Eq. 5; %g and %g by Eq. 7",
             five[0], five[1], seven[0], seven[1]);
    return fmin(five[1] - five[0], seven[0] - seven[1]);
}

double excess_of_rank(struct draw *draw)
{
    const size_t n = draw_size(draw, 3, 24), width = draw_size(draw, 3, 16),
                 least = n < width ? n : width, r = draw_size(draw, 1, least - 1),
                 numbers = n * width;
    const double *x = draw_normals(draw, numbers);
    double *low = arena_doubles(draw->arena, numbers), *z = draw_normals(draw, numbers),
           *s = arena_doubles(draw->arena, least), cross = 0;
    if (truncate_rank(low, s, x, n, width, r, draw->arena)) return (double)NAN;
    for (size_t i = 0; i < numbers; ++i) z[i] = low[i] + z[i] / 3;
    const int limited = draw->number % 2;
    if (limited && truncate_rank(z, NULL, z, n, width, r, draw->arena))
        return (double)NAN;
    for (size_t i = 0; i < numbers; ++i) cross += z[i] * (x[i] - low[i]);
    const double lhs = squared_distance(z, x, numbers), tail = rank_tail(s, least, r),
                 apart = squared_distance(z, low, numbers),
                 size = squared_norm(x, numbers) + squared_norm(z, numbers),
                 k = svd_square_roundings(n < width ? width : n);
    const double found = draw_residual(draw, lhs, apart + tail - 2 * cross, size, k);
    return limited ? larger_residual(found,
                                     draw_missing(draw, (1 - s[r] / s[r - 1]) * apart,
                                                  lhs - tail, size, k))
                   : found;
}

double hidden_degrees(struct draw *draw, char note[CHECK_NOTE])
{
    const double x[2][4] = {{1, 1, 1, 0}, {1, 1, 0, 3}};
    double plain[2] = {0}, scaled[2] = {0}, degrees[2];
    for (int i = 0; i < 2; ++i) {
        graph_degrees(degrees, x[i], 2, 2, draw->arena);
        for (int f = 0; f < 2; ++f) {
            plain[f] += x[i][2 + f] / 2;
            scaled[f] += x[i][2 + f] / sqrt(degrees[1]) / 2;
        }
    }
    snprintf(note, CHECK_NOTE,
             "(1,1) and, by a coin, (1,0) or (0,3): best (%.3g, %.3g) by Eq. 7, (%.3g, "
             "%.3g) by Eq. 8",
             plain[0], plain[1], scaled[0], scaled[1]);
    return fabs(plain[0] * scaled[1] - plain[1] * scaled[0]) /
           sqrt(squared_norm(plain, 2) * squared_norm(scaled, 2));
}

double degrees_outside(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    const double *m = prediction_draw(draw, &t);
    double seven = 0, least = INFINITY, largest = 0;
    for (size_t i = 0; i < t.n; ++i) {
        least = fmin(least, t.degrees[i]);
        largest = fmax(largest, t.degrees[i]);
        for (size_t f = 0; f < t.width; ++f)
            seven +=
                pow(sqrt(t.degrees[i]) * m[i * t.width + f] - t.x[i * t.width + f], 2);
    }
    const double eight = squared_distance(m, t.factor, t.n * t.width);
    // The differences are of numbers of the size of D^{1/2} M and X, whose roundings they keep; a
    // squared one is at most twice their squares.
    const double size = 2 * largest *
                        (squared_norm(m, t.n * t.width) +
                         squared_norm(t.factor, t.n * t.width)),
                 k = (double)(t.n * t.width) + 8;
    return larger_residual(draw_missing(draw, least * eight, seven, size, k),
                           draw_missing(draw, seven, largest * eight, size, k));
}

double population(struct draw *draw)
{
    enum { GROUPS = 4, F = 5, TOKENS = 3 };
    const size_t images = GROUPS * draw_size(draw, 3, 12), each = images / GROUPS;
    double best = 0, rescaled = 0, size = 0;
    for (size_t g = 0; g < GROUPS; ++g) {
        // Images of one visible part: N and X0r of each, and their means.
        double *x = draw_normals(draw, each * TOKENS * F),
               *n = arena_doubles(draw->arena, each * TOKENS * F);
        double mean_x[TOKENS * F] = {0}, mean_n[TOKENS * F] = {0}, degrees[TOKENS];
        for (size_t i = 0; i < each * TOKENS * F; ++i) x[i] = fabs(x[i]);
        for (size_t i = 0; i < each; ++i) {
            double *xi = x + i * TOKENS * F, *ni = n + i * TOKENS * F;
            graph_degrees(degrees, xi, TOKENS, F, draw->arena);
            graph_factor(ni, xi, degrees, TOKENS, F);
            for (size_t j = 0; j < (size_t)TOKENS * F; ++j) {
                mean_x[j] += xi[j] / (double)each;
                mean_n[j] += ni[j] / (double)each;
            }
        }
        for (size_t t = 0; t < TOKENS; ++t) {
            // The factor of the row of E[X0r | X] that Eq. 8 likes best.
            const double *mx = mean_x + t * F, *mn = mean_n + t * F,
                         scale = inner_product(mx, mn, F) / squared_norm(mx, F);
            for (size_t i = 0; i < each; ++i)
                for (size_t f = 0; f < F; ++f) {
                    const double value = n[(i * TOKENS + t) * F + f];
                    best += pow(value - mn[f], 2);
                    rescaled += pow(value - scale * mx[f], 2);
                    size += 2 * value * value;
                }
        }
    }
    return draw_missing(draw, best, rescaled, size, (double)(images * TOKENS * F) + 8);
}

// ====== The bound and its converse ======

// Of |M M^T - N N^T|^2, whose terms are products of two rows, and of the product of two squared
// norms.
static double bound_roundings(const struct tokens *t)
{
    return (double)(2 * t->width + t->n * t->n + 2 * t->n * t->width);
}

double last_line(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    const double *m = prediction_draw(draw, &t);
    const struct spectral_bound bound =
        spectral_bound(m, t.factor, t.n, t.width, draw->arena);
    const double size =
        pow(squared_norm(m, t.n * t.width) + squared_norm(t.factor, t.n * t.width), 2);
    return draw_missing(draw, bound.spectral, bound.printed, size, bound_roundings(&t));
}

double one_direction(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    const double *m = prediction_draw(draw, &t),
                 norm = squared_norm(t.factor, t.n * t.width), rank = (double)t.rank,
                 k = bound_roundings(&t);
    const struct spectral_bound bound =
        spectral_bound(m, t.factor, t.n, t.width, draw->arena);
    const double size = pow(squared_norm(m, t.n * t.width) + norm, 2);
    return larger_residual(
        draw_missing(draw, bound.spectral, bound.constant * bound.error, size, k),
        draw_missing(draw, norm, rank, norm + rank, k));
}

double no_constant(struct draw *draw, char note[CHECK_NOTE])
{
    double trace[2];
    for (int i = 0; i < 2; ++i) {
        const double t = i ? 1e-4 : 1e-2, x[4] = {1, 0, t - 1, sqrt(t)};
        double degrees[2], factor[4];
        if (graph_degrees(degrees, x, 2, 2, draw->arena) > 0) return (double)NAN;
        graph_factor(factor, x, degrees, 2, 2);
        trace[i] = squared_norm(factor, 4);
    }
    snprintf(note, CHECK_NOTE,
             "tokens (1, 0) and (t - 1, sqrt t): |N|^2 is %.3g at t = 1/100, %.3g at "
             "t = 1/10000",
             trace[0], trace[1]);
    return trace[1] - trace[0];
}

double up_to_rotation(struct draw *draw)
{
    const struct tokens t = tokens_draw(draw);
    const size_t numbers = t.n * t.width;
    const double *m = prediction_draw(draw, &t), width = (double)t.width,
                 spectral = spectral_loss(m, t.factor, t.n, t.width, draw->arena),
                 apart = rotation_distance(m, t.factor, t.n, t.width, draw->arena),
                 size = squared_norm(m, numbers) + squared_norm(t.factor, numbers),
                 k = svd_square_roundings(t.big);
    double residual = draw_missing(draw, apart, sqrt(2 * width * spectral), size, k),
           *s = arena_doubles(draw->arena, t.width);
    if (t.n < t.width || t.rank < t.width) return residual;
    // Full column rank: linear in the loss.
    if (singular_values(s, t.factor, t.n, t.width, draw->arena)) return (double)NAN;
    const double least = s[t.width - 1] * s[t.width - 1];
    return larger_residual(
        residual,
        draw_missing(draw, apart, spectral / (2 * (sqrt(2) - 1) * least), size, k));
}
