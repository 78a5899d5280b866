#include "core/model/mae.h"

#include <signal.h>

#include "core/base/npy.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/golden.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// 16 patches of 12 numbers; different numbers of heads, so that a mix-up shows.
static const struct mae_shape small = {.image = 8,
                                       .channels = 3,
                                       .patch = 2,
                                       .width = 24,
                                       .encoder_blocks = 2,
                                       .decoder_blocks = 1,
                                       .encoder_heads = 3,
                                       .decoder_heads = 2};

struct fixture {
    struct arena arena;
    struct mae mae;
    size_t tokens, patch, count; // T, F, numbers of a prediction
    struct mae_input input;
    int32_t *indices;
    real *patches, *weights, *gradients, *c;
    struct packed_weights packed;
    struct mae_activations *activations;
};

// Makes every third patch of image b visible, from patch b on, until there are `visible`.
static void choose_visible(int32_t *indices, size_t images, size_t visible,
                           size_t tokens)
{
    for (size_t b = 0; b < images; ++b) {
        unsigned char taken[1024] = {0};
        for (size_t v = 0, t = b; v < visible; ++v, t += 3) {
            while (taken[t % tokens]) ++t;
            taken[t % tokens] = 1;
        }
        for (size_t t = 0, v = 0; t < tokens; ++t)
            if (taken[t]) indices[b * visible + v++] = (int32_t)t;
    }
}

static void fixture_open_variant(struct fixture *f, const struct mae_shape *shape,
                                 struct mae_variant variant, size_t images,
                                 size_t visible)
{
    *f = (struct fixture){.tokens = shape_tokens(shape), .patch = shape_patch(shape)};
    arena_open(&f->arena, "test", 64 << 20);
    mae_open(&f->mae, shape, &f->arena);
    f->mae.variant = variant;
    const size_t parameters = f->mae.parameters.count;
    f->count = images * f->tokens * f->patch;
    f->weights = normal_reals(&f->arena, parameters, .3, 1);
    f->gradients = arena_reals(&f->arena, parameters);
    packed_weights_open(&f->packed, &f->mae.parameters, f->weights, FP32, TRAIN,
                        &f->arena);
    f->patches = normal_reals(&f->arena, f->count, .5, 2);
    f->c = normal_reals(&f->arena, f->count, 1, 3);
    f->indices = arena_take(&f->arena, images * visible, sizeof(int32_t));
    choose_visible(f->indices, images, visible, f->tokens);
    f->input = (struct mae_input){images, visible, f->patches, f->indices, 0};
    f->activations =
        mae_activations_open(&f->mae, images, visible, FP32, TRAIN, &f->arena);
}

static void fixture_open(struct fixture *f, const struct mae_shape *shape,
                         size_t images, size_t visible)
{
    fixture_open_variant(f, shape, (struct mae_variant){0}, images, visible);
}

static const real *forward(struct fixture *f)
{
    packed_weights_pack_all(&f->packed);
    return mae_forward(f->activations, &f->mae, &f->packed, &f->input);
}

static const real *encode(struct fixture *f, int layer)
{
    packed_weights_pack_all(&f->packed);
    return mae_encode(f->activations, &f->mae, &f->packed, &f->input, layer);
}

static void backward(struct fixture *f)
{
    mae_backward(f->gradients, f->activations, &f->mae, &f->packed, &f->input, f->c);
}

// A copy of n numbers in the fixture's arena.
static real *copy_of(struct fixture *f, const real *x, size_t n)
{
    real *copy = arena_reals(&f->arena, n);
    memcpy(copy, x, n * sizeof(real));
    return copy;
}

static double loss(void *context)
{
    struct fixture *f = context;
    return projection(forward(f), f->c, f->count);
}

static void check_gradients(size_t visible)
{
    struct fixture f;
    fixture_open(&f, &small, 2, visible);
    forward(&f);
    backward(&f);
    for (size_t r = 0; r < f.mae.parameters.rows; ++r) {
        const struct parameter *row = &f.mae.parameters.row[r];
        // With nothing hidden the mask token is not used and must have no gradient.
        if (visible == f.tokens && !strcmp(row->name, "decoder.mask_token")) {
            for (size_t i = 0; i < row->count; ++i)
                cr_expect(f.gradients[row->offset + i] == 0);
            continue;
        }
        expect_gradient(row->name, f.weights + row->offset, f.gradients + row->offset,
                        row->count, loss, &f);
    }
    arena_close(&f.arena);
}

