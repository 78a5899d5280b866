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

// The loss before the last of as many updates as the recipe has epochs, each on all images that are
// not absent: the header's formulas.
static double formula_loss(const struct lars_probe *probe, const struct probe_set *set,
                           const uint8_t *absent)
{
    const struct lars_recipe *recipe = &probe->recipe;
    double w[C * D], mw[C * D] = {0}, b[C] = {0}, mb[C] = {0}, loss = 0, kept = 0;
    struct rng rng = rng_open(probe->seed, PURPOSE_PROBE, 1, 0);
    for (size_t i = 0; i < C * D; ++i) w[i] = (double)(real)(.01 * rng_normal(&rng));
    for (size_t i = 0; i < N; ++i) kept += !absent[i];
    for (int epoch = 0; epoch < (int)recipe->epochs; ++epoch) {
        double gw[C * D] = {0}, gb[C] = {0}, ww = 0, gg = 0;
        loss = 0;
        for (size_t i = 0; i < N; ++i) {
            const float *x = set->features.data + i * D;
            double likely[C], sum = 0;
            if (absent[i]) continue;
            for (size_t c = 0; c < C; ++c) {
                double logit = b[c];
                for (size_t j = 0; j < D; ++j) logit += w[c * D + j] * (double)x[j];
                sum += likely[c] = exp(logit);
            }
            loss -= log(likely[set->labels[i]] / sum) / kept;
            for (size_t c = 0; c < C; ++c) {
                const double slope = (likely[c] / sum - (c == set->labels[i])) / kept;
                gb[c] += slope;
                for (size_t j = 0; j < D; ++j) gw[c * D + j] += slope * (double)x[j];
            }
        }
        for (size_t i = 0; i < C * D; ++i) ww += w[i] * w[i], gg += gw[i] * gw[i];
        const double rate = recipe->base_rate * kept / 256 * lars_factor(recipe, epoch);
        for (size_t i = 0; i < C * D; ++i) {
            mw[i] = recipe->momentum * mw[i] + recipe->trust * sqrt(ww / gg) * gw[i];
            w[i] -= rate * mw[i];
        }
        for (size_t c = 0; c < C; ++c) {
            mb[c] = recipe->momentum * mb[c] + gb[c];
            b[c] -= rate * mb[c];
        }
    }
    return loss;
}

// Half of one class is absent, so that the bias moves. The groups of a batch are not equal, and a
// step is about as long as the weight.
Test(lars_probe, its_losses_are_those_of_the_formula)
{
    struct probe_set train = planted(0), test = planted(1);
    uint16_t answers[N];
    uint8_t absent[N];
    for (size_t i = 0; i < N; ++i) absent[i] = i % C == 0 && i / C % 2;
    for (int epochs = 1; epochs <= 5; ++epochs) {
        struct lars_probe probe = {LARS_RECIPE, C, 0, 0, 1};
        probe.recipe.epochs = epochs;
        probe.recipe.warmup = 2;
        probe.recipe.group = 200;
        probe.recipe.base_rate = .5;
        probe.recipe.trust = .5;
        const double want = formula_loss(&probe, &train, absent);
        const double loss =
            lars_probe_fit(answers, &probe, &train, SHARD, absent, &test, NULL, NULL);
        cr_expect_float_eq(loss, want, 1e-5 * want, "%d epochs: %.9g, not %.9g", epochs,
                           loss, want);
    }
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
