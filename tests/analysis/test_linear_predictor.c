#include "core/analysis/linear_predictor.h"

#include "core/base/rng.h"
#include "core/data/patches.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/eigen.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

// ====== A small Gaussian of known mean and covariance ======

enum { T = 6, F = 3, D = T * F };

static double mu[D], sigma[D * D];
static struct arena arena;

static void start(void)
{
    arena_open_growing(&arena, "linear predictor test");
}

static void finish(void)
{
    cr_expect_eq(arena_mark(&arena), 0);
    arena_close(&arena);
}

TestSuite(linear_predictor, .init = start, .fini = finish);

// sigma = B B^T + I/2 and any mu.
static struct linear_predictor gaussian_make(double ridge)
{
    struct rng rng = rng_open(10, PURPOSE_TEST, 0, 0);
    double b[D * D];
    for (int i = 0; i < D * D; ++i) b[i] = rng_normal(&rng);
    for (int i = 0; i < D; ++i) mu[i] = rng_normal(&rng);
    for (int i = 0; i < D; ++i)
        for (int j = 0; j < D; ++j) {
            sigma[i * D + j] = i == j ? .5 : 0;
            for (int k = 0; k < D; ++k) sigma[i * D + j] += b[i * D + k] * b[j * D + k];
        }
    return (struct linear_predictor){T, F, mu, sigma, ridge};
}

// inverse (n,n) = a^{-1} by eigenvalues, n <= D.
static void inverse_make(double *inverse, const double *a, size_t n)
{
    double values[D], vectors[D * D];
    cr_assert_eq(eigen_symmetric(values, vectors, a, n), 0);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            inverse[i * n + j] = 0;
            for (size_t k = 0; k < n; ++k)
                inverse[i * n + j] +=
                    vectors[k * n + i] * vectors[k * n + j] / values[k];
        }
}

// The conditional mean in another way, from the precision matrix P of all numbers:
// x_h = mu_h - P_hh^{-1} P_hv (x_v - mu_v).
static void precision_predict(double *x, const int *hidden, double ridge)
{
    double noisy[D * D], precision[D * D], block[D * D], inverse[D * D], pull[D];
    int number[D], count = 0;
    memcpy(noisy, sigma, sizeof noisy);
    for (int i = 0; i < D; ++i)
        if (hidden[i])
            number[count++] = i;
        else
            noisy[i * D + i] += ridge;
    inverse_make(precision, noisy, D);
    for (int i = 0; i < count; ++i) {
        pull[i] = 0;
        for (int j = 0; j < D; ++j)
            if (!hidden[j]) pull[i] += precision[number[i] * D + j] * (x[j] - mu[j]);
        for (int j = 0; j < count; ++j)
            block[i * count + j] = precision[number[i] * D + number[j]];
    }
    if (count) inverse_make(inverse, block, (size_t)count);
    for (int i = 0; i < count; ++i) {
        x[number[i]] = mu[number[i]];
        for (int j = 0; j < count; ++j)
            x[number[i]] -= inverse[i * count + j] * pull[j];
    }
}

// mask: the visible patches, as bits.
static void expect_conditional_mean(int mask)
{
    const size_t mark = arena_mark(&arena);
    for (int ridged = 0; ridged <= 1; ++ridged) {
        double ridge = ridged ? .25 : 0;
        struct linear_predictor predictor = gaussian_make(ridge);
        struct rng rng = rng_open(11, PURPOSE_TEST, 0, (uint32_t)mask);
        double x[D], want[D], got[D];
        int32_t visible[T];
        int hidden[D];
        size_t count = 0;
        for (int i = 0; i < D; ++i) {
            want[i] = rng_normal(&rng);
            hidden[i] = !(mask >> i / F & 1);
            x[i] = hidden[i] ? (double)NAN : want[i]; // must not be read
        }
        for (int t = 0; t < T; ++t)
            if (mask >> t & 1) visible[count++] = t;
        precision_predict(want, hidden, ridge);

        cr_assert_eq(linear_predictor_apply(got, &predictor, x, visible, count, &arena),
                     0);
        // The condition number of sigma is below 1e3.
        expect_close(got, want, D, 1e-11, 1e-11);
    }
    arena_reset(&arena, mark);
}

// Every set of visible patches but the empty one.
Test(linear_predictor, is_the_conditional_mean_of_a_gaussian, .init = start,
     .fini = finish)
{
    for (int mask = 1; mask < 1 << T; ++mask) expect_conditional_mean(mask);
}

