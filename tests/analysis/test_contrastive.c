#include "core/analysis/contrastive.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/expect_close.h"

enum { N = 700, Q = 5, K = 3 };

static struct arena arena;
static double target[N * Q], trunk[N * K], head[Q * K];

static void open_pairs(void)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open_growing(&arena, "test");
    for (size_t i = 0; i < Q * K; ++i) head[i] = rng_normal(&rng);
    for (size_t i = 0; i < N; ++i) {
        for (size_t k = 0; k < K; ++k) trunk[i * K + k] = rng_normal(&rng) + .3;
        for (size_t q = 0; q < Q; ++q)
            target[i * Q + q] = (double)(q + 1) * rng_normal(&rng) + trunk[i * K];
    }
}

static void close_pairs(void)
{
    arena_close(&arena);
}

TestSuite(contrastive, .init = open_pairs, .fini = close_pairs);

static const struct contrastive_pairs pairs = {N, Q, K, target, trunk, head};

// Both identities, of any trunk and head.
Test(contrastive, the_whitened_loss_is_a_constant_and_a_contrastive_loss)
{
    struct contrastive found;
    cr_assert_eq(contrastive_measure(&found, &pairs, &arena), 0);
    const double bound =
        contrastive_roundings(&found, &pairs) * 0x1p-53 * contrastive_size(&found, Q);
    cr_expect_lt(fabs(found.whitened - contrastive_sum(&found, Q)), bound);
    cr_expect_lt(bound, 1e-11 * found.whitened);
    cr_expect_float_eq(found.plain, found.trace + found.pull + found.penalty,
                       1e-11 * found.plain);
    cr_expect_gt(fabs(found.penalty - found.push), .1 * found.penalty,
                 "a penalty is no repulsion unless S = I");
}

// The terms, naively: the inverse of a diagonal S, every pair in turn.
Test(contrastive, the_terms_are_what_they_are_called)
{
    enum { n = 4 };
    const double phi[n * 2] = {1, 0, -1, 0, 0, 2, 0, -2}, f[n] = {1, 2, -1, .5},
                         d[2] = {.5, 3};
    const struct contrastive_pairs small = {n, 2, 1, phi, f, d};
    struct contrastive found;
    cr_assert_eq(contrastive_measure(&found, &small, &arena), 0);
    const double s[2] = {.5, 2};
    struct contrastive naive = {.trace = 2.5, .condition = 4};
    for (size_t i = 0; i < n; ++i) {
        double g = 0, g0 = 0;
        for (size_t q = 0; q < 2; ++q) {
            const double rest = phi[i * 2 + q] - d[q] * f[i];
            naive.whitened += rest * rest / s[q] / n;
            naive.plain += rest * rest / n;
            naive.penalty += pow(d[q] * f[i], 2) / n;
            g += d[q] * phi[i * 2 + q] / s[q];
            g0 += d[q] * phi[i * 2 + q];
        }
        naive.attraction -= 2 * f[i] * g / n;
        naive.pull -= 2 * f[i] * g0 / n;
        for (size_t j = 0; j < n; ++j) {
            naive.repulsion += pow(f[j] * g, 2) / n / n;
            naive.push += pow(f[j] * g0, 2) / n / n;
        }
    }
    expect_close((const double *)&found, (const double *)&naive,
                 sizeof found / sizeof(double), 1e-13, 1e-13);
}

// A feature that is always twice another has no inverse second moment.
Test(contrastive, a_singular_moment_is_refused)
{
    struct contrastive found;
    for (size_t i = 0; i < N; ++i) target[i * Q + 4] = 0;
    cr_expect_neq(contrastive_measure(&found, &pairs, &arena), 0);
}
