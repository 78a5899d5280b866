#include "core/analysis/softmax_regression.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/npy.h"
#include "core/base/rng.h"
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
    struct lbfgs_outcome outcome =
        softmax_regression_fit(weights, &golden.problem, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_CONVERGED);
    expect_close((const double *)&outcome.value, (const double *)golden.loss.data, 1,
                 1e-12, 0);
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
    struct lbfgs_outcome plain =
        softmax_regression_fit(weights[0], &golden.problem, &sharp, &arena);
    struct lbfgs_outcome normed =
        softmax_regression_fit(weights[1], &other, &sharp, &arena);
    cr_expect(plain.end == LBFGS_CONVERGED && normed.end == LBFGS_CONVERGED);
    expect_close((const double *)&plain.value, (const double *)&normed.value, 1, 1e-12,
                 0);
    uint16_t answers[2][256];
    softmax_regression_predict(answers[0], weights[0], &golden.problem, &arena);
    softmax_regression_predict(answers[1], weights[1], &other, &arena);
    cr_expect_arr_eq(answers[0], answers[1], n * sizeof *answers[0]);
    free(changed);
    golden_free(&golden);
}

Test(softmax_regression, the_gradient_agrees_with_central_differences)
{
    struct golden golden;
    golden_read(&golden);
    // Columns of one scale, more rows than a chunk would hold twice over.
    double mean[8], variance[8], weights[64], gradient[64], scratch[64];
    double *features = golden.features.data;
    columns_moments(mean, variance, features, golden.problem.rows,
                    golden.problem.width);
    columns_standardise(features, mean, variance, 0, golden.problem.rows,
                        golden.problem.width);
    const size_t size = softmax_regression_size(&golden.problem);
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 1);
    for (size_t i = 0; i < size; ++i) weights[i] = .3 * rng_normal(&rng);
    softmax_regression_loss(gradient, weights, &golden.problem, &arena);
    for (size_t i = 0; i < size; ++i) {
        const double h = 1e-5, at = weights[i];
        weights[i] = at + h;
        double up = softmax_regression_loss(scratch, weights, &golden.problem, &arena);
        weights[i] = at - h;
        double down =
            softmax_regression_loss(scratch, weights, &golden.problem, &arena);
        weights[i] = at;
        double want = (up - down) / (2 * h);
        expect_close((const double *)&gradient[i], (const double *)&want, 1, 1e-6,
                     1e-9);
    }
    golden_free(&golden);
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

Test(softmax_regression, dependent_columns_do_no_harm)
{
    // Columns that sum to zero, as after a layer norm: their second moments are singular.
    enum { N = 500, D = 5 };
    double features[N * D], weights[3 * (D + 1)];
    uint16_t labels[N], answers[N];
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 2);
    for (size_t r = 0; r < N; ++r) {
        double sum = 0;
        for (size_t j = 0; j < D; ++j) sum += features[r * D + j] = rng_normal(&rng);
        for (size_t j = 0; j < D; ++j) features[r * D + j] -= sum / D;
        labels[r] = features[r * D] + .5 * rng_normal(&rng) > 0 ? 1 : r % 3 ? 0 : 2;
    }
    struct softmax_regression problem = {N, D, 3, features, labels};
    struct lbfgs_outcome outcome =
        softmax_regression_fit(weights, &problem, &sharp, &arena);
    cr_expect_eq(outcome.end, LBFGS_CONVERGED);
    softmax_regression_predict(answers, weights, &problem, &arena);
    size_t right = 0;
    for (size_t r = 0; r < N; ++r) right += answers[r] == labels[r];
    cr_expect_gt(right, N * 6 / 10);
}

Test(softmax_regression, columns_have_the_moments_of_numpy)
{
    double x[] = {1, 10, 2, 10, 4, 13}, mean[2], variance[2];
    const double want_mean[] = {7. / 3, 11}, want_variance[] = {14. / 9, 2};
    columns_moments(mean, variance, x, 3, 2);
    expect_close((const double *)mean, want_mean, 2, 1e-15, 0);
    expect_close((const double *)variance, want_variance, 2, 1e-15, 0);
    columns_standardise(x, mean, variance, 0, 3, 2);
    const double want = (1 - 7. / 3) / sqrt(14. / 9);
    expect_close((const double *)x, &want, 1, 1e-15, 0);
}

Test(softmax_regression, a_label_beyond_the_classes_breaks_the_contract,
     .signal = SIGABRT)
{
    double x[] = {1, 2}, weights[4] = {0}, gradient[4];
    uint16_t labels[] = {0, 2};
    struct softmax_regression problem = {2, 1, 2, x, labels};
    softmax_regression_loss(gradient, weights, &problem, &arena);
}

Test(softmax_regression, a_constant_column_cannot_be_standardised, .signal = SIGABRT)
{
    double x[] = {1, 1}, mean[1], variance[1];
    columns_moments(mean, variance, x, 2, 1);
    columns_standardise(x, mean, variance, 0, 2, 1);
}
