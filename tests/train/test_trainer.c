#include "core/train/trainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/train/schedule.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { IMAGES = 12, BATCH = 8, MICRO_BATCHES = 4, NUMBERS = 37 };

// A model whose loss on image i in epoch e is |w - target(i,e)|^2 / 2.
struct fixture {
    struct arena arena;
    struct parameters parameters;
    struct recipe recipe;
    struct trainer_plan plan;
    struct trainer trainer;
    int broken; ///< its loss is not finite
};

static double target(uint32_t image, uint32_t epoch, size_t i)
{
    return sin((double)(image * 100 + epoch * 7 + i));
}

static double toy_gradient(real *gradient, const uint32_t *image, const uint32_t *epoch,
                           real share, int worker, void *context)
{
    const struct fixture *f = context;
    const real *w = f->trainer.packed.weights;
    const size_t images = BATCH / MICRO_BATCHES;
    double loss = 0;
    cr_assert(worker >= 0 && worker < f->plan.threads);
    for (size_t i = 0; i < NUMBERS; ++i) gradient[i] = 0;
    for (size_t b = 0; b < images; ++b)
        for (size_t i = 0; i < NUMBERS; ++i) {
            const double error = (double)w[i] - target(image[b], epoch[b], i);
            loss += error * error / 2 / images;
            gradient[i] += (real)((double)share * error / images);
        }
    return f->broken ? (double)NAN : loss;
}

static void fixture_open(struct fixture *f, int threads)
{
    *f = (struct fixture){.recipe = {.run = "toy",
                                     .batch = BATCH,
                                     .micro_batches = MICRO_BATCHES,
                                     .epochs = 5,
                                     .warmup = 1,
                                     .learning_rate = .1,
                                     .beta1 = .9,
                                     .beta2 = .999,
                                     .epsilon = 1e-8,
                                     .weight_decay = .05}};
    arena_open(&f->arena, "test", 1 << 20);
    parameters_open(&f->parameters, 1, &f->arena);
    parameters_add(&f->parameters, "w", 1, (size_t[]){NUMBERS}, INITIAL_FAN_IN, 1);
    f->plan = (struct trainer_plan){.recipe = &f->recipe,
                                    .parameters = &f->parameters,
                                    .images = IMAGES,
                                    .seed = 5,
                                    .arithmetic = FP32,
                                    .threads = threads,
                                    .gradient = toy_gradient,
                                    .context = f};
    trainer_open(&f->trainer, &f->plan);
    trainer_start(&f->trainer);
}

static void fixture_close(struct fixture *f)
{
    trainer_close(&f->trainer);
    arena_close(&f->arena);
}

// The second update spans the first two epochs; its gradient and loss by hand, over the whole batch.
Test(trainer, an_update_is_adamw_at_the_scheduled_rate_on_the_mean_over_the_batch)
{
    enum { T = 1 };
    struct fixture f;
    struct batches batches;
    uint32_t image[BATCH], epoch[BATCH];
    real w[NUMBERS], m[NUMBERS], v[NUMBERS], gradient[NUMBERS];
    fixture_open(&f, 2);
    for (int t = 0; t < T; ++t) trainer_step(&f.trainer);
    batches_open(&batches, IMAGES, BATCH, 5, &f.arena);
    batches_take(image, epoch, &batches, T);
    cr_assert(epoch[0] == 0 && epoch[BATCH - 1] == 1);

    const struct train_state *state = &f.trainer.state;
    memcpy(w, state->weights, sizeof w);
    memcpy(m, state->first_moment, sizeof m);
    memcpy(v, state->second_moment, sizeof v);
    double loss = 0;
    for (size_t i = 0; i < NUMBERS; ++i) {
        double sum = 0;
        for (size_t b = 0; b < BATCH; ++b) {
            const double error = (double)w[i] - target(image[b], epoch[b], i);
            sum += error;
            loss += error * error / 2 / BATCH;
        }
        gradient[i] = (real)(sum / BATCH);
    }
    const double got = trainer_step(&f.trainer);
    const double tolerance = sizeof(real) == sizeof(double) ? 1e-13 : 1e-6;
    cr_expect(fabs(got - loss) <= tolerance * loss, "%.9g not %.9g", got, loss);
    expect_close(f.trainer.gradient, (const real *)gradient, NUMBERS, tolerance,
                 tolerance);

    const struct adamw adamw = {.learning_rate =
                                    .1 * schedule_factor(T * 8. / 12, 8. / 12, 1, 5),
                                .beta1 = .9,
                                .beta2 = .999,
                                .epsilon = 1e-8,
                                .weight_decay = .05};
    adamw_update(w, m, v, f.trainer.gradient, 0, NUMBERS, T + 1, &adamw);
    expect_close((const real *)state->weights, (const real *)w, NUMBERS, 1e-6, 1e-9);
    cr_expect_eq(state->updates, T + 1);
    cr_expect_eq(state->loss_count, T + 1);
    fixture_close(&f);
}

Test(trainer, threads_do_not_change_a_bit)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    real first[NUMBERS];
    for (size_t t = 0; t < sizeof threads / sizeof *threads; ++t) {
        struct fixture f;
        fixture_open(&f, threads[t]);
        cr_expect_eq(f.trainer.updates, 8);
        while (f.trainer.state.updates < f.trainer.updates) trainer_step(&f.trainer);
        if (t == 0) memcpy(first, f.trainer.state.weights, sizeof first);
        cr_expect_arr_eq(f.trainer.state.weights, first, sizeof first, "%d threads",
                         threads[t]);
        fixture_close(&f);
    }
}

Test(trainer, it_descends)
{
    struct fixture f;
    fixture_open(&f, 1);
    const double first = trainer_step(&f.trainer);
    double last = first;
    while (f.trainer.state.updates < f.trainer.updates) last = trainer_step(&f.trainer);
    cr_expect_lt(last, .8 * first);
    fixture_close(&f);
}

Test(trainer, a_loss_that_is_not_finite_ends_it, .exit_code = 4)
{
    struct fixture f;
    fixture_open(&f, 1);
    f.broken = 1;
    trainer_step(&f.trainer);
}