Test(linear_predictor, reports_a_covariance_that_is_singular)
{
    double mean[2] = {0, 0}, covariance[4] = {1, 1, 1, 1}, x[2] = {1, 1}, out[2];
    int32_t visible[2] = {0, 1};
    struct linear_predictor predictor = {2, 1, mean, covariance, 0};
    cr_expect_neq(linear_predictor_apply(out, &predictor, x, visible, 2, &arena), 0);
    predictor.ridge = 1e-6;
    cr_expect_eq(linear_predictor_apply(out, &predictor, x, visible, 2, &arena), 0);
}

BREAKS(linear_predictor, refuses_visible_patches_out_of_order,
       "visible[i] >= (i ? visible[i - 1] + 1 : 0)")
{
    struct linear_predictor predictor = gaussian_make(0);
    double x[D] = {0}, out[D];
    int32_t visible[2] = {3, 1};
    (void)!linear_predictor_apply(out, &predictor, x, visible, 2, &arena);
}

// ====== Images ======

enum { PATCH = 4, IMAGES = 600, KNOWN = 2 * 48, OTHERS = 3 };

// Images of eight random smooth waves and noise, more of them than a chunk.
static void waves_make(struct images *images)
{
    images_open(images, "planted", IMAGES, 0);
    for (uint32_t n = 0; n < IMAGES; ++n) {
        struct rng rng = rng_open(12, PURPOSE_TEST, 0, n);
        double weight[8];
        for (int k = 0; k < 8; ++k) weight[k] = rng_normal(&rng);
        for (size_t i = 0; i < IMAGE_BYTES; ++i) {
            double value = 127.5 + 40 * (rng_uniform(&rng) - .5);
            for (int k = 0; k < 8; ++k)
                value += 18 * weight[k] * cos((double)i * (k + 1) * .037 + k);
            images->pixels[n * IMAGE_BYTES + i] = (uint8_t)fmin(255, fmax(0, value));
        }
    }
}

// x (T*F) = an image as the predictor reads it.
static void patches_take(double *x, const struct images *images, size_t n)
{
    static real image[IMAGE_BYTES], patches[IMAGE_BYTES];
    for (size_t i = 0; i < IMAGE_BYTES; ++i)
        image[i] = images->pixels[n * IMAGE_BYTES + i];
    patches_from_image(patches, image, PATCH);
    for (size_t i = 0; i < IMAGE_BYTES; ++i) x[i] = pixel_value((uint8_t)patches[i]);
}

static struct images images;
static struct linear_predictor fitted;
static double *rows; // (IMAGES,D) all images in patch order

static void fit(void)
{
    waves_make(&images);
    arena_open_growing(&arena, "linear predictor test");
    linear_predictor_fit(&fitted, &images, PATCH, 2, &arena);
    rows = malloc(sizeof(double) * IMAGES * IMAGE_BYTES);
    for (size_t n = 0; n < IMAGES; ++n)
        patches_take(rows + n * IMAGE_BYTES, &images, n);
}

static void forget(void)
{
    images_free(&images);
    arena_close(&arena);
    free(rows);
}

TestSuite(linear_predictor_of_images, .init = fit, .fini = forget);

Test(linear_predictor_of_images, has_the_moments_of_the_naive_sums)
{
    double mean[IMAGE_BYTES] = {0}, trace = 0;
    for (size_t n = 0; n < IMAGES; ++n)
        for (size_t d = 0; d < IMAGE_BYTES; ++d)
            mean[d] += rows[n * IMAGE_BYTES + d] / IMAGES;
    expect_close(fitted.mean, mean, IMAGE_BYTES, 0, 1e-13);
    cr_expect_eq(fitted.tokens, 64);
    cr_expect_eq(fitted.features, 48);

    // The diagonal, and entries in both triangles and across the borders of tiles.
    for (size_t step = 0; step < 4000; ++step) {
        size_t i = step < IMAGE_BYTES ? step : step * 761 % IMAGE_BYTES;
        size_t j = step < IMAGE_BYTES ? step : step * 383 % IMAGE_BYTES;
        double want = 0, got = fitted.covariance[i * IMAGE_BYTES + j];
        for (size_t n = 0; n < IMAGES; ++n)
            want += (rows[n * IMAGE_BYTES + i] - mean[i]) *
                    (rows[n * IMAGE_BYTES + j] - mean[j]) / IMAGES;
        cr_assert(fabs(got - want) <= 1e-13, "entry %zu, %zu: %g, not %g", i, j, got,
                  want);
        cr_assert(got == fitted.covariance[j * IMAGE_BYTES + i], "not symmetric");
        if (step < IMAGE_BYTES) trace += want;
    }
    double ridge = 1e-6 * trace / IMAGE_BYTES;
    expect_close(&fitted.ridge, &ridge, 1, 1e-12, 0);
}

