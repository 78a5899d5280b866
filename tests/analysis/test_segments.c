#include "core/analysis/segments.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/analysis/kmeans.h"
#include "core/base/rng.h"
#include "core/data/planted.h"
#include "core/stats/summary.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { IMAGES = 40, TOKENS = 64, WIDTH = 6 };

static float values[IMAGES * TOKENS * WIDTH];
static uint8_t truth[IMAGES * TOKENS], clusters[IMAGES], maps[IMAGES * TOKENS];
static double ari[IMAGES], iou[IMAGES];
static struct images scenes;

// Tokens that depend on their region, their position and noise; the true maps of planted scenes.
static struct token_set set_make(double region_weight, double place_weight)
{
    struct rng rng = rng_open(6, PURPOSE_TEST, 0, 0);
    planted_make(&scenes, 3, IMAGES, 0);
    segments_truth(truth, clusters, &scenes, IMAGES, TOKENS);
    for (size_t i = 0; i < IMAGES * TOKENS; ++i)
        for (size_t d = 0; d < WIDTH; ++d)
            values[i * WIDTH + d] =
                (float)(region_weight * (truth[i] == d) + .1 * rng_normal(&rng) +
                        place_weight * (d == 4   ? i % 8
                                        : d == 5 ? i / 8 % 8
                                                 : 0));
    return (struct token_set){IMAGES, TOKENS, WIDTH, values};
}

static struct segmentation segmentation_of(const struct token_set *set)
{
    return (struct segmentation){.set = set,
                                 .normalisation = NORMALISATION_NONE,
                                 .clusters = clusters,
                                 .restarts = 10,
                                 .seed = 1,
                                 .threads = 1};
}

Test(segments, truth_is_the_region_map_and_its_number_of_regions)
{
    set_make(1, 0);
    size_t seen[5] = {0};
    for (size_t i = 0; i < IMAGES; ++i) {
        uint8_t most = 0;
        for (size_t t = 0; t < TOKENS; ++t) {
            cr_expect_eq(truth[i * TOKENS + t], scenes.regions[i * TOKENS + t]);
            if (truth[i * TOKENS + t] > most) most = truth[i * TOKENS + t];
        }
        cr_expect_eq(clusters[i], most + 1);
        ++seen[clusters[i]];
    }
    cr_expect(seen[2] && seen[3] && seen[4] && !seen[0] && !seen[1]);
}

Test(segments, truth_of_smaller_patches_repeats_the_regions)
{
    static uint8_t fine[IMAGES * 256];
    set_make(1, 0);
    segments_truth(fine, clusters, &scenes, IMAGES, 256);
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t t = 0; t < 256; ++t)
            cr_expect_eq(fine[i * 256 + t],
                         truth[i * TOKENS + t / 32 * 8 + t % 16 / 2]);
}

Test(segments, are_found_where_tokens_carry_them)
{
    struct token_set set = set_make(2, 0);
    struct segmentation segmentation = segmentation_of(&set);
    segments_find(maps, &segmentation);
    segments_score(ari, iou, maps, truth, clusters, IMAGES, TOKENS);
    cr_expect(mean(ari, IMAGES) > .97, "ARI %g", mean(ari, IMAGES));
    cr_expect(mean(iou, IMAGES) > .95, "mIoU %g", mean(iou, IMAGES));
}

Test(segments, are_not_found_where_tokens_do_not)
{
    struct token_set set = set_make(0, 0);
    struct segmentation segmentation = segmentation_of(&set);
    segments_find(maps, &segmentation);
    segments_score(ari, NULL, maps, truth, clusters, IMAGES, TOKENS);
    cr_expect(fabs(mean(ari, IMAGES)) < .03, "ARI %g", mean(ari, IMAGES));
}

Test(segments, of_tokens_that_carry_their_position_need_centring)
{
    struct token_set set = set_make(2, 2);
    struct segmentation segmentation = segmentation_of(&set);
    segments_find(maps, &segmentation);
    segments_score(ari, NULL, maps, truth, clusters, IMAGES, TOKENS);
    double plain = mean(ari, IMAGES);
    segmentation.normalisation = NORMALISATION_CENTRED;
    segments_find(maps, &segmentation);
    segments_score(ari, NULL, maps, truth, clusters, IMAGES, TOKENS);
    cr_expect(plain < .4 && mean(ari, IMAGES) > .7, "ARI %g, centred %g", plain,
              mean(ari, IMAGES));
}

