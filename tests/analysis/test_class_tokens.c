#include "core/analysis/class_tokens.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "tests/expect_close.h"

enum { IMAGES = 40, TOKENS = 16, PATCH = 192, WIDTH = 12, NUMBERS = IMAGES * WIDTH };

struct fixture {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct images images;
    float tokens[NUMBERS + 1];
};

static void fixture_open(struct fixture *f)
{
    static const struct mae_shape shape = {32, 3, 8, WIDTH, 2, 1, 2, 3};
    arena_open(&f->arena, "test", 8 << 20);
    mae_open(&f->mae, &shape, &f->arena);
    f->weights = arena_reals(&f->arena, f->mae.parameters.count);
    parameters_initialise(f->weights, &f->mae.parameters, 3);
    planted_make(&f->images, 4, IMAGES, PLANTED_NOISE);
    for (size_t i = 0; i <= NUMBERS; ++i) f->tokens[i] = 99;
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

static int tokens_of(struct fixture *f, int threads)
{
    return class_tokens(f->tokens, &f->mae, f->weights, &f->images, threads);
}

// Each image alone, all its patches shown.
Test(class_tokens, a_row_is_the_first_token_of_its_image)
{
    struct fixture f;
    struct prepared prepared;
    real patches[TOKENS * PATCH];
    int32_t shown[TOKENS];
    fixture_open(&f);
    cr_expect_eq(tokens_of(&f, 2), 0);
    cr_expect_eq(f.tokens[NUMBERS], 99);
    for (int t = 0; t < TOKENS; ++t) shown[t] = t;
    prepared_open(&prepared, &f.mae.parameters, f.weights, FP32, FORWARD_ONLY,
                  &f.arena);
    prepared_pack_all(&prepared);
    struct mae_activations *activations =
        mae_activations_open(&f.mae, 1, TOKENS, FP32, FORWARD_ONLY, &f.arena);
    for (size_t i = 0; i < IMAGES; ++i) {
        float want[WIDTH];
        patches_from_bytes(patches, f.images.pixels + i * IMAGE_BYTES, 8);
        const struct mae_input input = {1, TOKENS, patches, shown};
        const real *z = mae_encode(activations, &f.mae, &prepared, &input, -1);
        for (size_t d = 0; d < WIDTH; ++d) want[d] = (float)z[d];
        // Another number of rows may take another path through a matrix product: rounding only.
        expect_close((const float *)f.tokens + i * WIDTH, (const float *)want, WIDTH,
                     1e-5, 1e-5);
    }
    cr_expect(memcmp(f.tokens, f.tokens + WIDTH, WIDTH * sizeof *f.tokens),
              "images would not be told apart");
    fixture_close(&f);
}

Test(class_tokens, neither_threads_nor_count_change_a_row)
{
    struct fixture f;
    float one[NUMBERS];
    fixture_open(&f);
    cr_assert_eq(tokens_of(&f, 1), 0);
    memcpy(one, f.tokens, sizeof one);
    for (int threads = 2; threads <= 7; threads += 2)
        for (f.images.count = 1; f.images.count <= IMAGES; f.images.count += 13) {
            for (size_t i = 0; i <= NUMBERS; ++i) f.tokens[i] = 99;
            cr_assert_eq(tokens_of(&f, threads), 0);
            const size_t numbers = f.images.count * WIDTH;
            cr_expect_arr_eq(f.tokens, one, numbers * sizeof *one);
            cr_expect_eq(f.tokens[numbers], 99);
        }
    f.images.count = IMAGES;
    fixture_close(&f);
}

Test(class_tokens, weights_that_overflow_are_seen)
{
    struct fixture f;
    fixture_open(&f);
    f.weights[parameters_find(&f.mae.parameters, "encoder.layer_norm.bias")->offset] =
        (real)INFINITY;
    cr_expect_eq(tokens_of(&f, 2), 1);
    fixture_close(&f);
}

Test(class_tokens, no_images_break_the_contract, .signal = SIGABRT)
{
    struct fixture f;
    fixture_open(&f);
    f.images.count = 0;
    cr_expect_eq(tokens_of(&f, 1), 0);
}
