#include "core/analysis/cooccurrence.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/linalg/frobenius.h"

static struct arena scratch(void)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    return arena;
}

// Four kinds of patches, one-hot; 0 and 1 are always neighbours, and 2 and 3. The normalised
// adjacency has eigenvalues 1, 1, -1, -1, and the leading features tell the two groups.
Test(cooccurrence, features_of_kinds_tell_groups_that_occur_together)
{
    struct arena arena = scratch();
    struct cooccurrence graph;
    const double second[] = {.3, 0, 0, 0, 0, .3, 0, 0, 0, 0, .2, 0, 0, 0, 0, .2},
                 pairs[] = {0, .3, 0, 0, .3, 0, 0, 0, 0, 0, 0, .2, 0, 0, .2, 0},
                 kinds[] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
    double features[8];
    cr_assert_eq(cooccurrence_solve(&graph, second, pairs, 4, &arena), 0);
    cr_expect_eq(graph.kept, 2);
    for (size_t i = 0; i < 4; ++i)
        cr_expect_float_eq(graph.values[i], i < 2 ? 1 : -1, 1e-14);
    cooccurrence_features(features, &graph, kinds, 4);
    cr_expect_lt(squared_distance(features, features + 2, 2), 1e-28);
    cr_expect_lt(squared_distance(features + 4, features + 6, 2), 1e-28);
    cr_expect_float_eq(inner_product(features, features + 4, 2), 0, 1e-14);
    arena_close(&arena);
}

// Kinds 0 and 1 mostly alternate, so that .9 and -.7 are eigenvalues; 2 and 3 are neighbours of
// themselves and of one another: 1 and .2.
Test(cooccurrence, components_by_modulus_have_both_signs)
{
    struct arena arena = scratch();
    struct cooccurrence graph, components;
    const double second[] = {.25, 0, 0, 0, 0, .25, 0, 0, 0, 0, .25, 0, 0, 0, 0, .25},
                 pairs[] = {.025, .2, 0,   0,  .2, .025, 0,  0,
                            0,    0,  .15, .1, 0,  0,    .1, .15},
                 kinds[] = {1, 0, 0, 0, 0, 1, 0, 0};
    double features[6];
    cr_assert_eq(cooccurrence_solve(&graph, second, pairs, 4, &arena), 0);
    cooccurrence_by_modulus(&components, &graph, &arena);
    const double descending[] = {1, .9, .2, -.7}, by_modulus[] = {1, .9, -.7, .2};
    for (size_t i = 0; i < 4; ++i) {
        cr_expect_float_eq(graph.values[i], descending[i], 1e-14);
        cr_expect_float_eq(components.values[i], by_modulus[i], 1e-14);
    }
    cr_expect_eq(graph.kept, 2);
    cr_expect_eq(components.kept, 3);
    cooccurrence_features(features, &components, kinds, 2);
    cr_expect_float_eq(features[2], -features[5], 1e-14, "they are told apart");
    cr_expect_gt(fabs(features[2]), 1);
    arena_close(&arena);
}

// A direction that never varies is left out instead of being divided by zero.
Test(cooccurrence, directions_without_variance_are_left_out)
{
    struct arena arena = scratch();
    struct cooccurrence graph;
    const double second[] = {1, 0, 0, 1e-9}, pairs[] = {.5, 0, 0, 1e-9};
    cr_assert_eq(cooccurrence_solve(&graph, second, pairs, 2, &arena), 0);
    cr_expect_float_eq(graph.values[0], .5, 1e-15);
    cr_expect_float_eq(graph.values[1], 0, 1e-15);
    cr_expect_eq(graph.kept, 1);
    arena_close(&arena);
}

// Every pair written out, on one image.
Test(cooccurrence, moments_are_of_all_patches_and_all_adjacent_pairs)
{
    enum { PATCH = 16, SIDE = 2, F = 768 };
    struct arena arena = scratch();
    struct cooccurrence graph;
    struct images images;
    static real reals[IMAGE_BYTES];
    static double x[4][F];
    planted_make(&images, 3, 1, PLANTED_NOISE);
    cr_assert_eq(cooccurrence_fit(&graph, &images, 1, PATCH, &arena), 0);
    patches_from_bytes(reals, images.pixels, PATCH);
    for (size_t i = 0; i < IMAGE_BYTES; ++i) x[i / F][i % F] = (double)reals[i];
    const size_t pair[4][2] = {{0, 1}, {2, 3}, {0, 2}, {1, 3}};
    for (size_t i = 0; i < F; i += 97)
        for (size_t j = 0; j < F; j += 101) {
            double second = 0, pairs = 0;
            for (size_t t = 0; t < 4; ++t) {
                const double *a = x[pair[t][0]], *b = x[pair[t][1]];
                second += x[t][i] * x[t][j] / 4;
                pairs += (a[i] * b[j] + b[i] * a[j]) / 8;
            }
            cr_expect_float_eq(graph.second[i * F + j], second, 1e-14);
            cr_expect_float_eq(graph.pairs[i * F + j], pairs, 1e-14);
        }
    images_free(&images);
    arena_close(&arena);
}

// The features are those of the 20 textures, each of which has two tiles.
Test(cooccurrence, planted_scenes_have_as_many_features_as_textures)
{
    struct arena arena = scratch();
    struct cooccurrence graph;
    struct images images;
    planted_make(&images, PLANTED_TRAIN_SEED, 1000, PLANTED_NOISE);
    cr_assert_eq(cooccurrence_fit(&graph, &images, 1000, 4, &arena), 0);
    cr_expect_eq(graph.kept, 20);
    cr_expect_gt(graph.values[19], .2);
    cr_expect_lt(graph.values[20], .05);
    images_free(&images);
    arena_close(&arena);
}
