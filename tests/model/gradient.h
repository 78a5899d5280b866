/// Random inputs, and gradients against central differences. The differences are sharp only in
/// double: in a float build gradient tests call gradient_skip, which Criterion counts as skipped.
#ifndef MASKBOOK_TESTS_MODEL_GRADIENT_H
#define MASKBOOK_TESTS_MODEL_GRADIENT_H

#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/real.h"
#include "core/base/rng.h"

/// Normal numbers of standard deviation `scale`; `stream` distinguishes the arrays of a test.
static inline real *normal_reals(struct arena *arena, size_t count, double scale,
                                 uint32_t stream)
{
    real *x = arena_reals(arena, count);
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, stream);
    for (size_t i = 0; i < count; ++i) x[i] = (real)(scale * rng_normal(&rng));
    return x;
}

/// Skips the test in a float build, and says so, which Criterion does not.
#define gradient_skip()                                                                \
    do                                                                                 \
        if (sizeof(real) != sizeof(double)) {                                          \
            fprintf(stderr, "SKIPPED %s: central differences need MODE=double\n",      \
                    criterion_current_test->name);                                     \
            cr_skip_test("central differences need MODE=double");                      \
        }                                                                              \
    while (0)

/// The sum of a*b over n: makes one number to differentiate of an array of outputs.
static inline double projection(const real *a, const real *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (double)a[i] * (double)b[i];
    return sum;
}

/// A loss as a function of the arrays that its context points to.
typedef double loss_function(void *context);

/// d loss / d step along `direction` (n) at x (n), by the fourth-order central difference
/// (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h: at h = 1e-3 truncation and rounding are both near
/// 1e-12 of the loss. x is restored.
static inline double central_difference(real *x, const real *direction, size_t n,
                                        loss_function *loss, void *context)
{
    static const double steps[4] = {1, -1, 2, -2}, factors[4] = {8, -8, -1, 1};
    const double h = 1e-3;
    real *saved = malloc(n * sizeof *saved);
    cr_assert(saved);
    memcpy(saved, x, n * sizeof *x);
    double sum = 0;
    for (int s = 0; s < 4; ++s) {
        for (size_t i = 0; i < n; ++i)
            x[i] = saved[i] + (real)(steps[s] * h) * direction[i];
        sum += factors[s] * loss(context);
    }
    memcpy(x, saved, n * sizeof *x);
    free(saved);
    return sum / (12 * h);
}

enum { GRADIENT_SAMPLES = 6 };

/// Compares dx (n), the computed gradient of loss by x (n), with differences along single numbers
/// and along one random direction. The error is relative to the gradient's root mean square (times
/// the direction's length), so that a component near 0 need not be relatively exact; it is printed
/// and must be <= 1e-6.
static inline void expect_gradient(const char *name, real *x, const real *dx, size_t n,
                                   loss_function *loss, void *context)
{
    double square = 0, worst = 0;
    for (size_t i = 0; i < n; ++i) square += (double)dx[i] * (double)dx[i];
    const double size = sqrt(square / (double)n);
    cr_assert(size > 0 && isfinite(size), "%s: a gradient of size %g", name, size);

    real *direction = malloc(n * sizeof *direction);
    cr_assert(direction);
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, (uint32_t)n);
    for (int s = 0; s <= GRADIENT_SAMPLES; ++s) {
        const int whole = s == GRADIENT_SAMPLES;
        const size_t one = rng_below(&rng, (uint32_t)n);
        for (size_t i = 0; i < n; ++i)
            direction[i] =
                whole ? (real)(rng_normal(&rng) / sqrt((double)n)) : i == one;
        const double want = central_difference(x, direction, n, loss, context);
        const double got = projection(dx, direction, n);
        const double error = fabs(got - want) / fmax(size, fabs(want));
        if (!(error <= worst)) worst = error;
        cr_expect(error <= 1e-6, "%s: %s got %.12g, differences say %.12g", name,
                  whole ? "random direction" : "one number", got, want);
    }
    free(direction);
    fprintf(stderr, "gradient of %s: relative error %.1e\n", name, worst);
}

#endif
