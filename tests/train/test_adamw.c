#include "core/train/adamw.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/npy.h"
#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { COUNT = 301, STEPS = 8 };

static const struct adamw settings = {.learning_rate = 1e-3,
                                      .beta1 = .9,
                                      .beta2 = .95,
                                      .epsilon = 1e-8,
                                      .weight_decay = .05};

static void load(real *numbers, const char *path, size_t count)
{
    struct npy array;
    npy_read(&array, path);
    cr_assert(array.type == NPY_F4 && array.count == count, "%s", path);
    for (size_t i = 0; i < count; ++i) numbers[i] = (real)((float *)array.data)[i];
    npy_free(&array);
}

// torch computed in double. Eight float updates of numbers near 1 round by at most 3 ulp each,
// and a step of 1e-3 carries a relative error near 1e-6: together below 2e-6 of a number near 1.
Test(adamw, eight_updates_agree_with_torch)
{
    static real w[COUNT], m[COUNT], v[COUNT], g[STEPS * COUNT], want[STEPS * COUNT];
    load(w, "tests/golden/adamw/weights.npy", COUNT);
    load(g, "tests/golden/adamw/gradients.npy", STEPS * COUNT);
    load(want, "tests/golden/adamw/expected.npy", STEPS * COUNT);
    for (size_t s = 0; s < STEPS; ++s) {
        adamw_update(w, m, v, g + s * COUNT, 0, COUNT, s + 1, &settings);
        expect_close((const real *)w, (const real *)(want + s * COUNT), COUNT, 1e-6,
                     1e-6);
    }
}

static void fill(real *numbers, size_t count, uint32_t index)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, index);
    for (size_t i = 0; i < count; ++i) numbers[i] = (real)rng_normal(&rng);
}

// The formulas of the header, one number at a time in double, with other settings than the
// golden's.
Test(adamw, agrees_with_the_formulas_in_double)
{
    static real w[COUNT], m[COUNT], v[COUNT], g[COUNT];
    double lr = .02, b1 = .8, b2 = .7, eps = .1, wd = .3, step = 4;
    struct adamw other = {lr, b1, b2, eps, wd};
    fill(w, COUNT, 1), fill(m, COUNT, 2), fill(v, COUNT, 3), fill(g, COUNT, 4);
    static real want_w[COUNT], want_m[COUNT], want_v[COUNT];
    for (size_t i = 0; i < COUNT; ++i) {
        v[i] = v[i] * v[i];
        double mi = b1 * (double)m[i] + (1 - b1) * (double)g[i];
        double vi = b2 * (double)v[i] + (1 - b2) * (double)g[i] * (double)g[i];
        double hat =
            (mi / (1 - pow(b1, step))) / (sqrt(vi / (1 - pow(b2, step))) + eps);
        want_w[i] = (real)((double)w[i] * (1 - lr * wd) - lr * hat);
        want_m[i] = (real)mi;
        want_v[i] = (real)vi;
    }
    adamw_update(w, m, v, g, 0, COUNT, 4, &other);
    // A few roundings of float each; sums of terms near 1 that nearly cancel need the absolute
    // part.
    expect_close((const real *)m, (const real *)want_m, COUNT, 1e-6, 1e-6);
    expect_close((const real *)v, (const real *)want_v, COUNT, 1e-6, 1e-6);
    expect_close((const real *)w, (const real *)want_w, COUNT, 1e-6, 1e-6);
}

Test(adamw, any_split_of_the_range_gives_the_same_bits)
{
    static real whole[3][COUNT], parts[3][COUNT], g[COUNT];
    static const size_t cuts[] = {0, 1, 3, 16, 17, 100, 299, COUNT};
    fill(g, COUNT, 5);
    for (uint32_t s = 0; s < 3; ++s) {
        fill(whole[s], COUNT, 6 + s);
        if (s == 2)
            for (size_t i = 0; i < COUNT; ++i) whole[s][i] *= whole[s][i];
        memcpy(parts[s], whole[s], sizeof parts[s]);
    }
    adamw_update(whole[0], whole[1], whole[2], g, 0, COUNT, 2, &settings);
    for (size_t c = 0; c + 1 < sizeof cuts / sizeof *cuts; ++c)
        adamw_update(parts[0], parts[1], parts[2], g, cuts[c], cuts[c + 1], 2,
                     &settings);
    cr_expect_arr_eq(parts, whole, sizeof whole);
}

Test(adamw, numbers_outside_the_range_stay)
{
    real w[5] = {1, 1, 1, 1, 1}, m[5] = {0}, v[5] = {0}, g[5] = {1, 1, 1, 1, 1};
    adamw_update(w, m, v, g, 2, 4, 1, &settings);
    cr_expect(w[1] == 1 && w[2] < 1 && w[3] < 1 && w[4] == 1);
    cr_expect(m[1] == 0 && m[2] > 0 && m[4] == 0 && v[1] == 0 && v[3] > 0 && v[4] == 0);
}

BREAKS(adamw, updates_are_counted_from_one, "step > 0")
{
    real w[1] = {1}, m[1] = {0}, v[1] = {0}, g[1] = {1};
    adamw_update(w, m, v, g, 0, 1, 0, &settings);
}
