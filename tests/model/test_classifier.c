#include "core/model/classifier.h"

#include <signal.h>

#include "core/base/npy.h"
#include "core/model/mae.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/golden.h"
#include "tests/model/gradient.h"

// 16 patches of 12 numbers; the heads of a decoder differ, so that a mix-up shows.
static const struct mae_shape small = {.image = 8,
                                       .channels = 3,
                                       .patch = 2,
                                       .width = 24,
                                       .encoder_blocks = 2,
                                       .decoder_blocks = 1,
                                       .encoder_heads = 3,
                                       .decoder_heads = 2};
enum { IMAGES = 3, CLASSES = 5, TOKENS = 16, WIDTH = 24 };

struct fixture {
    struct arena arena;
    struct classifier classifier;
    struct packed_weights packed;
    size_t images, patches_count;
    real *patches, *weights, *gradients, *c;
    struct classifier_activations *activations;
};

static void fixture_open_in(struct fixture *f, const struct mae_shape *shape,
                            size_t images, enum arithmetic arithmetic)
{
    *f = (struct fixture){.images = images};
    arena_open(&f->arena, "test", 32 << 20);
    classifier_open(&f->classifier, shape, CLASSES, &f->arena);
    const struct parameters *parameters = &f->classifier.parameters;
    f->patches_count = images * shape_tokens(shape) * shape_patch(shape);
    f->weights = normal_reals(&f->arena, parameters->count, .3, 1);
    f->gradients = arena_reals(&f->arena, parameters->count);
    f->patches = normal_reals(&f->arena, f->patches_count, .5, 2);
    f->c = normal_reals(&f->arena, images * CLASSES, 1, 3);
    packed_weights_open(&f->packed, parameters, f->weights, arithmetic, TRAIN,
                        &f->arena);
    f->activations = classifier_activations_open(&f->classifier, images, arithmetic,
                                                 TRAIN, &f->arena);
}

static void fixture_open(struct fixture *f, const struct mae_shape *shape,
                         size_t images)
{
    fixture_open_in(f, shape, images, FP32);
}

static const real *forward(struct fixture *f)
{
    packed_weights_pack_all(&f->packed);
    return classifier_forward(f->activations, &f->classifier, &f->packed, f->patches);
}

static void backward(struct fixture *f)
{
    classifier_backward(f->gradients, f->activations, &f->classifier, &f->packed,
                        f->patches, f->c);
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
    return projection(forward(f), f->c, f->images * CLASSES);
}

Test(classifier, gradients_of_every_tensor_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f;
    fixture_open(&f, &small, IMAGES);
    forward(&f);
    backward(&f);
    const struct parameters *table = &f.classifier.parameters;
    for (size_t r = 0; r < table->rows; ++r) {
        const struct parameter *row = &table->row[r];
        expect_gradient(row->name, f.weights + row->offset, f.gradients + row->offset,
                        row->count, loss, &f);
    }
    arena_close(&f.arena);
}

Test(classifier, gradients_overwrite_what_the_memory_held)
{
    struct fixture f;
    fixture_open(&f, &small, IMAGES);
    const size_t n = f.classifier.parameters.count;
    forward(&f);
    memset(f.gradients, 0xff, n * sizeof(real));
    backward(&f);
    real *first = copy_of(&f, f.gradients, n);
    for (size_t i = 0; i < n; ++i) f.gradients[i] = 1e9;
    forward(&f);
    backward(&f);
    expect_close(f.gradients, (const real *)first, n, 0, 0);
    arena_close(&f.arena);
}

// An autoencoder with the classifier's encoder.
static void mae_with_encoder(struct mae *mae, real **weights, struct fixture *f,
                             const struct mae_shape *shape)
{
    mae_open(mae, shape, &f->arena);
    *weights = normal_reals(&f->arena, mae->parameters.count, .3, 9);
}

