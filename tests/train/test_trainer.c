#include "core/train/trainer.h"

#include <math.h>
#include <string.h>

#include "core/train/schedule.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/train/toy.h"

enum { IMAGES = 12 };

static void trained_open(struct toy *toy, int threads)
{
    toy_open(toy, IMAGES, 5, threads);
    trainer_open(&toy->trainer, &toy->plan);
}

static void trained_close(struct toy *toy)
{
    trainer_close(&toy->trainer);
    toy_close(toy);
}

// The second update spans the first two epochs; its gradient and loss by hand, over the whole
// batch.
Test(trainer, an_update_is_adamw_at_the_scheduled_rate_on_the_mean_over_the_batch)
{
    enum { T = 1 };
    struct toy toy;
    struct batches batches;
    uint32_t image[TOY_BATCH], epoch[TOY_BATCH];
    real w[TOY_NUMBERS], m[TOY_NUMBERS], v[TOY_NUMBERS], gradient[TOY_NUMBERS];
    trained_open(&toy, 2);
    for (int t = 0; t < T; ++t) trainer_step(&toy.trainer);
    batches_open(&batches, IMAGES, TOY_BATCH, 5, &toy.arena);
    batches_take(image, epoch, &batches, T);
    cr_assert(epoch[0] == 0 && epoch[TOY_BATCH - 1] == 1);

    const struct train_state *state = &toy.trainer.state;
    memcpy(w, state->weights, sizeof w);
    memcpy(m, state->first_moment, sizeof m);
    memcpy(v, state->second_moment, sizeof v);
    double loss = 0;
    for (size_t i = 0; i < TOY_NUMBERS; ++i) {
        double sum = 0;
        for (size_t b = 0; b < TOY_BATCH; ++b) {
            const double error = (double)w[i] - toy_target(image[b], epoch[b], i);
            sum += error;
            loss += error * error / 2 / TOY_BATCH;
        }
        gradient[i] = (real)(sum / TOY_BATCH);
    }
    const double got = trainer_step(&toy.trainer);
    const double tolerance = sizeof(real) == sizeof(double) ? 1e-13 : 1e-6;
    cr_expect(fabs(got - loss) <= tolerance * loss, "%.9g not %.9g", got, loss);
    expect_close(toy.trainer.gradient, (const real *)gradient, TOY_NUMBERS, tolerance,
                 tolerance);

    const struct adamw adamw = {.learning_rate =
                                    .1 * schedule_factor(T * 8. / 12, 8. / 12, 1, 5),
                                .beta1 = .9,
                                .beta2 = .999,
                                .epsilon = 1e-8,
                                .weight_decay = .05};
    adamw_update(w, m, v, toy.trainer.gradient, 0, TOY_NUMBERS, T + 1, &adamw);
    expect_close((const real *)state->weights, (const real *)w, TOY_NUMBERS, 1e-6,
                 1e-9);
    cr_expect_eq(state->updates, T + 1);
    cr_expect_eq(state->loss_count, T + 1);
    trained_close(&toy);
}

Test(trainer, threads_do_not_change_a_bit)
{
    static const int threads[] = {1, 2, 3, 4, 7};
    real first[TOY_NUMBERS];
    for (size_t t = 0; t < sizeof threads / sizeof *threads; ++t) {
        struct toy toy;
        trained_open(&toy, threads[t]);
        cr_expect_eq(toy.trainer.updates, 8);
        while (toy.trainer.state.updates < toy.trainer.updates)
            trainer_step(&toy.trainer);
        if (t == 0) memcpy(first, toy.trainer.state.weights, sizeof first);
        cr_expect_arr_eq(toy.trainer.state.weights, first, sizeof first, "%d threads",
                         threads[t]);
        trained_close(&toy);
    }
}

Test(trainer, the_loss_falls)
{
    struct toy toy;
    trained_open(&toy, 1);
    const double first = trainer_step(&toy.trainer);
    double last = first;
    while (toy.trainer.state.updates < toy.trainer.updates)
        last = trainer_step(&toy.trainer);
    cr_expect_lt(last, .8 * first);
    trained_close(&toy);
}

Test(trainer, a_loss_that_is_not_finite_ends_it, .exit_code = 4)
{
    struct toy toy;
    trained_open(&toy, 1);
    toy.broken = 1;
    trainer_step(&toy.trainer);
}