Test(mae, gradients_of_every_tensor_agree_with_central_differences)
{
    gradient_skip();
    check_gradients(5);
}

Test(mae, gradients_agree_when_no_patch_is_hidden)
{
    gradient_skip();
    check_gradients(16);
}

// Zeros in the rows of visible patches: of a prediction, and of a loss that reads none of them.
static void clear_visible(const struct fixture *f, real *x)
{
    for (size_t b = 0; b < f->input.images; ++b)
        for (size_t v = 0; v < f->input.visible_count; ++v) {
            const size_t t = (size_t)f->indices[b * f->input.visible_count + v];
            memset(x + (b * f->tokens + t) * f->patch, 0, f->patch * sizeof(real));
        }
}

Test(mae, gradients_of_a_loss_of_hidden_patches_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    clear_visible(&f, f.c);
    f.input.hidden_only = 1;
    forward(&f);
    backward(&f);
    for (size_t r = 0; r < f.mae.parameters.rows; ++r) {
        const struct parameter *row = &f.mae.parameters.row[r];
        expect_gradient(row->name, f.weights + row->offset, f.gradients + row->offset,
                        row->count, loss, &f);
    }
    arena_close(&f.arena);
}

// Twice, since the second pass finds what the first one left; then all patches again.
Test(mae, hidden_patches_alone_have_the_same_bits)
{
    if (!rows_are_free()) cr_skip_test("OpenBLAS sums as the shape has it");
    static const struct mae_shape deep = {8, 3, 2, 24, 2, 2, 3, 2};
    static const struct mae_shape none = {8, 3, 2, 24, 2, 0, 3, 2};
    const struct mae_shape *const shapes[] = {&small, &deep, &none};
    for (int s = 0; s < 3; ++s)
        for (size_t visible = 1; visible <= 16; visible += 5) {
            struct fixture f;
            fixture_open(&f, shapes[s], 2, visible);
            const size_t n = f.mae.parameters.count;
            real *whole = copy_of(&f, forward(&f), f.count);
            real *want = copy_of(&f, whole, f.count), *c = f.c;
            clear_visible(&f, want);
            f.c = copy_of(&f, c, f.count);
            clear_visible(&f, f.c);
            backward(&f);
            real *gradients = copy_of(&f, f.gradients, n);

            f.c = c; // whose rows of visible patches must not be read
            f.input.hidden_only = 1;
            // With nothing to leave out, nothing is.
            if (visible == f.tokens || s == 2) clear_visible(&f, f.c);
            for (int pass = 0; pass < 2; ++pass) {
                real *got = copy_of(&f, forward(&f), f.count);
                clear_visible(&f, got);
                cr_expect(!memcmp(got, want, f.count * sizeof(real)));
                for (size_t i = 0; i < n; ++i) f.gradients[i] = (real)NAN;
                backward(&f);
                expect_close(f.gradients, (const real *)gradients, n, 0, 0);
            }
            f.input.hidden_only = 0;
            cr_expect(!memcmp(forward(&f), whole, f.count * sizeof(real)));
            arena_close(&f.arena);
        }
}

static const struct mae_variant variants[] = {
    {0},
    {.decoder_norm = NORM_NONE},
    {.decoder_norm = NORM_BATCH},
    {.mixing = MIXING_IDENTITY},
    {NORM_BATCH, MIXING_IDENTITY},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

// Of a loss of all patches, and of hidden ones alone.
Test(mae, gradients_of_variants_agree_with_central_differences)
{
    gradient_skip();
    for (size_t v = 0; v < VARIANTS; ++v)
        for (int hidden_only = 0; hidden_only < 2; ++hidden_only) {
            struct fixture f;
            fixture_open_variant(&f, &small, variants[v], 2, 5);
            if (hidden_only) clear_visible(&f, f.c);
            f.input.hidden_only = hidden_only;
            forward(&f);
            backward(&f);
            expect_gradient("all weights", f.weights, f.gradients,
                            f.mae.parameters.count, loss, &f);
            arena_close(&f.arena);
        }
}

Test(mae, variants_change_the_prediction_and_the_norm_only_the_decoder)
{
    enum { Z = 2 * 6 * 24 };
    struct fixture f[VARIANTS];
    const real *prediction[VARIANTS], *z[VARIANTS];
    for (size_t v = 0; v < VARIANTS; ++v) {
        fixture_open_variant(&f[v], &small, variants[v], 2, 5);
        z[v] = copy_of(&f[v], encode(&f[v], -1), Z);
        prediction[v] = forward(&f[v]);
        for (size_t w = 0; w < v; ++w)
            cr_expect(memcmp(prediction[v], prediction[w], f[v].count * sizeof(real)));
        cr_expect_eq(!memcmp(z[v], z[0], Z * sizeof(real)),
                     variants[v].mixing == MIXING_ATTENTION);
    }
    for (size_t v = 0; v < VARIANTS; ++v) arena_close(&f[v].arena);
}

Test(mae, gradients_overwrite_what_the_memory_held)
{
    for (size_t visible = 5; visible <= 16; visible += 11) {
        struct fixture f;
        fixture_open(&f, &small, 2, visible);
        const size_t n = f.mae.parameters.count;
        memset(f.gradients, 0, n * sizeof(real));
        forward(&f);
        backward(&f);
        real *once = copy_of(&f, f.gradients, n);
        for (size_t i = 0; i < n; ++i) f.gradients[i] = (real)NAN;
        backward(&f);
        expect_close(f.gradients, (const real *)once, n, 0, 0);
        arena_close(&f.arena);
    }
}

Test(mae, a_pass_does_not_affect_the_next)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    real *before = copy_of(&f, forward(&f), f.count);
    backward(&f);
    real *other = normal_reals(&f.arena, f.count, 1, 7);
    f.input.patches = other;
    forward(&f);
    f.input.patches = f.patches;
    expect_close(forward(&f), (const real *)before, f.count, 0, 0);
    arena_close(&f.arena);
}