// The encoder's class token (the encoder has its own tests) under a head in double.
Test(classifier, logits_are_a_linear_map_of_the_autoencoders_class_token)
{
    struct fixture f;
    struct mae mae;
    struct packed_weights packed;
    real *pretrained;
    int32_t visible[IMAGES * TOKENS];
    fixture_open(&f, &small, IMAGES);
    mae_with_encoder(&mae, &pretrained, &f, &small);
    classifier_take_encoder(f.weights, &f.classifier, pretrained, &mae);
    for (int i = 0; i < IMAGES * TOKENS; ++i) visible[i] = i % TOKENS;
    packed_weights_open(&packed, &mae.parameters, pretrained, FP32, INFER, &f.arena);
    packed_weights_pack_all(&packed);
    struct mae_input input = {IMAGES, TOKENS, f.patches, visible, 0};
    struct mae_activations *activations =
        mae_activations_open(&mae, IMAGES, TOKENS, FP32, TRAIN, &f.arena);
    const real *z = mae_encode(activations, &mae, &packed, &input, -1);

    const struct parameters *table = &f.classifier.parameters;
    const real *weight = f.weights + parameters_find(table, "head.weight")->offset;
    const real *bias = f.weights + parameters_find(table, "head.bias")->offset;
    const real *got = forward(&f);
    for (size_t b = 0; b < IMAGES; ++b)
        for (size_t c = 0; c < CLASSES; ++c) {
            double want = (double)bias[c], size = fabs(want);
            for (size_t i = 0; i < WIDTH; ++i) {
                double term = (double)weight[c * WIDTH + i] *
                              (double)z[b * (TOKENS + 1) * WIDTH + i];
                want += term;
                size += fabs(term);
            }
            double error = fabs((double)got[b * CLASSES + c] - want);
            cr_expect(error <= 1e-6 * size, "image %zu class %zu: %g off", b, c, error);
        }
    arena_close(&f.arena);
}

Test(classifier, takes_the_encoder_by_name_and_leaves_the_head)
{
    struct fixture f;
    struct mae mae;
    real *pretrained;
    fixture_open(&f, &small, IMAGES);
    mae_with_encoder(&mae, &pretrained, &f, &small);
    const struct parameters *table = &f.classifier.parameters;
    real *before = copy_of(&f, f.weights, table->count);
    classifier_take_encoder(f.weights, &f.classifier, pretrained, &mae);
    size_t taken = 0;
    for (size_t r = 0; r < table->rows; ++r) {
        const struct parameter *row = &table->row[r],
                               *from = parameters_find(&mae.parameters, row->name);
        const real *want =
            from ? pretrained + from->offset : (const real *)before + row->offset;
        cr_expect_eq(!from, !strncmp(row->name, "head.", 5), "%s", row->name);
        expect_close(f.weights + row->offset, want, row->count, 0, 0);
        taken += from ? row->count : 0;
    }
    cr_expect_eq(taken + (WIDTH + 1) * CLASSES, table->count);
    arena_close(&f.arena);
}

// A model whose encoder is copied into a classifier of the shape `small`.
static void take_from(const void *shape)
{
    struct fixture f;
    struct mae mae;
    real *pretrained;
    fixture_open(&f, &small, 1);
    mae_with_encoder(&mae, &pretrained, &f, shape);
    classifier_take_encoder(f.weights, &f.classifier, pretrained, &mae);
}

Test(classifier, refuses_an_encoder_of_another_shape)
{
    struct mae_shape heads = small, blocks = small, patch = small;
    heads.encoder_heads = 2;
    blocks.encoder_blocks = 3;
    patch.patch = 4;
    expect_death(__LINE__, take_from, &heads, -SIGABRT,
                 "encoder of 2 heads for one of 3");
    expect_death(__LINE__, take_from, &blocks, -SIGABRT,
                 "encoder of 3 blocks for one of 2");
    expect_death(__LINE__, take_from, &patch, -SIGABRT, "has another shape");
}

