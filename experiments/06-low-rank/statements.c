#include "experiments/06-low-rank/statements.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/ranks.h"
#include "core/analysis/reduced_rank.h"
#include "core/analysis/token_graph.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"
#include "core/stats/summary.h"
#include "experiments/06-low-rank/definitions.h"

// The proofs, and what each shows, are told in main.c.

// ====== Low-rank approximation (Sec. 3.2) ======

static double nothing_lost(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const double s[2] = {2, 1};
    snprintf(note, CHECK_NOTE,
             "D = diag(2, 1) obeys its own constraint; the nearest matrix of rank 1 is "
             "%g away",
             s[1]);
    return s[1];
}

// A matrix D, its best approximation of rank r, and what they are made of.
struct instance {
    size_t m, n, r, big; // sides, the rank, the larger side
    double *d, *low, *s; // D, D_r, singular values
    double norm;         // |D|^2; NAN where LAPACK did not converge
};

static struct instance instance_draw(struct draw *draw)
{
    struct instance d = {.m = draw_size(draw, 3, 30), .n = draw_size(draw, 3, 30)};
    const size_t least = d.m < d.n ? d.m : d.n;
    d.r = draw_size(draw, 1, least - 1);
    d.big = d.m < d.n ? d.n : d.m;
    d.d = draw_normals(draw, d.m * d.n);
    d.low = arena_doubles(draw->arena, d.m * d.n);
    d.s = arena_doubles(draw->arena, least);
    const int status = truncate_rank(d.low, d.s, d.d, d.m, d.n, d.r, draw->arena);
    d.norm = status ? (double)NAN : squared_norm(d.d, d.m * d.n);
    return d;
}

static double instance_tail(const struct instance *d)
{
    return rank_tail(d->s, d->m < d->n ? d->m : d->n, d->r);
}

// z (m,n) = a matrix of rank r: D_r plus so much noise, truncated; NAN where LAPACK did not
// converge.
static double *instance_rival(struct draw *draw, const struct instance *d)
{
    const double much = pow(10, -(double)(draw->number % 4));
    double *z = draw_normals(draw, d->m * d->n);
    for (size_t i = 0; i < d->m * d->n; ++i) z[i] = d->low[i] + much * z[i];
    if (truncate_rank(z, NULL, z, d->m, d->n, d->r, draw->arena)) z[0] = (double)NAN;
    return z;
}

static double least_loss(struct draw *draw)
{
    const struct instance d = instance_draw(draw);
    const double loss = squared_distance(d.low, d.d, d.m * d.n);
    return draw_residual(draw, loss, instance_tail(&d), d.norm,
                         svd_square_roundings(d.big));
}

static double none_is_nearer(struct draw *draw)
{
    const struct instance d = instance_draw(draw);
    const double *z = instance_rival(draw, &d);
    return draw_missing(draw, instance_tail(&d), squared_distance(z, d.d, d.m * d.n),
                        d.norm + squared_norm(z, d.m * d.n),
                        svd_square_roundings(d.big));
}

static double nearly_best(struct draw *draw)
{
    enum { SIDE = 6 };
    const size_t r = draw_size(draw, 1, SIDE - 1);
    double d[SIDE * SIDE] = {0}, low[SIDE * SIDE] = {0}, s[SIDE],
                    *z = draw_normals(draw, SIDE * SIDE);
    for (size_t i = 0; i < SIDE; ++i) s[i] = rng_uniform(&draw->rng) + 1e-3;
    sort_ascending(s, SIDE);
    for (size_t i = 0; i < SIDE; ++i) {
        d[i * SIDE + i] = s[SIDE - 1 - i];
        if (i < r) low[i * SIDE + i] = d[i * SIDE + i];
    }
    const double top = d[(r - 1) * SIDE + r - 1], next = d[r * SIDE + r];
    if (draw->number % 3 == 0) {
        const double angle = rng_normal(&draw->rng), c = cos(angle), q = sin(angle);
        memcpy(z, low, sizeof low);
        z[(r - 1) * SIDE + r - 1] = top * c * c;
        z[(r - 1) * SIDE + r] = z[r * SIDE + r - 1] = top * c * q;
        z[r * SIDE + r] = top * q * q;
    } else {
        for (size_t i = 0; i < SIDE * SIDE; ++i) z[i] = low[i] + z[i] / 3;
        if (truncate_rank(z, NULL, z, SIDE, SIDE, r, draw->arena)) return (double)NAN;
    }
    const double excess = squared_distance(z, d, SIDE * SIDE) -
                          squared_distance(low, d, SIDE * SIDE),
                 least = (1 - next / top) * squared_distance(z, low, SIDE * SIDE);
    return draw_missing(draw, least, excess,
                        squared_norm(d, SIDE * SIDE) + squared_norm(z, SIDE * SIDE),
                        svd_square_roundings(SIDE));
}

