#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "core/linalg/arithmetic.h"

// In the double build a model in bfloat16 is a broken contract (tests/linalg/test_gemm_bf16.c).
#ifndef REAL_DOUBLE

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/linalg/coretype.h"
#include "core/linalg/gemm_bf16.h"
#include "core/model/mae.h"
#include "core/model/vit.h"
#include "tests/linalg/amx_emulator.h"
#include "tests/model/gradient.h"

// bfloat16 has 8 significant bits: rounding to nearest gives x (1 + d), |d| <= u = 2^-8.
// (The root mean square of d is near 2^-9: .42 u for numbers whose logarithms are uniform.)
static const double U = 0x1p-8;

// ====== Passes through a model ======

// Past one layer a bound on every number would be useless: it grows with each layer as if all
// roundings had the same sign. To first order an output's error is a sum, over the roundings before
// it, of d times the output's sensitivity to what was rounded. The d are unrelated, of root mean
// square below u / 2; branches that begin with a norm and are added to a stream pass relative
// errors on, and do not amplify them. R roundings then give a relative error, in the norm of an
// array, of some u / 2 sqrt(R) at most (Higham & Mary 2019, "A new approach to probabilistic
// rounding error analysis"). Single tensors' gradients, of which some are few numbers or sums that
// cancel, are allowed twice that: u sqrt(R), all d as large as they can be.
//
// What is rounded, once each, in a block. Forward: the two norms' outputs, qkv, P, mixed values,
// GELU's output, four weights. Backward: the stream's gradient twice, dinner, dmixed, dS, dqkv,
// four weights. In an autoencoder also, both ways: the embedding's input and weight, the head's
// input and weight.
enum { BLOCK_ROUNDINGS = 10, ENDS = 4 };

// The results of a forward and a backward pass; the arrays are in the arena of a fixture.
struct result {
    real *out, *dx, *gradients; // dx: of a stack of blocks only
    size_t outs, count;
};

// ||got - want|| / ||want||.
static double distance(const real *got, const real *want, size_t n)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < n; ++i) {
        const double d = (double)got[i] - (double)want[i];
        error += d * d;
        size += (double)want[i] * (double)want[i];
    }
    return sqrt(error / size);
}

static void expect_same(const struct result *a, const struct result *b,
                        const char *what)
{
    cr_expect(!memcmp(a->out, b->out, a->outs * sizeof(real)), "%s: outputs", what);
    cr_expect(!a->dx || !memcmp(a->dx, b->dx, a->outs * sizeof(real)), "%s: dx", what);
    cr_expect(!memcmp(a->gradients, b->gradients, a->count * sizeof(real)),
              "%s: gradients", what);
}

// Blocks, in one arithmetic, with initial weights as training has them.
struct stack {
    struct arena arena;
    enum arithmetic arithmetic;
    struct attention_shape shape;
    int blocks;
    struct parameters parameters;
    real *weights, *in, *c;
    struct packed_weights packed;
    struct vit vit, gradient;
    struct vit_trace trace;
    struct block_work work;
    struct result result;
};

static void stack_open(struct stack *f, enum arithmetic arithmetic, int blocks,
                       struct attention_shape shape)
{
    *f = (struct stack){.arithmetic = arithmetic, .shape = shape, .blocks = blocks};
    arena_open(&f->arena, "test", 64 << 20);
    parameters_open(&f->parameters, (size_t)blocks * BLOCK_TENSORS, &f->arena);
    vit_list(&f->parameters, "", 0, blocks, shape.width);
    const size_t count = f->parameters.count, n = attention_rows(&shape) * shape.width;
    f->weights = arena_reals(&f->arena, count);
    parameters_initialise(f->weights, &f->parameters, 1);
    f->result = (struct result){arena_reals(&f->arena, n), arena_reals(&f->arena, n),
                                arena_reals(&f->arena, count), n, count};
    packed_weights_open(&f->packed, &f->parameters, f->weights, arithmetic, TRAIN,
                        &f->arena);
    parameters_bind(&f->gradient, &f->parameters, f->result.gradients);
    struct reserve reserve = {.arena = &f->arena};
    vit_trace_open(&f->trace, blocks, arithmetic, &shape, &reserve);
    block_work_open(&f->work, arithmetic, &shape, 0, &reserve);
    f->in = normal_reals(&f->arena, n, 1, 2);
    f->c = normal_reals(&f->arena, n, 1, 3);
}

