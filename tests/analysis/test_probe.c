#include "core/analysis/probe.h"

#include <stdlib.h>

#include "core/base/npy.h"
#include "core/data/images.h"
#include "core/linalg/gemm.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/golden_labels.h"
#include "tests/model/gradient.h"

static struct arena arena;

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(probe, .init = arena_make, .fini = arena_drop);

// ====== Against torch ======

static void golden(struct npy *array, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/golden/probe/%s.npy", name);
    npy_read(array, path);
}

// The logits of the probe for its set, one row at a time, from head and statistics.
static void logits_by_hand(double *logits, const struct probe *probe,
                           const struct features *features)
{
    const size_t D = features->width, C = probe->settings.classes;
    const real *weight = probe_head_weight(probe), *bias = probe_head_bias(probe);
    for (size_t r = 0; r < features->images; ++r)
        for (size_t c = 0; c < C; ++c) {
            double sum = (double)bias[c];
            for (size_t j = 0; j < D; ++j) {
                double x = (double)features->data[r * D + j];
                if (probe->settings.batch_norm)
                    x = (x - (double)probe->norm.mean[j]) /
                        sqrt((double)probe->norm.variance[j] + 1e-6);
                sum += (double)weight[c * D + j] * x;
            }
            logits[r * C + c] = sum;
        }
}

// Twelve updates from the golden start on the golden batches (tests/golden/make_probe_golden.py).
static void check_updates(const char *name, int batch_norm)
{
    struct npy features, labels, weight, bias, image, rates, losses, logits;
    char file[64];
    golden(&features, "features");
    golden(&labels, "labels");
    golden(&weight, "weight");
    golden(&bias, "bias");
    golden(&image, "image");
    golden(&rates, "rates");
    snprintf(file, sizeof file, "%s-losses", name);
    golden(&losses, file);
    snprintf(file, sizeof file, "%s-logits", name);
    golden(&logits, file);
    const size_t B = image.shape[1], D = features.shape[1], C = logits.shape[1];
    struct probe_settings settings = {PROBE_RECIPE, C, batch_norm, 1, 1};
    settings.recipe.batch = B;
    const struct adapter adapter = adapter_none(0, D);
    struct probe probe;
    uint16_t *known = golden_labels(&labels);
    probe_open(&probe, &settings, &adapter, &arena);
    for (size_t i = 0; i < C * D; ++i) probe.slab[i] = (real)((float *)weight.data)[i];
    for (size_t c = 0; c < C; ++c)
        probe.slab[C * D + c] = (real)((float *)bias.data)[c];

    const struct probe_set set = {{features.shape[0], 1, D, features.data, NULL},
                                  known};
    for (size_t t = 0; t < image.shape[0]; ++t) {
        double loss = probe_update(&probe, &set, (uint32_t *)image.data + t * B,
                                   ((double *)rates.data)[t]);
        expect_close((const double *)&loss, (const double *)losses.data + t, 1, 1e-5,
                     1e-6);
    }
    double *got = malloc(logits.count * sizeof *got);
    logits_by_hand(got, &probe, &set.features);
    // Adam divides a gradient by its own size: where that is near rounding, so is the update.
    expect_close((const double *)got, (const double *)logits.data, logits.count, 1e-4,
                 2e-4);
    free(got);
    free(known);
    struct npy *all[] = {&features, &labels, &weight, &bias,
                         &image,    &rates,  &losses, &logits};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) npy_free(all[i]);
}

Test(probe, twelve_updates_agree_with_torch)
{
    check_updates("plain", 0);
}

Test(probe, twelve_updates_with_batch_norm_agree_with_torch)
{
    check_updates("normed", 1);
}

// ====== On planted features ======

// Rows of which column `column` (the class's own) is raised by `gap`; noise of 1 in all, then
// scaled.
enum { N = 640, D = 32, C = 4 };

