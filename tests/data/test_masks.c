#include "core/data/masks.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <string.h>

#include "core/base/rng.h"

static const double ratios[] = {.5, .6, .7, .75, .8, .9};
enum { RATIOS = sizeof ratios / sizeof *ratios };

Test(masks, visible_counts_are_those_of_the_public_code)
{
    static const size_t of64[RATIOS] = {32, 25, 19, 16, 12, 6};
    static const size_t of256[RATIOS] = {128, 102, 76, 64, 51, 25};
    for (size_t i = 0; i < RATIOS; ++i) {
        cr_expect_eq(mask_visible(64, ratios[i]), of64[i], "64 at %g", ratios[i]);
        cr_expect_eq(mask_visible(256, ratios[i]), of256[i], "256 at %g", ratios[i]);
    }
    // Python: int(20 * (1 - .9)) == 1, int(20 * (1 - .95)) == 1, int(30 * (1 - .9)) == 2.
    cr_expect(mask_visible(20, .9) == 1 && mask_visible(20, .95) == 1);
    cr_expect(mask_visible(30, .9) == 2);
    cr_expect(mask_visible(196, 0) == 196 && mask_visible(196, .75) == 49);
}

Test(masks, a_ratio_that_hides_everything_breaks_the_contract, .signal = SIGABRT)
{
    mask_visible(4, .9);
}

Test(masks, ratio_one_breaks_the_contract, .signal = SIGABRT)
{
    mask_visible(64, 1);
}

Test(masks, a_ranking_depends_on_seed_epoch_and_image_alone)
{
    static const struct {
        uint64_t seed;
        uint32_t epoch, image;
    } keys[] = {{1, 0, 0}, {2, 0, 0},          {1, 1, 0},
                {1, 0, 1}, {1ull << 32, 0, 0}, {0, 0, 0}};
    enum { KEYS = sizeof keys / sizeof *keys, T = 64 };
    uint32_t rankings[KEYS][T], again[T];
    for (size_t k = 0; k < KEYS; ++k)
        mask_ranking(rankings[k], T, keys[k].seed, keys[k].epoch, keys[k].image);
    for (size_t k = 0; k < KEYS; ++k) {
        mask_ranking(again, T, keys[k].seed, keys[k].epoch, keys[k].image);
        cr_expect_arr_eq(rankings[k], again, sizeof again);
        for (size_t l = 0; l < k; ++l)
            cr_expect_arr_neq(rankings[k], rankings[l], sizeof again, "%zu %zu", k, l);
    }
}

// Made by tests/data/orders_golden.py; exact, for the masks are part of every trained weight.
Test(masks, a_ranking_is_that_of_a_second_program)
{
    static const uint32_t golden[16] = {14, 6, 13, 8, 12, 0, 4,  2,
                                        15, 5, 3,  1, 7,  9, 10, 11};
    uint32_t ranking[16];
    mask_ranking(ranking, 16, 7, 3, 9);
    cr_expect_arr_eq(ranking, golden, sizeof golden);
}

/// sum (n - expected)^2 / expected over `cells` counts of equal expectation.
static double chi_square(const size_t *counts, size_t cells, double expected)
{
    double sum = 0;
    for (size_t i = 0; i < cells; ++i) {
        double off = (double)counts[i] - expected;
        sum += off * off / expected;
    }
    return sum;
}

Test(masks, every_order_of_four_patches_is_equally_likely)
{
    enum { ROUNDS = 24000 };
    size_t counts[256] = {0}, orders[24], found = 0;
    for (uint32_t i = 0; i < ROUNDS; ++i) {
        uint32_t r[4];
        mask_ranking(r, 4, 11, i / 100, i);
        ++counts[r[0] * 64 + r[1] * 16 + r[2] * 4 + r[3]];
    }
    for (size_t code = 0; code < 256; ++code)
        if (counts[code] && found < 24) orders[found++] = counts[code];
    cr_assert_eq(found, 24);
    // 23 degrees of freedom: exceeded by one seed in a thousand.
    cr_expect_lt(chi_square(orders, 24, ROUNDS / 24.), 49.73);
}

Test(masks, every_patch_has_every_rank_equally_often)
{
    enum { T = 64, ROUNDS = 64000 };
    static size_t counts[T * T];
    for (uint32_t i = 0; i < ROUNDS; ++i) {
        uint32_t r[T];
        mask_ranking(r, T, 12, 3, i);
        for (size_t k = 0; k < T; ++k) ++counts[k * T + r[k]];
    }
    // 63^2 = 3969 degrees of freedom: 4249 is exceeded by one seed in a thousand.
    cr_expect_lt(chi_square(counts, (size_t)T * T, ROUNDS / (double)T), 4249.);
}

