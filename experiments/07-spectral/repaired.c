// The repaired theorem: a whitened masked loss is a constant and a spectral contrastive loss.
#include <math.h>
#include <string.h>

#include "core/analysis/contrastive.h"
#include "core/analysis/ranks.h"
#include "core/analysis/reduced_rank.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"
#include "experiments/07-spectral/statements.h"

// A network of two layers with random weights, its outputs followed by a 1; any head.
double any_network(struct draw *draw)
{
    enum { INPUTS = 8, HIDDEN = 6, K = 5, Q = 4 };
    const size_t n = draw_size(draw, 60, 400);
    const double *x = draw_normals(draw, n * INPUTS),
                 *first = draw_normals(draw, INPUTS * HIDDEN),
                 *second = draw_normals(draw, HIDDEN * (K - 1)),
                 *mix = draw_normals(draw, INPUTS * Q);
    double *hidden = arena_doubles(draw->arena, n * HIDDEN),
           *outputs = arena_doubles(draw->arena, n * (K - 1)),
           *trunk = arena_doubles(draw->arena, n * K),
           *target = draw_normals(draw, n * Q);
    gemm_doubles(hidden, x, PLAIN, first, PLAIN, n, HIDDEN, INPUTS, 0);
    for (size_t i = 0; i < n * HIDDEN; ++i) hidden[i] = tanh(hidden[i]);
    gemm_doubles(outputs, hidden, PLAIN, second, PLAIN, n, K - 1, HIDDEN, 0);
    gemm_doubles(target, x, PLAIN, mix, PLAIN, n, Q, INPUTS, 1);
    for (size_t i = 0; i < n; ++i) {
        for (size_t k = 0; k < K; ++k)
            trunk[i * K + k] = k + 1 < K ? tanh(outputs[i * (K - 1) + k]) : 1;
        target[i * Q + Q - 1] = 1;
    }
    const struct contrastive_pairs pairs = {
        n, Q, K, target, trunk, draw_normals(draw, (size_t)Q * K)};
    struct contrastive found;
    if (contrastive_measure(&found, &pairs, draw->arena)) return (double)NAN;
    return draw_residual(draw, found.whitened, contrastive_sum(&found, Q),
                         contrastive_size(&found, Q),
                         contrastive_roundings(&found, &pairs));
}

// Finitely many visible parts and patches: P (a,b), margins, and T = D_x^{-1/2} P D_y^{-1/2}.
struct joint {
    size_t a, b;
    double *p, *x, *y, *t;
};

static struct joint joint_draw(struct draw *draw)
{
    struct joint joint = {.a = draw_size(draw, 2, 16), .b = draw_size(draw, 2, 16)};
    const size_t a = joint.a, b = joint.b;
    double sum = 0;
    joint.p = draw_normals(draw, a * b);
    joint.t = arena_doubles(draw->arena, a * b);
    joint.x = arena_doubles(draw->arena, a);
    joint.y = arena_doubles(draw->arena, b);
    memset(joint.x, 0, a * sizeof *joint.x);
    memset(joint.y, 0, b * sizeof *joint.y);
    for (size_t i = 0; i < a * b; ++i) sum += joint.p[i] = joint.p[i] * joint.p[i];
    for (size_t i = 0; i < a * b; ++i) {
        joint.p[i] /= sum;
        joint.x[i / b] += joint.p[i];
        joint.y[i % b] += joint.p[i];
    }
    for (size_t i = 0; i < a * b; ++i)
        joint.t[i] = joint.p[i] / sqrt(joint.x[i / b]) / sqrt(joint.y[i % b]);
    return joint;
}

// E |S^{-1/2} (phi - G f)|^2 for one-hot phi, S = diag(y), G f of every visible part (a,b).
static double one_hot_loss(const struct joint *joint, const double *output)
{
    double loss = 0;
    for (size_t x = 0; x < joint->a; ++x)
        for (size_t y = 0; y < joint->b; ++y)
            for (size_t c = 0; c < joint->b; ++c) {
                const double rest = (c == y) - output[x * joint->b + c];
                loss += joint->p[x * joint->b + y] * rest * rest / joint->y[c];
            }
    return loss;
}

