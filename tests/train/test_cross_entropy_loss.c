#include "core/train/loss.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/npy.h"
#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/golden_labels.h"

enum { IMAGES = 7, CLASSES = 10, NUMBERS = IMAGES * CLASSES };

static real logits[NUMBERS], gradient[NUMBERS + 1];
static uint16_t labels[IMAGES];

static void fill(double size)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 4);
    for (size_t i = 0; i < NUMBERS; ++i) logits[i] = (real)(size * rng_normal(&rng));
    for (size_t b = 0; b < IMAGES; ++b) labels[b] = (uint16_t)rng_below(&rng, CLASSES);
    for (size_t i = 0; i <= NUMBERS; ++i) gradient[i] = 99;
}

static double loss(real *dlogits, real scale)
{
    return cross_entropy_loss(dlogits, logits, labels, IMAGES, CLASSES, scale);
}

// The definition, in long double, without any shift.
static double by_definition(void)
{
    long double sum = 0;
    for (size_t b = 0; b < IMAGES; ++b) {
        long double total = 0;
        for (size_t c = 0; c < CLASSES; ++c)
            total += expl((long double)logits[b * CLASSES + c]);
        sum -= logl(expl((long double)logits[b * CLASSES + labels[b]]) / total);
    }
    return (double)(sum / IMAGES);
}

Test(cross_entropy_loss, is_its_definition)
{
    static const double sizes[] = {0, 1e-3, 1, 30};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
        fill(sizes[s]);
        double want = by_definition(), got = loss(NULL, 1);
        cr_expect(fabs(got - want) <= 1e-14 * (1 + want), "size %g: %.17g not %.17g",
                  sizes[s], got, want);
    }
}

Test(cross_entropy_loss, the_gradient_is_that_of_the_scaled_loss)
{
    const real scale = (real).25, step = (real)(1. / 1024);
    fill(2);
    loss(gradient, scale);
    for (size_t i = 0; i < NUMBERS; ++i) {
        const real saved = logits[i];
        logits[i] = saved + step;
        double above = loss(NULL, 1);
        logits[i] = saved - step;
        double below = loss(NULL, 1);
        logits[i] = saved;
        double want = (double)scale * (above - below) / (2 * (double)step);
        // The differences' own error is step^2 / 6; in float also that of saved + step.
        double tolerance = sizeof(real) == sizeof(double) ? 1e-7 : 2e-5;
        cr_expect(fabs((double)gradient[i] - want) <= tolerance, "[%zu] %.9g not %.9g",
                  i, (double)gradient[i], want);
    }
    cr_expect_eq(gradient[NUMBERS], 99);
}

Test(cross_entropy_loss, gradients_of_an_image_sum_to_zero_and_pull_towards_its_label)
{
    fill(2);
    loss(gradient, 1);
    for (size_t b = 0; b < IMAGES; ++b) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; ++c) {
            const double g = (double)gradient[b * CLASSES + c];
            sum += g;
            cr_expect(c == labels[b] ? g < 0 : g > 0, "image %zu class %zu", b, c);
        }
        cr_expect(fabs(sum) <= 1e-7);
    }
}

Test(cross_entropy_loss, large_logits_do_not_overflow)
{
    fill(1);
    for (size_t b = 0; b < IMAGES; ++b) labels[b] = (uint16_t)(b % 2);
    for (size_t i = 0; i < NUMBERS; ++i) logits[i] = i % CLASSES ? 0 : (real)1e30;
    double got = loss(gradient, 1);
    // Odd images have label 1, and lose the whole difference.
    cr_expect(fabs(got - 3e30 / 7) <= 1e23, "%g", got);
    for (size_t i = 0; i < NUMBERS; ++i) cr_expect(isfinite(gradient[i]));
}

Test(cross_entropy_loss, agrees_with_torch_1_13)
{
    struct npy golden, classes, want;
    npy_read(&golden, "tests/golden/classifier/logits.npy");
    npy_read(&classes, "tests/golden/classifier/labels.npy");
    npy_read(&want, "tests/golden/classifier/loss.npy");
    cr_assert(golden.count == 10 && classes.count == 2 && want.count == 1);
    for (size_t i = 0; i < 10; ++i) logits[i] = (real)((const float *)golden.data)[i];
    uint16_t *known = golden_labels(&classes);
    double got = cross_entropy_loss(NULL, logits, known, 2, 5, 1);
    free(known);
    // Logits and loss are rounded to float in the files.
    cr_expect(fabs(got - (double)*(const float *)want.data) <= 1e-6, "%.9g", got);
    npy_free(&golden);
    npy_free(&classes);
    npy_free(&want);
}

Test(cross_entropy_loss, a_nan_shows_wherever_it_is)
{
    for (size_t i = 0; i < NUMBERS; i += 3) {
        fill(1);
        logits[i] = (real)NAN;
        cr_expect(isnan(loss(NULL, 1)), "[%zu]", i);
    }
}

BREAKS(cross_entropy_loss, an_unknown_label_breaks_the_contract, "labels[b] < classes")
{
    fill(1);
    labels[3] = CLASSES;
    loss(NULL, 1);
}

Test(cross_entropy_loss, the_first_of_equals_is_likeliest)
{
    const real rows[3][4] = {{1, 3, 3, 2}, {5, 5, 5, 5}, {-3, -2, -1, 0}};
    cr_expect_eq(likeliest(rows[0], 4), 1);
    cr_expect_eq(likeliest(rows[1], 4), 0);
    cr_expect_eq(likeliest(rows[2], 4), 3);
}