static int hidden(const struct fixture *f, size_t b, size_t t)
{
    for (size_t v = 0; v < f->input.visible_count; ++v)
        if ((size_t)f->indices[b * f->input.visible_count + v] == t) return 0;
    return 1;
}

Test(mae, hidden_patches_do_not_influence_the_prediction)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    real *before = copy_of(&f, forward(&f), f.count);
    size_t changed = 0;
    for (size_t b = 0; b < 2; ++b)
        for (size_t t = 0; t < f.tokens; ++t)
            for (size_t i = 0; hidden(&f, b, t) && i < f.patch; ++i, ++changed)
                f.patches[(b * f.tokens + t) * f.patch + i] = (real)NAN;
    cr_expect(changed == 2 * 11 * f.patch);
    expect_close(forward(&f), (const real *)before, f.count, 0, 0);
    arena_close(&f.arena);
}

Test(mae, every_visible_patch_influences_every_prediction_of_its_image)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    const size_t image = f.tokens * f.patch;
    real *before = copy_of(&f, forward(&f), f.count);
    f.patches[(size_t)f.indices[3] * f.patch] += 1;
    const real *after = forward(&f);
    for (size_t t = 0; t < f.tokens; ++t)
        cr_expect(
            memcmp(after + t * f.patch, before + t * f.patch, f.patch * sizeof(real)),
            "prediction %zu", t);
    expect_close(after + image, (const real *)(before + image), image, 0, 0);
    arena_close(&f.arena);
}

Test(mae, images_permuted_give_predictions_permuted)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    const size_t image = f.tokens * f.patch;
    real *before = copy_of(&f, forward(&f), f.count);
    real *swapped = arena_reals(&f.arena, f.count);
    int32_t indices[10];
    for (size_t b = 0; b < 2; ++b) {
        memcpy(swapped + b * image, f.patches + (1 - b) * image, image * sizeof(real));
        memcpy(indices + b * 5, f.indices + (1 - b) * 5, 5 * sizeof *indices);
    }
    f.input.patches = swapped;
    f.input.visible = indices;
    const real *after = forward(&f);
    expect_close(after, (const real *)(before + image), image, 0, 0);
    expect_close(after + image, (const real *)before, image, 0, 0);
    arena_close(&f.arena);
}

// With one block's weights at 0 its branches add exactly 0: tokens after it equal those before.
Test(mae, encode_stops_after_the_asked_block)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    const size_t n = 2 * 6 * 24;
    for (size_t r = 0; r < f.mae.parameters.rows; ++r) {
        const struct parameter *row = &f.mae.parameters.row[r];
        if (!strncmp(row->name, "encoder.transformer.1.", 22))
            memset(f.weights + row->offset, 0, row->count * sizeof(real));
    }
    real *layer[3];
    for (int l = 0; l < 3; ++l) layer[l] = copy_of(&f, encode(&f, l), n);
    expect_close(layer[1], (const real *)layer[2], n, 0, 0);
    cr_expect(memcmp(layer[0], layer[1], n * sizeof(real)));
    arena_close(&f.arena);
}

