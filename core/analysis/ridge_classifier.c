#include "core/analysis/ridge_classifier.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/gemm.h"
#include "core/train/classify.h"

static const double PENALTIES[] = {1e-4, 1e-3, 1e-2, 1e-1, 1};
enum { PENALTY_COUNT = sizeof PENALTIES / sizeof *PENALTIES };

// The normal equations of some rows: G = X^T X and B = X^T Y, centred.
struct system {
    size_t width, classes;
    double *gram, *moments; // (D,D), (D,C)
    double *mean, *prior;   // (D), (C): of features and one-hot labels
};

static void system_open(struct system *system, const struct labelled_rows *rows,
                        size_t classes, struct arena *arena)
{
    const size_t n = rows->rows, d = rows->width;
    *system = (struct system){d, classes, NULL, NULL, NULL, NULL};
    system->gram = arena_doubles(arena, d * d);
    system->moments = arena_doubles(arena, d * classes);
    system->mean = arena_doubles(arena, d);
    system->prior = arena_doubles(arena, classes);
    const size_t mark = arena_mark(arena);
    double *x = arena_doubles(arena, n * d), *y = arena_doubles(arena, n * classes);
    memset(system->mean, 0, d * sizeof *system->mean);
    memset(system->prior, 0, classes * sizeof *system->prior);
    for (size_t i = 0; i < n; ++i) {
        require(rows->labels[i] < classes, "label %d of %zu", rows->labels[i], classes);
        system->prior[rows->labels[i]] += 1 / (double)n;
        for (size_t j = 0; j < d; ++j)
            system->mean[j] += rows->features[i * d + j] / (double)n;
    }
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < d; ++j)
            x[i * d + j] = rows->features[i * d + j] - system->mean[j];
        for (size_t c = 0; c < classes; ++c)
            y[i * classes + c] = (rows->labels[i] == c) - system->prior[c];
    }
    gemm_doubles(system->gram, x, TRANSPOSED, x, PLAIN, d, d, n, 0);
    gemm_doubles(system->moments, x, TRANSPOSED, y, PLAIN, d, classes, n, 0);
    arena_reset(arena, mark);
}

// weights (C,D) of (G + penalty tr(G)/D I)^{-1} B. Returns as cholesky_factor.
static int system_solve(double *weights, const struct system *system, double penalty,
                        struct arena *arena)
{
    const size_t d = system->width, mark = arena_mark(arena);
    double *factor = arena_doubles(arena, d * d), trace = 0;
    memcpy(factor, system->gram, d * d * sizeof *factor);
    for (size_t j = 0; j < d; ++j) trace += factor[j * d + j];
    for (size_t j = 0; j < d; ++j) factor[j * d + j] += penalty * trace / (double)d;
    const int status = cholesky_factor(factor, d);
    for (size_t c = 0; c < system->classes && !status; ++c) {
        for (size_t j = 0; j < d; ++j)
            weights[c * d + j] = system->moments[j * system->classes + c];
        cholesky_solve(weights + c * d, factor, d);
    }
    arena_reset(arena, mark);
    return status;
}

static void answer(uint16_t *answers, const double *weights,
                   const struct system *system, const struct labelled_rows *rows,
                   struct arena *arena)
{
    const size_t d = system->width, classes = system->classes, mark = arena_mark(arena);
    double *score = arena_doubles(arena, rows->rows * classes),
           *offset = arena_doubles(arena, classes);
    gemm_doubles(score, rows->features, PLAIN, weights, TRANSPOSED, rows->rows, classes,
                 d, 0);
    gemm_doubles(offset, system->mean, PLAIN, weights, TRANSPOSED, 1, classes, d, 0);
    for (size_t i = 0; i < rows->rows; ++i) {
        double best = 0;
        for (size_t c = 0; c < classes; ++c) {
            const double value = score[i * classes + c] - offset[c] + system->prior[c];
            if (c > 0 && value <= best) continue;
            best = value;
            answers[i] = (uint16_t)c;
        }
    }
    arena_reset(arena, mark);
}

int ridge_right(double *right, const struct labelled_rows *train,
                const struct labelled_rows *test, size_t classes, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    uint16_t *answers = arena_take(arena, test->rows, sizeof *answers);
    const int status = ridge_classify(answers, train, test, classes, arena);
    for (size_t i = 0; i < test->rows && !status; ++i)
        right[i] = 100 * (answers[i] == test->labels[i]);
    arena_reset(arena, mark);
    return status;
}

int ridge_classify(uint16_t *answers, const struct labelled_rows *train,
                   const struct labelled_rows *test, size_t classes,
                   struct arena *arena)
{
    const size_t held = train->rows / 5, kept = train->rows - held, d = train->width,
                 mark = arena_mark(arena);
    require(held > 0 && test->width == d, "%zu training rows", train->rows);
    const struct labelled_rows first = {kept, d, train->features, train->labels},
                               last = {held, d, train->features + kept * d,
                                       train->labels + kept};
    double *weights = arena_doubles(arena, classes * d), best = -1, penalty = 0;
    uint16_t *tried = arena_take(arena, held, sizeof *tried);
    struct system system;
    int status = 0;
    system_open(&system, &first, classes, arena);
    for (size_t p = 0; p < PENALTY_COUNT && !status; ++p) {
        status = system_solve(weights, &system, PENALTIES[p], arena);
        if (status) break;
        answer(tried, weights, &system, &last, arena);
        const double right = classification_accuracy(tried, last.labels, held);
        if (right <= best) continue;
        best = right;
        penalty = PENALTIES[p];
    }
    if (!status) {
        system_open(&system, train, classes, arena);
        status = system_solve(weights, &system, penalty, arena);
    }
    if (!status) answer(answers, weights, &system, test, arena);
    arena_reset(arena, mark);
    return status;
}