static void stack_pass(struct stack *f)
{
    const size_t bytes = f->result.outs * sizeof(real);
    packed_weights_pack_all(&f->packed);
    packed_weights_bind(&f->vit, &f->packed);
    memcpy(f->result.out, f->in, bytes);
    vit_forward(f->result.out, &f->trace, &f->work, &f->vit, f->blocks, &f->shape);
    memcpy(f->result.dx, f->c, bytes);
    vit_backward(f->result.dx, &f->gradient, &f->trace, &f->work, &f->vit, f->blocks,
                 &f->shape);
}

// Expects got to be within `bound` u of want, and no nearer than roundings allow.
static void expect_rounded(const char *what, const real *got, const real *want,
                           size_t n, double bound)
{
    const double found = distance(got, want, n) / U;
    cr_expect(found <= bound, "%s: %.2f u, at most %.2f u", what, found, bound);
    cr_expect(found >= .1, "%s: %.2f u: is nothing rounded?", what, found);
}

// Compares every tensor's gradient. Those that meet no product, the biases that the pass begins
// with, are the same bits. Returns the largest distance in u.
static double expect_rounded_gradients(const struct result *got,
                                       const struct result *want,
                                       const struct parameters *parameters,
                                       const char *untouched, int roundings)
{
    double worst = 0;
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        const real *g = got->gradients + row->offset,
                   *w = want->gradients + row->offset;
        if (!strcmp(row->name, untouched)) {
            cr_expect(!memcmp(g, w, row->count * sizeof(real)), "%s", row->name);
            continue;
        }
        expect_rounded(row->name, g, w, row->count, sqrt(roundings));
        worst = fmax(worst, distance(g, w, row->count) / U);
    }
    return worst;
}

// What the blocks added to the stream, and what they added to its gradient, by the error of a
// branch.
static void stack_check(int blocks, struct attention_shape shape)
{
    struct stack exact, rounded;
    stack_open(&exact, FP32, blocks, shape);
    stack_open(&rounded, BF16, blocks, shape);
    stack_pass(&exact);
    stack_pass(&rounded);
    const size_t n = exact.result.outs;
    for (size_t i = 0; i < n; ++i) {
        exact.result.out[i] -= exact.in[i], rounded.result.out[i] -= exact.in[i];
        exact.result.dx[i] -= exact.c[i], rounded.result.dx[i] -= exact.c[i];
    }
    char untouched[64];
    snprintf(untouched, sizeof untouched, "transformer.%d.mlp.fc2.bias", blocks - 1);
    const int once = blocks * BLOCK_ROUNDINGS;
    expect_rounded("out", rounded.result.out, exact.result.out, n, sqrt(once) / 2);
    expect_rounded("dx", rounded.result.dx, exact.result.dx, n, sqrt(2 * once) / 2);
    const double worst = expect_rounded_gradients(
        &rounded.result, &exact.result, &exact.parameters, untouched, 2 * once);
    fprintf(stderr,
            "bf16 stack of %d, width %zu: out %.2f u (at most %.2f), dx %.2f u (%.2f), "
            "tensors' gradients %.2f u (%.2f)\n",
            blocks, shape.width, distance(rounded.result.out, exact.result.out, n) / U,
            sqrt(once) / 2, distance(rounded.result.dx, exact.result.dx, n) / U,
            sqrt(2 * once) / 2, worst, sqrt(2 * once));
    arena_close(&exact.arena);
    arena_close(&rounded.arena);
}

Test(bf16_model, blocks_are_as_far_from_fp32_as_their_roundings_allow)
{
    stack_check(1, (struct attention_shape){3, 41, 48, 3});
    stack_check(3, (struct attention_shape){3, 41, 48, 3});
    stack_check(1, (struct attention_shape){1, 65, 192, 3});
}

// A row of a product depends on no other row, so an image's outputs and its dx do not depend on
// the other images. (Gradients of weights do: they are sums over the rows of all images, 32 at a
// time.)
Test(bf16_model, an_image_has_the_same_bits_alone)
{
    static const struct attention_shape shapes[] = {{3, 7, 24, 3}, {3, 41, 48, 3}};
    for (size_t s = 0; s < 2; ++s) {
        struct stack all, one;
        struct attention_shape single = shapes[s];
        single.images = 1;
        stack_open(&all, BF16, 2, shapes[s]);
        stack_open(&one, BF16, 2, single);
        stack_pass(&all);
        const size_t n = one.result.outs;
        for (size_t b = 0; b < shapes[s].images; ++b) {
            memcpy(one.in, all.in + b * n, n * sizeof(real));
            memcpy(one.c, all.c + b * n, n * sizeof(real));
            stack_pass(&one);
            cr_expect(!memcmp(one.result.out, all.result.out + b * n, n * sizeof(real)),
                      "image %zu", b);
            cr_expect(!memcmp(one.result.dx, all.result.dx + b * n, n * sizeof(real)),
                      "image %zu", b);
        }
        arena_close(&one.arena);
        arena_close(&all.arena);
    }
}

