#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "core/stats/summary.h"
#include "experiments/09-mask-ratio/dial.h"
#include "experiments/09-mask-ratio/ranks.h"

static struct arena scratch(void)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    return arena;
}

// ====== Ranks ======

enum { IMAGES = 3 };
static double effective[ARMS][IMAGES];

// N = 32 .. 6 of 64, and effective ranks N^power times the image's own size.
static struct ranks ranks_planted(double power, double hidden_power)
{
    static const double visible[ARMS] = {32, 25, 19, 12, 6};
    struct ranks ranks = {.images = IMAGES};
    for (size_t a = 0; a < ARMS; ++a) {
        ranks.visible[a] = visible[a];
        ranks.hidden[a] = 64 - visible[a];
        ranks.effective[LEARNED][a] = effective[a];
        for (size_t i = 0; i < IMAGES; ++i)
            effective[a][i] = (double)(i + 1) * pow(visible[a], power) *
                              pow(64 - visible[a], hidden_power);
    }
    return ranks;
}

Test(ranks, a_rank_that_is_proportional_has_no_excess_of_slope)
{
    double slopes[IMAGES];
    struct ranks ranks = ranks_planted(1, 0);
    rank_slopes(slopes, ranks.effective[LEARNED], &ranks, IMAGES, 0);
    for (size_t i = 0; i < IMAGES; ++i) cr_expect_float_eq(slopes[i], 0, 1e-12);
    rank_slopes(slopes, ranks.effective[LEARNED], &ranks, IMAGES, 1);
    for (size_t i = 0; i < IMAGES; ++i)
        cr_expect_float_eq(slopes[i], 0, 1e-12, "N / N0 over N / N0");
}

Test(ranks, a_rank_that_stays_is_one_short_of_proportional)
{
    double slopes[IMAGES];
    struct ranks ranks = ranks_planted(0, 0);
    rank_slopes(slopes, ranks.effective[LEARNED], &ranks, IMAGES, 0);
    for (size_t i = 0; i < IMAGES; ++i) cr_expect_float_eq(slopes[i], -1, 1e-12);
    // A rank of N0 is a share that stays.
    ranks = ranks_planted(0, 1);
    rank_slopes(slopes, ranks.effective[LEARNED], &ranks, IMAGES, 1);
    for (size_t i = 0; i < IMAGES; ++i) cr_expect_float_eq(slopes[i], -1, 1e-12);
}

Test(ranks, the_same_patches_are_picked_from_longer_lists)
{
    enum { FEATURES = 2, COUNT = 5 };
    static const int32_t hidden[COUNT] = {1, 3, 4, 8, 9}, wanted[] = {3, 9},
                         other[] = {3, 7, 9};
    double matrix[COUNT * FEATURES], picked[3 * FEATURES];
    for (size_t i = 0; i < COUNT * FEATURES; ++i) matrix[i] = (double)i;
    cr_assert_eq(rows_pick(picked, matrix, FEATURES, hidden, COUNT, wanted, 2), 2);
    static const double want[] = {2, 3, 8, 9};
    for (size_t i = 0; i < 4; ++i) cr_expect_eq(picked[i], want[i]);
    cr_expect_eq(rows_pick(picked, matrix, FEATURES, hidden, COUNT, other, 3), 1,
                 "patch 7 is not hidden");
}

// ====== The dial ======

// Qualities of setting (k, m): best[k] - distance of m from it, in tens, with noise of scenes and
// seeds.
static void dial_plant(struct dial *dial, const double *best, struct arena *arena)
{
    dial_open(dial, &(struct run_options){.tier = TIER_DESK}, arena);
    for (size_t k = 0; k < dial->region_count; ++k)
        for (size_t m = 0; m < dial->ratio_count; ++m)
            for (int q = 0; q < QUALITIES; ++q) {
                struct rng rng = rng_open(5, PURPOSE_TEST, (uint32_t)k, (uint32_t)m);
                for (size_t s = 0; s < dial->seeds; ++s) {
                    const double of_seed = rng_normal(&rng);
                    for (size_t i = 0; i < dial->scenes[q]; ++i)
                        dial->quality[k][m][q][s * dial->scenes[q] + i] =
                            70 - 10 * fabs((double)m - best[k]) + of_seed +
                            5 * rng_normal(&rng);
                }
            }
}

