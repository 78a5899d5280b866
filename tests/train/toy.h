/// A model so small that its gradient can be written down, for tests of the trainer and of the
/// train loop: its loss on image i in epoch e is |w - target(i,e)|^2 / 2.
#ifndef MASKBOOK_TESTS_TRAIN_TOY_H
#define MASKBOOK_TESTS_TRAIN_TOY_H

#include <criterion/criterion.h>
#include <math.h>

#include "core/train/trainer.h"

enum { TOY_BATCH = 8, TOY_MICRO_BATCHES = 4, TOY_NUMBERS = 37 };

struct toy {
    struct arena arena;
    struct parameters parameters;
    struct recipe recipe;
    struct trainer_plan plan;
    struct trainer trainer; ///< not open
    int broken;             ///< its loss is not finite
};

static inline double toy_target(uint32_t image, uint32_t epoch, size_t i)
{
    return sin((double)(image * 100 + epoch * 7 + i));
}

static inline double toy_gradient(real *gradient, const uint32_t *image,
                                  const uint32_t *epoch, real share, int worker,
                                  void *context)
{
    const struct toy *toy = context;
    const real *w = toy->trainer.packed.weights;
    const size_t images = TOY_BATCH / TOY_MICRO_BATCHES;
    double loss = 0;
    cr_assert(worker >= 0 && worker < toy->plan.threads);
    for (size_t i = 0; i < TOY_NUMBERS; ++i) gradient[i] = 0;
    for (size_t b = 0; b < images; ++b)
        for (size_t i = 0; i < TOY_NUMBERS; ++i) {
            const double error = (double)w[i] - toy_target(image[b], epoch[b], i);
            loss += error * error / 2 / images;
            gradient[i] += (real)((double)share * error / images);
        }
    return toy->broken ? (double)NAN : loss;
}

/// The model and the plan of a training on `images` images.
static inline void toy_open(struct toy *toy, size_t images, double epochs, int threads)
{
    *toy = (struct toy){.recipe = {.tier = "smoke",
                                   .run = "toy",
                                   .batch = TOY_BATCH,
                                   .micro_batches = TOY_MICRO_BATCHES,
                                   .epochs = epochs,
                                   .warmup = 1,
                                   .learning_rate = .1,
                                   .beta1 = .9,
                                   .beta2 = .999,
                                   .epsilon = 1e-8,
                                   .weight_decay = .05}};
    arena_open(&toy->arena, "test", 1 << 20);
    parameters_open(&toy->parameters, 1, &toy->arena);
    parameters_add(&toy->parameters, "w", 1, (size_t[]){TOY_NUMBERS}, INITIAL_FAN_IN,
                   1);
    toy->plan = (struct trainer_plan){.recipe = &toy->recipe,
                                      .parameters = &toy->parameters,
                                      .images = images,
                                      .seed = 5,
                                      .arithmetic = FP32,
                                      .threads = threads,
                                      .gradient = toy_gradient,
                                      .context = toy};
}

static inline void toy_close(struct toy *toy)
{
    arena_close(&toy->arena);
}

#endif