static struct probe_set planted(double gap, uint32_t stream)
{
    float *data = arena_take(&arena, N * D, sizeof *data);
    uint16_t *labels = arena_take(&arena, N, sizeof *labels);
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, stream);
    for (size_t r = 0; r < N; ++r) {
        labels[r] = (uint16_t)rng_below(&rng, C);
        for (size_t j = 0; j < D; ++j)
            data[r * D + j] = (float)(rng_normal(&rng) + (j == labels[r] ? gap : 0));
    }
    return (struct probe_set){{N, 1, D, data, NULL}, labels};
}

static struct probe_settings short_settings(double rate, int batch_norm)
{
    struct probe_settings settings = {probe_recipe_shorten(&PROBE_RECIPE, 10), C,
                                      batch_norm, 0, 3};
    settings.recipe.learning_rate = rate;
    return settings;
}

static struct probe_outcome train(uint16_t *classes, struct probe *probe,
                                  const struct probe_settings *settings,
                                  const struct probe_set *set,
                                  const struct probe_set *test)
{
    const struct adapter adapter = adapter_none(0, D);
    probe_open(probe, settings, &adapter, &arena);
    return probe_train(classes, probe, set, test, NULL, NULL, &arena);
}

Test(probe, learns_what_the_labels_say_and_nothing_from_shuffled_ones)
{
    struct probe_set set = planted(4, 1), test = planted(4, 2);
    struct probe_settings settings = short_settings(3e-2, 0);
    struct probe probe;
    uint16_t classes[N];
    struct probe_outcome outcome = train(classes, &probe, &settings, &set, &test);
    cr_expect_gt(outcome.accuracy, .9);
    cr_expect_lt(outcome.loss, .4);
    size_t right = 0;
    for (size_t i = 0; i < N; ++i) right += classes[i] == test.labels[i];
    cr_expect_eq((double)right / N, outcome.accuracy);
    cr_expect_geq(outcome.best, outcome.accuracy);

    uint16_t *shuffled = arena_take(&arena, N, sizeof *shuffled);
    for (size_t i = 0; i < N; ++i) shuffled[i] = set.labels[(i + 1) % N];
    set.labels = shuffled;
    outcome = train(classes, &probe, &settings, &set, &test);
    cr_expect_lt(outcome.accuracy, .5);
}

Test(probe, the_same_seed_gives_the_same_bits_and_another_seed_others)
{
    struct probe_set set = planted(1, 1);
    struct probe_settings settings = short_settings(1e-2, 1);
    struct probe one, two, other;
    uint16_t classes[N];
    train(classes, &one, &settings, &set, &set);
    train(classes, &two, &settings, &set, &set);
    settings.seed = 4;
    train(classes, &other, &settings, &set, &set);
    cr_expect_arr_eq(one.slab, two.slab, one.count * sizeof(real));
    cr_expect_arr_neq(one.slab, other.slab, one.count * sizeof(real));
}

// What nothing depends on: other test images, the same probe.
Test(probe, test_images_leave_no_trace)
{
    struct probe_set set = planted(1, 1), test = planted(1, 2);
    struct probe_settings settings = short_settings(1e-2, 1);
    struct probe one, two;
    uint16_t classes[N];
    train(classes, &one, &settings, &set, &set);
    train(classes, &two, &settings, &set, &test);
    cr_expect_arr_eq(one.slab, two.slab, one.count * sizeof(real));
}

Test(probe, answers_do_not_depend_on_how_many_are_asked)
{
    struct probe_set set = planted(1, 1);
    struct probe_settings settings = short_settings(1e-2, 1);
    struct probe probe;
    uint16_t classes[N], some[N];
    train(classes, &probe, &settings, &set, &set);
    struct features part = features_part(&set.features, 100, 333);
    probe_predict(some, &probe, &part);
    cr_expect_arr_eq(some, classes + 100, 233 * sizeof *some);
}

