// Eqs. 9 and 10 and what is said about them: sums over pairs of tokens.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/contrastive.h"
#include "core/analysis/pair_losses.h"
#include "core/analysis/token_graph.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "experiments/07-spectral/statements.h"

// Tokens without a negative number and a prediction of them.
static struct pair_losses losses_draw(struct draw *draw, size_t *roundings)
{
    const size_t n = draw_size(draw, 2, 24), width = draw_size(draw, 1, 16);
    double *x = draw_normals(draw, n * width);
    const double *m = draw_normals(draw, n * width);
    for (size_t i = 0; i < n * width; ++i) x[i] = fabs(x[i]);
    *roundings = n * n + 4 * width;
    return pair_losses(m, x, n, width, draw->arena);
}

double pairs_summed(struct draw *draw)
{
    size_t k;
    const struct pair_losses loss = losses_draw(draw, &k);
    return draw_residual(draw, loss.spectral,
                         loss.constant + loss.attraction + loss.repulsion, loss.size,
                         (double)k);
}

enum { SIGMAS = 13 }; // 2 sigma^2 = .1 .. 100

// weights (n,n) = exp(x_i x_j / (2 sigma^2)) of tokens of one number, and their sum.
static double kernel(double *weights, const double *x, size_t n, size_t sigma)
{
    const double twice = pow(10, -1 + .25 * (double)sigma);
    double sum = 0;
    for (size_t i = 0; i < n * n; ++i)
        sum += weights[i] = exp(x[i / n] * x[i % n] / twice);
    return sum;
}

// Eq. 10 with a kernel's weights, at the sigma that suits it best. The weights are the inner
// products of the rows of V S^{1/2}, V S V^T their decomposition.
double printed_expectations(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 24);
    const double *m = draw_normals(draw, n * n);
    double *x = draw_normals(draw, n), *weights = arena_doubles(draw->arena, n * n),
           *roots = arena_doubles(draw->arena, n * n),
           *values = arena_doubles(draw->arena, n), best = INFINITY;
    // Of the size of pixels: the exponentials stay within the digits of a sum.
    for (size_t i = 0; i < n; ++i) x[i] /= 3;
    for (size_t sigma = 0; sigma < SIGMAS; ++sigma) {
        kernel(weights, x, n, sigma);
        if (eigen_symmetric(values, weights, weights, n)) return (double)NAN;
        for (size_t i = 0; i < n * n; ++i)
            roots[i] = weights[i % n * n + i / n] * sqrt(fmax(values[i % n], 0));
        const struct pair_losses loss = pair_losses(m, roots, n, n, draw->arena);
        const double residual = draw_residual(
            draw, loss.spectral, loss.constant - 2 * loss.positive + loss.negative,
            loss.size, (double)(n * n + 4 * n));
        if (residual < best || isnan(residual)) best = residual;
    }
    return best;
}

double weighted_expectations(struct draw *draw)
{
    size_t k;
    const struct pair_losses loss = losses_draw(draw, &k);
    const double w = loss.weight;
    return draw_residual(draw, loss.spectral,
                         loss.constant - 2 * w * loss.positive + w * w * loss.negative,
                         loss.size, (double)k);
}

// The pairs' probabilities, written out and summed in another order: a row at a time.
double drawn_pairs(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 24);
    double *x = draw_normals(draw, n), *degrees = arena_doubles(draw->arena, n),
           positive = 0, negative = 0, total = 0, all = 0;
    const double *m = draw_normals(draw, n);
    for (size_t i = 0; i < n; ++i) x[i] = fabs(x[i]) + .1;
    const struct pair_losses loss = pair_losses(m, x, n, 1, draw->arena);
    graph_degrees(degrees, x, n, 1, draw->arena);
    for (size_t i = 0; i < n; ++i) total += degrees[i];
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            const double together = x[i] * x[j] / total,
                         apart = degrees[i] / total * (degrees[j] / total),
                         product = m[i] * m[j] / sqrt(degrees[i] * degrees[j]);
            positive += together * product;
            negative += apart * product * product;
            all += (together + apart) / 2;
        }
    const double k = (double)(n * n + 4);
    return larger_residual(
        draw_residual(draw, all, 1, 2, k),
        draw_residual(draw, loss.spectral,
                      loss.constant - 2 * total * positive + total * total * negative,
                      loss.size, k));
}

double similar_negatives(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 3 };
    const double x[N] = {1, 2, 3}, m[N] = {.5, .5, .5};
    const struct pair_losses loss = pair_losses(m, x, N, 1, draw->arena);
    double degrees[N], sum[2] = {0}, count[2] = {0};
    graph_degrees(degrees, x, N, 1, draw->arena);
    // Weights 1 2 3 / 2 4 6 / 3 6 9: of the nine pairs four are above 3.
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < N; ++j) {
            const int low = x[i] * x[j] <= 3;
            const double product = m[i] * m[j] / sqrt(degrees[i] * degrees[j]);
            sum[low] += low ? product * product : product;
            ++count[low];
        }
    const double w = loss.weight, read = loss.constant - 2 * w * sum[0] / count[0] +
                                         w * w * sum[1] / count[1];
    snprintf(note, CHECK_NOTE,
             "patches 1, 2, 3: L_spec %.4g, from similar and dissimilar pairs %.4g",
             loss.spectral, read);
    return fabs(read - loss.spectral);
}

