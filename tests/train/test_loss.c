#include "core/train/loss.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/expect_close.h"

static const struct {
    size_t images, tokens, hidden, patch;
} shapes[] = {
    {1, 1, 1, 1}, {1, 4, 3, 1}, {2, 5, 1, 3}, {3, 16, 12, 12}, {4, 64, 48, 48}};
enum {
    SHAPES = sizeof shapes / sizeof *shapes,
    NUMBERS = 4 * 64 * 48,
    HIDDEN = 4 * 48
};

static real prediction[NUMBERS], patches[NUMBERS], gradient[NUMBERS];
static int32_t hidden[HIDDEN];

static struct criterion_test_params all_shapes(void)
{
    static int index[SHAPES];
    for (int i = 0; i < SHAPES; ++i) index[i] = i;
    return cr_make_param_array(int, index, SHAPES);
}

// The last patches of even images and the first of odd ones are hidden.
static void fill(int shape)
{
    size_t tokens = shapes[shape].tokens, masked = shapes[shape].hidden;
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, (uint32_t)shape);
    for (size_t i = 0; i < NUMBERS; ++i) {
        prediction[i] = (real)rng_normal(&rng);
        patches[i] = (real)rng_normal(&rng);
        gradient[i] = 99;
    }
    for (size_t b = 0; b < shapes[shape].images; ++b)
        for (size_t m = 0; m < masked; ++m)
            hidden[b * masked + m] = (int32_t)(b % 2 ? m : tokens - masked + m);
}

static double loss(int shape, real *dprediction, real scale)
{
    return masked_loss(dprediction, prediction, patches, hidden, shapes[shape].images,
                       shapes[shape].tokens, shapes[shape].hidden, shapes[shape].patch,
                       scale);
}

static int is_hidden(int shape, size_t b, size_t t)
{
    for (size_t m = 0; m < shapes[shape].hidden; ++m)
        if ((size_t)hidden[b * shapes[shape].hidden + m] == t) return 1;
    return 0;
}

ParameterizedTestParameters(loss, is_the_mean_over_hidden_numbers)
{
    return all_shapes();
}

ParameterizedTest(int *shape, loss, is_the_mean_over_hidden_numbers)
{
    fill(*shape);
    double sum = 0, count = 0;
    size_t tokens = shapes[*shape].tokens, patch = shapes[*shape].patch;
    for (size_t b = 0; b < shapes[*shape].images; ++b)
        for (size_t t = 0; t < tokens; ++t)
            for (size_t f = 0; f < patch && is_hidden(*shape, b, t); ++f, ++count) {
                size_t i = (b * tokens + t) * patch + f;
                sum += pow((double)prediction[i] - (double)patches[i], 2);
            }
    double got = loss(*shape, NULL, 1), want = sum / count;
    // The difference is rounded to `real` before it is squared: 2 * 6e-8 of a term.
    cr_expect(fabs(got - want) <= 2e-7 * want, "%.9g not %.9g", got, want);
}

ParameterizedTestParameters(loss, the_gradient_is_that_of_the_scaled_loss)
{
    return all_shapes();
}

// The loss is quadratic, so central differences have no error but rounding: with a step of 1/8, in
// double 1e-12 of the loss, in float the rounding of the difference.
ParameterizedTest(int *shape, loss, the_gradient_is_that_of_the_scaled_loss)
{
    fill(*shape);
    real scale = (real).25, step = (real).125;
    size_t tokens = shapes[*shape].tokens, patch = shapes[*shape].patch;
    size_t count = shapes[*shape].images * tokens * patch;
    loss(*shape, gradient, scale);
    double tolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-5;
    for (size_t i = 0; i < count; i += 1 + count / 97) {
        real saved = prediction[i];
        prediction[i] = saved + step;
        double above = loss(*shape, NULL, scale);
        prediction[i] = saved - step;
        double below = loss(*shape, NULL, scale);
        prediction[i] = saved;
        double want = (double)scale * (above - below) / (2 * (double)step);
        cr_assert(fabs((double)gradient[i] - want) <= tolerance * (.01 + fabs(want)),
                  "[%zu] %.9g not %.9g", i, (double)gradient[i], want);
        if (!is_hidden(*shape, i / (tokens * patch), i / patch % tokens))
            cr_assert(gradient[i] == 0, "[%zu] is visible", i);
    }
    for (size_t i = count; i < NUMBERS; ++i) cr_assert_eq(gradient[i], 99);
}

Test(loss, visible_patches_do_not_count)
{
    fill(3);
    double before = loss(3, NULL, 1);
    for (size_t t = 0; t < 4; ++t) prediction[t * 12] = (real)NAN;
    cr_expect_eq(loss(3, NULL, 1), before);
}

Test(loss, a_hidden_nan_shows)
{
    fill(3);
    prediction[15 * 12 + 3] = (real)NAN;
    cr_expect(isnan(loss(3, NULL, 1)));
}
