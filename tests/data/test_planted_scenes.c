// Properties of planted scenes before noise: regions, tiles, rank, class, signs.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/linalg/svd.h"
#include "tests/ending.h"

enum { TOKENS = 64, TILE = 48 };

// k, the number of regions of scene i.
static size_t region_count(const struct images *scenes, size_t i)
{
    size_t most = 0;
    for (size_t t = 0; t < TOKENS; ++t)
        if (scenes->regions[i * TOKENS + t] > most)
            most = scenes->regions[i * TOKENS + t];
    return most + 1;
}

// tile (48) = the bytes of token t of scene i, (channel, row, column).
static void token_bytes(uint8_t *tile, const struct images *scenes, size_t i, size_t t)
{
    for (size_t c = 0; c < 3; ++c)
        for (size_t y = 0; y < 4; ++y)
            memcpy(tile + 16 * c + 4 * y,
                   scenes->pixels + i * IMAGE_BYTES + 1024 * c + 32 * (t / 8 * 4 + y) +
                       t % 8 * 4,
                   4);
}

static int opposite(const uint8_t *a, const uint8_t *b)
{
    for (size_t i = 0; i < TILE; ++i)
        if (a[i] + b[i] != 255) return 0;
    return 1;
}

static size_t parity(size_t t)
{
    return (t / 8 + t % 8) % 2;
}

Test(planted, regions_are_numbered_from_the_object_and_none_is_tiny)
{
    struct images scenes;
    size_t of_k[5] = {0}, object = 0;
    planted_make(&scenes, 1, PLANTED_TRAIN, 0);
    for (size_t i = 0; i < scenes.count; ++i) {
        size_t k = region_count(&scenes, i), sizes[TOKENS] = {0};
        cr_assert(k >= 2 && k <= 4, "scene %zu has %zu regions", i, k);
        for (size_t t = 0; t < TOKENS; ++t) ++sizes[scenes.regions[i * TOKENS + t]];
        for (size_t r = 0; r < k; ++r)
            cr_assert(sizes[r] >= 2, "scene %zu region %zu", i, r);
        ++of_k[k];
        object += sizes[0];
    }
    double third = PLANTED_TRAIN / 3., chi_square = 0;
    for (size_t k = 2; k <= 4; ++k)
        chi_square += ((double)of_k[k] - third) * ((double)of_k[k] - third) / third;
    // 2 degrees of freedom: exceeded by one seed in a thousand.
    cr_expect(chi_square < 13.82, "%zu %zu %zu", of_k[2], of_k[3], of_k[4]);
    double share = (double)object / (PLANTED_TRAIN * (double)TOKENS);
    cr_expect(share > .15 && share < .30, "the object has %.3f of the tokens", share);
    images_free(&scenes);
}

// The intersection of an ellipse and a line is connected.
Test(planted, the_object_is_in_one_piece_in_every_row_and_column)
{
    struct images scenes;
    planted_make(&scenes, 5, 2000, 0);
    for (size_t i = 0; i < scenes.count; ++i)
        for (size_t line = 0; line < 16; ++line) {
            size_t pieces = 0;
            int inside = 0;
            for (size_t step = 0; step < 8; ++step) {
                size_t t = line < 8 ? 8 * line + step : 8 * step + line - 8;
                int object = scenes.regions[i * TOKENS + t] == 0;
                pieces += object && !inside;
                inside = object;
            }
            cr_assert(pieces <= 1, "scene %zu line %zu", i, line);
        }
    images_free(&scenes);
}