Test(classifier, every_patch_influences_the_logits_of_its_image_alone)
{
    struct fixture f;
    fixture_open(&f, &small, IMAGES);
    real *before = copy_of(&f, forward(&f), IMAGES * CLASSES);
    for (size_t t = 0; t < TOKENS; ++t) {
        real *number = f.patches + (TOKENS + t) * 12;
        const real old = *number;
        *number += 1;
        const real *after = forward(&f);
        cr_expect(memcmp(after + CLASSES, before + CLASSES, CLASSES * sizeof(real)),
                  "patch %zu", t);
        expect_close(after, (const real *)before, CLASSES, 0, 0);
        expect_close(after + 2 * CLASSES, (const real *)(before + 2 * CLASSES), CLASSES,
                     0, 0);
        *number = old;
    }
    expect_close(forward(&f), (const real *)before, IMAGES * CLASSES, 0, 0);
    arena_close(&f.arena);
}

Test(classifier, the_papers_classifiers_have_their_known_sizes)
{
    // The encoders' 5,383,680 and 5,353,728 numbers, and (192 + 1) 10 of the head.
    static const struct {
        int patch;
        size_t count;
    } known[] = {{2, 5385610}, {4, 5355658}};
    for (size_t i = 0; i < 2; ++i) {
        struct arena arena;
        struct classifier classifier;
        const struct mae_shape shape = {32, 3, known[i].patch, 192, 12, 4, 3, 3};
        arena_open(&arena, "test", 64 << 10);
        classifier_open(&classifier, &shape, 10, &arena);
        cr_expect_eq(classifier.parameters.count, known[i].count);
        arena_close(&arena);
    }
}

Test(classifier, activations_do_not_see_what_their_memory_held)
{
    enum { SPOILT = 4 << 20 };
    struct fixture f;
    fixture_open(&f, &small, IMAGES);
    struct arena arena;
    arena_open_growing(&arena, "used");
    // qkv has no bias, and no row of the table sets its pointer: it must not be what the memory
    // held.
    const size_t mark = arena_mark(&arena);
    memset(arena_take(&arena, 1, SPOILT), 0xff, SPOILT);
    arena_reset(&arena, mark);
    real *want = copy_of(&f, forward(&f), IMAGES * CLASSES);
    backward(&f);
    real *gradients = copy_of(&f, f.gradients, f.classifier.parameters.count);
    f.activations =
        classifier_activations_open(&f.classifier, IMAGES, FP32, TRAIN, &arena);
    cr_expect_lt(arena_mark(&arena), SPOILT);
    expect_close(forward(&f), (const real *)want, IMAGES * CLASSES, 0, 0);
    backward(&f);
    expect_close(f.gradients, (const real *)gradients, f.classifier.parameters.count, 0,
                 0);
    arena_close(&arena);
    arena_close(&f.arena);
}

Test(classifier, infers_the_same_logits_in_less_memory)
{
    struct fixture f;
    fixture_open(&f, &small, IMAGES);
    real *want = copy_of(&f, forward(&f), IMAGES * CLASSES);
    size_t mark[3] = {arena_mark(&f.arena)};
    classifier_activations_open(&f.classifier, IMAGES, FP32, TRAIN, &f.arena);
    mark[1] = arena_mark(&f.arena);
    f.activations =
        classifier_activations_open(&f.classifier, IMAGES, FP32, INFER, &f.arena);
    mark[2] = arena_mark(&f.arena);
    cr_expect_lt(mark[2] - mark[1], (mark[1] - mark[0]) * 3 / 4);
    expect_close(forward(&f), (const real *)want, IMAGES * CLASSES, 0, 0);
    arena_close(&f.arena);
}

BREAKS(classifier, refuses_no_classes, "C > 0")
{
    struct arena arena;
    struct classifier classifier;
    arena_open(&arena, "test", 64 << 10);
    classifier_open(&classifier, &small, 0, &arena);
}

#ifndef REAL_DOUBLE

