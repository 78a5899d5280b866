#include "core/analysis/softmax_regression.h"

#include <math.h>
#include <string.h>

#include "core/analysis/whitening.h"
#include "core/base/die.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"

enum { CHUNK = 256 };

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

// The summed loss of the rows from `first` on; their logits (rows,C) become its gradient. Chunks
// are summed by themselves, so that the total rounds little and the last steps can be told from
// noise.
static double chunk_loss(double *logits, const struct softmax_regression *problem,
                         size_t first, size_t rows)
{
    const size_t C = problem->classes;
    double loss = 0;
    for (size_t r = 0; r < rows; ++r) {
        const size_t label = problem->labels[first + r];
        require(label < C, "row %zu has label %zu of %zu", first + r, label, C);
        loss += row_loss(logits + r * C, label, C);
    }
    return loss;
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
        loss += chunk_loss(slope, problem, first, rows);
        for (size_t r = 0; r < rows; ++r)
            for (size_t c = 0; c < C; ++c) gradient[C * D + c] += slope[r * C + c];
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
};

static double fit_loss(double *gradient, const double *weights, void *context)
{
    const struct fit *fit = context;
    return softmax_regression_loss(gradient, weights, fit->problem, fit->arena);
}

// weights of x from those (C,r+1) of z = A (x - mu):  W = V A,  b = c - W mu.
static void weights_unwhiten(double *weights, const double *whitened,
                             const struct whitening *whitening, size_t classes)
{
    const size_t D = whitening->width, rank = whitening->rank;
    gemm_doubles(weights, whitened, PLAIN, whitening->map, PLAIN, classes, D, rank, 0);
    for (size_t c = 0; c < classes; ++c)
        weights[classes * D + c] = whitened[classes * rank + c] -
                                   inner_product(weights + c * D, whitening->mean, D);
}

struct softmax_solution softmax_regression_fit(double *weights,
                                               const struct softmax_regression *problem,
                                               const struct lbfgs_settings *settings,
                                               struct arena *arena)
{
    const size_t n = problem->rows, C = problem->classes, mark = arena_mark(arena);
    struct whitening whitening;
    whitening_fit(&whitening, problem->features, n, problem->width, arena);
    const size_t rank = whitening.rank;
    double *z = arena_doubles(arena, size_product(n, rank));
    whitening_apply(z, &whitening, problem->features, n, arena);
    const struct softmax_regression whitened = {n, rank, C, z, problem->labels};
    struct fit fit = {&whitened, arena};
    const size_t size = softmax_regression_size(&whitened);
    double *solved = arena_doubles(arena, size);
    memset(solved, 0, size * sizeof *solved);
    const struct softmax_solution solution = {
        lbfgs_minimise(solved, size, fit_loss, &fit, settings, arena),
        problem->width - rank};
    weights_unwhiten(weights, solved, &whitening, C);
    arena_reset(arena, mark);
    return solution;
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
