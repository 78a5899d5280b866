#include "core/analysis/softmax_regression.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/gemm.h"

enum { CHUNK = 256 };
// Added to the diagonal of the second moments, in the preconditioner alone; the loss has no such
// term.
static const double RIDGE = 1e-9;

size_t softmax_regression_size(const struct softmax_regression *problem)
{
    return size_product(problem->classes, problem->width + 1);
}

// logits (rows,C) = X W^T + b of the rows from `first` on.
static void chunk_logits(double *logits, const double *weights,
                         const struct softmax_regression *problem, size_t first,
                         size_t rows)
{
    const size_t C = problem->classes, D = problem->width;
    for (size_t r = 0; r < rows; ++r)
        memcpy(logits + r * C, weights + C * D, C * sizeof *logits);
    gemm_doubles(logits, problem->features + first * D, PLAIN, weights, TRANSPOSED,
                 rows, C, D, 1);
}

// The row's loss; its logits (C) become softmax - one-hot, their gradient.
static double row_loss(double *logits, size_t label, size_t classes)
{
    double most = logits[0], sum = 0;
    for (size_t c = 1; c < classes; ++c) most = fmax(most, logits[c]);
    const double gap = most - logits[label];
    for (size_t c = 0; c < classes; ++c) sum += logits[c] = exp(logits[c] - most);
    for (size_t c = 0; c < classes; ++c) logits[c] /= sum;
    logits[label] -= 1;
    return log(sum) + gap;
}

double softmax_regression_loss(double *gradient, const double *weights,
                               const struct softmax_regression *problem,
                               struct arena *arena)
{
    const size_t n = problem->rows, C = problem->classes, D = problem->width;
    const size_t mark = arena_mark(arena), size = softmax_regression_size(problem);
    double *slope = arena_doubles(arena, CHUNK * C), loss = 0;
    memset(gradient, 0, size * sizeof *gradient);
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t rows = n - first < CHUNK ? n - first : CHUNK;
        chunk_logits(slope, weights, problem, first, rows);
        for (size_t r = 0; r < rows; ++r) {
            const size_t label = problem->labels[first + r];
            require(label < C, "row %zu has label %zu of %zu", first + r, label, C);
            loss += row_loss(slope + r * C, label, C);
            for (size_t c = 0; c < C; ++c) gradient[C * D + c] += slope[r * C + c];
        }
        gemm_doubles(gradient, slope, TRANSPOSED, problem->features + first * D, PLAIN,
                     C, D, rows, 1);
    }
    for (size_t i = 0; i < size; ++i) gradient[i] /= (double)n;
    arena_reset(arena, mark);
    return loss / (double)n;
}

struct fit {
    const struct softmax_regression *problem;
    struct arena *arena;
    double *moments; // (D+1,D+1) Cholesky factor of the second moments of (x,1)
    double *row;     // (D+1)
};

static double fit_loss(double *gradient, const double *weights, void *context)
{
    const struct fit *fit = context;
    return softmax_regression_loss(gradient, weights, fit->problem, fit->arena);
}

// The Hessian is a mean of (diag p - p p^T) (x,1)(x,1)^T: all but the first factor is known
// beforehand.
static void fit_precondition(double *v, void *context)
{
    const struct fit *fit = context;
    const size_t C = fit->problem->classes, D = fit->problem->width;
    for (size_t c = 0; c < C; ++c) {
        memcpy(fit->row, v + c * D, D * sizeof *v);
        fit->row[D] = v[C * D + c];
        cholesky_solve(fit->row, fit->moments, D + 1);
        memcpy(v + c * D, fit->row, D * sizeof *v);
        v[C * D + c] = fit->row[D];
    }
}

// moments (D+1,D+1) = Cholesky factor of the mean of (x,1)(x,1)^T, its diagonal raised by a share
// that keeps it definite when columns depend on each other (a layer norm makes them).
static int fit_moments(double *moments, double *row,
                       const struct softmax_regression *problem)
{
    const size_t n = problem->rows, D = problem->width, E = D + 1;
    memset(row, 0, E * sizeof *row);
    for (size_t r = 0; r < n; ++r)
        for (size_t j = 0; j < D; ++j) row[j] += problem->features[r * D + j];
    row[D] = (double)n;
    gemm_doubles_strided(moments, E, 1, problem->features, D, TRANSPOSED,
                         problem->features, D, PLAIN, D, D, n, 0);
    memcpy(moments + D * E, row, E * sizeof *row);
    for (size_t j = 0; j < D; ++j) moments[j * E + D] = row[j];
    for (size_t i = 0; i < E * E; ++i) moments[i] /= (double)n;
    for (size_t j = 0; j < E; ++j) moments[j * E + j] *= 1 + RIDGE;
    return cholesky_factor(moments, E);
}

struct lbfgs_outcome softmax_regression_fit(double *weights,
                                            const struct softmax_regression *problem,
                                            const struct lbfgs_settings *settings,
                                            struct arena *arena)
{
    const size_t size = softmax_regression_size(problem), E = problem->width + 1,
                 mark = arena_mark(arena);
    struct fit fit = {problem, arena, arena_doubles(arena, size_product(E, E)),
                      arena_doubles(arena, E)};
    int definite = fit_moments(fit.moments, fit.row, problem) == 0;
    memset(weights, 0, size * sizeof *weights);
    struct lbfgs_outcome outcome =
        lbfgs_minimise(weights, size, fit_loss, definite ? fit_precondition : NULL,
                       &fit, settings, arena);
    arena_reset(arena, mark);
    return outcome;
}

void softmax_regression_predict(uint16_t *classes, const double *weights,
                                const struct softmax_regression *problem,
                                struct arena *arena)
{
    const size_t n = problem->rows, C = problem->classes, mark = arena_mark(arena);
    double *logits = arena_doubles(arena, CHUNK * C);
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t rows = n - first < CHUNK ? n - first : CHUNK;
        chunk_logits(logits, weights, problem, first, rows);
        for (size_t r = 0; r < rows; ++r) {
            size_t best = 0;
            for (size_t c = 1; c < C; ++c)
                if (logits[r * C + c] > logits[r * C + best]) best = c;
            classes[first + r] = (uint16_t)best;
        }
    }
    arena_reset(arena, mark);
}

void columns_moments(double *mean, double *variance, const double *features,
                     size_t rows, size_t width)
{
    require(rows > 0, "moments of no row");
    memset(mean, 0, width * sizeof *mean);
    memset(variance, 0, width * sizeof *variance);
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) mean[j] += features[r * width + j];
    for (size_t j = 0; j < width; ++j) mean[j] /= (double)rows;
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) {
            double difference = features[r * width + j] - mean[j];
            variance[j] += difference * difference;
        }
    for (size_t j = 0; j < width; ++j) variance[j] /= (double)rows;
}

void columns_standardise(double *features, const double *mean, const double *variance,
                         double epsilon, size_t rows, size_t width)
{
    for (size_t j = 0; j < width; ++j)
        require(variance[j] + epsilon > 0, "column %zu does not vary", j);
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j)
            features[r * width + j] =
                (features[r * width + j] - mean[j]) / sqrt(variance[j] + epsilon);
}