// Sec. 5.2's "non-linearity": in evaluation BN + linear is one linear layer, to the rounding of
// double.
Test(probe, a_trained_batch_norm_fuses_into_the_head)
{
    struct probe_set set = planted(1, 1);
    struct probe_settings settings = short_settings(1e-2, 1);
    struct probe probe;
    uint16_t classes[N];
    train(classes, &probe, &settings, &set, &set);
    double weight[C * D], bias[C], x[N * D], logits[N * C], fused[N * C];
    batch_norm_fuse(weight, bias, &probe.norm, probe_head_weight(&probe),
                    probe_head_bias(&probe), C, D);
    logits_by_hand(logits, &probe, &set.features);
    for (size_t i = 0; i < N * D; ++i) x[i] = (double)set.features.data[i];
    for (size_t i = 0; i < N * C; ++i) fused[i] = bias[i % C];
    gemm_doubles(fused, x, PLAIN, weight, TRANSPOSED, N, C, D, 1);
    expect_close((const double *)fused, (const double *)logits, N * C, 0, 1e-12);
    for (size_t i = 0; i < N; ++i) {
        size_t best = 0;
        for (size_t c = 1; c < C; ++c)
            if (fused[i * C + c] > fused[i * C + best]) best = c;
        cr_expect_eq(best, classes[i]);
    }
}

Test(probe, the_fused_layer_is_compared_on_the_test_images)
{
    struct probe_set set = planted(1, 1), test = planted(1, 2);
    struct probe_settings settings = short_settings(1e-2, 1);
    struct probe probe;
    uint16_t classes[N];
    struct probe_outcome outcome = train(classes, &probe, &settings, &set, &test);
    cr_expect(outcome.fusion.residual > 0 && outcome.fusion.residual < 1e-13, "%g",
              outcome.fusion.residual);
    cr_expect_eq(outcome.fusion.agreement, 1);

    // Wrong answers are seen, and so are statistics that the answers do not come from.
    for (size_t i = 0; i < N / 2; ++i) classes[i] = (uint16_t)((classes[i] + 1) % C);
    struct batch_norm_fusion fusion =
        batch_norm_compare(classes, &probe.norm, probe_head_weight(&probe),
                           probe_head_bias(&probe), C, &test.features, 0, &arena);
    cr_expect_eq(fusion.agreement, .5);
    cr_expect_eq(fusion.residual, outcome.fusion.residual);
    for (size_t i = 0; i < N / 2; ++i)
        classes[i] = (uint16_t)((classes[i] + C - 1) % C);
    for (size_t d = 0; d < D; ++d) probe.norm.mean[d] += (real)(5 * (d % 2));
    fusion = batch_norm_compare(classes, &probe.norm, probe_head_weight(&probe),
                                probe_head_bias(&probe), C, &test.features, 0, &arena);
    cr_expect_lt(fusion.agreement, 1);
}

Test(probe, fitting_with_memory_of_its_own_gives_the_same_answers)
{
    struct probe_set set = planted(1, 1), test = planted(1, 2);
    struct probe_settings settings = short_settings(1e-2, 1);
    const struct adapter adapter = adapter_none(0, D);
    struct probe probe;
    uint16_t classes[N], again[N];
    struct probe_outcome outcome = train(classes, &probe, &settings, &set, &test),
                         fit = probe_fit(again, &settings, &adapter, &set, &test, NULL,
                                         NULL);
    cr_expect_arr_eq(classes, again, sizeof again);
    cr_expect(fit.loss == outcome.loss && fit.accuracy == outcome.accuracy &&
              fit.best == outcome.best &&
              fit.fusion.residual == outcome.fusion.residual);
}

Test(probe, the_head_starts_within_its_bounds_from_its_own_stream)
{
    struct probe_settings settings = short_settings(1e-2, 0);
    struct adapter adapter = adapter_none(0, D);
    struct probe probe;
    probe_open(&probe, &settings, &adapter, &arena);
    cr_expect_eq(probe.count, C * (D + 1));
    double largest = 0;
    for (size_t i = 0; i < probe.count; ++i)
        largest = fmax(largest, fabs((double)probe.slab[i]));
    cr_expect(largest <= 1 / sqrt(D) && largest > .9 / sqrt(D));
}

Test(probe, the_recipe_is_the_public_codes)
{
    cr_expect(PROBE_RECIPE.batch == 128 && PROBE_RECIPE.epochs == 100 &&
              PROBE_RECIPE.warmup == 5 && PROBE_RECIPE.learning_rate == 5e-4 &&
              PROBE_RECIPE.beta1 == .9 && PROBE_RECIPE.beta2 == .999 &&
              PROBE_RECIPE.weight_decay == .05 && PROBE_RECIPE.epsilon == 1e-8);
    struct probe_recipe shorter = probe_recipe_shorten(&PROBE_RECIPE, 20);
    cr_expect(shorter.epochs == 20 && shorter.warmup == 1);
}

