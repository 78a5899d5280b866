#include "core/train/evaluate.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/train/infer.h"
#include "core/train/loss.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { IMAGES = 40, TOKENS = 16, PATCH = 192, VISIBLE = 4 };

struct fixture {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct images images;
    struct evaluation evaluation;
};

static void fixture_open(struct fixture *f)
{
    static const struct mae_shape shape = {32, 3, 8, 12, 1, 1, 2, 2};
    arena_open(&f->arena, "test", 8 << 20);
    mae_open(&f->mae, &shape, &f->arena);
    f->weights = arena_reals(&f->arena, f->mae.parameters.count);
    parameters_initialise(f->weights, &f->mae.parameters, 3);
    planted_make(&f->images, 4, IMAGES, PLANTED_NOISE);
    f->evaluation = (struct evaluation){.mae = &f->mae,
                                        .weights = f->weights,
                                        .images = &f->images,
                                        .count = IMAGES,
                                        .mask_ratio = .75,
                                        .seed = 6,
                                        .threads = 1};
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

// Everything that a callback gets, by position.
struct seen {
    atomic_int calls[IMAGES];
    uint32_t image[IMAGES];
    real prediction[IMAGES][TOKENS * PATCH], patches[IMAGES][TOKENS * PATCH];
    int32_t visible[IMAGES][VISIBLE], hidden[IMAGES][TOKENS - VISIBLE];
};

static void keep(const struct reconstruction *one, int worker, void *context)
{
    struct seen *seen = context;
    size_t p = one->position;
    cr_assert(p < IMAGES && worker >= 0 && worker < 5);
    cr_assert(one->tokens == TOKENS && one->patch_size == PATCH &&
              one->visible_count == VISIBLE && one->hidden_count == TOKENS - VISIBLE);
    atomic_fetch_add(&seen->calls[p], 1);
    seen->image[p] = one->image;
    memcpy(seen->prediction[p], one->prediction, sizeof seen->prediction[p]);
    memcpy(seen->patches[p], one->patches, sizeof seen->patches[p]);
    memcpy(seen->visible[p], one->visible, sizeof seen->visible[p]);
    memcpy(seen->hidden[p], one->hidden, sizeof seen->hidden[p]);
}

static struct seen *look(const struct evaluation *evaluation)
{
    struct seen *seen = calloc(1, sizeof *seen);
    cr_assert(seen);
    evaluate_reconstructions(evaluation, keep, seen);
    for (size_t p = 0; p < IMAGES; ++p)
        cr_assert_eq(seen->calls[p], p < evaluation->count, "position %zu", p);
    return seen;
}

// The most that other images in a chunk may change one by: nothing where rows of a product do not
// depend on each other, else rounding.
static double company(void)
{
    return strcmp(product_path(), "OpenBLAS") ? 0 : 1e-5;
}

// An image alone through the model, its mask and patches made by hand.
Test(evaluate, an_image_is_reconstructed_under_its_own_mask)
{
    struct fixture f;
    fixture_open(&f);
    struct seen *seen = look(&f.evaluation);
    struct mae_activations *activations =
        mae_activations_open(&f.mae, 1, VISIBLE, FP32, TRAIN, &f.arena);
    struct packed_weights weights;
    packed_weights_open(&weights, &f.mae.parameters, f.weights, FP32, INFER, &f.arena);
    packed_weights_pack_all(&weights);
    for (uint32_t i = 0; i < IMAGES; i += 13) {
        int32_t visible[VISIBLE], hidden[TOKENS - VISIBLE];
        real patches[TOKENS * PATCH];
        mask_draw(visible, hidden, TOKENS, f.evaluation.mask_ratio, 6, EVALUATION_EPOCH,
                  i);
        patches_from_bytes(patches, f.images.pixels + i * IMAGE_BYTES, 8);
        struct mae_input input = {1, VISIBLE, patches, visible, 0};
        const real *want = mae_forward(activations, &f.mae, &weights, &input);
        cr_expect_eq(seen->image[i], i);
        cr_expect_arr_eq(seen->patches[i], patches, sizeof patches);
        cr_expect_arr_eq(seen->visible[i], visible, sizeof visible);
        cr_expect_arr_eq(seen->hidden[i], hidden, sizeof hidden);
        expect_close((const real *)seen->prediction[i], want, TOKENS * PATCH, company(),
                     company());
    }
    free(seen);
    fixture_close(&f);
}

Test(evaluate, threads_and_count_do_not_change_a_bit)
{
    struct fixture f;
    fixture_open(&f);
    struct seen *one = look(&f.evaluation);
    for (int threads = 2; threads <= 5; ++threads) {
        f.evaluation.threads = threads;
        struct seen *other = look(&f.evaluation);
        cr_expect(memcmp(one, other, sizeof *one) == 0, "%d threads", threads);
        free(other);
    }
    for (f.evaluation.count = 1; f.evaluation.count < IMAGES; f.evaluation.count += 6) {
        struct seen *other = look(&f.evaluation);
        cr_expect_arr_eq(one->prediction, other->prediction,
                         f.evaluation.count * sizeof *one->prediction);
        free(other);
    }
    free(one);
    fixture_close(&f);
}

Test(evaluate, a_list_names_the_images_in_its_order)
{
    struct fixture f;
    uint32_t list[20];
    fixture_open(&f);
    struct seen *all = look(&f.evaluation);
    for (uint32_t p = 0; p < 20; ++p) list[p] = IMAGES - 1 - 2 * p;
    f.evaluation.list = list;
    f.evaluation.count = 20;
    struct seen *some = look(&f.evaluation);
    for (size_t p = 0; p < 20; ++p) {
        cr_expect_eq(some->image[p], list[p]);
        cr_expect_arr_eq(some->hidden[p], all->hidden[list[p]], sizeof all->hidden[0]);
        cr_expect_arr_eq(some->patches[p], all->patches[list[p]],
                         sizeof all->patches[0]);
        expect_close((const real *)some->prediction[p],
                     (const real *)all->prediction[list[p]], TOKENS * PATCH, company(),
                     company());
    }
    free(all);
    free(some);
    fixture_close(&f);
}

Test(evaluate, losses_are_those_of_each_image)
{
    struct fixture f;
    double loss[IMAGES];
    fixture_open(&f);
    struct seen *seen = look(&f.evaluation);
    f.evaluation.threads = 3;
    evaluate_losses(loss, &f.evaluation);
    for (size_t p = 0; p < IMAGES; ++p) {
        double sum = 0;
        for (size_t m = 0; m < TOKENS - VISIBLE; ++m)
            for (size_t i = 0; i < PATCH; ++i) {
                size_t at = (size_t)seen->hidden[p][m] * PATCH + i;
                sum += pow((double)(seen->prediction[p][at] - seen->patches[p][at]), 2);
            }
        sum /= (TOKENS - VISIBLE) * PATCH;
        cr_expect(fabs(loss[p] - sum) <= 1e-12 * sum, "%zu: %.17g %.17g", p, loss[p],
                  sum);
    }
    free(seen);
    fixture_close(&f);
}

static void reconstruct(const void *evaluation)
{
    double loss[IMAGES];
    evaluate_losses(loss, evaluation);
}

Test(evaluate, weights_that_overflow_are_named)
{
    const real huge = sizeof(real) == sizeof(double) ? (real)1e307 : (real)1e37;
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < f.mae.parameters.count; ++i) f.weights[i] = huge;
    expect_death(__LINE__, reconstruct, &f.evaluation, EXIT_INPUT,
                 "the model: these weights make numbers that are not finite");
    f.evaluation.name = "m75-h3.safetensors";
    expect_death(__LINE__, reconstruct, &f.evaluation, EXIT_INPUT,
                 "m75-h3.safetensors: these weights make numbers");
    fixture_close(&f);
}

