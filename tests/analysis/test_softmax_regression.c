#include "core/analysis/softmax_regression.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/analysis/whitening.h"
#include "core/base/npy.h"
#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/golden_labels.h"

static struct arena arena;

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(softmax_regression, .init = arena_make, .fini = arena_drop);

static const struct lbfgs_settings sharp = {20, 2000, 1e-10};

// The golden problem and its solution by scipy (tests/golden/make_softmax_golden.py).
struct golden {
    struct npy features, labels, loss, logits;
    uint16_t *known; // the labels
    struct softmax_regression problem;
};

static void golden_read(struct golden *golden)
{
    npy_read(&golden->features, "tests/golden/softmax/features.npy");
    npy_read(&golden->labels, "tests/golden/softmax/labels.npy");
    npy_read(&golden->loss, "tests/golden/softmax/loss.npy");
    npy_read(&golden->logits, "tests/golden/softmax/logits.npy");
    golden->known = golden_labels(&golden->labels);
    golden->problem = (struct softmax_regression){
        golden->features.shape[0], golden->features.shape[1], golden->logits.shape[1],
        golden->features.data, golden->known};
}

static void golden_free(struct golden *golden)
{
    npy_free(&golden->features);
    free(golden->known);
    npy_free(&golden->labels);
    npy_free(&golden->loss);
    npy_free(&golden->logits);
}

// logits (n,C) of fitted weights, each row centred, one product at a time.
static double *centred_logits(const double *weights,
                              const struct softmax_regression *problem)
{
    const size_t C = problem->classes, D = problem->width;
    double *logits = malloc(problem->rows * C * sizeof *logits);
    for (size_t r = 0; r < problem->rows; ++r) {
        double mean = 0;
        for (size_t c = 0; c < C; ++c) {
            double sum = weights[C * D + c];
            for (size_t j = 0; j < D; ++j)
                sum += weights[c * D + j] * problem->features[r * D + j];
            logits[r * C + c] = sum;
            mean += sum / (double)C;
        }
        for (size_t c = 0; c < C; ++c) logits[r * C + c] -= mean;
    }
    return logits;
}

Test(softmax_regression, reaches_the_minimum_that_scipy_finds)
{
    struct golden golden;
    golden_read(&golden);
    double weights[64];
    const struct softmax_solution solution =
        softmax_regression_fit(weights, &golden.problem, &sharp, &arena);
    cr_expect_eq(solution.solver.end, LBFGS_CONVERGED);
    expect_close((const double *)&solution.solver.value,
                 (const double *)golden.loss.data, 1, 1e-12, 0);
    double *logits = centred_logits(weights, &golden.problem);
    // A gradient of 1e-10 in columns that span 1e-2 .. 1e2: the logits are good to some 1e-6.
    expect_close((const double *)logits, (const double *)golden.logits.data,
                 golden.logits.count, 1e-5, 1e-5);
    free(logits);
    golden_free(&golden);
}

// The property that Table 1's rival rests on: at the minimum standardised columns change no
// prediction.
Test(softmax_regression, an_affine_change_of_the_columns_changes_no_answer)
{
    struct golden golden;
    golden_read(&golden);
    const size_t n = golden.problem.rows, D = golden.problem.width;
    double *changed = malloc(golden.features.count * sizeof *changed);
    double mean[8], variance[8], weights[2][64];
    memcpy(changed, golden.features.data, golden.features.count * sizeof *changed);
    columns_moments(mean, variance, changed, n, D);
    columns_standardise(changed, mean, variance, 1e-6, n, D);
    struct softmax_regression other = golden.problem;
    other.features = changed;
    const struct softmax_solution plain =
        softmax_regression_fit(weights[0], &golden.problem, &sharp, &arena);
    const struct softmax_solution normed =
        softmax_regression_fit(weights[1], &other, &sharp, &arena);
    cr_expect(plain.solver.end == LBFGS_CONVERGED &&
              normed.solver.end == LBFGS_CONVERGED);
    expect_close((const double *)&plain.solver.value,
                 (const double *)&normed.solver.value, 1, 1e-12, 0);
    uint16_t answers[2][256];
    softmax_regression_predict(answers[0], weights[0], &golden.problem, &arena);
    softmax_regression_predict(answers[1], weights[1], &other, &arena);
    cr_expect_arr_eq(answers[0], answers[1], n * sizeof *answers[0]);
    free(changed);
    golden_free(&golden);
}

// The loss of one row after another, without chunks.
static double loss_by_rows(const double *weights,
                           const struct softmax_regression *problem)
{
    double *logits = centred_logits(weights, problem), loss = 0;
    for (size_t r = 0; r < problem->rows; ++r) {
        double sum = 0;
        for (size_t c = 0; c < problem->classes; ++c)
            sum += exp(logits[r * problem->classes + c]);
        loss += (log(sum) - logits[r * problem->classes + problem->labels[r]]) /
                (double)problem->rows;
    }
    free(logits);
    return loss;
}

