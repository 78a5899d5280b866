#include "core/data/planted.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/ending.h"

enum { TOKENS = 64 };

// ====== A second program ======

static void scenes_hash(char hex[HASH_HEX], uint64_t seed, size_t count, double noise)
{
    struct images scenes;
    struct hash hash;
    planted_make(&scenes, seed, count, noise);
    hash_open(&hash);
    for (size_t i = 0; i < count; ++i) {
        const uint8_t label = (uint8_t)scenes.labels[i];
        hash_add(&hash, &label, 1);
        hash_add(&hash, scenes.regions + i * TOKENS, TOKENS);
        hash_add(&hash, scenes.pixels + i * IMAGE_BYTES, IMAGE_BYTES);
    }
    hash_close(hex, &hash);
    images_free(&scenes);
}

// Printed by tests/data/planted_golden.py, which generates the same scenes in Python. All bytes
// must be equal. When the generator changes on purpose, its version string changes too.
Test(planted, the_first_scenes_are_those_of_a_second_program)
{
    char hex[HASH_HEX];
    scenes_hash(hex, 1, 100, PLANTED_NOISE); // planted_golden.py 1 100 0.05
    cr_expect_str_eq(hex, "4fcc77e5f0cb7e9498dd74697ece7383"
                          "d202e8d8709c418688a30c2ca9d9c42c");
    scenes_hash(hex, 2, 20, 0); // planted_golden.py 2 20 0
    cr_expect_str_eq(hex, "de72328f60b6b0d9b25472ea5813c2ce"
                          "eb5835a7d674107039d7f46f30c7196f");
}

// printf 'planted-1 seed 1 count 10000 noise 0.050000000000000003' | sha256sum
Test(planted, a_digest_names_version_seed_count_and_noise)
{
    char hex[HASH_HEX], other[HASH_HEX];
    planted_digest(hex, 1, 10000, 0.05);
    cr_expect_str_eq(hex, "8b47a9b496ebd9682fba26b2a7d809f7"
                          "adc2e45f4bbe31ecf3409af606b82c74");
    planted_digest(other, 2, 10000, 0.05);
    cr_expect_str_neq(hex, other);
    planted_digest(other, 1, 9999, 0.05);
    cr_expect_str_neq(hex, other);
    planted_digest(other, 1, 10000, 0);
    cr_expect_str_neq(hex, other);
}

// ====== What a scene depends on ======

Test(planted, a_scene_depends_on_seed_and_number_alone)
{
    struct images few, many, other;
    planted_make(&few, 3, 7, PLANTED_NOISE);
    planted_make(&many, 3, 60, PLANTED_NOISE);
    planted_make(&other, 4, 60, PLANTED_NOISE);
    cr_expect_arr_eq(few.labels, many.labels, 7 * sizeof *few.labels);
    cr_expect_arr_eq(few.regions, many.regions, 7 * TOKENS);
    cr_expect_arr_eq(few.pixels, many.pixels, 7 * IMAGE_BYTES);
    for (size_t i = 0; i < 60; ++i)
        for (size_t j = 0; j < 60; ++j) {
            const uint8_t *a = many.pixels + i * IMAGE_BYTES;
            cr_expect_arr_neq(a, other.pixels + j * IMAGE_BYTES, IMAGE_BYTES);
            cr_expect(i == j || memcmp(a, many.pixels + j * IMAGE_BYTES, IMAGE_BYTES));
        }
    images_free(&few), images_free(&many), images_free(&other);
}

Test(planted, noise_changes_pixels_and_nothing_else)
{
    struct images clean, noisy;
    planted_make(&clean, 1, 50, 0);
    planted_make(&noisy, 1, 50, PLANTED_NOISE);
    cr_expect_arr_eq(clean.labels, noisy.labels, 50 * sizeof *clean.labels);
    cr_expect_arr_eq(clean.regions, noisy.regions, 50 * TOKENS);
    cr_expect_arr_neq(clean.pixels, noisy.pixels, 50 * IMAGE_BYTES);
    images_free(&clean), images_free(&noisy);
}

// The share of a standard normal in [low, high].
static double normal_share(double low, double high)
{
    return 0.5 * (erf(high / M_SQRT2) - erf(low / M_SQRT2));
}

Test(planted, noise_is_normal_and_rounded_to_bytes)
{
    enum { COUNT = 200, REACH = 20, CELLS = 2 * REACH + 1 };
    struct images clean, noisy;
    planted_make(&clean, 9, COUNT, 0);
    planted_make(&noisy, 9, COUNT, PLANTED_NOISE);
    double counts[CELLS] = {0}, all = 0, chi_square = 0, sigma = 127.5 * 0.05;
    for (size_t i = 0; i < (size_t)COUNT * IMAGE_BYTES; ++i) {
        if (clean.pixels[i] < 60 || clean.pixels[i] > 195) continue; // may be clipped
        int step = noisy.pixels[i] - clean.pixels[i];
        step = step < -REACH ? -REACH : step > REACH ? REACH : step;
        ++counts[step + REACH], ++all;
    }
    for (int s = -REACH; s <= REACH; ++s) {
        double low = s == -REACH ? -60 : s - .5, high = s == REACH ? 60 : s + .5;
        double expected = all * normal_share(low / sigma, high / sigma);
        double off = counts[s + REACH] - expected;
        chi_square += off * off / expected;
    }
    // 40 degrees of freedom: exceeded by one seed in a thousand.
    cr_expect(chi_square < 73.40, "chi-square %.1f of %.0f pixels", chi_square, all);
    cr_expect(all > 300000);
    images_free(&clean), images_free(&noisy);
}

BREAKS(planted, negative_noise_breaks_the_contract, "noise >= 0")
{
    struct images scenes;
    planted_make(&scenes, 1, 1, -0.05);
}
