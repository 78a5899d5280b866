/// Golden numbers of tests/golden: float64 rounded to float32.
#ifndef MASKBOOK_TESTS_MODEL_GOLDEN_H
#define MASKBOOK_TESTS_MODEL_GOLDEN_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/npy.h"

/// The numbers of a float32 file as reals, in the arena; at least so many must be there.
static inline real *golden_read(struct arena *arena, const char *path, size_t at_least)
{
    struct npy array;
    npy_read(&array, path);
    cr_assert(array.type == NPY_F4 && array.count >= at_least,
              "%s: %zu numbers, want %zu", path, array.count, at_least);
    real *x = arena_reals(arena, array.count);
    for (size_t i = 0; i < array.count; ++i)
        x[i] = (real)((const float *)array.data)[i];
    npy_free(&array);
    return x;
}

// Rounding to float32 moves each number by 6e-8 of it: all there is in double. In float our own
// sums add 1e-7 of their largest terms at each of the 20 layers: 1e-5 of a tensor's largest number
// covers predictions and gradients.
#define GOLDEN_ERROR (sizeof(real) == sizeof(double) ? 1e-7 : 1e-5)

/// Expects every number within GOLDEN_ERROR of the array's largest, and prints how near it was.
static inline void expect_golden(const char *name, const real *got, const real *want,
                                 size_t n)
{
    double largest = 0, worst = 0;
    for (size_t i = 0; i < n; ++i) largest = fmax(largest, fabs((double)want[i]));
    for (size_t i = 0; i < n; ++i) {
        const double error = fabs((double)got[i] - (double)want[i]) / largest;
        if (!(error <= worst)) worst = error;
    }
    fprintf(stderr, "golden %s: error %.1e of its largest number\n", name, worst);
    cr_expect(largest > 0 && worst <= GOLDEN_ERROR, "%s: %g of its largest number",
              name, worst);
}

#endif