// What the paper says: few regions are best at the highest ratio, many at the lowest.
Test(dial, the_papers_order_gives_a_contrast_above_zero_and_its_opposite_below)
{
    struct arena arena = scratch();
    struct dial dial;
    const double papers[DIAL_REGIONS] = {4, 3, 1, 0}, opposite[] = {0, 1, 3, 4};
    dial_plant(&dial, papers, &arena);
    for (int q = 0; q < QUALITIES; ++q) {
        const struct estimate found = dial_contrast(&dial, (enum quality)q, 1, &arena);
        cr_expect_float_eq(found.value, 80, 5);
        cr_expect_gt(found.low, 0);
        cr_expect_eq(dial_best(&dial, 0, (enum quality)q), 4);
        cr_expect_eq(dial_best(&dial, 3, (enum quality)q), 0);
    }
    dial_plant(&dial, opposite, &arena);
    for (int q = 0; q < QUALITIES; ++q)
        cr_expect_lt(dial_contrast(&dial, (enum quality)q, 1, &arena).high, 0);
    arena_close(&arena);
}

Test(dial, a_ratio_that_suits_all_scenes_gives_no_contrast)
{
    struct arena arena = scratch();
    struct dial dial;
    const double same[DIAL_REGIONS] = {2, 2, 2, 2};
    dial_plant(&dial, same, &arena);
    const struct estimate found = dial_contrast(&dial, QUALITY_PROBE, 1, &arena);
    cr_expect(found.low < 0 && found.high > 0);
    arena_close(&arena);
}

Test(dial, both_ends_are_worse_only_where_the_best_lies_between)
{
    struct arena arena = scratch();
    struct dial dial;
    const double best[DIAL_REGIONS] = {2, 0, 4, 1};
    dial_plant(&dial, best, &arena);
    cr_expect_gt(dial_end(&dial, 0, QUALITY_SEGMENTS, 0, 1, &arena).low, 10);
    cr_expect_gt(dial_end(&dial, 0, QUALITY_SEGMENTS, 1, 1, &arena).low, 10);
    cr_expect_lt(dial_end(&dial, 1, QUALITY_SEGMENTS, 0, 1, &arena).high, 0);
    cr_expect_lt(dial_end(&dial, 2, QUALITY_SEGMENTS, 1, 1, &arena).high, 0);
    cr_expect_float_eq(dial_end(&dial, 3, QUALITY_PROBE, 1, 1, &arena).value, 30, 4);
    arena_close(&arena);
}

Test(dial, two_ratios_have_none_between)
{
    struct arena arena = scratch();
    struct dial dial;
    dial_open(&dial, &(struct run_options){.tier = TIER_SMOKE}, &arena);
    cr_expect(isnan(dial_end(&dial, 0, QUALITY_PROBE, 0, 1, &arena).value));
    arena_close(&arena);
}

Test(dial, seeds_and_epochs_may_be_asked_for)
{
    struct arena arena = scratch();
    struct dial dial;
    dial_open(&dial, &(struct run_options){.tier = TIER_DESK, .seeds = 5, .epochs = 2},
              &arena);
    cr_expect(dial.seeds == 5 && dial.epochs == 2);
    // Space for all of them: the last number is there.
    dial.quality[3][4][QUALITY_PROBE][5 * 2000 - 1] = 1;
    dial_open(&dial, &(struct run_options){.tier = TIER_DESK}, &arena);
    cr_expect(dial.seeds == DIAL_SEEDS && dial.epochs == 4);
    arena_close(&arena);
}
