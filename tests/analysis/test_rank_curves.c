#include "core/analysis/rank_curves.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/analysis/rank_samples.h"
#include "core/base/arena.h"
#include "core/base/rng.h"
#include "core/data/patches.h"
#include "core/data/planted.h"
#include "core/stats/summary.h"
#include "core/train/evaluate.h"
#include "tests/expect_close.h"

enum { IMAGES = 24, PATCH = 4, T = 64, F = 48, MASKED = 48 };

// A small untrained model on planted scenes: the test is of the measurement, not of the model.
struct setting {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct images images;
    struct evaluation evaluation;
};

static void setting_open(struct setting *setting)
{
    const struct mae_shape shape = {IMAGE_SIDE, IMAGE_CHANNELS, PATCH, 24, 1, 1, 2, 2};
    arena_open(&setting->arena, "test", (size_t)64 << 20);
    mae_open(&setting->mae, &shape, &setting->arena);
    setting->weights = arena_reals(&setting->arena, setting->mae.parameters.count);
    parameters_initialise(setting->weights, &setting->mae.parameters, 1);
    planted_make(&setting->images, 3, IMAGES, PLANTED_NOISE);
    setting->evaluation = (struct evaluation){.mae = &setting->mae,
                                              .weights = setting->weights,
                                              .images = &setting->images,
                                              .count = IMAGES,
                                              .mask_ratio = .75,
                                              .seed = 7,
                                              .threads = 1};
}

static void setting_close(struct setting *setting)
{
    images_free(&setting->images);
    arena_close(&setting->arena);
}

// The naive measurement of one image, on matrices of its own size.
struct naive {
    size_t place;
    double x[GROUPINGS][T * F], y[GROUPINGS][T * F], loss;
    struct components found[GROUPINGS];
};

// The row and column of number f of hidden patch h when it is cut into squares of side 2.
static size_t quarter_at(size_t h, size_t f)
{
    const size_t c = f / (PATCH * PATCH), row = f / PATCH % PATCH, column = f % PATCH,
                 square = h * PATCH * PATCH / 4 + row / 2 * PATCH / 2 + column / 2;
    return square * 12 + c * 4 + row % 2 * 2 + column % 2;
}

static void naive_image(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    struct naive *naive = context;
    if (one->position != naive->place) return;
    static const size_t
        rows[GROUPINGS] = {[GROUPING_HIDDEN] = MASKED,
                           [GROUPING_QUARTERS] = MASKED * F / 12,
                           [GROUPING_WHOLE] = T},
        columns[GROUPINGS] = {
            [GROUPING_HIDDEN] = F, [GROUPING_QUARTERS] = 12, [GROUPING_WHOLE] = F};
    naive->loss = 0;
    for (size_t i = 0; i < T * F; ++i)
        naive->x[GROUPING_WHOLE][i] = naive->y[GROUPING_WHOLE][i] =
            (double)one->patches[i];
    for (size_t h = 0; h < MASKED; ++h)
        for (size_t f = 0; f < F; ++f) {
            const size_t from = (size_t)one->hidden[h] * F + f,
                         at[GROUPINGS] = {[GROUPING_HIDDEN] = h * F + f,
                                          [GROUPING_QUARTERS] = quarter_at(h, f),
                                          [GROUPING_WHOLE] = from};
            const double x = (double)one->patches[from],
                         y = (double)one->prediction[from];
            for (int g = 0; g < GROUPINGS; ++g) {
                naive->x[g][at[g]] = x;
                naive->y[g][at[g]] = y;
            }
            naive->loss += pow(x - y, 2) / (MASKED * F);
        }
    struct arena arena;
    arena_open_growing(&arena, "naive");
    for (int g = 0; g < GROUPINGS; ++g)
        cr_assert_eq(components_compare(&naive->found[g], naive->x[g], naive->y[g],
                                        rows[g], columns[g], &arena),
                     0);
    arena_close(&arena);
}

