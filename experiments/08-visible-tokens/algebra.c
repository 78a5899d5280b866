#include "experiments/08-visible-tokens/algebra.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/ranks.h"
#include "core/analysis/ridge.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/linalg/svd.h"
#include "core/study/check.h"
#include "core/train/recipe.h"

enum { LEAST = 2, MOST = 24 };

// A random instance of Eq. 11.
struct instance {
    struct ridge ridge;
    double *x;     // (F) the hidden patch
    double *s;     // (min(N,F)) singular values of U, the first NAN where LAPACK failed
    double *exact; // (N) a*, likewise
    double *column, *part; // (N) one feature over the tokens; scratch
};

// The ratio of the largest and the least eigenvalue of U U^T + lambda I.
static double condition(const struct instance *instance)
{
    const struct ridge *ridge = &instance->ridge;
    const double top = instance->s[0] * instance->s[0],
                 low = ridge->tokens > ridge->width
                           ? 0
                           : instance->s[ridge->tokens - 1] *
                                 instance->s[ridge->tokens - 1];
    return (top + ridge->lambda) / (low + ridge->lambda);
}

static struct instance instance_draw(struct draw *draw, size_t least_tokens,
                                     size_t tokens, size_t width)
{
    struct instance instance;
    struct ridge *ridge = &instance.ridge;
    ridge->tokens = tokens ? tokens : draw_size(draw, least_tokens, MOST);
    ridge->width = width ? width : draw_size(draw, LEAST, MOST);
    const size_t n = ridge->tokens, f = ridge->width;
    // .1 to .8 or 1.25 to 10 times 1 or N.
    const double low = .1 + .7 * rng_uniform(&draw->rng),
                 factor = draw->number % 2 ? low : 1 / low;
    ridge->lambda = factor * (draw->number % 4 < 2 ? 1 : (double)n);
    ridge->u = draw_normals(draw, n * f);
    instance.x = draw_normals(draw, f);
    instance.s = arena_doubles(draw->arena, n < f ? n : f);
    instance.exact = arena_doubles(draw->arena, n);
    instance.column = arena_doubles(draw->arena, n);
    instance.part = arena_doubles(draw->arena, n);
    if (singular_values(instance.s, ridge->u, n, f, draw->arena))
        instance.s[0] = (double)NAN;
    if (ridge_weights(instance.exact, ridge, instance.x, draw->arena))
        instance.exact[0] = (double)NAN;
    return instance;
}

static struct instance any_instance(struct draw *draw)
{
    return instance_draw(draw, LEAST, 0, 0);
}

// |found - exact| / |exact| (n), held to 30 n epsilon times the condition number of the system that
// was solved.
static double solution_residual(struct draw *draw, const double *found,
                                const double *exact, size_t n, double condition_number)
{
    draw->rounding = 30 * (double)n * DBL_EPSILON * condition_number;
    return sqrt(squared_distance(found, exact, n) / squared_norm(exact, n));
}

// ====== Assumption 4.5 ======

// One head of attention at one token, in two orders: sum_j p_j (V u_j) as it is computed, and
// (V sum_j p_j u_j), a combination of tokens with one scalar each.
double attention_head(struct draw *draw)
{
    const size_t n = draw_size(draw, LEAST, MOST), f = draw_size(draw, LEAST, MOST);
    const double *u = draw_normals(draw, n * f), *scores = draw_normals(draw, n),
                 *value = draw_normals(draw, f * f);
    double *share = arena_doubles(draw->arena, n), sum = 0, lhs = 0, rhs = 0, size = 0;
    for (size_t j = 0; j < n; ++j) sum += share[j] = exp(scores[j]);
    for (size_t j = 0; j < n; ++j) share[j] /= sum;
    for (size_t j = 0; j < n; ++j) {
        double row = 0;
        for (size_t k = 0; k < f; ++k) {
            row += value[k] * u[j * f + k];
            size += 2 * fabs(share[j] * value[k] * u[j * f + k]);
        }
        lhs += share[j] * row;
    }
    for (size_t k = 0; k < f; ++k) {
        double mixed = 0;
        for (size_t j = 0; j < n; ++j) mixed += share[j] * u[j * f + k];
        rhs += value[k] * mixed;
    }
    return draw_residual(draw, lhs, rhs, size, (double)(n + f));
}

// ====== Equations 11 and 12 ======