double finite_alphabet(struct draw *draw)
{
    const struct joint joint = joint_draw(draw);
    const size_t a = joint.a, b = joint.b, least = a < b ? a : b,
                 rank = draw_size(draw, 1, least), big = a < b ? b : a;
    struct arena *arena = draw->arena;
    // Any f (a,k) and G (b,k): with A = D_x^{1/2} f, B = D_y^{-1/2} G.
    const double *f = draw_normals(draw, a * rank),
                 *head = draw_normals(draw, b * rank);
    double *output = arena_doubles(arena, a * b),
           *product = arena_doubles(arena, a * b), *low = arena_doubles(arena, a * b),
           *s = arena_doubles(arena, least);
    gemm_doubles(output, f, PLAIN, head, TRANSPOSED, a, b, rank, 0);
    for (size_t x = 0; x < a; ++x)
        for (size_t y = 0; y < b; ++y)
            product[x * b + y] = output[x * b + y] * sqrt(joint.x[x] / joint.y[y]);
    const double q = (double)b, norm = squared_norm(joint.t, a * b),
                 loss = one_hot_loss(&joint, output),
                 far = squared_distance(joint.t, product, a * b),
                 k = (double)(a * b * b) + svd_square_roundings(big);
    const double general =
        draw_residual(draw, loss, q - norm + far, loss + q + norm + far, k);
    // The minimum of rank k, at the leading singular components of T.
    if (truncate_rank(low, s, joint.t, a, b, rank, arena)) return (double)NAN;
    for (size_t x = 0; x < a; ++x)
        for (size_t y = 0; y < b; ++y)
            output[x * b + y] = low[x * b + y] * sqrt(joint.y[y] / joint.x[x]);
    const double optimum = one_hot_loss(&joint, output),
                 closed = q - norm + rank_tail(s, least, rank);
    // T T^T is the normalised adjacency of w(x,x') = sum_y p(x,y) p(x',y) / p(y), degrees p(x).
    double graph = 0;
    for (size_t i = 0; i < a; ++i)
        for (size_t j = 0; j < a; ++j) {
            double w = 0;
            for (size_t y = 0; y < b; ++y)
                w += joint.p[i * b + y] * joint.p[j * b + y] / joint.y[y];
            const double normal = w / sqrt(joint.x[i] * joint.x[j]),
                         other = inner_product(joint.t + i * b, joint.t + j * b, b);
            graph = fmax(graph, fabs(normal - other));
        }
    const double adjacency = draw_residual(draw, graph, 0, norm, k),
                 minimum = draw_residual(draw, optimum, closed, optimum + q + norm, k);
    return larger_residual(general, larger_residual(adjacency, minimum));
}

double linear_optimum(struct draw *draw)
{
    enum { SAMPLES = 60, P = 6, Q = 5, SWEEPS = 1000 };
    double *y = draw_normals(draw, SAMPLES * Q), squares[Q], map[Q * P], other[Q * P],
           closed = Q;
    const double *x = draw_normals(draw, SAMPLES * P), *mix = draw_normals(draw, P * Q);
    gemm_doubles(y, x, PLAIN, mix, PLAIN, SAMPLES, Q, P, 1);
    struct moments moments = moments_of(x, y, SAMPLES, P, Q, draw->arena);
    // The condition of S_yy, by exchanging the two.
    const struct moments exchanged = {Q, P, moments.yy, moments.yx, moments.xx};
    const double condition = fmax(moments_condition(&moments, draw->arena),
                                  moments_condition(&exchanged, draw->arena));
    size_t rank;
    if (moments_whiten(&moments, draw->arena) ||
        reduced_rank_solve_at_gap(map, squares, &rank, &moments, draw->arena) ||
        reduced_rank_alternate(other, draw_normals(draw, rank * P), &moments, rank,
                               SWEEPS, draw->arena))
        return (double)NAN;
    for (size_t i = 0; i < rank; ++i) closed -= squares[i];
    const double k = solver_roundings(P, condition),
                 found = draw_residual(draw,
                                       reduced_rank_loss(other, &moments, draw->arena),
                                       closed, Q + closed, k);
    // Stability: another map of that rank.
    double *left = draw_normals(draw, Q * rank), *right = draw_normals(draw, rank * P);
    gemm_doubles(other, left, PLAIN, right, PLAIN, Q, P, rank, 0);
    const double loss = reduced_rank_loss(other, &moments, draw->arena),
                 apart = reduced_rank_distance(other, map, &moments, draw->arena),
                 least = (1 - sqrt(squares[rank] / squares[rank - 1])) * apart;
    return larger_residual(
        found, draw_missing(draw, least, loss - closed, loss + closed + apart, k));
}