// ====== The masked autoencoder ======

// A masked autoencoder in one arithmetic, with initial weights.
struct model {
    struct arena arena;
    enum arithmetic arithmetic;
    struct mae mae;
    size_t image; // numbers of one image's prediction
    real *weights, *patches, *c;
    int32_t *indices;
    struct mae_input input;
    struct packed_weights packed;
    struct mae_activations *activations;
    struct result result;
};

static void model_open(struct model *f, enum arithmetic arithmetic,
                       const struct mae_shape *shape, size_t images, size_t visible)
{
    *f = (struct model){.arithmetic = arithmetic};
    arena_open(&f->arena, "test", 64 << 20);
    mae_open(&f->mae, shape, &f->arena);
    const size_t T = shape_tokens(shape), count = f->mae.parameters.count;
    f->image = T * shape_patch(shape);
    const size_t n = images * f->image;
    f->weights = arena_reals(&f->arena, count);
    parameters_initialise(f->weights, &f->mae.parameters, 1);
    f->patches = normal_reals(&f->arena, n, .5, 2);
    f->c = normal_reals(&f->arena, n, 1, 3);
    f->indices = arena_take(&f->arena, images * visible, sizeof(int32_t));
    for (size_t b = 0; b < images; ++b)
        for (size_t v = 0; v < visible; ++v)
            f->indices[b * visible + v] =
                (int32_t)(v * T / visible + b % (T / visible));
    f->input = (struct mae_input){images, visible, f->patches, f->indices, 0};
    packed_weights_open(&f->packed, &f->mae.parameters, f->weights, arithmetic, TRAIN,
                        &f->arena);
    f->activations =
        mae_activations_open(&f->mae, images, visible, arithmetic, TRAIN, &f->arena);
    f->result = (struct result){arena_reals(&f->arena, n), NULL,
                                arena_reals(&f->arena, count), n, count};
}

static void model_pass(struct model *f)
{
    packed_weights_pack_all(&f->packed);
    memcpy(f->result.out, mae_forward(f->activations, &f->mae, &f->packed, &f->input),
           f->result.outs * sizeof(real));
    mae_backward(f->result.gradients, f->activations, &f->mae, &f->packed, &f->input,
                 f->c);
}

static void model_check(const struct mae_shape *shape, size_t images, size_t visible)
{
    struct model exact, rounded;
    model_open(&exact, FP32, shape, images, visible);
    model_open(&rounded, BF16, shape, images, visible);
    model_pass(&exact);
    model_pass(&rounded);
    const struct result *want = &exact.result, *got = &rounded.result;
    const int once =
        (shape->encoder_blocks + shape->decoder_blocks) * BLOCK_ROUNDINGS + ENDS;
    expect_rounded("prediction", got->out, want->out, want->outs, sqrt(once) / 2);
    expect_rounded("gradient", got->gradients, want->gradients, want->count,
                   sqrt(2 * once) / 2);
    const double worst = expect_rounded_gradients(got, want, &exact.mae.parameters,
                                                  "decoder.head.bias", 2 * once);
    fprintf(stderr,
            "bf16 autoencoder, width %d: prediction %.2f u (at most %.2f), gradient "
            "%.2f u (%.2f), its tensors %.2f u (%.2f)\n",
            shape->width, distance(got->out, want->out, want->outs) / U, sqrt(once) / 2,
            distance(got->gradients, want->gradients, want->count) / U,
            sqrt(2 * once) / 2, worst, sqrt(2 * once));
    arena_close(&exact.arena);
    arena_close(&rounded.arena);
}

// `wide`: patches of more numbers than any layer of a block has, and the encoder's heads the wider
// ones.
static const struct mae_shape small = {8, 3, 2, 24, 2, 1, 3, 2},
                              smoke = {32, 3, 4, 48, 4, 2, 3, 3},
                              wide = {32, 3, 8, 12, 1, 1, 2, 3};

Test(bf16_model, an_autoencoder_is_as_far_from_fp32_as_its_roundings_allow)
{
    model_check(&small, 2, 5);
    model_check(&smoke, 3, 16);
    model_check(&wide, 2, 4);
}

