#include "core/data/masks.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"

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

BREAKS(masks, a_ratio_that_hides_everything_breaks_the_contract, "visible > 0")
{
    mask_visible(4, .9);
}

// ====== The ranking that masks are cut from ======

enum { MOST = 4096 };

// ranking (T) of (seed, epoch, image), read off the nested masks with 1, 2, ..., T visible patches.
// T is a power of two, so that every ratio is exact.
static void ranking_read(uint32_t *ranking, size_t T, uint64_t seed, uint32_t epoch,
                         uint32_t image)
{
    uint8_t known[MOST] = {0};
    for (size_t V = 1; V <= T; ++V) {
        int32_t visible[MOST], hidden[MOST];
        size_t added = 0;
        mask_draw(visible, hidden, T, (double)(T - V) / (double)T, seed, epoch, image);
        for (size_t v = 0; v < V; ++v) {
            if (known[visible[v]]++) continue;
            ranking[V - 1] = (uint32_t)visible[v];
            ++added;
        }
        cr_assert_eq(added, 1, "%zu of %zu patches visible: %zu are new", V, T, added);
    }
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
        ranking_read(rankings[k], T, keys[k].seed, keys[k].epoch, keys[k].image);
    for (size_t k = 0; k < KEYS; ++k) {
        ranking_read(again, T, keys[k].seed, keys[k].epoch, keys[k].image);
        cr_expect_arr_eq(rankings[k], again, sizeof again);
        for (size_t l = 0; l < k; ++l)
            cr_expect_arr_neq(rankings[k], rankings[l], sizeof again, "%zu %zu", k, l);
    }
}

// Printed by tests/data/orders_golden.py. Exact, because masks are part of every trained weight.
Test(masks, a_ranking_is_that_of_a_second_program)
{
    static const uint32_t golden[16] = {14, 6, 13, 8, 12, 0, 4,  2,
                                        15, 5, 3,  1, 7,  9, 10, 11};
    uint32_t ranking[16];
    ranking_read(ranking, 16, 7, 3, 9);
    cr_expect_arr_eq(ranking, golden, sizeof golden);
}

// sum (n - expected)^2 / expected over `cells` counts of equal expectation.
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
        ranking_read(r, 4, 11, i / 100, i);
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
    enum { T = 16, ROUNDS = 16000 };
    static size_t counts[T * T];
    for (uint32_t i = 0; i < ROUNDS; ++i) {
        uint32_t r[T];
        ranking_read(r, T, 12, 3, i);
        for (size_t k = 0; k < T; ++k) ++counts[k * T + r[k]];
    }
    // 15^2 = 225 degrees of freedom: 296 is exceeded by one seed in a thousand.
    cr_expect_lt(chi_square(counts, (size_t)T * T, ROUNDS / (double)T), 296.);
}

// ====== Masks ======

static const struct {
    size_t tokens;
    uint32_t image;
} cases[] = {{2, 0}, {4, 1}, {49, 2}, {64, 3}, {64, 4}, {196, 5}, {256, 6}, {4096, 7}};
enum { CASES = sizeof cases / sizeof *cases };

ParameterizedTestParameters(masks, lists_are_ascending_complete_and_nested)
{
    static int index[CASES];
    for (int i = 0; i < CASES; ++i) index[i] = i;
    return cr_make_param_array(int, index, CASES);
}

ParameterizedTest(int *index, masks, lists_are_ascending_complete_and_nested)
{
    size_t T = cases[*index].tokens;
    static int32_t lists[MOST + 1];
    static int visible_before[MOST];
    // From few visible to all.
    for (int hidden = 39; hidden >= 0; --hidden) {
        double ratio = hidden / 40.;
        if ((double)T * (1 - ratio) < 1) continue;
        size_t V = mask_visible(T, ratio);
        int visible[MOST] = {0}, known[MOST] = {0};
        lists[T] = -1;
        mask_draw(lists, lists + V, T, ratio, 7, 5, cases[*index].image);
        cr_assert_eq(lists[T], -1, "written past the end");
        for (size_t i = 0; i < T; ++i) {
            int32_t patch = lists[i];
            cr_assert(patch >= 0 && (size_t)patch < T && !known[patch]++, "V %zu", V);
            cr_assert(i == 0 || i == V || lists[i - 1] < patch, "V %zu: order", V);
            visible[patch] = i < V;
        }
        for (size_t t = 0; t < T; ++t)
            cr_assert(visible[t] || !visible_before[t], "V %zu hides %zu again", V, t);
        memcpy(visible_before, visible, sizeof visible);
    }
}

BREAKS(masks, more_than_4096_patches_break_the_contract, "tokens <= TOKENS_MOST")
{
    static int32_t lists[5000];
    mask_draw(lists, lists + 2500, 5000, .5, 1, 0, 0);
}