double unequal_widths(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const struct recipe recipe = recipe_find("paper", "m75-h3");
    const double width = recipe.shape.width, patch = (double)shape_patch(&recipe.shape);
    snprintf(note, CHECK_NOTE, "u'_j has %.0f numbers, x has %.0f", width, patch);
    return fabs(width - patch);
}

// The gradient U (U^T a - x) + lambda a at a*, next to its terms. A solver that is backward stable
// leaves no more of it than the roundings of a system of condition 1.
double gradient_at_minimum(struct draw *draw)
{
    const struct instance instance = any_instance(draw);
    const struct ridge *ridge = &instance.ridge;
    const size_t n = ridge->tokens, f = ridge->width;
    double *error = arena_doubles(draw->arena, f);
    for (size_t k = 0; k < f; ++k) {
        error[k] = -instance.x[k];
        for (size_t j = 0; j < n; ++j)
            error[k] += instance.exact[j] * ridge->u[j * f + k];
    }
    ridge_similarity(instance.part, ridge, error);
    for (size_t j = 0; j < n; ++j)
        instance.part[j] += ridge->lambda * instance.exact[j];
    const double u = sqrt(squared_norm(ridge->u, n * f)),
                 a = sqrt(squared_norm(instance.exact, n)),
                 x = sqrt(squared_norm(instance.x, f)),
                 size = u * (u * a + x) + ridge->lambda * a;
    return draw_residual(draw, sqrt(squared_norm(instance.part, n)), 0, size,
                         (double)(n + f) + 4 + solver_roundings(n, 1));
}

// Eq. 12 with the sum over the first `terms` features, and the ridge shared among them, against
// Eq. 11, at weights that are no minimum.
static double components_sum(struct draw *draw, const struct instance *instance,
                             size_t terms)
{
    const struct ridge *ridge = &instance->ridge;
    const size_t n = ridge->tokens, f = ridge->width;
    const double *a = draw_normals(draw, n),
                 whole = ridge_objective(a, ridge, instance->x);
    const double penalty = ridge->lambda * squared_norm(a, n),
                 shared = penalty / (double)terms;
    double sum = 0, size = 2 * penalty;
    for (size_t k = 0; k < f; ++k) {
        double error = -instance->x[k], moduli = fabs(instance->x[k]);
        for (size_t j = 0; j < n; ++j) {
            error += a[j] * ridge->u[j * f + k];
            moduli += fabs(a[j] * ridge->u[j * f + k]);
        }
        size += moduli * moduli;
        if (k >= terms) continue;
        sum += error * error + shared;
        size += moduli * moduli;
    }
    // An error squared counts its n + 1 roundings twice, |a|^2 has n more; then the sum of f.
    return draw_residual(draw, sum, whole, size, (double)(3 * n + f + 5));
}

double components_printed(struct draw *draw)
{
    enum { TOKENS = 16, FEATURES = 48 };
    const struct instance instance = instance_draw(draw, LEAST, TOKENS, FEATURES);
    return components_sum(draw, &instance, TOKENS);
}

double components_corrected(struct draw *draw)
{
    const struct instance instance = any_instance(draw);
    return components_sum(draw, &instance, instance.ridge.width);
}

// ====== Equation 13 ======

double singular_update(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    const double x = 1, m = 1, n = -1;
    snprintf(note, CHECK_NOTE,
             "X = 1, m = 1, n = -1: X + m n = 0 has no inverse, 1 + n m / X = 0");
    return x + m * n == 0 && 1 + n * m / x == 0;
}

