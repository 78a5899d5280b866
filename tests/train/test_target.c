#include "core/train/target.h"

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/model/weights.h"
#include "core/train/evaluate.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/train/tiny.h"

TestSuite(target, .init = scratch_make);

enum { IMAGES = 60, SIDE = 4, T = 64, F = 48, N = IMAGES * T };

struct world {
    struct arena arena;
    struct images images;
    real *patches, *targets; // (N,F)
    struct target_maker maker;
};

static void world_open(struct world *w, enum target_scale scale, double noise)
{
    arena_open_growing(&w->arena, "test");
    planted_make(&w->images, 1, IMAGES, noise);
    w->patches = arena_reals(&w->arena, N * F);
    w->targets = arena_reals(&w->arena, N * F);
    for (size_t i = 0; i < IMAGES; ++i)
        patches_from_bytes(w->patches + i * T * F, w->images.pixels + i * IMAGE_BYTES,
                           SIDE);
    target_maker_open(&w->maker, scale, &w->images, SIDE, &w->arena);
    target_make(w->targets, w->patches, N, &w->maker);
}

static void world_close(struct world *w)
{
    images_free(&w->images);
    arena_close(&w->arena);
}

// second (F,F) = E t t^T, mean (F) = E t, over all patches.
static void moments(double *mean, double *second, const struct world *w)
{
    memset(mean, 0, F * sizeof *mean);
    memset(second, 0, F * F * sizeof *second);
    for (size_t n = 0; n < N; ++n)
        for (size_t i = 0; i < F; ++i) {
            const double t = (double)w->targets[n * F + i] / N;
            mean[i] += t;
            for (size_t j = 0; j < F; ++j)
                second[i * F + j] += t * (double)w->targets[n * F + j];
        }
}

Test(target, whitened_patches_have_the_unit_matrix_as_second_moment)
{
    struct world w;
    world_open(&w, TARGET_WHITENED, PLANTED_NOISE);
    double mean[F], second[F * F];
    moments(mean, second, &w);
    cr_expect_eq(w.maker.rank, F);
    for (size_t i = 0; i < F; ++i) {
        cr_expect_lt(fabs(mean[i]), 1e-4);
        for (size_t j = 0; j < F; ++j)
            cr_expect_lt(fabs(second[i * F + j] - (i == j)), 1e-3, "%zu %zu: %g", i, j,
                         second[i * F + j]);
    }
    world_close(&w);
}

// Without noise the scenes' patches are forty tiles and their negatives: forty directions.
Test(target, directions_in_which_images_do_not_vary_are_left_at_0)
{
    struct world w;
    world_open(&w, TARGET_WHITENED, 0);
    double mean[F], second[F * F], trace = 0;
    moments(mean, second, &w);
    for (size_t i = 0; i < F; ++i) trace += second[i * F + i];
    cr_expect_eq(w.maker.rank, 40);
    cr_expect_lt(fabs(trace - 40), .05, "%g", trace);
    world_close(&w);
}

Test(target, normalised_patches_have_mean_0_and_variance_1)
{
    struct world w;
    world_open(&w, TARGET_NORMALISED, PLANTED_NOISE);
    for (size_t n = 0; n < N; ++n) {
        double sum = 0, square = 0;
        for (size_t i = 0; i < F; ++i) {
            sum += (double)w.targets[n * F + i];
            square += pow((double)w.targets[n * F + i], 2);
        }
        cr_expect(fabs(sum) < 1e-3 && fabs(square / (F - 1) - 1) < 1e-3, "%zu: %g, %g",
                  n, sum, square);
    }
    world_close(&w);
}

Test(target, raw_patches_are_themselves)
{
    struct world w;
    world_open(&w, TARGET_RAW, PLANTED_NOISE);
    cr_expect(!memcmp(w.targets, w.patches, N * F * sizeof(real)));
    world_close(&w);
}

// ====== In training ======

static const struct target targets[] = {
    {TARGET_HIDDEN, TARGET_RAW},      {TARGET_VISIBLE, TARGET_RAW},
    {TARGET_EVERY, TARGET_RAW},       {TARGET_HIDDEN, TARGET_NORMALISED},
    {TARGET_HIDDEN, TARGET_WHITENED}, {TARGET_EVERY, TARGET_WHITENED},
};
enum { TARGETS = sizeof targets / sizeof *targets };

// One micro-batch of a training, as a function of its weights.
struct objective {
    struct tiny tiny;
    struct pretrainer pretrainer;
    uint32_t image[2], epoch[2];
    real *gradient;
};

static void objective_open(struct objective *o, struct target target)
{
    tiny_open(&o->tiny);
    o->tiny.settings.recipe.target = target;
    pretrainer_open(&o->pretrainer, &o->tiny.settings);
    o->image[0] = 3, o->image[1] = 8, o->epoch[0] = o->epoch[1] = 1;
    o->gradient = arena_reals(&o->pretrainer.arena, o->pretrainer.mae.parameters.count);
}

static void objective_close(struct objective *o)
{
    pretrainer_close(&o->pretrainer);
    tiny_close(&o->tiny);
}

static double objective(void *context)
{
    struct objective *o = context;
    struct trainer *trainer = &o->pretrainer.trainer;
    packed_weights_pack_all(&trainer->packed);
    return trainer->plan.gradient(o->gradient, o->image, o->epoch, 1, 0,
                                  trainer->plan.context);
}

Test(target, gradients_of_every_target_agree_with_central_differences)
{
    gradient_skip();
    for (size_t t = 0; t < TARGETS; ++t) {
        struct objective o;
        objective_open(&o, targets[t]);
        const size_t count = o.pretrainer.mae.parameters.count;
        real *gradient = arena_reals(&o.pretrainer.arena, count);
        objective(&o);
        memcpy(gradient, o.gradient, count * sizeof(real));
        expect_gradient(target_patches_name(targets[t].patches),
                        o.pretrainer.trainer.state.weights, gradient, count, objective,
                        &o);
        objective_close(&o);
    }
}

