#include "core/train/short_training.h"

#include <string.h>

#include "core/base/progress.h"
#include "core/train/pretrain.h"

double short_training_run(struct mae *mae, real **weights,
                          const struct short_training *training, struct arena *arena)
{
    const struct pretrain settings = {.recipe = training->recipe,
                                      .seed = training->seed,
                                      .threads = training->threads,
                                      .images = training->images};
    mae_open(mae, &training->recipe.shape, arena);
    mae->variant = training->recipe.variant;
    *weights = arena_reals(arena, mae->parameters.count);

    struct pretrainer pretrainer;
    struct progress progress;
    pretrainer_open(&pretrainer, &settings);
    struct trainer *trainer = &pretrainer.trainer;
    const uint64_t counted = (trainer->updates + 9) / 10;
    double loss = 0;
    progress_open(&progress, training->label, "updates", (double)trainer->updates, 0);
    for (uint64_t t = 0; t < trainer->updates; ++t) {
        const double batch = trainer_step(trainer);
        if (t + counted >= trainer->updates) loss += batch / (double)counted;
        progress_show(&progress, (double)(t + 1), NULL);
    }
    progress_close(&progress);
    memcpy(*weights, trainer->state.weights, mae->parameters.count * sizeof **weights);
    pretrainer_close(&pretrainer);
    return loss;
}