// ====== Low rank of what? (Sec. 4.1) ======

// The encoder that changes nothing, on random patches. An equal rank is no lower one.
static double all_visible(struct draw *draw, char note[CHECK_NOTE])
{
    enum { VISIBLE = 64, HIDDEN = 192, NUMBERS = 12 };
    double s[2][NUMBERS];
    if (singular_values(s[0], draw_normals(draw, VISIBLE * NUMBERS), VISIBLE, NUMBERS,
                        draw->arena) ||
        singular_values(s[1], draw_normals(draw, HIDDEN * NUMBERS), HIDDEN, NUMBERS,
                        draw->arena))
        return (double)NAN;
    const size_t of_f = rank_at(s[0], NUMBERS, 1e-4),
                 of_x = rank_at(s[1], NUMBERS, 1e-4);
    snprintf(note, CHECK_NOTE,
             "f(X) = X, %d visible, %d hidden patches of %d numbers: ranks %zu and %zu",
             VISIBLE, HIDDEN, NUMBERS, of_f, of_x);
    return of_f == of_x ? .5 : (double)of_f - (double)of_x;
}

static double more_visible(struct draw *draw, char note[CHECK_NOTE])
{
    const double threshold = 1e-4;
    struct hidden_rows rows;
    double s[3][192];
    if (draw->number == 0) return all_visible(draw, note);
    random_rows(&rows, NULL, draw, 2, .75);
    const size_t least = rows.features < rows.rows ? rows.features : rows.rows,
                 encoded = rows.visible < rows.width ? rows.visible : rows.width;
    if (singular_values(s[0], rows.encoded, rows.visible, rows.width, draw->arena) ||
        singular_values(s[1], rows.truth, rows.rows, rows.features, draw->arena) ||
        singular_values(s[2], rows.prediction, rows.rows, rows.features, draw->arena))
        return (double)NAN;
    const size_t of_f = rank_at(s[0], encoded, threshold),
                 of_x = rank_at(s[1], least, threshold),
                 of_g = rank_at(s[2], least, threshold);
    snprintf(note, CHECK_NOTE,
             "%zu visible, %zu hidden: rank f(X) %zu, g f(X) %zu, X0 %zu", rows.visible,
             rows.rows, of_f, of_g, of_x);
    if (of_g != least) return (double)NAN;
    return of_f == of_x ? .5 : (double)of_f - (double)of_x;
}

static double weak_constraint(struct draw *draw, char note[CHECK_NOTE])
{
    enum { SIDE = 4 };
    double x[SIDE * SIDE] = {0}, best[SIDE * SIDE];
    for (size_t i = 0; i < SIDE; ++i) x[i * SIDE + i] = i + 1 < SIDE ? 1 : .01;
    if (truncate_rank(best, NULL, x, SIDE, SIDE, SIDE - 1, draw->arena))
        return (double)NAN;
    const double whole = squared_norm(x, SIDE * SIDE),
                 lost = squared_distance(best, x, SIDE * SIDE);
    snprintf(note, CHECK_NOTE,
             "X0 = diag(1, 1, 1, 1/100): the best matrix of lower rank loses %.2g of "
             "its squared norm",
             lost / whole);
    return (squared_norm(best, SIDE * SIDE) - 1) / whole;
}

static double stated_rank(struct draw *draw)
{
    const struct instance d = instance_draw(draw);
    const int rival = draw->number % 2;
    const double *z = rival ? instance_rival(draw, &d) : d.low,
                 loss = squared_distance(z, d.d, d.m * d.n), tail = instance_tail(&d),
                 roundings = svd_square_roundings(d.big);
    return rival ? draw_missing(draw, tail, loss, d.norm + squared_norm(z, d.m * d.n),
                                roundings)
                 : draw_residual(draw, loss, tail, d.norm, roundings);
}

// ====== Eigenvectors (Sec. 4.2) ======

static double leading_eigenvectors(struct draw *draw)
{
    const struct instance d = instance_draw(draw);
    const size_t m = d.m, n = d.n;
    double *gram = arena_doubles(draw->arena, m * m),
           *values = arena_doubles(draw->arena, m),
           *inside = arena_doubles(draw->arena, m * n),
           *image = arena_doubles(draw->arena, d.r * n);
    row_products(gram, d.d, m, d.d, m, n);
    if (eigen_symmetric(values, gram, gram, m)) return (double)NAN;
    const double *leading = gram + (m - d.r) * m;
    gemm_doubles(image, leading, PLAIN, d.low, PLAIN, d.r, n, m, 0);
    gemm_doubles(inside, leading, TRANSPOSED, image, PLAIN, m, n, d.r, 0);
    // Rounding of the size s_1^2 turns eigenvector i of the leading ones by its share in
    // s_i^2 - s_{r+1}^2, which moves a component of length s_i; the last one moves most.
    const double least = d.s[d.r - 1], next = d.s[d.r] / least,
                 turned = d.s[0] / least / (1 - next * next);
    return draw_residual(draw, sqrt(squared_distance(inside, d.low, m * n)), 0,
                         sqrt(d.norm), svd_roundings(d.big) * turned);
}