Test(planted, region_maps_say_which_tokens_are_alike)
{
    struct images scenes;
    planted_make(&scenes, 6, 300, 0);
    for (size_t i = 0; i < scenes.count; ++i) {
        uint8_t tiles[TOKENS][TILE];
        const uint8_t *region = scenes.regions + i * TOKENS;
        for (size_t t = 0; t < TOKENS; ++t) token_bytes(tiles[t], &scenes, i, t);
        for (size_t t = 0; t < TOKENS; ++t)
            for (size_t u = 0; u < t; ++u) {
                int same = memcmp(tiles[t], tiles[u], TILE) == 0;
                int alike = region[t] == region[u] && parity(t) == parity(u);
                cr_assert_eq(same, alike, "scene %zu tokens %zu %zu", i, t, u);
                cr_assert(!opposite(tiles[t], tiles[u]), "a texture is used twice");
            }
    }
    images_free(&scenes);
}

Test(planted, the_rank_before_noise_is_the_number_of_tiles_and_at_most_2k)
{
    struct images scenes;
    double a[TOKENS * TILE], u[TOKENS * TILE], s[TILE], vt[TILE * TILE];
    double *workspace = malloc(svd_workspace(TOKENS, TILE) * sizeof *workspace);
    planted_make(&scenes, 7, 300, 0);
    for (size_t i = 0; i < scenes.count; ++i) {
        size_t k = region_count(&scenes, i), tiles = 0;
        int present[4][2] = {{0}};
        real patches[TOKENS * TILE];
        for (size_t t = 0; t < TOKENS; ++t)
            tiles += !present[scenes.regions[i * TOKENS + t]][parity(t)]++;
        patches_from_bytes(patches, scenes.pixels + i * IMAGE_BYTES, 4);
        for (size_t j = 0; j < TOKENS * TILE; ++j) a[j] = (double)patches[j];
        cr_assert(svd_thin(u, s, vt, a, TOKENS, TILE, workspace) == 0);
        // Equal rows are exactly equal, so the only rounding is that of the SVD; different tiles
        // are independent normals, far from linearly dependent.
        cr_assert_leq(tiles, 2 * k);
        cr_assert(!(s[tiles] > 1e-13 * s[0]), "scene %zu: %g of %g", i, s[tiles], s[0]);
        cr_assert(s[tiles - 1] > 1e-2 * s[0], "scene %zu: %g of %g", i, s[tiles - 1],
                  s[0]);
    }
    free(workspace);
    images_free(&scenes);
}

// ====== Classes and signs ======

Test(planted, classes_are_balanced)
{
    struct images scenes;
    planted_make(&scenes, PLANTED_TRAIN_SEED, PLANTED_TRAIN, 0);
    double counts[IMAGE_CLASSES] = {0}, chi_square = 0;
    for (size_t i = 0; i < scenes.count; ++i) {
        cr_assert_lt(scenes.labels[i], IMAGE_CLASSES);
        ++counts[scenes.labels[i]];
    }
    for (size_t c = 0; c < IMAGE_CLASSES; ++c)
        chi_square += (counts[c] - 1000) * (counts[c] - 1000) / 1000;
    // 9 degrees of freedom: exceeded by one seed in a thousand.
    cr_expect(chi_square < 27.88, "chi-square %.2f", chi_square);
    images_free(&scenes);
}