// ====== Kernel and probability ======

double kernel_rank(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 3 };
    (void)draw;
    const double x[N] = {0, 1, 2};
    double weights[N * N], degrees[N], values[N], best = INFINITY;
    for (size_t sigma = 0; sigma < SIGMAS; ++sigma) {
        kernel(weights, x, N, sigma);
        adjacency_normalise(weights, degrees, N);
        if (eigen_symmetric(values, weights, weights, N)) return (double)NAN;
        // One column reaches the largest eigenvalue alone.
        best = fmin(best, values[0] * values[0] + values[1] * values[1]);
    }
    snprintf(note, CHECK_NOTE,
             "patches 0, 1, 2: the least L_spec of one column over %d sigmas is "
             "%.2g",
             SIGMAS, best);
    return best;
}

double kernel_sum(struct draw *draw, char note[CHECK_NOTE])
{
    enum { N = 2 };
    (void)draw;
    const double x[N] = {1, -1};
    double weights[N * N], least = INFINITY;
    for (size_t sigma = 0; sigma < SIGMAS; ++sigma)
        least = fmin(least, kernel(weights, x, N, sigma));
    snprintf(note, CHECK_NOTE,
             "patches 1 and -1: probabilities that sum to %.3g or more", least);
    return least - 1;
}

double joint_probability(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 24);
    double *x = draw_normals(draw, n), *weights = arena_doubles(draw->arena, n * n);
    const int plain = draw->number % 2;
    double total = 0, sum = 0, negative = 0;
    for (size_t i = 0; i < n; ++i) x[i] = plain ? fabs(x[i]) : x[i] / 10;
    if (plain)
        for (size_t i = 0; i < n * n; ++i) total += weights[i] = x[i / n] * x[i % n];
    else
        total = kernel(weights, x, n, draw->number / 2 % SIGMAS);
    for (size_t i = 0; i < n * n; ++i) {
        sum += weights[i] / total;
        negative = fmax(negative, -weights[i] / total);
    }
    return negative + draw_residual(draw, sum, 1, 2, (double)(n * n));
}

// ====== The plain loss ======

double other_repulsion(struct draw *draw, char note[CHECK_NOTE])
{
    // Targets (+-1, +-2), every combination; predictions (f, 0) or (0, f), f = +-1. One direction
    // alone would not do: there a scale of f makes one loss of the other.
    enum { COUNT = 4, Q = 2 };
    const double target[COUNT * Q] = {1, 2, 1, -2, -1, 2, -1, -2},
                                trunk[COUNT] = {1, -1, 1, -1};
    struct contrastive found[Q];
    for (size_t direction = 0; direction < Q; ++direction) {
        double head[Q] = {0};
        head[direction] = 1;
        const struct contrastive_pairs pairs = {COUNT, Q, 1, target, trunk, head};
        if (contrastive_measure(&found[direction], &pairs, draw->arena))
            return (double)NAN;
    }
    snprintf(note, CHECK_NOTE,
             "variances 1 and 4: the masked loss charges E|Gf|^2 = %g along either, a "
             "contrastive one %g and %g",
             found[0].penalty, found[0].push, found[1].push);
    return found[1].push / found[1].penalty - found[0].push / found[0].penalty;
}

double penalty_for_repulsion(struct draw *draw)
{
    const size_t n = draw_size(draw, 20, 80), q = draw_size(draw, 1, 6),
                 k = draw_size(draw, 1, 6);
    double *target = draw_normals(draw, n * q),
           *gram = arena_doubles(draw->arena, q * q),
           *values = arena_doubles(draw->arena, q);
    for (size_t i = 0; i < n * q; ++i) target[i] *= (double)(1 + i % q);
    const struct contrastive_pairs pairs = {
        n, q, k, target, draw_normals(draw, n * k), draw_normals(draw, q * k)};
    struct contrastive found;
    if (contrastive_measure(&found, &pairs, draw->arena)) return (double)NAN;
    memset(gram, 0, q * q * sizeof *gram);
    for (size_t i = 0; i < n; ++i)
        for (size_t a = 0; a < q; ++a)
            for (size_t b = 0; b < q; ++b)
                gram[a * q + b] += target[i * q + a] * target[i * q + b] / (double)n;
    if (eigen_symmetric(values, gram, gram, q)) return (double)NAN;
    const double size = found.plain + found.trace + fabs(found.pull) + found.penalty,
                 least = values[0] * found.penalty,
                 most = values[q - 1] * found.penalty,
                 roundings = (double)(n * (q + k));
    const double within = larger_residual(
        draw_missing(draw, least, found.push, found.push + most, roundings),
        draw_missing(draw, found.push, most, found.push + most, roundings));
    return larger_residual(within,
                           draw_residual(draw, found.plain,
                                         found.trace + found.pull + found.penalty, size,
                                         roundings));
}
