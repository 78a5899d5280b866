#include "core/analysis/encoder_features.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/analysis/last_block.h"
#include "core/data/planted.h"
#include "core/train/encode.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/scratch.h"

enum { IMAGES = 37, T = 16, D = 48 };

struct fixture {
    struct arena arena;
    struct mae mae;
    struct images images;
    struct encoder_source source;
    float *block, *summary;
};

static void fixture_open(struct fixture *f)
{
    const struct mae_shape shape = {32, 3, 8, D, 2, 1, 3, 3};
    arena_open(&f->arena, "test", (size_t)64 << 20);
    mae_open(&f->mae, &shape, &f->arena);
    real *weights = normal_reals(&f->arena, f->mae.parameters.count, .1, 1);
    planted_make(&f->images, 1, IMAGES, PLANTED_NOISE);
    f->source = (struct encoder_source){&f->mae, weights, &f->images, 1};
    f->block = arena_take(&f->arena, IMAGES * (T + LAST_BLOCK_ROWS) * D, sizeof(float));
    f->summary = arena_take(&f->arena, IMAGES * SUMMARY_ROWS * D, sizeof(float));
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

// Tokens after the final norm, by the model's own encoder.
static float *final_tokens(struct fixture *f)
{
    float *pixels = arena_take(&f->arena, IMAGES * IMAGE_BYTES, sizeof *pixels),
          *tokens = arena_take(&f->arena, IMAGES * (T + 1) * D, sizeof *tokens);
    int32_t *shown = arena_take(&f->arena, IMAGES * T, sizeof *shown);
    for (size_t i = 0; i < IMAGES * IMAGE_BYTES; ++i)
        pixels[i] = (float)pixel_value(f->images.pixels[i]);
    for (size_t i = 0; i < IMAGES * T; ++i) shown[i] = (int32_t)(i % T);
    const struct encoding encoding = {.mae = &f->mae,
                                      .weights = f->source.weights,
                                      .layer = -1,
                                      .images = pixels,
                                      .count = IMAGES,
                                      .visible = T,
                                      .shown = shown,
                                      .threads = 1};
    cr_assert_eq(encode_images(tokens, NULL, &encoding), 0);
    return tokens;
}

Test(encoder_features, summary_is_the_class_token_and_the_mean_of_the_others)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(encoder_features_compute(NULL, f.summary, &f.source), 0);
    const float *tokens = final_tokens(&f);
    for (size_t b = 0; b < IMAGES; ++b) {
        const float *all = tokens + b * (T + 1) * D,
                    *got = f.summary + b * SUMMARY_ROWS * D;
        double mean[D] = {0}, got_mean[D];
        for (size_t i = 0; i < D; ++i) {
            for (size_t t = 1; t <= T; ++t) mean[i] += (double)all[t * D + i] / T;
            got_mean[i] = (double)got[SUMMARY_MEAN * D + i];
        }
        expect_close(got, all, D, 1e-5, 1e-5);
        expect_close((const double *)got_mean, (const double *)mean, D, 1e-5, 1e-5);
    }
    fixture_close(&f);
}

// From the block's rows a probe that trains nothing reaches the same class token.
Test(encoder_features, the_blocks_rows_lead_to_the_class_token)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(encoder_features_compute(f.block, f.summary, &f.source), 0);
    struct last_block block;
    last_block_open(&block, &f.mae, f.source.weights, &f.arena);
    const struct adapter none = last_block_adapter(&block, 0);
    void *workspace = none.open(&none, IMAGES, &f.arena);
    const float *rows[IMAGES];
    for (size_t b = 0; b < IMAGES; ++b)
        rows[b] = f.block + b * (T + LAST_BLOCK_ROWS) * D;
    real *out = arena_reals(&f.arena, IMAGES * D);
    none.forward(out, NULL, rows, workspace);
    for (size_t b = 0; b < IMAGES; ++b)
        for (size_t i = 0; i < D; ++i) {
            float got = (float)out[b * D + i],
                  want = f.summary[(b * SUMMARY_ROWS + SUMMARY_CLASS) * D + i];
            expect_close((const float *)&got, (const float *)&want, 1, 1e-4, 1e-4);
        }
    fixture_close(&f);
}