// More rows than two chunks hold, and the third is not full.
Test(softmax_regression, loss_and_gradient_agree_with_single_rows_over_several_chunks)
{
    enum { ROWS = 519, WIDTH = 6, CLASSES = 4, SIZE = CLASSES * (WIDTH + 1) };
    double *features = malloc(ROWS * WIDTH * sizeof *features), weights[SIZE],
           gradient[SIZE];
    uint16_t labels[ROWS];
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 1);
    for (size_t i = 0; i < (size_t)ROWS * WIDTH; ++i) features[i] = rng_normal(&rng);
    for (size_t r = 0; r < ROWS; ++r) labels[r] = (uint16_t)rng_below(&rng, CLASSES);
    for (size_t i = 0; i < SIZE; ++i) weights[i] = .3 * rng_normal(&rng);
    const struct softmax_regression problem = {ROWS, WIDTH, CLASSES, features, labels};
    cr_assert_eq(softmax_regression_size(&problem), SIZE);
    const double loss = softmax_regression_loss(gradient, weights, &problem, &arena),
                 by_rows = loss_by_rows(weights, &problem);
    expect_close(&loss, &by_rows, 1, 1e-12, 0);
    for (size_t i = 0; i < SIZE; ++i) {
        const double h = 1e-5, at = weights[i];
        weights[i] = at + h;
        const double up = loss_by_rows(weights, &problem);
        weights[i] = at - h;
        const double down = loss_by_rows(weights, &problem),
                     want = (up - down) / (2 * h);
        weights[i] = at;
        expect_close((const double *)&gradient[i], &want, 1, 1e-6, 1e-9);
    }
    free(features);
}

Test(softmax_regression,
     at_zero_the_loss_is_log_of_the_classes_and_ties_go_to_the_first)
{
    struct golden golden;
    golden_read(&golden);
    double weights[64] = {0}, gradient[64], want = log(4);
    uint16_t answers[256];
    double loss = softmax_regression_loss(gradient, weights, &golden.problem, &arena);
    expect_close((const double *)&loss, (const double *)&want, 1, 1e-14, 0);
    softmax_regression_predict(answers, weights, &golden.problem, &arena);
    for (size_t r = 0; r < golden.problem.rows; ++r) cr_assert_eq(answers[r], 0);
    golden_free(&golden);
}

// Rows whose columns sum to zero, as after a layer norm, but for noise of that size: what rounding
// leaves. It is drawn anew for each `draw`; all else is the same.
static void dependent_rows(double *features, uint16_t *labels, size_t rows,
                           size_t width, double noise, uint32_t draw)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 2),
               rounding = rng_open(1, PURPOSE_TEST, draw, 3);
    for (size_t r = 0; r < rows; ++r) {
        double *row = features + r * width, sum = 0;
        for (size_t j = 0; j < width; ++j) sum += row[j] = rng_normal(&rng);
        for (size_t j = 0; j < width; ++j) row[j] -= sum / (double)width;
        labels[r] = row[0] + .5 * rng_normal(&rng) > 0 ? 1 : r % 3 ? 0 : 2;
        for (size_t j = 0; j < width; ++j) row[j] += noise * rng_normal(&rounding);
    }
}

// The direction of rounding tells the classes of few rows apart a little; a solution that used it
// would answer otherwise for every draw.
Test(softmax_regression, the_rounding_of_dependent_columns_changes_no_answer)
{
    enum { N = 200, D = 5 };
    double features[N * D], weights[3 * (D + 1)], loss = 0;
    uint16_t labels[N], answers[2][N];
    for (uint32_t draw = 0; draw < 5; ++draw) {
        dependent_rows(features, labels, N, D, 1e-7, draw);
        const struct softmax_regression problem = {N, D, 3, features, labels};
        const struct softmax_solution solution =
            softmax_regression_fit(weights, &problem, &sharp, &arena);
        cr_expect_eq(solution.solver.end, LBFGS_CONVERGED);
        cr_expect_eq(solution.dropped, 1);
        softmax_regression_predict(answers[draw > 0], weights, &problem, &arena);
        if (draw == 0) loss = solution.solver.value;
        expect_close(&solution.solver.value, (const double *)&loss, 1, 1e-6, 0);
        cr_expect_arr_eq(answers[0], answers[draw > 0], N * sizeof *answers[0]);
    }
    size_t right = 0;
    for (size_t r = 0; r < N; ++r) right += answers[0][r] == labels[r];
    cr_expect_gt(right, N * 6 / 10);
}

Test(softmax_regression, rows_that_do_not_vary_are_answered_by_the_most_frequent_class)
{
    enum { N = 10, D = 2 };
    double features[N * D], weights[3 * (D + 1)];
    uint16_t labels[N], answers[N];
    for (size_t r = 0; r < N; ++r) {
        features[r * D] = features[r * D + 1] = 2;
        labels[r] = r < 2 ? 0 : r < 8 ? 1 : 2;
    }
    const struct softmax_regression problem = {N, D, 3, features, labels};
    const struct softmax_solution solution =
        softmax_regression_fit(weights, &problem, &sharp, &arena);
    const double want = -(.2 * log(.2) + .6 * log(.6) + .2 * log(.2));
    expect_close(&solution.solver.value, &want, 1, 1e-12, 0);
    softmax_regression_predict(answers, weights, &problem, &arena);
    for (size_t r = 0; r < N; ++r) cr_assert_eq(answers[r], 1);
}

BREAKS(softmax_regression, a_label_beyond_the_classes_breaks_the_contract, "label < C")
{
    double x[] = {1, 2}, weights[4] = {0}, gradient[4];
    uint16_t labels[] = {0, 2};
    struct softmax_regression problem = {2, 1, 2, x, labels};
    softmax_regression_loss(gradient, weights, &problem, &arena);
}