BREAKS(evaluate, no_images_break_the_contract, "infer->images > 0")
{
    struct fixture f;
    fixture_open(&f);
    f.evaluation.count = 0;
    evaluate_reconstructions(&f.evaluation, keep, NULL);
}

BREAKS(evaluate, a_mask_must_hide_something, "images > 0 && visible > 0 && hidden > 0")
{
    struct fixture f;
    fixture_open(&f);
    f.evaluation.mask_ratio = 0;
    evaluate_reconstructions(&f.evaluation, keep, NULL);
}

// ====== What a prediction came from ======

// For each image: the largest error of the pixel head on the decoded tokens, and of the sums of
// the attention's rows, which must be those of this image.
struct traced {
    const struct mae *mae;
    const real *head, *bias;
    double head_error[IMAGES], sum_error[IMAGES], first[IMAGES];
    int attention;
};

static void look_behind(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    struct traced *traced = context;
    const size_t D = one->width, F = one->patch_size, stride = one->view.stride;
    double head_error = 0, sum_error = 0;
    for (size_t t = 0; t < one->tokens; ++t)
        for (size_t f = 0; f < F; ++f) {
            double pixel = (double)traced->bias[f];
            for (size_t d = 0; d < D; ++d)
                pixel += (double)(traced->head[f * D + d] *
                                  one->view.decoded[(t + 1) * D + d]);
            head_error =
                fmax(head_error, fabs(pixel - (double)one->prediction[t * F + f]));
        }
    traced->head_error[one->position] = head_error;
    traced->attention = one->view.attention[0] != NULL;
    if (!traced->attention) return;
    const size_t rows = (size_t)traced->mae->shape.decoder_heads * (one->tokens + 1);
    for (size_t r = 0; r < rows; ++r) {
        double sum = 0;
        for (size_t t = 0; t <= one->tokens; ++t)
            sum += (double)one->view.attention[0][r * stride + t];
        sum_error = fmax(sum_error, fabs(sum - 1));
    }
    traced->sum_error[one->position] = sum_error;
    traced->first[one->position] = (double)one->view.attention[0][stride + 1];
}

// Products are of float numbers, so some 12 roundings of 6e-8 in each.
Test(evaluate, a_reconstruction_shows_the_tokens_and_the_attention_it_came_from)
{
    struct fixture f;
    static struct traced traced;
    fixture_open(&f);
    traced.mae = &f.mae;
    traced.head =
        f.weights + parameters_find(&f.mae.parameters, "decoder.head.weight")->offset;
    traced.bias =
        f.weights + parameters_find(&f.mae.parameters, "decoder.head.bias")->offset;
    evaluate_reconstructions(&f.evaluation, look_behind, &traced);
    cr_expect(!traced.attention, "blocks share one array in INFER");
    f.evaluation.with_attention = 1;
    evaluate_reconstructions(&f.evaluation, look_behind, &traced);
    cr_expect(traced.attention);
    for (size_t i = 0; i < IMAGES; ++i) {
        cr_expect_lt(traced.head_error[i], 1e-6);
        cr_expect_lt(traced.sum_error[i], 1e-6);
        cr_expect(i == 0 || traced.first[i] != traced.first[i - 1],
                  "images %zu and %zu have one attention", i - 1, i);
    }
    fixture_close(&f);
}