Test(segments, of_shuffled_truth_are_worth_nothing)
{
    // Compares the maps of one scene with the regions of another.
    struct token_set set = set_make(2, 0);
    struct segmentation segmentation = segmentation_of(&set);
    static uint8_t other[IMAGES * TOKENS], most[IMAGES];
    segments_find(maps, &segmentation);
    for (size_t i = 0; i < IMAGES; ++i) {
        size_t from = (i + 1) % IMAGES;
        memcpy(other + i * TOKENS, truth + from * TOKENS, TOKENS);
        most[i] = clusters[i] > clusters[from] ? clusters[i] : clusters[from];
    }
    segments_score(ari, iou, maps, other, most, IMAGES, TOKENS);
    cr_expect(mean(ari, IMAGES) < .3, "ARI %g", mean(ari, IMAGES));
}

Test(segments, each_image_is_clustered_by_itself_and_threads_do_not_show)
{
    struct token_set set = set_make(.3, .2);
    struct segmentation segmentation = segmentation_of(&set);
    static uint8_t other[IMAGES * TOKENS];
    double points[TOKENS * WIDTH], place[TOKENS * WIDTH];
    segments_find(maps, &segmentation);
    segmentation.threads = 3;
    segments_find(other, &segmentation);
    cr_expect_eq(memcmp(maps, other, sizeof maps), 0);

    struct arena arena;
    arena_open_growing(&arena, "k-means");
    token_set_mean(place, &set);
    for (uint32_t i = 0; i < IMAGES; i += 7) {
        struct kmeans_shape shape = {TOKENS, WIDTH, clusters[i]};
        uint8_t alone[TOKENS];
        token_set_points(points, &set, i, NORMALISATION_NONE, place);
        kmeans_fit(alone, points, &shape, 10, 1, i, &arena);
        cr_expect_eq(memcmp(alone, maps + i * TOKENS, TOKENS), 0);
    }
    arena_close(&arena);
}

BREAKS(segments, refuse_images_without_regions, "images->regions")
{
    planted_make(&scenes, 3, 1, 0);
    scenes.regions = NULL;
    segments_truth(truth, clusters, &scenes, 1, TOKENS);
}

BREAKS(segments, refuse_a_map_that_is_no_multiple_of_the_grid,
       "side * side == tokens && scale > 0 && scale * REGION_GRID == side")
{
    planted_make(&scenes, 3, 1, 0);
    segments_truth(truth, clusters, &scenes, 1, 16);
}

// All pairs, written out, in tokens that are normalised here too.
Test(segments, contrast_is_the_mean_product_of_all_pairs)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    const struct token_set set = set_make(1, .5);
    double within[IMAGES], between[IMAGES], place[TOKENS * WIDTH],
        points[TOKENS * WIDTH];
    segments_contrast(within, between, &set, NORMALISATION_CENTRED_UNIT, truth, &arena);
    token_set_mean(place, &set);
    for (size_t i = 0; i < IMAGES; i += 13) {
        double sum[2] = {0}, pairs[2] = {0};
        token_set_points(points, &set, i, NORMALISATION_CENTRED_UNIT, place);
        for (size_t s = 0; s < TOKENS; ++s)
            for (size_t t = 0; t < s; ++t) {
                const int differ = truth[i * TOKENS + s] != truth[i * TOKENS + t];
                for (size_t d = 0; d < WIDTH; ++d)
                    sum[differ] += points[s * WIDTH + d] * points[t * WIDTH + d];
                ++pairs[differ];
            }
        const double naive[] = {sum[0] / pairs[0], sum[1] / pairs[1]};
        expect_close(&within[i], &naive[0], 1, 0, 1e-12);
        expect_close(&between[i], &naive[1], 1, 0, 1e-12);
        cr_expect_gt(within[i], between[i] + .5, "tokens of a region are alike");
    }
    images_free(&scenes);
    arena_close(&arena);
}