static const struct {
    size_t tokens;
    uint32_t image;
} cases[] = {{2, 0}, {4, 1}, {49, 2}, {64, 3}, {64, 4}, {196, 5}, {256, 6}, {4096, 7}};
enum { CASES = sizeof cases / sizeof *cases };

ParameterizedTestParameters(masks, splits_are_ascending_complete_and_nested)
{
    static int index[CASES];
    for (int i = 0; i < CASES; ++i) index[i] = i;
    return cr_make_param_array(int, index, CASES);
}

ParameterizedTest(int *index, masks, splits_are_ascending_complete_and_nested)
{
    size_t T = cases[*index].tokens;
    static uint32_t ranking[4096];
    static int32_t lists[4096];
    static int visible_before[4096];
    mask_ranking(ranking, T, 7, 5, cases[*index].image);
    memset(visible_before, 0, sizeof visible_before);
    // From all hidden to none hidden, one patch more at a time.
    for (size_t V = 0; V <= T; V += T > 300 ? 128 : 1) {
        int32_t *visible = lists, *masked = lists + V;
        int shown[4096] = {0}, known[4096] = {0};
        mask_split(visible, masked, ranking, T, V);
        for (size_t i = 0; i < T; ++i) {
            int32_t patch = lists[i];
            cr_assert(patch >= 0 && (size_t)patch < T && !known[patch]++, "V %zu", V);
            cr_assert(i == 0 || i == V || lists[i - 1] < patch, "V %zu: order", V);
            shown[patch] = i < V;
        }
        for (size_t r = 0; r < T; ++r)
            cr_assert_eq(shown[ranking[r]], r < V, "V %zu: rank %zu", V, r);
        for (size_t t = 0; t < T; ++t)
            cr_assert(shown[t] || !visible_before[t], "V %zu hides %zu again", V, t);
        memcpy(visible_before, shown, sizeof shown);
    }
}

Test(masks, what_is_visible_at_a_ratio_is_visible_at_every_lower_one)
{
    uint32_t ranking[256];
    int32_t visible[RATIOS][256], masked[256];
    for (uint32_t image = 0; image < 50; ++image) {
        mask_ranking(ranking, 256, 3, 0, image);
        for (size_t i = 0; i < RATIOS; ++i)
            mask_split(visible[i], masked, ranking, 256, mask_visible(256, ratios[i]));
        for (size_t i = 1; i < RATIOS; ++i)
            for (size_t v = 0, w = 0; v < mask_visible(256, ratios[i]); ++v) {
                while (w < mask_visible(256, ratios[i - 1]) &&
                       visible[i - 1][w] < visible[i][v])
                    ++w;
                cr_assert_eq(visible[i - 1][w], visible[i][v]);
            }
    }
}

Test(masks, a_drawn_mask_splits_the_ranking_of_its_seed_epoch_and_image)
{
    for (size_t i = 0; i < CASES; ++i) {
        size_t T = cases[i].tokens, V = mask_visible(T, .5);
        static uint32_t ranking[4096];
        static int32_t expected[4096], drawn[4096 + 1];
        mask_ranking(ranking, T, 7, 5, cases[i].image);
        mask_split(expected, expected + V, ranking, T, V);
        drawn[T] = -1;
        mask_draw(drawn, drawn + V, T, .5, 7, 5, cases[i].image);
        cr_expect_arr_eq(drawn, expected, T * sizeof *drawn, "case %zu", i);
        cr_expect_eq(drawn[T], -1, "case %zu: written past the end", i);
    }
}

Test(masks, a_mask_of_ratio_zero_hides_nothing)
{
    int32_t visible[17], hidden = -1;
    mask_draw(visible, &hidden, 17, 0, 1, 0, 0);
    for (int t = 0; t < 17; ++t) cr_expect_eq(visible[t], t);
    cr_expect_eq(hidden, -1);
}

Test(masks, more_visible_than_there_are_breaks_the_contract, .signal = SIGABRT)
{
    uint32_t ranking[4] = {0, 1, 2, 3};
    int32_t visible[8], masked[8];
    mask_split(visible, masked, ranking, 4, 5);
}

Test(masks, a_ranking_of_other_patches_breaks_the_contract, .signal = SIGABRT)
{
    uint32_t ranking[4] = {0, 1, 4, 3};
    int32_t visible[8], masked[8];
    mask_split(visible, masked, ranking, 4, 3);
}
