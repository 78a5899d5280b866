#include "core/analysis/predictable.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"

// By hand: y = x_0 + x_1 with x_0, x_1 of variance 1 and correlation 1/2, third number y.
static const double sum[] = {1, .5, 1.5, .5, 1, 1.5, 1.5, 1.5, 3};

Test(predictable, is_all_of_a_sum_from_both_and_a_part_from_one)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    const struct covariance covariance = {3, sum, 0};
    const uint32_t target[] = {2}, visible[] = {0, 1};
    double part, error;
    cr_assert_eq(
        predictable_part(&part, &error, &covariance, target, 1, visible, 2, &arena), 0);
    cr_expect_float_eq(part, 3, 1e-14);
    cr_assert_eq(
        predictable_part(&part, &error, &covariance, target, 1, visible, 1, &arena), 0);
    cr_expect_float_eq(part, 2.25, 1e-15);
    cr_expect(error > 0 && error < 1e-12);
    arena_close(&arena);
}

// Noise of variance 1 on x_0 halves what it says.
Test(predictable, a_ridge_is_noise_on_what_is_visible)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    const struct covariance covariance = {3, sum, 1};
    const uint32_t target[] = {2}, visible[] = {0};
    double part, error;
    cr_assert_eq(
        predictable_part(&part, &error, &covariance, target, 1, visible, 1, &arena), 0);
    cr_expect_float_eq(part, 1.125, 1e-15);
    arena_close(&arena);
}

Test(predictable, dependent_numbers_without_a_ridge_are_reported)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    const double twice[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct covariance covariance = {3, twice, 0};
    const uint32_t target[] = {2}, visible[] = {0, 1};
    double part, error;
    cr_expect_neq(
        predictable_part(&part, &error, &covariance, target, 1, visible, 2, &arena), 0);
    arena_close(&arena);
}

Test(predictable, an_eigenvalue_that_is_larger_with_less_is_missed)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    const double more[] = {4, 0, 0, 1}, less[] = {3, 0, 0, 2}, same[] = {1, 0, 0, 4};
    cr_expect_float_eq(eigenvalues_missing(more, less, 2, &arena), .25, 1e-15);
    cr_expect_eq(eigenvalues_missing(more, same, 2, &arena), 0, "order does not count");
    arena_close(&arena);
}