// (X + m n^T) times the right side of Eq. 13 is the identity; X = U S V^T with known factors.
double rank_one_update(struct draw *draw)
{
    const size_t n = draw_size(draw, LEAST, MOST);
    struct arena *arena = draw->arena;
    double *a = draw_normals(draw, n * n), *u = arena_doubles(arena, n * n),
           *vt = arena_doubles(arena, n * n), *s = arena_doubles(arena, n),
           *workspace = arena_doubles(arena, svd_workspace(n, n)),
           *x = arena_doubles(arena, n * n), *inverse = arena_doubles(arena, n * n);
    const double *m = draw_normals(draw, n), *q = draw_normals(draw, n);
    if (svd_thin(u, s, vt, a, n, n, workspace)) return (double)NAN;
    for (size_t i = 0; i < n; ++i) s[i] = 1 + rng_uniform(&draw->rng);
    for (size_t i = 0; i < n * n; ++i) {
        x[i] = inverse[i] = 0;
        for (size_t k = 0; k < n; ++k) {
            x[i] += u[i / n * n + k] * s[k] * vt[k * n + i % n];
            inverse[i] += vt[k * n + i / n] / s[k] * u[i % n * n + k];
        }
    }
    double *left = arena_doubles(arena, n), *right = arena_doubles(arena, n), below = 1;
    for (size_t i = 0; i < n; ++i) {
        left[i] = inner_product(inverse + i * n, m, n);
        right[i] = 0;
        for (size_t k = 0; k < n; ++k) right[i] += q[k] * inverse[k * n + i];
        below += q[i] * left[i];
    }
    for (size_t i = 0; i < n * n; ++i) {
        inverse[i] -= left[i / n] * right[i % n] / below;
        x[i] += m[i / n] * q[i % n];
    }
    gemm_doubles(a, x, PLAIN, inverse, PLAIN, n, n, n, 0);
    for (size_t i = 0; i < n; ++i) a[i * n + i] -= 1;
    // The condition number of X + m n^T is at most the product of the Frobenius norms.
    draw->rounding = 30 * (double)n * DBL_EPSILON *
                     sqrt(squared_norm(x, n * n) * squared_norm(inverse, n * n));
    return sqrt(squared_norm(a, n * n) / (double)n);
}

// ====== Equations 14 and 15: one component ======

// Takes feature k of the instance and minimises its term of Eq. 12 with the ridge lambda / terms,
// by Cholesky: instance->exact. Returns |U_k|^2.
static double component_solve(const struct instance *instance, size_t k, size_t terms,
                              struct arena *arena)
{
    const struct ridge *ridge = &instance->ridge;
    const size_t n = ridge->tokens;
    for (size_t j = 0; j < n; ++j) instance->column[j] = ridge->u[j * ridge->width + k];
    const struct ridge one = {n, 1, instance->column, ridge->lambda / (double)terms};
    if (ridge_weights(instance->exact, &one, instance->x + k, arena))
        instance->exact[0] = (double)NAN;
    return squared_norm(instance->column, n);
}

// The minimiser of a component is `factor` times U_k x_k, by formulas of the component's squared
// norm C, N, lambda and the number of terms.
typedef double formula(double c, double n, double lambda, double terms);

static double component_residual(struct draw *draw, formula *factor, int by_features)
{
    const struct instance instance = any_instance(draw);
    const struct ridge *ridge = &instance.ridge;
    const size_t n = ridge->tokens, k = draw->number % ridge->width,
                 terms = by_features ? ridge->width : n;
    const double c = component_solve(&instance, k, terms, draw->arena),
                 share = ridge->lambda / (double)terms,
                 a = factor(c, (double)n, ridge->lambda, (double)terms);
    for (size_t j = 0; j < n; ++j)
        instance.part[j] = a * instance.column[j] * instance.x[k];
    return solution_residual(draw, instance.part, instance.exact, n,
                             (c + share) / share);
}

static double second_line(double c, double n, double lambda, double terms)
{
    (void)terms;
    return n * (1 / lambda - c / lambda / lambda / (1 / n + c / lambda));
}

static double third_line(double c, double n, double lambda, double terms)
{
    (void)terms;
    return n / lambda - n / lambda * c / (n / lambda + c);
}

static double third_line_mended(double c, double n, double lambda, double terms)
{
    (void)terms;
    return n / lambda - n / lambda * c / (lambda / n + c);
}

static double printed_15(double c, double n, double lambda, double terms)
{
    (void)terms;
    return n * n / (lambda * n + lambda * c);
}

static double mended_15(double c, double n, double lambda, double terms)
{
    (void)n;
    return terms / (lambda + terms * c);
}

double component_minimiser(struct draw *draw)
{
    return component_residual(draw, second_line, 0);
}

double third_line_printed(struct draw *draw)
{
    return component_residual(draw, third_line, 0);
}

double third_line_corrected(struct draw *draw)
{
    return component_residual(draw, third_line_mended, 0);
}

double component_formula_printed(struct draw *draw)
{
    return component_residual(draw, printed_15, 0);
}

// As printed with N terms in even draws, with the F terms of the corrected Eq. 12 in odd ones.
double component_formula_corrected(struct draw *draw)
{
    return component_residual(draw, mended_15, draw->number % 2 == 1);
}

// ====== The layer norm between Eqs. 14 and 15 ======