// Their gradients add the rows in other blocks of 32, so only those are not the same bits.
Test(bf16_model, hidden_patches_alone_are_predicted_with_the_same_bits)
{
    struct model all, some;
    model_open(&all, BF16, &smoke, 3, 16);
    model_open(&some, BF16, &smoke, 3, 16);
    const size_t T = shape_tokens(&smoke), F = shape_patch(&smoke),
                 bytes = F * sizeof(real);
    for (size_t i = 0; i < 3 * 16; ++i)
        memset(all.c + (i / 16 * T + (size_t)all.indices[i]) * F, 0, bytes);
    some.input.hidden_only = 1;
    model_pass(&all);
    model_pass(&some);
    size_t compared = 0;
    for (size_t b = 0; b < 3; ++b)
        for (size_t t = 0, v = 0; t < T; ++t) {
            if (v < 16 && (size_t)all.indices[b * 16 + v] == t) {
                ++v;
                continue;
            }
            const size_t at = (b * T + t) * F;
            cr_expect(!memcmp(some.result.out + at, all.result.out + at, bytes));
            ++compared;
        }
    cr_expect(compared == 3 * (T - 16));
    const double found =
        distance(some.result.gradients, all.result.gradients, all.result.count);
    cr_expect(found <= 1e-5, "gradients are %.1e apart", found);
    arena_close(&all.arena);
    arena_close(&some.arena);
}

Test(bf16_model, an_image_is_predicted_with_the_same_bits_alone)
{
    struct model all, one;
    model_open(&all, BF16, &small, 3, 5);
    model_open(&one, BF16, &small, 1, 5);
    model_pass(&all);
    for (size_t b = 0; b < 3; ++b) {
        one.input.patches = all.patches + b * all.image;
        one.input.visible = all.indices + b * 5;
        model_pass(&one);
        cr_expect(!memcmp(one.result.out, all.result.out + b * all.image,
                          all.image * sizeof(real)),
                  "image %zu", b);
    }
    arena_close(&one.arena);
    arena_close(&all.arena);
}

Test(bf16_model, a_pass_leaves_no_trace_in_the_next)
{
    struct model f, fresh;
    model_open(&f, BF16, &small, 2, 5);
    model_open(&fresh, BF16, &small, 2, 5);
    model_pass(&fresh);
    f.input.patches = normal_reals(&f.arena, 2 * f.image, 9, 7);
    model_pass(&f);
    for (size_t i = 0; i < f.result.count; ++i) f.result.gradients[i] = (real)NAN;
    f.input.patches = f.patches;
    model_pass(&f);
    expect_same(&f.result, &fresh.result, "second pass");
    arena_close(&fresh.arena);
    arena_close(&f.arena);
}

// ====== Every way to multiply ======

// Expects the bits of plain C on the path `name`, of a stack and of an autoencoder.
static void path_check(const char *name)
{
    struct stack blocks[2];
    struct model model[2];
    for (int i = 0; i < 2; ++i) {
        stack_open(&blocks[i], BF16, 1, (struct attention_shape){2, 37, 24, 3});
        model_open(&model[i], BF16, &small, 2, 5);
        cr_assert(gemm_bf16_path_use(BF16, i ? name : "portable"));
        stack_pass(&blocks[i]);
        model_pass(&model[i]);
    }
    expect_same(&blocks[1].result, &blocks[0].result, name);
    expect_same(&model[1].result, &model[0].result, name);
    for (int i = 0; i < 2; ++i) {
        arena_close(&blocks[i].arena);
        arena_close(&model[i].arena);
    }
}

ParameterizedTestParameters(bf16_model, has_the_bits_of_plain_c_by_vectors)
{
    static int avx512[] = {0, 1};
    return cr_make_param_array(int, avx512, 2);
}

ParameterizedTest(int *avx512, bf16_model, has_the_bits_of_plain_c_by_vectors)
{
    const char *name = *avx512 ? "AVX-512" : "AVX2";
    if (!(*avx512 ? cpu_has_avx512() : cpu_has_avx2()))
        cr_skip_test("this CPU has no %s", name);
    path_check(name);
}

// The CPU's own tiles where it has them, else emulated ones.
Test(bf16_model, has_the_bits_of_plain_c_on_tiles)
{
    amx_emulate();
    path_check("AMX");
    fprintf(stderr, "bf16 autoencoder: %lu tile instructions emulated\n",
            amx_emulated());
}

#endif
