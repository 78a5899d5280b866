#include "core/analysis/pipeline.h"

#include <math.h>
#include <string.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/train/evaluate.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { IMAGES = 21, T = 16, V = 4, F = 192, SEED = 5 };

struct fixture {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct images images;
    struct pipeline pipeline;
    size_t broken[PIPELINE_CHECKS];
};

// A model with random weights, which is built as the paper says although it has learned nothing.
static void fixture_open(struct fixture *f)
{
    const struct mae_shape shape = {32, 3, 8, 48, 2, 1, 3, 3};
    arena_open_growing(&f->arena, "test");
    mae_open(&f->mae, &shape, &f->arena);
    f->weights = normal_reals(&f->arena, f->mae.parameters.count, .1, 1);
    planted_make(&f->images, 1, IMAGES + 2, PLANTED_NOISE);
}

static int fixture_pass(struct fixture *f)
{
    return pipeline_open(&f->pipeline, &f->mae, f->weights, .75, &f->images, IMAGES,
                         SEED, 1, &f->arena);
}

static void fixture_close(struct fixture *f)
{
    images_free(&f->images);
    arena_close(&f->arena);
}

static void expect_broken(struct fixture *f, int line, const size_t *want)
{
    cr_expect_eq(pipeline_examine(f->broken, &f->pipeline, &f->arena), 0);
    for (int c = 0; c < PIPELINE_CHECKS; ++c)
        cr_expect_eq(f->broken[c], want[c], "line %d: check %d: %zu broken, not %zu",
                     line, c, f->broken[c], want[c]);
}

Test(pipeline, a_mask_model_breaks_no_check)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(fixture_pass(&f), 0);
    cr_expect(f.pipeline.patches == T && f.pipeline.visible == V);
    expect_broken(&f, __LINE__, (const size_t[PIPELINE_CHECKS]){0});
    fixture_close(&f);
}

Test(pipeline, a_decoder_that_paints_nothing_breaks_what_depends_on_it)
{
    struct fixture f;
    fixture_open(&f);
    const struct parameter *head =
        parameters_find(&f.mae.parameters, "decoder.head.weight");
    cr_assert(head);
    memset(f.weights + head->offset, 0, head->count * sizeof *f.weights);
    cr_assert_eq(fixture_pass(&f), 0);
    expect_broken(&f, __LINE__,
                  (const size_t[PIPELINE_CHECKS]){[PIPELINE_VISIBLE] = IMAGES,
                                                  [PIPELINE_MASK_TOKEN] = IMAGES,
                                                  [PIPELINE_POSITION] = IMAGES});
    fixture_close(&f);
}

Test(pipeline, one_number_off_is_one_broken_image)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(fixture_pass(&f), 0);
    // A token that says something else: other hidden pixels do not change it, so the passes differ.
    f.pipeline.tokens[3 * (V + 1) * 48 + 50] += 1e-3f;
    expect_broken(&f, __LINE__,
                  (const size_t[PIPELINE_CHECKS]){
                      [PIPELINE_HIDDEN] = 1, [PIPELINE_MASK_TOKEN] = 1});
    // Two hidden patches of an image painted alike, in another image.
    float *picture = f.pipeline.picture + 7 * IMAGE_BYTES;
    const int32_t *unseen = f.pipeline.unseen + 7 * (T - V);
    for (size_t i = 0; i < F; ++i)
        picture[pipeline_pixel(&f.pipeline, (size_t)unseen[2], i)] =
            picture[pipeline_pixel(&f.pipeline, (size_t)unseen[0], i)];
    expect_broken(
        &f, __LINE__,
        (const size_t[PIPELINE_CHECKS]){
            [PIPELINE_HIDDEN] = 2, [PIPELINE_MASK_TOKEN] = 1, [PIPELINE_POSITION] = 1});
    // A mask that claims the number of visible patches of another ratio.
    f.pipeline.ratio = .5;
    cr_expect_eq(pipeline_examine(f.broken, &f.pipeline, &f.arena), 0);
    cr_expect_eq(f.broken[PIPELINE_MASK], IMAGES);
    fixture_close(&f);
}

Test(pipeline, losses_are_those_of_evaluation_and_of_the_mean_visible_patch)
{
    struct fixture f;
    fixture_open(&f);
    cr_assert_eq(fixture_pass(&f), 0);
    double loss[IMAGES], guess[IMAGES];
    const struct evaluation evaluation = {.mae = &f.mae,
                                          .weights = f.weights,
                                          .images = &f.images,
                                          .count = IMAGES,
                                          .mask_ratio = .75,
                                          .seed = SEED,
                                          .threads = 1};
    evaluate_losses(loss, &evaluation);
    for (size_t i = 0; i < IMAGES; ++i) {
        real patches[T * F];
        double square = 0;
        patches_from_bytes(patches, f.images.pixels + i * IMAGE_BYTES, 8);
        for (size_t h = 0; h < T - V; ++h)
            for (size_t j = 0; j < F; ++j) {
                double mean = 0;
                for (size_t v = 0; v < V; ++v)
                    mean +=
                        (double)patches[f.pipeline.seen[i * V + v] * F + (int)j] / V;
                const int32_t t = f.pipeline.unseen[i * (T - V) + h];
                square += pow((double)patches[t * F + (int)j] - mean, 2);
            }
        guess[i] = square / ((T - V) * F);
    }
    expect_close(f.pipeline.loss, loss, IMAGES, 1e-5, 0);
    expect_close(f.pipeline.guess, guess, IMAGES, 1e-5, 0);
    fixture_close(&f);
}

Test(pipeline, weights_that_overflow_are_reported)
{
    struct fixture f;
    fixture_open(&f);
    for (size_t i = 0; i < f.mae.parameters.count; ++i) f.weights[i] = (real)1e37;
    cr_expect_eq(fixture_pass(&f), 1);
    fixture_close(&f);
}
