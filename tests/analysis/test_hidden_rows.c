#include "core/analysis/hidden_rows.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/data/planted.h"
#include "tests/expect_close.h"

enum { IMAGES = 20, PATCH = 8, T = 16, F = 192, V = 4, M = T - V, D = 12 };

static struct arena arena;
static struct images images;
static struct mae mae;
static real *weights;

static void open_images(void)
{
    static const struct mae_shape shape = {32, 3, PATCH, D, 1, 1, 2, 2};
    arena_open_growing(&arena, "test");
    planted_make(&images, 4, IMAGES, PLANTED_NOISE);
    mae_open(&mae, &shape, &arena);
    weights = arena_reals(&arena, mae.parameters.count);
    parameters_initialise(weights, &mae.parameters, 3);
}

static void close_images(void)
{
    images_free(&images);
    arena_close(&arena);
}

TestSuite(hidden_rows, .init = open_images, .fini = close_images);

// The truth of hidden patch `h` of an image under the masks of seed 6.
static void expect_truth(const struct hidden_rows *rows, size_t image, size_t h)
{
    real patches[T * F];
    int32_t visible[V], hidden[M];
    patches_from_bytes(patches, images.pixels + image * IMAGE_BYTES, PATCH);
    mask_draw(visible, hidden, T, .75, 6, EVALUATION_EPOCH, (uint32_t)image);
    for (size_t f = 0; f < F; ++f)
        cr_assert_eq(hidden_truth(rows, image)[h * F + f],
                     (double)patches[(size_t)hidden[h] * F + f], "image %zu", image);
}

// The encoder's tokens of an image's visible patches, when it is encoded alone.
static void expect_encoded(const struct hidden_rows *rows, size_t image,
                           struct mae_activations *alone,
                           const struct packed_weights *packed)
{
    real patches[T * F];
    int32_t visible[V], hidden[M];
    double want[V * D];
    patches_from_bytes(patches, images.pixels + image * IMAGE_BYTES, PATCH);
    mask_draw(visible, hidden, T, .75, 6, EVALUATION_EPOCH, (uint32_t)image);
    const struct mae_input input = {1, V, patches, visible, 0};
    const real *tokens = mae_encode(alone, &mae, packed, &input, -1);
    // The class token comes first.
    for (size_t i = 0; i < V * D; ++i) want[i] = (double)tokens[D + i];
    expect_close(rows->encoded + image * V * D, want, V * D, 1e-5, 1e-5);
}

// The head turns the decoder's tokens into the prediction, so that both are of the same patches.
Test(hidden_rows, rows_of_a_model_belong_together)
{
    struct hidden_rows rows;
    const struct evaluation evaluation = {.mae = &mae,
                                          .weights = weights,
                                          .images = &images,
                                          .count = IMAGES,
                                          .mask_ratio = .75,
                                          .seed = 6,
                                          .threads = 2};
    const real *head = weights +
                       parameters_find(&mae.parameters, "decoder.head.weight")->offset,
               *bias = weights +
                       parameters_find(&mae.parameters, "decoder.head.bias")->offset;
    struct mae_activations *alone =
        mae_activations_open(&mae, 1, V, FP32, INFER, &arena);
    struct packed_weights packed;
    packed_weights_open(&packed, &mae.parameters, weights, FP32, INFER, &arena);
    packed_weights_pack_all(&packed);
    hidden_rows_learned(&rows, &evaluation, &arena);
    cr_assert(rows.images == IMAGES && rows.rows == M && rows.visible == V &&
              rows.features == F && rows.width == D);
    for (size_t i = 0; i < IMAGES; i += 19) {
        expect_encoded(&rows, i, alone, &packed);
        for (size_t h = 0; h < M; ++h) {
            double pixels[F];
            expect_truth(&rows, i, h);
            for (size_t f = 0; f < F; ++f) {
                pixels[f] = (double)bias[f];
                for (size_t d = 0; d < D; ++d)
                    pixels[f] +=
                        (double)head[f * D + d] * rows.decoded[(i * M + h) * D + d];
            }
            expect_close(hidden_prediction(&rows, i) + h * F, (const double *)pixels, F,
                         0, 2e-6);
        }
    }
}

Test(hidden_rows, the_truth_can_be_had_alone)
{
    struct hidden_rows rows;
    hidden_rows_truth(&rows, &images, IMAGES, PATCH, .75, 6, &arena);
    cr_expect(rows.images == IMAGES && rows.rows == M && rows.features == F);
    cr_expect_null(rows.prediction);
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t h = 0; h < M; ++h) expect_truth(&rows, i, h);
}

Test(hidden_rows, rows_of_the_linear_predictor_have_the_same_masks)
{
    struct hidden_rows rows;
    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &images, PATCH, 2, &arena);
    cr_assert_eq(
        hidden_rows_linear(&rows, &predictor, &images, IMAGES, .75, 6, 2, &arena), 0);
    cr_expect(!rows.decoded && rows.rows == M);
    double error = 0, variance = 0;
    for (size_t i = 0; i < IMAGES; ++i)
        for (size_t h = 0; h < M; ++h) {
            expect_truth(&rows, i, h);
            for (size_t f = 0; f < F; ++f) {
                const double x = hidden_truth(&rows, i)[h * F + f];
                error += pow(x - hidden_prediction(&rows, i)[h * F + f], 2);
                variance += x * x;
            }
        }
    cr_expect_lt(error, .1 * variance, "20 images are predicted from themselves");
}