static double reduced_rank(struct draw *draw)
{
    enum { SAMPLES = 40, P = 6, Q = 5, SWEEPS = 1000 };
    double *y = draw_normals(draw, SAMPLES * Q), squares[Q], map[Q * P], other[Q * P];
    const double *x = draw_normals(draw, SAMPLES * P), *mix = draw_normals(draw, P * Q);
    gemm_doubles(y, x, PLAIN, mix, PLAIN, SAMPLES, Q, P, 1);
    const struct moments moments = moments_of(x, y, SAMPLES, P, Q, draw->arena);
    size_t rank;
    if (reduced_rank_solve_at_gap(map, squares, &rank, &moments, draw->arena) ||
        reduced_rank_alternate(other, draw_normals(draw, rank * P), &moments, rank,
                               SWEEPS, draw->arena))
        return (double)NAN;
    // The maps are apart by as much more than their losses as the gap is small.
    const double roundings =
        solver_roundings(P, moments_condition(&moments, draw->arena)) /
        (1 - squares[rank] / squares[rank - 1]);
    double trace = 0, closed;
    for (size_t i = 0; i < Q; ++i) trace += moments.yy[i * Q + i];
    closed = trace;
    for (size_t i = 0; i < rank; ++i) closed -= squares[i];
    return larger_residual(
        draw_residual(draw, reduced_rank_loss(other, &moments, draw->arena), closed,
                      trace, roundings),
        draw_residual(draw,
                      sqrt(reduced_rank_distance(other, map, &moments, draw->arena)), 0,
                      sqrt(trace), roundings));
}

static double same_classifier(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const double x[4] = {1, 1, -1, -1}, spectral[4] = {1, -1, 1, -1};
    double right[2] = {0, 0}, loss = 0;
    for (int i = 0; i < 4; ++i) {
        right[0] += .25 * (x[i] * x[i] > 0);
        right[1] += .25 * (spectral[i] * x[i] > 0);
        loss += fabs(spectral[i] * spectral[i] - x[i] * x[i]);
    }
    snprintf(note, CHECK_NOTE,
             "four images, spectral loss %g: %g %% right by reconstructions, %g %% by "
             "spectral features",
             loss, 100 * right[0], 100 * right[1]);
    return right[0] - right[1];
}

const struct check statements[STATEMENTS] = {
    {"def3.1", .violation = rows_missing, .draws = 1,
     .test = "four patches, one visible"},
    {"def3.1.corrected", .violation = rows_filled, .draws = 9,
     .test = "mask ratios .1 to .9"},
    {"eq1", .violation = one_image, .draws = 1, .test = "two images"},
    {"eq1.corrected", .residual = conditional_mean, .test = "20 to 60 images"},
    {"eq2.loss", .residual = loss_of_one, .draws = 20, .test = "random networks"},
    {"def3.2", .residual = rows_sum_to_one, .test = "random heads"},
    {"def3.2.weight", .violation = two_inputs, .draws = 1, .test = "two inputs"},
    {"def3.2.weight.corrected", .residual = sum_of_heads, .test = "random layers"},
    {"eq3", .violation = nothing_lost, .draws = 1, .test = "D = diag(2, 1)"},
    {"eq3.corrected", .residual = least_loss, .test = "sides 3 to 30, every rank"},
    {"section3.2.eym", .residual = none_is_nearer, .test = "rivals near and far"},
    {"section3.2.stability", .residual = nearly_best, .draws = 20000,
     .test = "rivals near, far and turned"},
    {"section4.1.argument", .violation = more_visible, .draws = 4,
     .test = "no network and random networks, patches of side 2"},
    {"eq5.constraint", .violation = weak_constraint, .draws = 1,
     .test = "X0 = diag(1, 1, 1, 1/100)"},
    {"eq5.constraint.corrected", .residual = stated_rank, .test = "sides 3 to 30"},
    {"section4.2.eigenvectors", .residual = leading_eigenvectors,
     .test = "sides 3 to 30"},
    {"section4.2.eigenvectors.corrected", .residual = reduced_rank, .draws = 100,
     .test = "against alternating least squares"},
    {"section4.2.same-classifier", .violation = same_classifier, .draws = 1,
     .test = "four images of one token"},
};