// Objects of one class have the same two tiles in every scene of every seed, or both negative,
// equally often. The ground never has an object's tile.
Test(planted, the_class_is_the_texture_of_the_object_up_to_its_sign)
{
    uint8_t known[IMAGE_CLASSES][2][TILE], tile[TILE];
    int seen[IMAGE_CLASSES][2] = {{0}};
    double signs = 0, positive = 0;
    for (uint64_t seed = 1; seed <= 2; ++seed) {
        struct images scenes;
        planted_make(&scenes, seed, 2000, 0);
        for (size_t i = 0; i < scenes.count; ++i) {
            size_t c = scenes.labels[i];
            int negative[2] = {-1, -1};
            for (size_t t = 0; t < TOKENS; ++t) {
                if (scenes.regions[i * TOKENS + t] != 0) continue;
                token_bytes(tile, &scenes, i, t);
                if (!seen[c][parity(t)]++) memcpy(known[c][parity(t)], tile, TILE);
                negative[parity(t)] = opposite(tile, known[c][parity(t)]);
                cr_assert(negative[parity(t)] ||
                              !memcmp(tile, known[c][parity(t)], TILE),
                          "scene %zu token %zu is not of class %zu", i, t, c);
            }
            if (negative[0] >= 0) ++signs, positive += !negative[0];
        }
        for (size_t i = 0; i < 300; ++i)
            for (size_t t = 0; t < TOKENS; ++t) {
                if (scenes.regions[i * TOKENS + t] == 0) continue;
                token_bytes(tile, &scenes, i, t);
                for (size_t c = 0; c < IMAGE_CLASSES; ++c)
                    cr_assert(!opposite(tile, known[c][parity(t)]) &&
                              memcmp(tile, known[c][parity(t)], TILE));
            }
        images_free(&scenes);
    }
    // Binomial: 3.29 standard deviations are exceeded by one seed in a thousand.
    cr_expect(fabs(positive - signs / 2) < 3.29 * sqrt(signs) / 2, "%.0f of %.0f",
              positive, signs);
    cr_expect(signs > 3900);
}

// Regions have independent signs, so on average no pixel depends on the class.
Test(planted, pixels_have_mean_zero_in_every_class)
{
    struct images scenes;
    planted_make(&scenes, 8, 5000, PLANTED_NOISE);
    double sums[IMAGE_CLASSES] = {0}, counts[IMAGE_CLASSES] = {0};
    size_t centre = 32 * 16 + 16;
    for (size_t i = 0; i < scenes.count; ++i) {
        sums[scenes.labels[i]] += pixel_value(scenes.pixels[i * IMAGE_BYTES + centre]);
        ++counts[scenes.labels[i]];
    }
    // The standard deviation of a value is at most 1.
    for (size_t c = 0; c < IMAGE_CLASSES; ++c)
        cr_expect(fabs(sums[c] / counts[c]) < 3.9 / sqrt(counts[c]), "class %zu: %g", c,
                  sums[c] / counts[c]);
    images_free(&scenes);
}

Test(planted, tiles_look_like_clipped_normals_of_deviation_two_fifths)
{
    struct images scenes;
    planted_make(&scenes, 10, 500, 0);
    double square = 0, n = (double)scenes.count * IMAGE_BYTES;
    for (size_t i = 0; i < scenes.count * IMAGE_BYTES; ++i)
        square += pixel_value(scenes.pixels[i]) * pixel_value(scenes.pixels[i]);
    // The dictionary has 1,920 numbers, so the deviation is known to 1.6 %; clipping lowers it by
    // .6 %.
    cr_expect(fabs(sqrt(square / n) - .4) < .03, "%g", sqrt(square / n));
    images_free(&scenes);
}

// The stream of a scene differs from planted_make's by the one draw of k that is not made, so the
// class is the same and all else is not.
Test(planted, scenes_of_a_given_number_of_regions_have_it)
{
    struct images drawn, given, eight;
    planted_make(&drawn, 1, 200, PLANTED_NOISE);
    planted_make_regions(&given, 1, 200, PLANTED_NOISE, 3);
    planted_make_regions(&eight, 1, 200, PLANTED_NOISE, PLANTED_REGIONS);
    for (size_t i = 0; i < 200; ++i) {
        cr_assert_eq(region_count(&given, i), 3, "scene %zu", i);
        cr_assert_eq(region_count(&eight, i), 8, "scene %zu", i);
        cr_assert_eq(given.labels[i], drawn.labels[i]);
    }
    cr_expect_str_neq(given.digest, drawn.digest);
    cr_expect_str_neq(given.digest, eight.digest);
    images_free(&drawn);
    images_free(&given);
    images_free(&eight);
}

BREAKS(planted, one_region_breaks_the_contract, "regions >= REGIONS_LEAST")
{
    struct images scenes;
    planted_make_regions(&scenes, 1, 1, 0, 1);
}
