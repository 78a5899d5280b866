#include "core/analysis/lars_probe.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"

enum { N = 600, D = 16, C = 3, SHARD = 32 };

static struct probe_set planted(uint32_t number)
{
    float *data = malloc(N * D * sizeof *data);
    uint16_t *labels = malloc(N * sizeof *labels);
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, number);
    for (size_t i = 0; i < N; ++i) {
        labels[i] = (uint16_t)(i % C);
        for (size_t j = 0; j < D; ++j)
            data[i * D + j] = (float)(rng_normal(&rng) + (j == labels[i] ? 3 : 0));
    }
    return (struct probe_set){{N, 1, D, data, NULL}, labels};
}

static void planted_free(struct probe_set *set)
{
    free((void *)set->features.data);
    free((void *)set->labels);
}

static double right_share(const uint16_t *answers, const struct probe_set *set)
{
    double right = 0;
    for (size_t i = 0; i < N; ++i) right += answers[i] == set->labels[i];
    return right / N;
}

// facebookresearch/mae, util/lr_sched.py.
Test(lars_probe, the_rate_warms_up_from_0_and_ends_at_0)
{
    cr_expect_eq(lars_factor(&LARS_RECIPE, 0), 0);
    cr_expect_eq(lars_factor(&LARS_RECIPE, 5), .5);
    cr_expect_eq(lars_factor(&LARS_RECIPE, 10), 1);
    cr_expect(fabs(lars_factor(&LARS_RECIPE, 50) - .5) < 1e-15);
    cr_expect(lars_factor(&LARS_RECIPE, 90) < 1e-15);
    cr_expect_eq(LARS_RECIPE.base_rate * (double)LARS_RECIPE.batch / 256, 6.4);
}

Test(lars_probe, learns_with_and_without_batch_norm_and_leaves_images_out)
{
    struct probe_set train = planted(0), test = planted(1);
    uint16_t answers[N], again[N];
    for (int norm = 0; norm < 2; ++norm) {
        struct lars_probe probe = {LARS_RECIPE, C, 0, norm, 1};
        // 100 images an update, in groups of 33, 33 and 34: the last of 1 after them.
        probe.recipe.batch = 100;
        probe.recipe.group = 33;
        probe.recipe.base_rate = 5;
        const double loss =
            lars_probe_fit(answers, &probe, &train, SHARD, NULL, &test, NULL, NULL);
        cr_expect(right_share(answers, &test) > .9, "norm %d: %g right, loss %g", norm,
                  right_share(answers, &test), loss);
        cr_expect(loss < .5 * log(C), "norm %d: loss %g", norm, loss);
        cr_expect_eq(
            lars_probe_fit(again, &probe, &train, SHARD, NULL, &test, NULL, NULL),
            loss);
        cr_expect_arr_eq(answers, again, sizeof answers);
    }
    // What is left out has no influence.
    uint8_t absent[N] = {0};
    struct lars_probe probe = {LARS_RECIPE, C, 0, 1, 1};
    absent[7] = absent[100] = 1;
    const double loss =
        lars_probe_fit(answers, &probe, &train, SHARD, absent, &test, NULL, NULL);
    ((float *)train.features.data)[7 * D] = 1e6F;
    ((uint16_t *)train.labels)[100] = 2;
    cr_expect_eq(
        lars_probe_fit(again, &probe, &train, SHARD, absent, &test, NULL, NULL), loss);
    cr_expect_arr_eq(answers, again, sizeof answers);
    planted_free(&train);
    planted_free(&test);
}

// The only update of an only epoch: its loss is that of the initial weights N(0, .01^2).
Test(lars_probe, starts_from_weights_near_0)
{
    struct probe_set train = planted(0), test = planted(1);
    uint16_t answers[N];
    struct lars_probe probe = {LARS_RECIPE, C, 0, 0, 1};
    probe.recipe.epochs = 1;
    const double loss =
        lars_probe_fit(answers, &probe, &train, SHARD, NULL, &test, NULL, NULL);
    cr_expect(fabs(loss - log(C)) < .05, "%g", loss);
    planted_free(&train);
    planted_free(&test);
}

Test(streamed_probe, learns_in_the_order_of_shards)
{
    struct probe_set train = planted(0), test = planted(1);
    uint16_t answers[N];
    struct probe_settings settings = {probe_recipe_shorten(&PROBE_RECIPE, 20), C, 0, 1,
                                      1};
    settings.recipe.batch = 50;
    settings.recipe.learning_rate = 1e-2;
    const struct adapter adapter = adapter_none(0, D);
    const struct probe_outcome outcome = streamed_probe_fit(
        answers, &settings, &adapter, &train, SHARD, NULL, &test, NULL, NULL);
    cr_expect(right_share(answers, &test) > .9);
    cr_expect_eq(outcome.accuracy, right_share(answers, &test));
    cr_expect(outcome.loss > 0 && outcome.loss < .5);
    planted_free(&train);
    planted_free(&test);
}