Test(linear_predictor_of_images, has_the_same_bits_on_any_number_of_threads)
{
    struct linear_predictor other;
    linear_predictor_fit(&other, &images, PATCH, 3, &arena);
    cr_expect_arr_eq(other.mean, fitted.mean, sizeof(double) * IMAGE_BYTES);
    cr_expect_arr_eq(other.covariance, fitted.covariance,
                     sizeof(double) * IMAGE_BYTES * IMAGE_BYTES);
    cr_expect(other.ridge == fitted.ridge);
}

// coefficient (KNOWN+1) = least squares of `target` on the visible numbers and 1, by normal
// equations. factor (KNOWN+1,KNOWN+1) is their Cholesky factor.
static void least_squares(double coefficient[KNOWN + 1], const double *factor,
                          const size_t known[KNOWN], size_t target)
{
    memset(coefficient, 0, sizeof(double) * (KNOWN + 1));
    for (size_t n = 0; n < IMAGES; ++n) {
        const double *row = rows + n * IMAGE_BYTES;
        for (size_t i = 0; i < KNOWN; ++i)
            coefficient[i] += row[known[i]] * row[target];
        coefficient[KNOWN] += row[target];
    }
    cholesky_solve(coefficient, factor, KNOWN + 1);
}

static void normal_equations(double *factor, const size_t known[KNOWN])
{
    memset(factor, 0, sizeof(double) * (KNOWN + 1) * (KNOWN + 1));
    for (size_t n = 0; n < IMAGES; ++n) {
        double x[KNOWN + 1];
        for (size_t i = 0; i < KNOWN; ++i) x[i] = rows[n * IMAGE_BYTES + known[i]];
        x[KNOWN] = 1;
        for (size_t i = 0; i <= KNOWN; ++i)
            for (size_t j = 0; j <= KNOWN; ++j)
                factor[i * (KNOWN + 1) + j] += x[i] * x[j];
    }
    cr_assert_eq(cholesky_factor(factor, KNOWN + 1), 0);
}

Test(linear_predictor_of_images, is_least_squares_with_intercept_on_its_own_images)
{
    const int32_t visible[2] = {10, 37};
    const size_t targets[OTHERS] = {0, 11 * 48 + 5, 63 * 48 + 47};
    size_t known[KNOWN];
    for (size_t i = 0; i < KNOWN; ++i) known[i] = (size_t)visible[i / 48] * 48 + i % 48;
    static double factor[(KNOWN + 1) * (KNOWN + 1)], prediction[IMAGE_BYTES];
    normal_equations(factor, known);
    fitted.ridge = 0;

    for (size_t o = 0; o < OTHERS; ++o) {
        double coefficient[KNOWN + 1];
        least_squares(coefficient, factor, known, targets[o]);
        for (size_t n = 0; n < IMAGES; n += 101) {
            const double *row = rows + n * IMAGE_BYTES;
            double want = coefficient[KNOWN];
            for (size_t i = 0; i < KNOWN; ++i) want += coefficient[i] * row[known[i]];
            cr_assert_eq(
                linear_predictor_apply(prediction, &fitted, row, visible, 2, &arena),
                0);
            expect_close(&prediction[targets[o]], &want, 1, 0, 1e-8);
        }
    }
}

Test(linear_predictor_of_images, never_errs_more_than_the_mean_and_copies_what_it_sees)
{
    // On the images of the fit, for every pixel, even with the ridge.
    const int32_t visible[3] = {0, 20, 41};
    static double error[IMAGE_BYTES], spread[IMAGE_BYTES], prediction[IMAGE_BYTES];
    for (size_t n = 0; n < IMAGES; ++n) {
        const double *row = rows + n * IMAGE_BYTES;
        cr_assert_eq(
            linear_predictor_apply(prediction, &fitted, row, visible, 3, &arena), 0);
        for (size_t d = 0; d < IMAGE_BYTES; ++d) {
            double miss = prediction[d] - row[d], away = fitted.mean[d] - row[d];
            error[d] += miss * miss, spread[d] += away * away;
        }
    }
    double share = 0;
    for (size_t d = 0; d < IMAGE_BYTES; ++d) {
        int seen = d / 48 == 0 || d / 48 == 20 || d / 48 == 41;
        cr_assert(seen ? error[d] == 0 : error[d] <= spread[d],
                  "pixel %zu: %g above %g", d, error[d], spread[d]);
        share += error[d] / spread[d] / IMAGE_BYTES;
    }
    cr_expect(share < .5, "waves predict one another, but the error's share is %g",
              share);
}