double columns_of_a_layer_norm(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    // Both rows have mean 0 and one variance, so a layer norm only scales them.
    const double tokens[2][3] = {{1, -1, 0}, {1, 0, -1}};
    double norm[3];
    for (size_t k = 0; k < 3; ++k)
        norm[k] = tokens[0][k] * tokens[0][k] + tokens[1][k] * tokens[1][k];
    snprintf(note, CHECK_NOTE,
             "tokens (1,-1,0) and (1,0,-1): the columns' squared norms are %.0f, %.0f, "
             "%.0f, the rows' are equal",
             norm[0], norm[1], norm[2]);
    return fmax(fabs(norm[0] - norm[1]), fabs(norm[1] - norm[2]));
}

double rows_of_a_layer_norm(struct draw *draw)
{
    const size_t f = draw_size(draw, LEAST, MOST);
    const double epsilon = 1e-5, *row = draw_normals(draw, f);
    double mean = 0, variance = 0, square = 0;
    for (size_t k = 0; k < f; ++k) mean += row[k] / (double)f;
    for (size_t k = 0; k < f; ++k)
        variance += (row[k] - mean) * (row[k] - mean) / (double)f;
    for (size_t k = 0; k < f; ++k) {
        const double out = (row[k] - mean) / sqrt(variance + epsilon);
        square += out * out;
    }
    const double right = (double)f * variance / (variance + epsilon);
    return draw_residual(draw, square, right, square + right, (double)f + 4);
}

// ====== Equation 16: all components together ======

// mean (N) = that of the minimisers A_k of the F terms; `weighted`: instead
// (sum_k H_k)^{-1} sum_k H_k A_k with H_k = U_k U_k^T + (lambda/F) I.
static int minimisers_mean(double *mean, const struct instance *instance, int weighted,
                           struct arena *arena)
{
    const struct ridge *ridge = &instance->ridge;
    const size_t n = ridge->tokens, f = ridge->width;
    const double share = ridge->lambda / (double)f;
    double *matrix = arena_doubles(arena, n * n);
    memset(mean, 0, n * sizeof *mean);
    memset(matrix, 0, n * n * sizeof *matrix);
    for (size_t k = 0; k < f; ++k) {
        component_solve(instance, k, f, arena);
        const double along = inner_product(instance->column, instance->exact, n);
        for (size_t j = 0; j < n; ++j) {
            mean[j] += weighted
                           ? along * instance->column[j] + share * instance->exact[j]
                           : instance->exact[j] / (double)f;
            for (size_t i = 0; i <= j; ++i)
                matrix[j * n + i] +=
                    instance->column[j] * instance->column[i] + (i == j ? share : 0);
        }
    }
    if (!weighted) return 0;
    const int status = cholesky_factor(matrix, n);
    if (status == 0) cholesky_solve(mean, matrix, n);
    return status;
}

static double minimisers_residual(struct draw *draw, int weighted)
{
    const struct instance instance = any_instance(draw);
    const size_t n = instance.ridge.tokens;
    double *mean = arena_doubles(draw->arena, n);
    if (minimisers_mean(mean, &instance, weighted, draw->arena) ||
        ridge_weights(instance.exact, &instance.ridge, instance.x, draw->arena))
        return (double)NAN;
    return solution_residual(draw, mean, instance.exact, n, condition(&instance));
}

double mean_of_minimisers(struct draw *draw)
{
    return minimisers_residual(draw, 0);
}

double weighted_mean_of_minimisers(struct draw *draw)
{
    return minimisers_residual(draw, 1);
}

// The printed factor N / (lambda N + lambda C), C the mean of the columns' squared norms; from the
// draw's number on with lambda up to 1e9 times as large.
double combination_formula_printed(struct draw *draw)
{
    struct instance instance = any_instance(draw);
    struct ridge *ridge = &instance.ridge;
    const size_t n = ridge->tokens, f = ridge->width;
    const double c = squared_norm(ridge->u, n * f) / (double)f;
    ridge->lambda *= pow(10, (double)(draw->number % 10));
    if (ridge_weights(instance.exact, ridge, instance.x, draw->arena))
        return (double)NAN;
    ridge_similarity(instance.part, ridge, instance.x);
    for (size_t j = 0; j < n; ++j)
        instance.part[j] *= (double)n / (ridge->lambda * ((double)n + c));
    return solution_residual(draw, instance.part, instance.exact, n,
                             condition(&instance));
}

