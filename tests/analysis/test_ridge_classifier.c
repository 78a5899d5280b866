#include "core/analysis/ridge_classifier.h"

#include <criterion/criterion.h>

#include "core/base/rng.h"
#include "core/train/classify.h"

enum { N = 300, D = 6, CLASSES = 3 };

static struct arena arena;
static double features[2 * N * D];
static uint16_t labels[2 * N];

// Class c has its mean at 3 e_c, far from the origin so that the intercept matters.
static void open_rows(void)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open_growing(&arena, "test");
    for (size_t i = 0; i < 2 * N; ++i) {
        labels[i] = (uint16_t)rng_below(&rng, CLASSES);
        for (size_t j = 0; j < D; ++j)
            features[i * D + j] = 50 + 3 * (j == labels[i]) + rng_normal(&rng);
    }
}

static void close_rows(void)
{
    arena_close(&arena);
}

TestSuite(ridge_classifier, .init = open_rows, .fini = close_rows);

static double accuracy(const uint16_t *train_labels)
{
    const struct labelled_rows train = {N, D, features, train_labels},
                               test = {N, D, features + N * D, labels + N};
    uint16_t answers[N];
    double right[N], percent = 0;
    cr_assert_eq(ridge_classify(answers, &train, &test, CLASSES, &arena), 0);
    cr_assert_eq(ridge_right(right, &train, &test, CLASSES, &arena), 0);
    for (size_t i = 0; i < N; ++i) {
        cr_assert_eq(right[i], answers[i] == labels[N + i] ? 100 : 0);
        percent += right[i] / N;
    }
    cr_expect_float_eq(percent, 100 * classification_accuracy(answers, labels + N, N),
                       1e-9);
    return classification_accuracy(answers, labels + N, N);
}

Test(ridge_classifier, classes_apart_are_told_apart)
{
    cr_expect_gt(accuracy(labels), .9);
}

Test(ridge_classifier, labels_of_other_rows_teach_nothing)
{
    uint16_t shuffled[N];
    uint32_t order[N];
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    rng_permutation(order, N, &rng);
    for (size_t i = 0; i < N; ++i) shuffled[i] = labels[order[i]];
    cr_expect_lt(accuracy(shuffled), .55);
}

// Two features alike: the penalty keeps the system definite.
Test(ridge_classifier, features_may_repeat)
{
    for (size_t i = 0; i < 2 * N; ++i) features[i * D + 5] = features[i * D];
    cr_expect_gt(accuracy(labels), .9);
}