// Layer 0 by its definition: [cls; E x + b + pos].
Test(mae, embedding_is_its_definition)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    const size_t D = 24, F = f.patch;
    const struct parameters *table = &f.mae.parameters;
#define TENSOR(name) (f.weights + parameters_find(table, name)->offset)
    const real *cls = TENSOR("encoder.cls_token"),
               *pos = TENSOR("encoder.pos_embedding");
    const real *weight = TENSOR("encoder.patchify.weight");
    const real *bias = TENSOR("encoder.patchify.bias");
#undef TENSOR
    const real *x = encode(&f, 0);
    for (size_t b = 0; b < 2; ++b) {
        expect_close(x + b * 6 * D, cls, D, 0, 0);
        for (size_t v = 0; v < 5; ++v) {
            const size_t t = (size_t)f.indices[b * 5 + v];
            double want[24], got[24];
            for (size_t i = 0; i < D; ++i) {
                want[i] = (double)bias[i] + (double)pos[t * D + i];
                for (size_t k = 0; k < F; ++k)
                    want[i] += (double)weight[i * F + k] *
                               (double)f.patches[(b * f.tokens + t) * F + k];
                got[i] = (double)x[(b * 6 + v + 1) * D + i];
            }
            expect_close((const double *)got, (const double *)want, D, 2e-6, 2e-6);
        }
    }
    arena_close(&f.arena);
}

Test(mae, encode_ends_with_the_norm_and_agrees_with_forward)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 16);
    const size_t n = 2 * 17 * 24;
    const struct parameter *weight =
        parameters_find(&f.mae.parameters, "encoder.layer_norm.weight");
    const struct parameter *bias =
        parameters_find(&f.mae.parameters, "encoder.layer_norm.bias");
    for (size_t i = 0; i < 24; ++i) {
        f.weights[weight->offset + i] = 1;
        f.weights[bias->offset + i] = 0;
    }
    const real *z = encode(&f, -1);
    for (size_t r = 0; r < 2 * 17; ++r) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < 24; ++i) {
            sum += (double)z[r * 24 + i];
            square += pow((double)z[r * 24 + i], 2);
        }
        cr_expect(fabs(sum) <= 1e-4 && fabs(square / 24 - 1) <= 1e-3, "row %zu", r);
    }
    real *before = copy_of(&f, z, n);
    forward(&f);
    z = encode(&f, -1);
    expect_close(z, (const real *)before, n, 0, 0);
    arena_close(&f.arena);
}

// The next pieces of this arena lie in memory that held other bits.
static void arena_spoil(struct arena *arena)
{
    enum { SPOILT = 4 << 20 };
    const size_t mark = arena_mark(arena);
    memset(arena_take(arena, 1, SPOILT), 0xff, SPOILT);
    arena_reset(arena, mark);
}

Test(mae, infers_the_same_reconstruction_in_less_memory)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    static const enum mode mode[] = {TRAIN, INFER};
    size_t size[2];
    const real *want = forward(&f);
    for (int p = 0; p < 2; ++p) {
        struct arena arena;
        arena_open_growing(&arena, "activations");
        struct mae_activations *activations =
            mae_activations_open(&f.mae, 2, 5, FP32, mode[p], &arena);
        size[p] = arena_mark(&arena);
        const real *got = mae_forward(activations, &f.mae, &f.packed, &f.input);
        expect_close(got, want, f.count, 0, 0);
        arena_close(&arena);
    }
    cr_expect(size[1] < size[0], "%zu of %zu bytes", size[1], size[0]);
    arena_close(&f.arena);
}

// qkv has no bias, and no row of the table sets its pointer: it must not be what the memory held.
Test(mae, activations_do_not_see_what_their_memory_held)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    struct arena arena;
    arena_open_growing(&arena, "used");
    arena_spoil(&arena);
    struct mae_activations *activations =
        mae_activations_open(&f.mae, 2, 5, FP32, TRAIN, &arena);
    const real *want = forward(&f);
    const real *got = mae_forward(activations, &f.mae, &f.packed, &f.input);
    expect_close(got, want, f.count, 0, 0);
    mae_backward(f.gradients, activations, &f.mae, &f.packed, &f.input, f.c);
    real *first = copy_of(&f, f.gradients, f.mae.parameters.count);
    backward(&f);
    expect_close(f.gradients, (const real *)first, f.mae.parameters.count, 0, 0);
    arena_close(&arena);
    arena_close(&f.arena);
}

// ====== Contracts ======

