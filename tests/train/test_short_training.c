#include "core/train/short_training.h"

#include <math.h>

#include "tests/train/tiny.h"

TestSuite(short_training, .init = scratch_make);

static struct short_training short_of(const struct tiny *tiny)
{
    return (struct short_training){.recipe = tiny->settings.recipe,
                                   .images = &tiny->images,
                                   .seed = tiny->settings.seed,
                                   .threads = 2,
                                   .label = "tiny"};
}

Test(short_training, gives_the_weights_of_a_training_that_is_written_to_files)
{
    struct tiny tiny;
    struct arena arena;
    struct mae mae;
    real *weights;
    tiny_open(&tiny);
    const struct short_training training = short_of(&tiny);
    arena_open_growing(&arena, "test");
    const double loss = short_training_run(&mae, &weights, &training, &arena);

    struct pretrainer pretrainer;
    pretrainer_open(&pretrainer, &tiny.settings);
    double last = 0;
    for (int t = 0; t < TINY_UPDATES; ++t) {
        const double batch = trainer_step(&pretrainer.trainer);
        if (t >= TINY_UPDATES - 2) last += batch / 2;
    }
    cr_expect_eq(memcmp(weights, pretrainer.trainer.state.weights,
                        mae.parameters.count * sizeof *weights),
                 0);
    cr_expect_float_eq(loss, last, 1e-12);
    pretrainer_close(&pretrainer);
    arena_close(&arena);
    tiny_close(&tiny);
}

Test(short_training, another_seed_gives_other_weights)
{
    struct tiny tiny;
    struct arena arena;
    struct mae mae;
    real *one, *other;
    tiny_open(&tiny);
    struct short_training training = short_of(&tiny);
    arena_open_growing(&arena, "test");
    short_training_run(&mae, &one, &training, &arena);
    ++training.seed;
    short_training_run(&mae, &other, &training, &arena);
    cr_expect_neq(memcmp(one, other, mae.parameters.count * sizeof *one), 0);
    arena_close(&arena);
    tiny_close(&tiny);
}
