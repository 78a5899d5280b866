#include "core/analysis/ridge.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/ending.h"

// By hand: U U^T + I = (2 1; 1 3), U x = (1,1).
Test(ridge, two_tokens_that_are_equally_similar_have_unequal_weights)
{
    struct arena arena;
    const double u[] = {1, 0, 1, 1}, x[] = {1, 0};
    const struct ridge ridge = {2, 2, u, 1};
    double weights[2], similarity[2];
    arena_open_growing(&arena, "test");
    cr_assert_eq(ridge_weights(weights, &ridge, x, &arena), 0);
    ridge_similarity(similarity, &ridge, x);
    cr_expect_float_eq(weights[0], .4, 1e-15);
    cr_expect_float_eq(weights[1], .2, 1e-15);
    cr_expect_eq(similarity[0], 1);
    cr_expect_eq(similarity[1], 1);
    cr_expect_float_eq(ridge_objective(weights, &ridge, x), .16 + .04 + .16 + .04,
                       1e-15);
    arena_close(&arena);
}

Test(ridge, no_other_weights_cost_less)
{
    enum { TOKENS = 5, WIDTH = 7 };
    struct arena arena;
    struct rng rng = rng_open(4, PURPOSE_TEST, 0, 0);
    double u[TOKENS * WIDTH], x[WIDTH], best[TOKENS], other[TOKENS];
    for (size_t i = 0; i < TOKENS * WIDTH; ++i) u[i] = rng_normal(&rng);
    for (size_t i = 0; i < WIDTH; ++i) x[i] = rng_normal(&rng);
    const struct ridge ridge = {TOKENS, WIDTH, u, .3};
    arena_open_growing(&arena, "test");
    cr_assert_eq(ridge_weights(best, &ridge, x, &arena), 0);
    const double least = ridge_objective(best, &ridge, x);
    for (int t = 0; t < 100; ++t) {
        for (size_t j = 0; j < TOKENS; ++j) other[j] = best[j] + .01 * rng_normal(&rng);
        cr_expect_gt(ridge_objective(other, &ridge, x), least);
    }
    arena_close(&arena);
}

Test(ridge, a_cosine_ignores_length_and_not_sign)
{
    const double a[] = {1, 2}, b[] = {3, 6}, c[] = {-1, -2}, zero[] = {0, 0};
    cr_expect_float_eq(cosine(a, b, 2), 1, 1e-15);
    cr_expect_float_eq(cosine(a, c, 2), -1, 1e-15);
    cr_expect(isnan(cosine(a, zero, 2)));
}

BREAKS(ridge, refuses_no_ridge, "ridge->lambda > 0")
{
    struct arena arena;
    const double u[] = {1}, x[] = {1};
    double weight;
    const struct ridge ridge = {1, 1, u, 0};
    arena_open_growing(&arena, "test");
    (void)!ridge_weights(&weight, &ridge, x, &arena);
}