Test(encoder_features, bits_depend_neither_on_threads_nor_on_the_count)
{
    struct fixture f;
    fixture_open(&f);
    float few[5 * SUMMARY_ROWS * D];
    float *again = arena_take(&f.arena, IMAGES * SUMMARY_ROWS * D, sizeof *again);
    cr_assert_eq(encoder_features_compute(f.block, f.summary, &f.source), 0);
    f.source.threads = 3;
    cr_assert_eq(encoder_features_compute(NULL, again, &f.source), 0);
    cr_expect_arr_eq(again, f.summary, IMAGES * SUMMARY_ROWS * D * sizeof(float));
    f.images.count = 5;
    cr_assert_eq(encoder_features_compute(NULL, few, &f.source), 0);
    cr_expect_arr_eq(few, f.summary, sizeof few);
    fixture_close(&f);
}

// ====== The files ======

static void expect_same(const struct encoder_features *features,
                        const struct fixture *f)
{
    cr_expect_arr_eq(features->block.data, f->block,
                     IMAGES * (T + LAST_BLOCK_ROWS) * D * sizeof(float));
    cr_expect_arr_eq(features->summary.data, f->summary,
                     IMAGES * SUMMARY_ROWS * D * sizeof(float));
}

Test(encoder_features, files_are_made_once_and_used_again, .init = scratch_make)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(encoder_features_compute(f.block, f.summary, &f.source), 0);
    struct encoder_features features;
    for (int time = 0; time < 2; ++time) {
        cr_assert_eq(
            encoder_features_open(&features, scratch_folder, "x", "salt", 1, &f.source),
            0);
        expect_same(&features, &f);
        encoder_features_close(&features);
        // Had the second time computed anything, it would come out different.
        f.images.pixels[0] ^= 255;
    }
    fixture_close(&f);
}

Test(encoder_features, a_damaged_file_is_made_again, .init = scratch_make)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(encoder_features_compute(f.block, f.summary, &f.source), 0);
    static const char *const names[] = {"x-block.features", "x-summary.features"};
    for (size_t i = 0; i < 2; ++i) {
        struct encoder_features features;
        cr_assert_eq(
            encoder_features_open(&features, scratch_folder, "x", "salt", 1, &f.source),
            0);
        encoder_features_close(&features);
        FILE *file = fopen(in_scratch(names[i]), "r+b");
        cr_assert(file);
        fseek(file, 5000, SEEK_SET);
        putc(77, file);
        fclose(file);
        cr_assert_eq(
            encoder_features_open(&features, scratch_folder, "x", "salt", 1, &f.source),
            0);
        expect_same(&features, &f);
        encoder_features_close(&features);
    }
    fixture_close(&f);
}

// Other weights, images or sources give other features under the same name.
Test(encoder_features, of_another_source_are_not_used, .init = scratch_make)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(encoder_features_compute(f.block, f.summary, &f.source), 0);
    struct encoder_features features;
    for (int change = 0; change < 3; ++change) {
        const char *salt = change == 2 ? "pepper" : "salt";
        real *weights = (real *)f.source.weights;
        cr_assert_eq(
            encoder_features_open(&features, scratch_folder, "x", "salt", 0, &f.source),
            0);
        cr_expect_null(features.block.data);
        encoder_features_close(&features);
        cr_expect_neq(access(in_scratch("x-block.features"), F_OK), 0);
        if (change == 0) weights[f.mae.parameters.count / 4] += 1;
        if (change == 1) {
            f.images.pixels[7] ^= 255;
            f.images.digest[0] ^= 1;
        }
        // The key is of the digest, so only what is computed anew sees these pixels.
        if (change == 2) f.images.pixels[IMAGE_BYTES] ^= 255;
        cr_assert_eq(encoder_features_compute(NULL, f.summary, &f.source), 0);
        cr_assert_eq(
            encoder_features_open(&features, scratch_folder, "x", salt, 0, &f.source),
            0);
        cr_expect_arr_eq(features.summary.data, f.summary,
                         IMAGES * SUMMARY_ROWS * D * sizeof(float));
        encoder_features_close(&features);
    }
    fixture_close(&f);
}

Test(encoder_features, weights_that_overflow_are_reported_and_leave_no_file,
     .init = scratch_make)
{
    struct fixture f;
    fixture_open(&f);
    const struct parameter *row =
        parameters_find(&f.mae.parameters, "encoder.transformer.1.mlp.fc2.weight");
    real *weights = (real *)f.source.weights;
    for (size_t i = 0; i < row->count; ++i) weights[row->offset + i] = (real)3e38;
    struct encoder_features features;
    cr_expect_eq(
        encoder_features_open(&features, scratch_folder, "x", "salt", 1, &f.source),
        sizeof(real) == sizeof(double) ? 0 : 1);
    if (sizeof(real) == sizeof(float))
        cr_expect_neq(access(in_scratch("x-block.features"), F_OK), 0);
    fixture_close(&f);
}