// The loss by its definition, from the prediction of the same weights.
Test(target, the_loss_is_over_the_patches_that_the_recipe_names)
{
    for (size_t t = 0; t < TARGETS; ++t) {
        struct objective o;
        objective_open(&o, targets[t]);
        const double got = objective(&o);
        const struct masked_batch *batch = &o.pretrainer.batch[0];
        const struct mae_input input = masked_batch_input(batch);
        const real *prediction = mae_forward(batch->activations, &o.pretrainer.mae,
                                             &o.pretrainer.trainer.packed, &input);
        const size_t tokens = batch->tokens, size = batch->patch_size;
        real *target = arena_reals(&o.pretrainer.arena, 2 * tokens * size);
        target_make(target, batch->patches, 2 * tokens, &o.pretrainer.maker);
        double sum = 0, count = 0;
        for (size_t b = 0; b < 2; ++b)
            for (size_t p = 0; p < tokens; ++p) {
                int visible = 0;
                for (size_t v = 0; v < batch->visible_count; ++v)
                    visible |=
                        (size_t)batch->visible[b * batch->visible_count + v] == p;
                const int counts = targets[t].patches == TARGET_EVERY ||
                                   visible == (targets[t].patches == TARGET_VISIBLE);
                for (size_t i = 0; counts && i < size; ++i, ++count)
                    sum += pow((double)(prediction[(b * tokens + p) * size + i] -
                                        target[(b * tokens + p) * size + i]),
                               2);
            }
        cr_expect_lt(fabs(got / (sum / count) - 1), 1e-5, "target %zu: %g, %g", t, got,
                     sum / count);
        objective_close(&o);
    }
}

Test(target, trainings_of_different_targets_differ)
{
    char digest[TARGETS][HASH_HEX];
    for (size_t t = 0; t < TARGETS; ++t) {
        struct tiny tiny;
        tiny_open(&tiny);
        tiny.settings.recipe.target = targets[t];
        tiny.settings.threads = 1 + (int)t % 3;
        pretrain_run(&tiny.settings);
        struct weights weights;
        weights_open(&weights, tiny.weights, NULL, 0);
        slab_digest(digest[t], weights.slab, weights.mae.parameters.count);
        weights_close(&weights);
        for (size_t u = 0; u < t; ++u) cr_expect_str_neq(digest[t], digest[u]);
        tiny_close(&tiny);
    }
}

// ====== In evaluation ======

// t (F) of a patch by the formulas of target.h.
static void target_by_hand(double *t, const real *x, const struct target_maker *maker)
{
    double mean = 0, square = 0;
    for (size_t f = 0; f < F; ++f) mean += (double)x[f] / F;
    for (size_t f = 0; f < F; ++f) square += pow((double)x[f] - mean, 2);
    for (size_t f = 0; f < F; ++f) {
        t[f] = (double)x[f];
        if (maker->scale == TARGET_NORMALISED)
            t[f] = (t[f] - mean) / sqrt(square / (F - 1) + 1e-6);
        if (maker->scale != TARGET_WHITENED) continue;
        t[f] = 0;
        for (size_t g = 0; g < F; ++g)
            t[f] += (double)maker->whiten[f * F + g] * ((double)x[g] - maker->mean[g]);
    }
}

struct expected {
    const struct target_maker *maker;
    double loss[IMAGES];
};

// The mean square over the patches that are not visible.
static void loss_by_hand(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    struct expected *expected = context;
    double sum = 0, count = 0, target[F];
    for (size_t p = 0; p < one->tokens; ++p) {
        int visible = 0;
        for (size_t v = 0; v < one->visible_count; ++v)
            visible |= (size_t)one->visible[v] == p;
        if (visible) continue;
        target_by_hand(target, one->patches + p * F, expected->maker);
        for (size_t f = 0; f < F; ++f, ++count)
            sum += pow((double)one->prediction[p * F + f] - target[f], 2);
    }
    expected->loss[one->position] = sum / count;
}

static void expect_losses(enum target_scale scale)
{
    static const struct mae_shape shape = {32, 3, SIDE, 12, 1, 1, 2, 2};
    struct world w;
    world_open(&w, scale, PLANTED_NOISE);
    struct mae mae;
    mae_open(&mae, &shape, &w.arena);
    real *weights = normal_reals(&w.arena, mae.parameters.count, .1, 1);
    double loss[IMAGES], raw[IMAGES];
    struct evaluation evaluation = {.mae = &mae,
                                    .weights = weights,
                                    .images = &w.images,
                                    .count = IMAGES,
                                    .mask_ratio = .75,
                                    .seed = 1,
                                    .threads = 2};
    evaluate_losses(raw, &evaluation);
    evaluation.targets = &w.maker;
    evaluate_losses(loss, &evaluation);
    struct expected expected = {.maker = &w.maker};
    evaluate_reconstructions(&evaluation, loss_by_hand, &expected);
    expect_close((const double *)loss, (const double *)expected.loss, IMAGES, 1e-5, 0);
    for (size_t i = 0; i < IMAGES; ++i)
        cr_expect((loss[i] == raw[i]) == (scale == TARGET_RAW), "%zu: %g, raw %g", i,
                  loss[i], raw[i]);
    world_close(&w);
}

Test(target, losses_are_evaluated_on_the_targets_asked_for)
{
    expect_losses(TARGET_RAW);
    expect_losses(TARGET_NORMALISED);
    expect_losses(TARGET_WHITENED);
}
