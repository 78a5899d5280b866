#include "core/analysis/token_sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/data/planted.h"
#include "core/train/encode.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { IMAGES = 19, TOKENS = 16, WIDTH = 12, PATCH = 8 };

// A small model with initial weights, and more scenes than a chunk.
struct fixture {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct images images;
};

static void fixture_open(struct fixture *f)
{
    static const struct mae_shape shape = {32, 3, PATCH, WIDTH, 2, 1, 2, 2};
    arena_open(&f->arena, "test", 16 << 20);
    mae_open(&f->mae, &shape, &f->arena);
    f->weights = arena_reals(&f->arena, f->mae.parameters.count);
    parameters_initialise(f->weights, &f->mae.parameters, 3);
    planted_make(&f->images, 4, IMAGES, PLANTED_NOISE);
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

Test(token_sets, patches_are_those_of_the_images_in_row_order)
{
    struct fixture f;
    struct token_set set;
    fixture_open(&f);
    token_set_patches(&set, &f.images, IMAGES, 4, &f.arena);
    cr_assert(set.images == IMAGES && set.tokens == 64 && set.width == 48);
    // Patch (2,5) of image 7, channel 1, its row 3, column 2.
    float got = set.values[(7 * 64 + 2 * 8 + 5) * 48 + 16 + 3 * 4 + 2];
    uint8_t byte =
        f.images.pixels[7 * IMAGE_BYTES + 1024 + (2 * 4 + 3) * 32 + 5 * 4 + 2];
    cr_expect(got == (float)pixel_value(byte));
    fixture_close(&f);
}

Test(token_sets, positions_are_rows_and_columns)
{
    struct arena arena;
    struct token_set set;
    arena_open(&arena, "test", 1 << 20);
    token_set_positions(&set, 3, 8, &arena);
    cr_assert(set.images == 3 && set.tokens == 64 && set.width == 2);
    for (size_t i = 0; i < 3; ++i)
        for (size_t t = 0; t < 64; ++t) {
            const float *value = set.values + (i * 64 + t) * 2;
            cr_expect(value[0] == (float)(t / 8) && value[1] == (float)(t % 8));
        }
    arena_close(&arena);
}

// tokens (T+1,D) of one image encoded alone, without a mask, class token first.
static void encode_alone(float *tokens, const struct fixture *f, size_t image,
                         int layer)
{
    float pixels[IMAGE_BYTES];
    int32_t shown[TOKENS];
    for (int t = 0; t < TOKENS; ++t) shown[t] = t;
    for (size_t n = 0; n < IMAGE_BYTES; ++n)
        pixels[n] = (float)pixel_value(f->images.pixels[image * IMAGE_BYTES + n]);
    const struct encoding encoding = {.mae = &f->mae,
                                      .weights = f->weights,
                                      .layer = layer,
                                      .images = pixels,
                                      .count = 1,
                                      .visible = TOKENS,
                                      .shown = shown,
                                      .threads = 1};
    cr_assert_eq(encode_images(tokens, NULL, &encoding), 0);
}

Test(token_sets, encoder_tokens_are_those_of_whole_images_without_the_class_token)
{
    for (int layer = -1; layer <= 2; ++layer) {
        struct fixture f;
        struct token_set set;
        fixture_open(&f);
        cr_assert_eq(token_set_encoder(&set, &f.mae, f.weights, layer, &f.images,
                                       IMAGES, 1, &f.arena),
                     0);
        cr_assert(set.images == IMAGES && set.tokens == TOKENS && set.width == WIDTH);
        for (size_t image = 0; image < IMAGES; image += 9) {
            float want[(TOKENS + 1) * WIDTH];
            encode_alone(want, &f, image, layer);
            expect_close(set.values + image * TOKENS * WIDTH, want + WIDTH,
                         TOKENS * WIDTH, 0, 0);
        }
        fixture_close(&f);
    }
}

Test(token_sets, threads_do_not_show)
{
    struct fixture f;
    struct token_set one, three;
    fixture_open(&f);
    cr_assert_eq(
        token_set_encoder(&one, &f.mae, f.weights, -1, &f.images, IMAGES, 1, &f.arena),
        0);
    cr_assert_eq(token_set_encoder(&three, &f.mae, f.weights, -1, &f.images, IMAGES, 3,
                                   &f.arena),
                 0);
    cr_expect_eq(memcmp(one.values, three.values,
                        (size_t)IMAGES * TOKENS * WIDTH * sizeof(float)),
                 0);
    fixture_close(&f);
}

Test(token_sets, weights_that_overflow_are_reported)
{
    struct fixture f;
    struct token_set set;
    fixture_open(&f);
    const struct parameter *row =
        parameters_find(&f.mae.parameters, "encoder.layer_norm.weight");
    cr_assert(row);
    f.weights[row->offset] = (real)INFINITY;
    cr_expect_eq(
        token_set_encoder(&set, &f.mae, f.weights, -1, &f.images, 2, 1, &f.arena), 1);
    fixture_close(&f);
}

// ====== Normalisations ======

// Two images of three tokens of two numbers.
static float values[] = {3, 4, 1, 0, 0, 0, 1, 2, 5, 0, 0, -2};
static const struct token_set small = {2, 3, 2, values};

Test(token_sets, the_mean_is_that_of_each_position)
{
    const double want[] = {2, 3, 3, 0, 0, -1};
    double got[6];
    token_set_mean(got, &small);
    expect_close(got, want, 6, 0, 0);
}

Test(token_sets, are_normalised_as_named)
{
    const double half = sqrt(.5);
    const double want[NORMALISATIONS][6] = {
        [NORMALISATION_NONE] = {3, 4, 1, 0, 0, 0},
        [NORMALISATION_UNIT] = {.6, .8, 1, 0, 0, 0},
        [NORMALISATION_CENTRED] = {1, 1, -2, 0, 0, 1},
        [NORMALISATION_CENTRED_UNIT] = {half, half, -1, 0, 0, 1},
    };
    double mean[6], got[6];
    token_set_mean(mean, &small);
    for (int n = 0; n < NORMALISATIONS; ++n) {
        token_set_points(got, &small, 0, (enum normalisation)n, mean);
        expect_close(got, want[n], 6, 1e-15, 0);
    }
    token_set_points(got, &small, 1, NORMALISATION_NONE, NULL);
    const double second[] = {1, 2, 5, 0, 0, -2};
    expect_close(got, second, 6, 0, 0);
}

Test(token_sets, centred_tokens_do_not_depend_on_their_position)
{
    // A part that depends on the position alone is removed, however large.
    struct token_set set = {8, 5, 3, NULL}, shifted = set;
    float *plain = malloc(8 * 5 * 3 * sizeof *plain);
    float *moved = malloc(8 * 5 * 3 * sizeof *moved);
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    for (size_t n = 0; n < 8 * 5 * 3; ++n) {
        plain[n] = (float)(int)rng_below(&rng, 64);
        moved[n] = plain[n] + 256 * (float)(n % 15);
    }
    set.values = plain, shifted.values = moved;
    double mean[15], moved_mean[15], points[15], moved_points[15];
    token_set_mean(mean, &set);
    token_set_mean(moved_mean, &shifted);
    for (size_t i = 0; i < 8; ++i) {
        token_set_points(points, &set, i, NORMALISATION_CENTRED_UNIT, mean);
        token_set_points(moved_points, &shifted, i, NORMALISATION_CENTRED_UNIT,
                         moved_mean);
        expect_close(moved_points, points, 15, 0, 0);
    }
    free(plain), free(moved);
}

BREAKS(token_sets, refuse_to_centre_without_a_mean, "mean || !centred")
{
    double got[6];
    token_set_points(got, &small, 0, NORMALISATION_CENTRED, NULL);
}