static void forward_attempt(const void *argument)
{
    const struct fixture *f = argument;
    mae_forward(f->activations, &f->mae, &f->packed, &f->input);
}

BREAKS(mae, refuses_backward_without_a_complete_forward,
       "activations->progress == DECODED: mae_backward")
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    forward(&f);
    encode(&f, -1);
    backward(&f);
}

Test(mae, refuses_an_input_that_does_not_match_its_activations)
{
    struct fixture f;
    fixture_open(&f, &small, 2, 5);
    f.input.images = 1;
    expect_death(__LINE__, forward_attempt, &f, -SIGABRT, "input of 1 images");
    f.input.images = 2;
    f.indices[1] = f.indices[0];
    expect_death(__LINE__, forward_attempt, &f, -SIGABRT, "visible patch");
    arena_close(&f.arena);
}

// ====== Golden numbers ======

// The golden model of tests/golden/make_mae_golden.py with its weights and images.
static void golden_open(struct fixture *f)
{
    const struct mae_shape shape = {32, 3, 8, 24, 2, 1, 3, 3};
    fixture_open(f, &shape, 2, 4);
    memcpy(
        f->weights,
        golden_read(&f->arena, "tests/golden/mae/weights.npy", f->mae.parameters.count),
        f->mae.parameters.count * sizeof(real));
    f->patches = golden_read(&f->arena, "tests/golden/mae/patches.npy", f->count);
    f->input.patches = f->patches;
    struct npy indices;
    npy_read(&indices, "tests/golden/mae/shown.npy");
    cr_assert(indices.type == NPY_I4 && indices.count == 2 * 4);
    memcpy(f->indices, indices.data, indices.count * sizeof(int32_t));
    npy_free(&indices);
}

// dprediction (n) overwritten with the gradient of the masked mean squared error; returns that
// error.
static double masked_error(struct fixture *f, real *dprediction, const real *prediction)
{
    const double scale = 1. / (2 * 12 * 192);
    double sum = 0;
    for (size_t i = 0; i < f->count; ++i) {
        const size_t t = i / f->patch % f->tokens, b = i / f->patch / f->tokens;
        const double error =
            hidden(f, b, t) ? (double)prediction[i] - (double)f->patches[i] : 0;
        sum += error * error;
        dprediction[i] = (real)(2 * scale * error);
    }
    return sum * scale;
}

Test(mae, agrees_with_torch_1_13_prediction_loss_and_every_gradient)
{
    struct fixture f;
    golden_open(&f);
    const struct parameters *table = &f.mae.parameters;
    const real *tokens =
        golden_read(&f.arena, "tests/golden/mae/tokens.npy", 2 * 5 * 24);
    const real *prediction =
        golden_read(&f.arena, "tests/golden/mae/prediction.npy", f.count);
    const real *error = golden_read(&f.arena, "tests/golden/mae/loss.npy", 1);
    const real *gradients =
        golden_read(&f.arena, "tests/golden/mae/gradients.npy", table->count);

    expect_golden("tokens", encode(&f, -1), tokens, 2 * 5 * 24);
    const real *got = forward(&f);
    expect_golden("prediction", got, prediction, f.count);
    const real got_error = (real)masked_error(&f, f.c, got);
    expect_golden("loss", &got_error, error, 1);
    backward(&f);
    for (size_t r = 0; r < table->rows; ++r)
        expect_golden(table->row[r].name, f.gradients + table->row[r].offset,
                      gradients + table->row[r].offset, table->row[r].count);
    arena_close(&f.arena);
}

// One workspace serves both halves of the model, whose heads may differ in either direction, and a
// head may be wider than there are tokens: the sanitizers see a write past its end.
Test(mae, either_half_may_have_the_wider_heads)
{
    const struct mae_shape shapes[] = {{8, 3, 4, 192, 1, 1, 1, 12},
                                       {8, 3, 4, 192, 1, 1, 12, 1}};
    for (int s = 0; s < 2; ++s) {
        struct fixture f, alone;
        fixture_open(&f, &shapes[s], 2, 4);
        fixture_open(&alone, &shapes[s], 1, 4);
        const size_t image = f.tokens * f.patch;
        forward(&f);
        backward(&f);
        memcpy(alone.patches, f.patches + image, image * sizeof(real));
        memcpy(alone.indices, f.indices + 4, 4 * sizeof *f.indices);
        if (rows_are_free())
            expect_close(forward(&alone), forward(&f) + image, image, 0, 0);
        arena_close(&alone.arena);
        arena_close(&f.arena);
    }
}
