#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/analysis/encoder_features.h"
#include "core/analysis/last_block.h"
#include "core/base/files.h"
#include "core/base/npy.h"
#include "core/data/centre_crop.h"
#include "core/data/patches.h"
#include "core/model/vit_weights.h"

// tests/golden/make_imagefolder_golden.py: 10 training images and 5 others of 3 classes.
enum {
    SIDE = 32,
    P = 8,
    T = 16,
    D = 16,
    BLOCKS = 2,
    N = 15,
    TRAINED = 10,
    SHOWN = 4,
    C = 3
};
enum { PIXELS = 3 * SIDE * SIDE, TOKENS = (T + 1) * D };

static const char *const files[] = {"vit", "hf"};

static void golden_path(char path[PATH_SIZE], const char *name)
{
    path_format(path, "tests/golden/imagefolder/%s", name);
}

static float *golden(const char *name, size_t count)
{
    char path[PATH_SIZE];
    struct npy array;
    golden_path(path, name);
    npy_read(&array, path);
    cr_assert(array.type == NPY_F4 && array.count == count, "%s: %zu numbers", path,
              array.count);
    float *data = malloc(count * sizeof *data);
    memcpy(data, array.data, count * sizeof *data);
    npy_free(&array);
    return data;
}

static void weights_golden(struct vit_weights *vit, const char *name)
{
    char file[64], path[PATH_SIZE];
    snprintf(file, sizeof file, "%s.safetensors", name);
    golden_path(path, file);
    vit_weights_open(vit, path, 0);
}

static float values[3 * 256];

// The crops, rows train then val.
static void images_golden(struct images *images, size_t count)
{
    char path[PATH_SIZE];
    struct npy crops;
    golden_path(path, "crops.npy");
    npy_read(&crops, path);
    colours_normalise(values);
    images_open_square(images, "imagefolder", count, SIDE, values);
    memcpy(images->pixels, crops.data, count * PIXELS);
    npy_free(&crops);
}

// tokens (count,T+1,D) of the first images after a layer.
static void encode(real *tokens, const struct vit_weights *vit, size_t count, int layer)
{
    struct arena arena, packed_arena;
    struct packed_weights packed;
    struct images images;
    const struct mae *mae = &vit->weights.mae;
    images_golden(&images, count);
    arena_open_growing(&arena, "test");
    packed_weights_for_inference(&packed, &packed_arena, &mae->parameters,
                                 vit->weights.slab, FP32);
    real *patches = arena_reals(&arena, count * PIXELS);
    int32_t *visible = arena_take(&arena, count * T, sizeof *visible);
    for (size_t i = 0; i < count; ++i)
        patches_of_image(patches + i * PIXELS, &images, i, P);
    for (size_t i = 0; i < count * T; ++i) visible[i] = (int32_t)(i % T);
    const struct mae_input input = {count, T, patches, visible, 0};
    struct mae_activations *activations =
        mae_activations_open(mae, count, T, FP32, INFER, &arena);
    memcpy(tokens, mae_encode(activations, mae, &packed, &input, layer),
           count * TOKENS * sizeof *tokens);
    arena_close(&packed_arena);
    arena_close(&arena);
    images_free(&images);
}

static void expect_tokens(const real *got, const float *want, size_t count,
                          const char *what)
{
    double worst = 0;
    for (size_t i = 0; i < count; ++i) {
        const double gap = fabs((double)got[i] - (double)want[i]);
        worst = gap > worst || isnan(gap) ? gap : worst;
    }
    cr_expect(worst <= 2e-5, "%s: %.2g", what, worst);
}

// float32 against double: 1e-6 by rounding alone. An epsilon of 1e-12 is 4e-4 off, one of
// 1e-5 more.
Test(published_encoder, tokens_of_every_layer_are_those_of_torch)
{
    float *want = golden("tokens.npy", (size_t)SHOWN * (BLOCKS + 2) * TOKENS);
    for (size_t f = 0; f < 2; ++f) {
        struct vit_weights vit;
        weights_golden(&vit, files[f]);
        cr_assert(vit.weights.mae.shape.image == SIDE &&
                  vit.weights.mae.shape.encoder_blocks == BLOCKS &&
                  vit.weights.mae.shape.encoder_heads == 2 && !vit.weights.decoder);
        cr_expect_eq(vit.naming, f ? VIT_HUGGING_FACE : VIT_FACEBOOK);
        for (int layer = 0; layer <= BLOCKS + 1; ++layer) {
            real tokens[SHOWN * TOKENS];
            char what[32];
            encode(tokens, &vit, SHOWN, layer <= BLOCKS ? layer : -1);
            snprintf(what, sizeof what, "%s, layer %d", files[f], layer);
            for (size_t i = 0; i < SHOWN; ++i)
                expect_tokens(tokens + i * TOKENS,
                              want + (i * (BLOCKS + 2) + (size_t)layer) * TOKENS,
                              TOKENS, what);
        }
        vit_weights_close(&vit);
    }
    free(want);
}

