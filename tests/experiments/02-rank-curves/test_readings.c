#include "experiments/02-rank-curves/readings.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// Violation number `which`, of draw 0; its note.
static double violation(char note[CHECK_NOTE], size_t which)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    struct draw draw = {.rng = rng_open(1, PURPOSE_THEORY, 0, 0), .arena = &arena};
    *note = 0;
    const double value = readings[which].violation(&draw, note);
    arena_close(&arena);
    return value;
}

// The effective rank of diag(16, 8, 4, 2, 1, 0) + t I.
static double effective(double t)
{
    double sum = 31 + 6 * t, entropy = 0;
    for (int i = 0; i < 6; ++i) {
        const double p = ((i < 5 ? ldexp(1, i) : 0) + t) / sum;
        if (p > 0) entropy -= p * log(p);
    }
    return exp(entropy);
}

Test(readings, distances_rise_where_no_rank_falls)
{
    char note[CHECK_NOTE];
    cr_assert_str_eq(readings[0].id, "figure2.low-rank");
    cr_expect_float_eq(violation(note, 0), effective(.25) - effective(0), 1e-12);
    cr_expect(strstr(note, "distances from 0.00024 to 0.062"), "%s", note);
}

Test(readings, a_steeper_curve_has_the_higher_rank)
{
    char note[CHECK_NOTE];
    cr_assert_str_eq(readings[1].id, "figure2.clusters");
    cr_expect_float_eq(violation(note, 1), effective(.5) - effective(.25), 1e-12);
    // The distances t^2 / s_i^2 are four times as large, so the slope is.
    cr_expect(strstr(note, "slopes 0.014 and 0.056"), "%s", note);
}

Test(readings, one_grey_image_of_a_hundred_breaks_the_mean)
{
    char note[CHECK_NOTE];
    cr_assert_str_eq(readings[2].id, "figure2.literal-mean");
    cr_expect_eq(violation(note, 2), 1);
    cr_expect(strstr(note, "one of them grey: mean"), "%s", note);
}