Test(rank_samples, a_row_is_the_comparison_of_that_images_hidden_patches)
{
    struct setting setting;
    setting_open(&setting);
    struct rank_samples samples;
    rank_samples_open(&samples, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_learned(&samples, &setting.evaluation), 0);
    for (size_t place = 0; place < IMAGES; place += 23) {
        static struct naive naive;
        naive.place = place;
        evaluate_reconstructions(&setting.evaluation, naive_image, &naive);
        const struct components *hidden = &naive.found[GROUPING_HIDDEN];
        expect_close(&samples.loss[place], &naive.loss, 1, 1e-12, 0);
        for (int side = 0; side < 2; ++side)
            expect_close(&samples.rank[side][place], &hidden->rank[side], 1, 1e-9, 0);
        for (size_t i = 0; i < COMPONENTS; ++i) {
            for (int g = 0; g < GROUPINGS; ++g) {
                const double relative =
                    naive.found[g].frobenius[i] / naive.found[g].scale[i];
                expect_close(&samples.relative[g][i][place], &relative, 1, 1e-9, 0);
            }
            const double spectral = hidden->spectral[i] / hidden->scale[i];
            expect_close(&samples.spectral[i][place], &spectral, 1, 1e-9, 0);
            expect_close(&samples.frobenius[i][place], &hidden->frobenius[i], 1, 1e-9,
                         0);
            expect_close(&samples.scale[i][place], &hidden->scale[i], 1, 1e-9, 0);
        }
    }
    setting_close(&setting);
}

Test(rank_samples, bits_do_not_depend_on_threads)
{
    struct setting setting;
    setting_open(&setting);
    struct rank_samples one, three;
    rank_samples_open(&one, IMAGES, &setting.arena);
    rank_samples_open(&three, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_learned(&one, &setting.evaluation), 0);
    setting.evaluation.threads = 3;
    cr_assert_eq(rank_samples_learned(&three, &setting.evaluation), 0);
    for (size_t i = 0; i < COMPONENTS; ++i)
        for (size_t g = 0; g < GROUPINGS; ++g)
            cr_expect_arr_eq(one.relative[g][i], three.relative[g][i],
                             IMAGES * sizeof(double));
    setting_close(&setting);
}

Test(rank_samples, visible_patches_count_in_the_whole_image_alone)
{
    // Visible patches are equal, which moves the first component of the whole image to the
    // original's.
    struct setting setting;
    setting_open(&setting);
    setting.evaluation.mask_ratio = .5;
    struct rank_samples samples;
    rank_samples_open(&samples, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_learned(&samples, &setting.evaluation), 0);
    size_t closer = 0;
    for (size_t n = 0; n < IMAGES; ++n)
        closer += samples.relative[GROUPING_WHOLE][0][n] <
                  samples.relative[GROUPING_HIDDEN][0][n];
    cr_expect_gt(closer, IMAGES * 3 / 4, "%zu of %d", closer, IMAGES);
    setting_close(&setting);
}

Test(rank_samples, a_grey_image_has_no_fifth_component_in_patches_of_side_two)
{
    struct setting setting;
    setting_open(&setting);
    enum { PLANE = IMAGE_SIDE * IMAGE_SIDE };
    for (size_t c = 1; c < IMAGE_CHANNELS; ++c)
        memcpy(setting.images.pixels + c * PLANE, setting.images.pixels, PLANE);
    struct rank_samples samples;
    rank_samples_open(&samples, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_learned(&samples, &setting.evaluation), 0);
    const size_t fifth = COMPONENTS - 1;
    cr_expect_gt(samples.relative[GROUPING_QUARTERS][fifth][0], 1e12);
    cr_expect_lt(samples.relative[GROUPING_QUARTERS][0][0], 1e3);
    cr_expect_lt(samples.relative[GROUPING_HIDDEN][fifth][0], 1e3);
    setting_close(&setting);
}

// Stores the hidden patches of the trained model's masks.
static void record_hidden(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    memcpy((int32_t *)context + one->position * MASKED, one->hidden,
           MASKED * sizeof(int32_t));
}

Test(rank_samples, the_linear_baseline_is_judged_under_the_same_masks)
{
    struct setting setting;
    setting_open(&setting);
    struct arena arena;
    arena_open_growing(&arena, "predictor");
    struct images train;
    planted_make(&train, PLANTED_TRAIN_SEED, 200, PLANTED_NOISE);
    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &train, PATCH, 2, &arena);
    struct rank_samples samples;
    rank_samples_open(&samples, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_linear(&samples, &predictor, &setting.images, .75, 7, 2),
                 0);

    // The loss of image 5, naively, on the patches that the model's evaluation hides.
    int32_t *hidden = malloc(IMAGES * MASKED * sizeof *hidden);
    evaluate_reconstructions(&setting.evaluation, record_hidden, hidden);
    hidden += 5 * MASKED;
    int32_t visible[T];
    size_t count = 0;
    for (int32_t t = 0, h = 0; t < T; ++t) {
        if (h < MASKED && hidden[h] == t)
            ++h;
        else
            visible[count++] = t;
    }
    cr_assert_eq(count, T - MASKED);
    real values[T * F];
    double patches[T * F], prediction[T * F], loss = 0;
    patches_from_bytes(values, setting.images.pixels + 5 * IMAGE_BYTES, PATCH);
    for (size_t i = 0; i < T * F; ++i) patches[i] = (double)values[i];
    cr_assert_eq(
        linear_predictor_apply(prediction, &predictor, patches, visible, count, &arena),
        0);
    for (size_t h = 0; h < MASKED; ++h)
        for (size_t f = 0; f < F; ++f) {
            size_t at = (size_t)hidden[h] * F + f;
            loss += pow(patches[at] - prediction[at], 2) / (MASKED * F);
        }
    expect_close(&samples.loss[5], &loss, 1, 1e-9, 0);
    free(hidden - 5 * MASKED);
    images_free(&train);
    arena_close(&arena);
    setting_close(&setting);
}

