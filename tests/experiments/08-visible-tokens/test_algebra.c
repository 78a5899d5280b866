#include "experiments/08-visible-tokens/algebra.h"

#include <criterion/criterion.h>
#include <math.h>

// The largest and the least residual of some draws, in units of what rounding may make of them.
struct range {
    double least, most;
};

static struct range residuals(residual_function *residual, uint32_t draws)
{
    struct arena arena;
    struct range range = {INFINITY, 0};
    arena_open_growing(&arena, "test");
    for (uint32_t d = 0; d < draws; ++d) {
        struct draw draw = {d, rng_open(1, PURPOSE_TEST, d, 9), &arena, INFINITY};
        const double value = residual(&draw);
        cr_assert(isfinite(value) && isfinite(draw.rounding), "draw %u", (unsigned)d);
        range.least = fmin(range.least, value / draw.rounding);
        range.most = fmax(range.most, value / draw.rounding);
    }
    arena_close(&arena);
    return range;
}

Test(algebra, what_is_true_is_so_to_rounding)
{
    residual_function *const all[] = {
        attention_head,       limit_of_large_ridge,
        whitened_tokens,      gradient_at_minimum,
        components_corrected, rank_one_update,
        component_minimiser,  third_line_corrected,
        rows_of_a_layer_norm, component_formula_corrected,
        whitened_metric,      weighted_mean_of_minimisers};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
        cr_expect_leq(residuals(all[i], 2000).most, 1, "number %zu", i);
}

// No draw hides a slip: lambda is neither 1 nor N.
Test(algebra, what_is_printed_is_wrong_in_every_draw)
{
    residual_function *const all[] = {components_printed, third_line_printed,
                                      component_formula_printed, mean_of_minimisers,
                                      combination_formula_printed};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
        cr_expect_gt(residuals(all[i], 60).least, 1e3, "number %zu", i);
}

Test(algebra, counter_examples_are_those_of_the_text)
{
    struct arena arena;
    char note[CHECK_NOTE];
    arena_open_growing(&arena, "test");
    struct draw draw = {0, rng_open(1, PURPOSE_TEST, 0, 9), &arena, INFINITY};
    cr_expect_float_eq(unequal_ratios(&draw, note), 3, 1e-13);
    cr_expect_eq(unequal_widths(&draw, note), 180);
    cr_expect_eq(singular_update(&draw, note), 1);
    cr_expect_eq(columns_of_a_layer_norm(&draw, note), 1);
    arena_close(&arena);
}
