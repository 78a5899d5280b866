#include "experiments/07-spectral/images.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"

enum { IMAGES = 3, M = 8, F = 9 };

// Random patches in [0,1], stored in [-1,1], times a brightness that falls from patch to patch.
static void rows_open(struct hidden_rows *rows, double fall, struct arena *arena)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    *rows = (struct hidden_rows){.images = IMAGES, .rows = M, .features = F};
    rows->truth = arena_doubles(arena, IMAGES * M * F);
    rows->prediction = arena_doubles(arena, IMAGES * M * F);
    for (size_t i = 0; i < IMAGES * M * F; ++i) {
        const double bright = pow(fall, (double)(i / F % M));
        rows->truth[i] = 2 * (.2 + .8 * rng_uniform(&rng)) * bright - 1;
        rows->prediction[i] = 2 * rng_uniform(&rng) * bright - 1;
    }
}

Test(images, what_the_paper_says_fails_on_images)
{
    struct arena arena;
    struct hidden_rows rows;
    double values[FOUNDS * IMAGES];
    arena_open_growing(&arena, "test");
    rows_open(&rows, .8, &arena);
    cr_assert_eq(images_measure(values, &rows, &arena), IMAGES);
    for (size_t i = 0; i < IMAGES; ++i) {
        cr_expect_gt(values[FOUND_SKEW * IMAGES + i], .1);
        cr_expect_gt(values[FOUND_MINIMISER * IMAGES + i], 1e-3);
        cr_expect_gt(values[FOUND_PRINTED * IMAGES + i], .1);
        cr_expect_gt(values[FOUND_NEGATIVES * IMAGES + i], .01);
        // An eigenvalue 1, others of at least 0: the trace is above, the second below it.
        cr_expect_gt(values[FOUND_TRACE * IMAGES + i], 1);
        cr_expect_lt(values[FOUND_SECOND * IMAGES + i],
                     values[FOUND_TRACE * IMAGES + i] - 1 + 1e-12);
        cr_expect_gt(values[FOUND_BRIGHTEST * IMAGES + i], .8);
    }
    arena_close(&arena);
}

// Planted: patches e_i / 2 + 1/10, all degrees equal. Then D commutes with everything.
Test(images, and_holds_where_degrees_are_equal)
{
    struct arena arena;
    struct hidden_rows rows;
    double values[FOUNDS * IMAGES];
    arena_open_growing(&arena, "test");
    rows_open(&rows, 1, &arena);
    for (size_t i = 0; i < IMAGES * M; ++i)
        for (size_t f = 0; f < F; ++f)
            rows.truth[i * F + f] = 2 * (.1 + .5 * (double)(f == i % M)) - 1;
    for (size_t f = 0; f < F; ++f) rows.truth[2 * M * F + f] = -1; // black: no degree
    cr_assert_eq(images_measure(values, &rows, &arena), IMAGES - 1);
    for (size_t i = 0; i < IMAGES - 1; ++i)
        cr_expect_lt(values[FOUND_SKEW * IMAGES + i], 1e-12);
    arena_close(&arena);
}