// a*_j = u_j.y with (U^T U + lambda I) y = x: an F by F system in the place of an N by N one.
double whitened_metric(struct draw *draw)
{
    const struct instance instance = any_instance(draw);
    const struct ridge *ridge = &instance.ridge;
    const size_t n = ridge->tokens, f = ridge->width;
    double *matrix = arena_doubles(draw->arena, f * f),
           *y = arena_doubles(draw->arena, f);
    gemm_doubles(matrix, ridge->u, TRANSPOSED, ridge->u, PLAIN, f, f, n, 0);
    for (size_t k = 0; k < f; ++k) matrix[k * f + k] += ridge->lambda;
    memcpy(y, instance.x, f * sizeof *y);
    if (cholesky_factor(matrix, f)) return (double)NAN;
    cholesky_solve(y, matrix, f);
    ridge_similarity(instance.part, ridge, y);
    // Either system may be the worse one, and the larger: (s_1^2 + lambda) / lambda bounds both.
    const double worst =
        (instance.s[0] * instance.s[0] + ridge->lambda) / ridge->lambda;
    // What y loses, a share of |y|, reaches U y at most s_1 times as large.
    const double reach =
        instance.s[0] * sqrt(squared_norm(y, f) / squared_norm(instance.part, n));
    return solution_residual(draw, instance.part, instance.exact, n,
                             worst * reach * fmax(1, (double)f / (double)n));
}

// ====== Lemma 4.6 ======

// Tokens that a layer norm makes, up to its scale.
double unequal_ratios(struct draw *draw, char note[CHECK_NOTE])
{
    const double u[] = {1, -1, 0, 1, 0, -1}, x[] = {1, -1, 0};
    const struct ridge ridge = {2, 3, u, 1};
    double a[2], similarity[2];
    if (ridge_weights(a, &ridge, x, draw->arena)) return (double)NAN;
    ridge_similarity(similarity, &ridge, x);
    snprintf(note, CHECK_NOTE,
             "u' = (1,-1,0), (1,0,-1), x = (1,-1,0), lambda = 1: similarities %.0f and "
             "%.0f, optimal a_j %.3g and %.3g",
             similarity[0], similarity[1], a[0], a[1]);
    return fabs(a[0] / a[1] - similarity[0] / similarity[1]);
}

// What |lambda a* - U x| exceeds s_1^2 / (s_1^2 + lambda) |U x| by, in units of |lambda a*|.
double limit_of_large_ridge(struct draw *draw)
{
    struct instance instance = any_instance(draw);
    struct ridge *ridge = &instance.ridge;
    const size_t n = ridge->tokens;
    ridge->lambda = pow(10, (double)(draw->number % 13) - 3);
    if (ridge_weights(instance.exact, ridge, instance.x, draw->arena))
        return (double)NAN;
    ridge_similarity(instance.part, ridge, instance.x);
    for (size_t j = 0; j < n; ++j) instance.exact[j] *= ridge->lambda;
    const double top = instance.s[0] * instance.s[0],
                 distance = sqrt(squared_distance(instance.exact, instance.part, n)),
                 allowed =
                     top / (top + ridge->lambda) * sqrt(squared_norm(instance.part, n));
    draw->rounding = 30 * (double)n * DBL_EPSILON * condition(&instance);
    return distance <= allowed
               ? 0
               : (distance - allowed) / sqrt(squared_norm(instance.exact, n));
}

// U = sqrt(c) times orthonormal columns: U^T U = c I, for which N >= F.
double whitened_tokens(struct draw *draw)
{
    const size_t f = draw_size(draw, LEAST, MOST / 2);
    struct instance instance = instance_draw(draw, MOST / 2, 0, f);
    const size_t n = instance.ridge.tokens;
    const double c = .5 + 4 * rng_uniform(&draw->rng);
    double *u = arena_doubles(draw->arena, n * f), *s = arena_doubles(draw->arena, f),
           *vt = arena_doubles(draw->arena, f * f), *a = draw_normals(draw, n * f),
           *workspace = arena_doubles(draw->arena, svd_workspace(n, f));
    if (svd_thin(u, s, vt, a, n, f, workspace)) return (double)NAN;
    for (size_t i = 0; i < n * f; ++i) u[i] *= sqrt(c);
    const struct ridge ridge = {n, f, u, instance.ridge.lambda};
    if (ridge_weights(instance.exact, &ridge, instance.x, draw->arena))
        return (double)NAN;
    ridge_similarity(instance.part, &ridge, instance.x);
    for (size_t j = 0; j < n; ++j) instance.part[j] /= ridge.lambda + c;
    return solution_residual(draw, instance.part, instance.exact, n,
                             (c + ridge.lambda) / ridge.lambda);
}