Test(rank_samples, noise_raises_the_effective_rank_and_the_distances)
{
    struct setting setting;
    setting_open(&setting);
    struct rank_samples little, more, again;
    rank_samples_open(&little, IMAGES, &setting.arena);
    rank_samples_open(&more, IMAGES, &setting.arena);
    rank_samples_open(&again, IMAGES, &setting.arena);
    cr_assert_eq(rank_samples_noisy(&little, .02, &setting.images, PATCH, .75, 7, 1) +
                     rank_samples_noisy(&more, .2, &setting.images, PATCH, .75, 7, 1) +
                     rank_samples_noisy(&again, .2, &setting.images, PATCH, .75, 7, 3),
                 0);
    cr_expect_arr_eq(more.rank[1], again.rank[1], IMAGES * sizeof(double),
                     "bits depend on threads");
    // The mean squared error is the variance of the noise, within six standard errors.
    const double numbers = (double)IMAGES * MASKED * F;
    cr_expect_float_eq(mean(more.loss, IMAGES), .04, .04 * 6 * sqrt(2 / numbers));
    for (size_t n = 0; n < IMAGES; ++n) {
        cr_expect_eq(more.rank[0][n], little.rank[0][n], "the original changed");
        cr_expect_gt(more.rank[1][n], little.rank[1][n]);
        cr_expect_gt(little.rank[1][n], little.rank[0][n]);
        cr_expect_gt(more.relative[GROUPING_HIDDEN][4][n],
                     little.relative[GROUPING_HIDDEN][4][n]);
    }
    setting_close(&setting);
}

// Columns of random positive numbers instead of a measurement, other ones in each grouping.
static void random_samples(struct rank_samples *samples, size_t count, uint32_t index,
                           struct arena *arena)
{
    rank_samples_open(samples, count, arena);
    struct rng rng = rng_open(11, PURPOSE_TEST, 0, index);
    for (size_t n = 0; n < count; ++n) {
        samples->loss[n] = rng_uniform(&rng);
        samples->rank[0][n] = samples->rank[1][n] = 1;
        for (size_t i = 0; i < COMPONENTS; ++i) {
            samples->scale[i][n] = 1 + rng_uniform(&rng);
            samples->frobenius[i][n] = ((double)(i * index) + rng_uniform(&rng));
            double relative = samples->frobenius[i][n] / samples->scale[i][n];
            samples->spectral[i][n] = relative / 2;
            for (size_t g = 0; g < GROUPINGS; ++g)
                samples->relative[g][i][n] = relative * (double)(1 + g);
        }
    }
}

// A line without intervals is the median or the mean of its column (count).
static void expect_point(const struct rank_curve *curve, enum rank_line line, size_t i,
                         const double *column, size_t count)
{
    const struct estimate *found = &curve->line[line][i];
    double scratch[128], sum = 0;
    cr_assert_leq(count, sizeof scratch / sizeof *scratch);
    for (size_t n = 0; n < count; ++n) sum += column[n];
    const double want = line == RANK_MEAN || line == RANK_MEAN_2X2
                            ? sum / (double)count
                            : median(column, count, scratch);
    cr_expect_float_eq(found->value, want, 1e-12 * want, "%s %zu: %g, not %g",
                       rank_line_key[line], i, found->value, want);
    cr_expect(isnan(found->low) && isnan(found->high) && found->n == count);
}