Test(published_encoder, a_finetuned_file_gives_the_logits_of_torch)
{
    struct vit_weights vit;
    float *want = golden("logits.npy", N * C);
    real *tokens = malloc(N * TOKENS * sizeof *tokens), logits[N * C];
    weights_golden(&vit, "tuned");
    cr_assert_eq(vit.head.classes, C);
    encode(tokens, &vit, N, BLOCKS);
    for (size_t i = 0; i < N; ++i)
        vit_head_logits(logits + i * C, &vit.head, tokens + i * TOKENS, T + 1, D);
    expect_tokens(logits, want, N * C, "logits");
    free(tokens);
    free(want);
    vit_weights_close(&vit);
}

// What the probes read, and what partial finetuning makes of it.
Test(published_encoder, features_and_gradients_of_partial_finetuning_are_those_of_torch)
{
    struct vit_weights vit;
    struct images images;
    struct arena arena;
    arena_open_growing(&arena, "test");
    weights_golden(&vit, "hf");
    images_golden(&images, N);
    const size_t row = (T + LAST_BLOCK_ROWS) * D;
    float *block = arena_take(&arena, N * row, sizeof *block),
          *summary = arena_take(&arena, N * SUMMARY_ROWS * D, sizeof *summary),
          *want = golden("summary.npy", N * SUMMARY_ROWS * D);
    const struct encoder_source source = {&vit.weights.mae, vit.weights.slab, &images,
                                          2};
    cr_assert_eq(encoder_features_compute(block, summary, &source), 0);
    for (size_t i = 0; i < N * SUMMARY_ROWS * D; ++i)
        cr_expect(fabs((double)summary[i] - (double)want[i]) <= 2e-5, "summary %zu", i);
    free(want);

    // The gradient of the mean cross-entropy by the head's input, by hand.
    struct last_block last;
    last_block_open(&last, &vit.weights.mae, vit.weights.slab, &arena);
    const struct adapter adapter =
        last_block_adapter(&last, PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE);
    cr_assert_eq(adapter.count, 3 * D * D + 2 * D);
    void *workspace = adapter.open(&adapter, TRAINED, &arena);
    real *weights = arena_reals(&arena, adapter.count),
         *gradient = arena_reals(&arena, adapter.count), out[TRAINED * D],
         dout[TRAINED * D];
    const float *rows[TRAINED];
    for (size_t i = 0; i < TRAINED; ++i) rows[i] = block + i * row;
    adapter.initial(weights, &adapter);
    adapter.forward(out, weights, rows, workspace);
    static const size_t labels[TRAINED] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
    float *head = golden("partial/head-weight.npy", C * D),
          *bias = golden("partial/head-bias.npy", C),
          *logits = golden("partial/logits.npy", TRAINED * C);
    memset(dout, 0, sizeof dout);
    for (size_t i = 0; i < TRAINED; ++i) {
        double logit[C], total = 0;
        for (size_t c = 0; c < C; ++c) {
            logit[c] = (double)bias[c];
            for (size_t d = 0; d < D; ++d)
                logit[c] += (double)head[c * D + d] * (double)out[i * D + d];
            cr_expect(fabs(logit[c] - (double)logits[i * C + c]) <= 5e-5);
            total += exp(logit[c]);
        }
        for (size_t c = 0; c < C; ++c)
            for (size_t d = 0; d < D; ++d)
                dout[i * D + d] += (real)((exp(logit[c]) / total - (c == labels[i])) *
                                          (double)head[c * D + d] / TRAINED);
    }
    adapter.backward(gradient, dout, weights, workspace);
    float *dweight = golden("partial/dqkv-weight.npy", 3 * D * D),
          *dbias = golden("partial/dqkv-bias.npy", 3 * D);
    double most = 0;
    for (size_t i = 0; i < 3 * D * D; ++i) most = fmax(most, fabs((double)dweight[i]));
    for (size_t i = 0; i < 3 * D * D; ++i)
        cr_expect(fabs((double)gradient[i] - (double)dweight[i]) <= 1e-4 * most,
                  "weight %zu", i);
    for (size_t i = 0; i < D; ++i) {
        const real *biases = gradient + 3 * D * D;
        cr_expect(fabs((double)biases[i] - (double)dbias[i]) <= 1e-4 * most, "q %zu",
                  i);
        cr_expect(fabs((double)biases[D + i] - (double)dbias[2 * D + i]) <= 1e-4 * most,
                  "v %zu", i);
    }
    free(dweight);
    free(dbias);
    free(head);
    free(bias);
    free(logits);
    images_free(&images);
    arena_close(&arena);
    vit_weights_close(&vit);
}