// |a - b| / |b| over n numbers.
static double relative_distance(const real *a, const real *b, size_t n)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; ++i) {
        difference += pow((double)a[i] - (double)b[i], 2);
        size += pow((double)b[i], 2);
    }
    return sqrt(difference / size);
}

// bfloat16 has 8 bits: each rounding errs by 2^-9 of a number. After two blocks, forward and
// backward, some percent of each tensor. Other weights (the reversed ones) are farther than 1.
Test(classifier, bf16_gives_nearly_the_logits_and_gradients_of_fp32)
{
    struct fixture f, g;
    fixture_open(&f, &small, IMAGES);
    fixture_open_in(&g, &small, IMAGES, BF16);
    forward(&f);
    backward(&f);
    double logits = relative_distance(forward(&g), forward(&f), IMAGES * CLASSES);
    cr_expect(logits > 1e-4 && logits < .03, "logits %g apart", logits);
    memset(g.gradients, 0xff, g.classifier.parameters.count * sizeof(real));
    backward(&g);
    for (size_t r = 0; r < f.classifier.parameters.rows; ++r) {
        const struct parameter *row = &f.classifier.parameters.row[r];
        double apart = relative_distance(g.gradients + row->offset,
                                         f.gradients + row->offset, row->count);
        cr_expect(apart < .05, "%s: gradients %g apart", row->name, apart);
    }
    arena_close(&f.arena);
    arena_close(&g.arena);
}

#endif

// ====== Golden values ======

// c = the gradient of the mean cross-entropy by the logits, in double; returns that loss.
static double cross_entropy_by_hand(real *c, const real *logits, const uint8_t *labels,
                                    size_t images)
{
    double sum = 0;
    for (size_t b = 0; b < images; ++b) {
        double total = 0;
        for (size_t k = 0; k < CLASSES; ++k)
            total += exp((double)logits[b * CLASSES + k]);
        sum += log(total) - (double)logits[b * CLASSES + labels[b]];
        for (size_t k = 0; k < CLASSES; ++k)
            c[b * CLASSES + k] = (real)((exp((double)logits[b * CLASSES + k]) / total -
                                         (k == labels[b])) /
                                        (double)images);
    }
    return sum / (double)images;
}

Test(classifier, agrees_with_torch_1_13_logits_loss_and_every_gradient)
{
    enum { B = 2 };
    const struct mae_shape shape = {32, 3, 8, WIDTH, 2, 1, 3, 3};
    struct fixture f;
    struct npy labels;
    fixture_open(&f, &shape, B);
    const struct parameters *table = &f.classifier.parameters;
    const size_t head = parameters_find(table, "head.weight")->offset;
    npy_read(&labels, "tests/golden/classifier/labels.npy");
    cr_assert(labels.type == NPY_U1 && labels.count == B);
    f.patches = golden_read(&f.arena, "tests/golden/mae/patches.npy", f.patches_count);
    // The encoder's numbers come first in both tables.
    memcpy(f.weights, golden_read(&f.arena, "tests/golden/mae/weights.npy", head),
           head * sizeof(real));
    memcpy(
        f.weights + head,
        golden_read(&f.arena, "tests/golden/classifier/head.npy", table->count - head),
        (table->count - head) * sizeof(real));

    const real *logits = forward(&f);
    expect_golden(
        "logits", logits,
        golden_read(&f.arena, "tests/golden/classifier/logits.npy", B * CLASSES),
        B * CLASSES);
    const real value = (real)cross_entropy_by_hand(f.c, logits, labels.data, (size_t)B);
    expect_golden("loss", &value,
                  golden_read(&f.arena, "tests/golden/classifier/loss.npy", 1), 1);
    backward(&f);
    const real *gradients =
        golden_read(&f.arena, "tests/golden/classifier/gradients.npy", table->count);
    for (size_t r = 0; r < table->rows; ++r)
        expect_golden(table->row[r].name, f.gradients + table->row[r].offset,
                      gradients + table->row[r].offset, table->row[r].count);
    npy_free(&labels);
    arena_close(&f.arena);
}