Test(rank_curves, points_steps_and_slope_are_those_of_the_columns)
{
    enum { N = 101 };
    struct arena arena;
    arena_open_growing(&arena, "test");
    struct rank_samples samples;
    random_samples(&samples, N, 1, &arena);
    struct rank_curve curve;
    rank_curve_fit(&curve, &samples, 200, 1);
    double medians[COMPONENTS], slope_by_hand = 0;
    for (size_t i = 0; i < COMPONENTS; ++i) {
        double sum = 0, scale = 0, scratch[N];
        for (size_t n = 0; n < N; ++n) {
            sum += samples.frobenius[i][n];
            scale += samples.scale[i][n];
        }
        double ratio = sum / scale;
        medians[i] = median(samples.relative[GROUPING_HIDDEN][i], N, scratch);
        expect_close(&curve.line[RANK_RATIO][i].value, &ratio, 1, 1e-12, 0);
        expect_close(&curve.line[RANK_MEDIAN][i].value, &medians[i], 1, 1e-12, 0);
        cr_expect(curve.line[RANK_MEDIAN][i].low <= medians[i] &&
                  medians[i] <= curve.line[RANK_MEDIAN][i].high);
        expect_point(&curve, RANK_SPECTRAL, i, samples.spectral[i], N);
        expect_point(&curve, RANK_WHOLE, i, samples.relative[GROUPING_WHOLE][i], N);
        expect_point(&curve, RANK_MEAN, i, samples.relative[GROUPING_HIDDEN][i], N);
        expect_point(&curve, RANK_MEAN_2X2, i, samples.relative[GROUPING_QUARTERS][i],
                     N);
        expect_point(&curve, RANK_MEDIAN_2X2, i, samples.relative[GROUPING_QUARTERS][i],
                     N);
        slope_by_hand += ((double)i - 2) * medians[i] / 10;
    }
    for (size_t i = 0; i + 1 < COMPONENTS; ++i) {
        double step = medians[i + 1] - medians[i];
        expect_close(&curve.step[RANK_MEDIAN][i].value, &step, 1, 0, 1e-12);
        cr_expect_gt(curve.step[RANK_MEDIAN][i].low, 0,
                     "columns that are a unit apart rise");
        cr_expect_gt(curve.step[RANK_RATIO][i].low, 0);
    }
    expect_close(&curve.slope[GROUPING_HIDDEN].value, &slope_by_hand, 1, 1e-12, 0);
    arena_close(&arena);
}

Test(rank_curves, each_grouping_has_the_slope_of_its_own_medians)
{
    enum { N = 51 };
    struct arena arena;
    arena_open_growing(&arena, "test");
    struct rank_samples level, steep;
    random_samples(&level, N, 0, &arena);
    random_samples(&steep, N, 2, &arena);
    // Only the 2x2 patches are steep.
    for (size_t i = 0; i < COMPONENTS; ++i)
        level.relative[GROUPING_QUARTERS][i] = steep.relative[GROUPING_QUARTERS][i] =
            steep.relative[GROUPING_HIDDEN][i];
    struct rank_curve curve, other;
    rank_curve_fit(&curve, &level, 100, 1);
    rank_curve_fit(&other, &steep, 100, 1);
    cr_expect_eq(curve.slope[GROUPING_QUARTERS].value,
                 other.slope[GROUPING_HIDDEN].value);
    cr_expect_gt(curve.slope[GROUPING_QUARTERS].low, 1);
    cr_expect_lt(curve.slope[GROUPING_HIDDEN].high, 1);
    cr_expect_eq(rank_slope_rise(&level, &steep, GROUPING_QUARTERS, 100, 1).high, 0);
    cr_expect_gt(rank_slope_rise(&level, &steep, GROUPING_HIDDEN, 100, 1).low, 0);
    arena_close(&arena);
}

Test(rank_curves, a_sample_has_no_gap_and_no_rise_to_itself_and_one_to_a_steeper_one)
{
    enum { N = 64 };
    struct arena arena;
    arena_open_growing(&arena, "test");
    struct rank_samples gentle, steep;
    random_samples(&gentle, N, 1, &arena);
    random_samples(&steep, N, 2, &arena);
    struct estimate gap[2][COMPONENTS],
        none = rank_slope_rise(&gentle, &gentle, GROUPING_HIDDEN, 100, 1);
    cr_expect(none.value == 0 && none.low == 0 && none.high == 0);
    rank_curve_gap(gap, &gentle, &gentle, 100, 1);
    for (size_t line = RANK_MEDIAN; line <= RANK_RATIO; ++line)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            struct estimate d = gap[line][i];
            cr_expect(d.value == 0 && d.low == 0 && d.high == 0);
        }
    for (enum grouping g = GROUPING_HIDDEN; g <= GROUPING_QUARTERS; ++g) {
        cr_expect_gt(rank_slope_rise(&gentle, &steep, g, 100, 1).low, 0);
        cr_expect_lt(rank_slope_rise(&steep, &gentle, g, 100, 1).high, 0);
    }
    rank_curve_gap(gap, &steep, &gentle, 100, 1);
    cr_expect_gt(gap[RANK_MEDIAN][COMPONENTS - 1].low, 0);
    cr_expect_gt(gap[RANK_RATIO][COMPONENTS - 1].low, 0);
    arena_close(&arena);
}
