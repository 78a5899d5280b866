#include "core/train/classify.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/train/loss.h"
#include "tests/ending.h"

enum { IMAGES = 40, TOKENS = 16, PATCH = 192 };

// What no image has been given yet.
enum { UNSET = 99 };

static void unset(uint16_t predicted[IMAGES + 1])
{
    for (size_t i = 0; i <= IMAGES; ++i) predicted[i] = UNSET;
}

struct fixture {
    struct arena arena;
    struct classifier classifier;
    real *weights;
    struct images images;
    struct classification classification;
    uint16_t predicted[IMAGES + 1];
};

static void fixture_open(struct fixture *f)
{
    static const struct mae_shape shape = {32, 3, 8, 12, 1, 1, 2, 2};
    arena_open(&f->arena, "test", 8 << 20);
    classifier_open(&f->classifier, &shape, 10, &f->arena);
    f->weights = arena_reals(&f->arena, f->classifier.parameters.count);
    parameters_initialise(f->weights, &f->classifier.parameters, 3);
    // Tokens that start this large make the predictions differ between images.
    for (size_t i = 0; i < f->classifier.parameters.count; ++i) f->weights[i] *= 3;
    planted_make(&f->images, 4, IMAGES, PLANTED_NOISE);
    unset(f->predicted);
    f->classification = (struct classification){.classifier = &f->classifier,
                                                .weights = f->weights,
                                                .images = &f->images,
                                                .threads = 1};
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

// One image alone through the model.
Test(classify, an_image_gets_its_own_likeliest_class)
{
    struct fixture f;
    struct packed_weights packed;
    real patches[TOKENS * PATCH];
    size_t classes[10] = {0}, different = 0;
    fixture_open(&f);
    cr_assert_eq(classify_images(f.predicted, &f.classification), 0);
    packed_weights_open(&packed, &f.classifier.parameters, f.weights, FP32, INFER,
                        &f.arena);
    packed_weights_pack_all(&packed);
    struct classifier_activations *activations =
        classifier_activations_open(&f.classifier, 1, FP32, INFER, &f.arena);
    for (size_t i = 0; i < IMAGES; ++i) {
        patches_from_bytes(patches, f.images.pixels + i * IMAGE_BYTES, 8);
        const real *logits =
            classifier_forward(activations, &f.classifier, &packed, patches);
        cr_expect_eq(f.predicted[i], likeliest(logits, 10), "image %zu", i);
        classes[f.predicted[i]]++;
    }
    for (size_t c = 0; c < 10; ++c) different += classes[c] > 0;
    cr_expect_geq(different, 3, "the test would not see images mixed up");
    cr_expect_eq(f.predicted[IMAGES], UNSET);
    fixture_close(&f);
}

Test(classify, neither_threads_nor_count_change_a_prediction)
{
    struct fixture f;
    uint16_t one[IMAGES];
    fixture_open(&f);
    cr_assert_eq(classify_images(f.predicted, &f.classification), 0);
    memcpy(one, f.predicted, sizeof one);
    static const int threads[] = {2, 3, 4, 7};
    for (size_t t = 0; t < 4; ++t) {
        f.classification.threads = threads[t];
        for (f.images.count = 1; f.images.count <= IMAGES; f.images.count += 13) {
            unset(f.predicted);
            cr_assert_eq(classify_images(f.predicted, &f.classification), 0);
            cr_expect_arr_eq(f.predicted, one, f.images.count * sizeof *one);
            cr_expect_eq(f.predicted[f.images.count], UNSET);
        }
    }
    f.images.count = IMAGES;
    fixture_close(&f);
}

Test(classify, weights_that_overflow_are_no_answer)
{
    struct fixture f;
    fixture_open(&f);
    f.weights[parameters_find(&f.classifier.parameters, "head.bias")->offset + 9] =
        (real)-INFINITY;
    cr_expect_neq(classify_images(f.predicted, &f.classification), 0);
    fixture_close(&f);
}

BREAKS(classify, no_images_break_the_contract, "infer->images > 0")
{
    struct fixture f;
    fixture_open(&f);
    f.images.count = 0;
    cr_expect_eq(classify_images(f.predicted, &f.classification), 0);
}

Test(classify, accuracy_is_the_share_of_labels_met)
{
    const uint16_t predicted[] = {1, 2, 3, 0, 9}, labels[] = {1, 3, 3, 0, 0};
    cr_expect_eq(classification_accuracy(predicted, labels, 5), .6);
    cr_expect_eq(classification_accuracy(predicted, labels, 1), 1);
    cr_expect_eq(classification_accuracy(predicted + 1, labels + 1, 1), 0);
}