static size_t epochs_seen;

static void count_epoch(void *context)
{
    (void)context;
    ++epochs_seen;
}

// Then the largest is the last; what is trained does not change.
Test(probe, looking_only_at_the_end_changes_no_bit)
{
    struct probe_set set = planted(1, 1), test = planted(1, 2);
    struct probe_settings settings = short_settings(1e-1, 1);
    struct probe one, two;
    uint16_t classes[N], again[N];
    struct probe_outcome often = train(classes, &one, &settings, &set, &test);
    settings.last_only = 1;
    struct probe_outcome once = train(again, &two, &settings, &set, &test);
    cr_expect_arr_eq(one.slab, two.slab, one.count * sizeof(real));
    cr_expect_arr_eq(classes, again, sizeof again);
    cr_expect(once.best == once.accuracy && once.accuracy == often.accuracy);
}

Test(probe, an_epoch_ends_at_the_first_update_that_completes_it)
{
    struct probe_set set = planted(1, 1);
    struct probe_settings settings = short_settings(1e-2, 0);
    settings.recipe.batch = 128;
    struct adapter adapter = adapter_none(0, D);
    struct probe probe;
    uint16_t classes[N];
    probe_open(&probe, &settings, &adapter, &arena);
    probe_train(classes, &probe, &set, &set, count_epoch, NULL, &arena);
    cr_expect_eq(epochs_seen, 10);
    cr_expect_eq(probe.updates, 10 * N / 128);
}

BREAKS(probe, batch_norm_before_a_trained_adapter_breaks_the_contract,
       "!settings->batch_norm || adapter->count == 0")
{
    struct probe_settings settings = short_settings(1e-2, 1);
    struct adapter adapter = adapter_none(0, D);
    adapter.count = 1;
    struct probe probe;
    probe_open(&probe, &settings, &adapter, &arena);
}

// ====== Batch normalisation alone ======

Test(batch_norm, a_batch_leaves_with_mean_0_and_variance_1)
{
    enum { ROWS = 50, WIDTH = 3 };
    real in[ROWS * WIDTH], out[ROWS * WIDTH], mean[WIDTH] = {0},
                                              variance[WIDTH] = {1, 1, 1};
    struct batch_norm norm = {mean, variance};
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 9);
    for (size_t i = 0; i < ROWS * WIDTH; ++i)
        in[i] = (real)(5 + (double)(1 + i % WIDTH) * rng_normal(&rng));
    batch_norm_train(out, &norm, in, ROWS, WIDTH);
    for (size_t j = 0; j < WIDTH; ++j) {
        double sum = 0, square = 0, in_sum = 0, in_square = 0, zero = 0, one = 1;
        for (size_t r = 0; r < ROWS; ++r) {
            sum += (double)out[r * WIDTH + j] / ROWS;
            square += pow((double)out[r * WIDTH + j], 2) / ROWS;
            in_sum += (double)in[r * WIDTH + j] / ROWS;
        }
        for (size_t r = 0; r < ROWS; ++r)
            in_square += pow((double)in[r * WIDTH + j] - in_sum, 2) / (ROWS - 1);
        expect_close((const double *)&sum, (const double *)&zero, 1, 0, 1e-5);
        expect_close((const double *)&square, (const double *)&one, 1, 0, 1e-5);
        double moved[2] = {.1 * in_sum, .9 + .1 * in_square};
        double got[2] = {(double)mean[j], (double)variance[j]};
        expect_close((const double *)got, (const double *)moved, 2, 1e-5, 0);
    }
}

BREAKS(batch_norm, a_batch_of_one_row_breaks_the_contract, "rows > 1")
{
    real in[1] = {1}, out[1], mean[1] = {0}, variance[1] = {1};
    struct batch_norm norm = {mean, variance};
    batch_norm_train(out, &norm, in, 1, 1);
}
