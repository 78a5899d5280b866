/// Small trainings in memory, for experiments that compare many: nothing is read from files or
/// written to them, so nothing is resumed.
#ifndef MASKBOOK_TRAIN_SHORT_TRAINING_H
#define MASKBOOK_TRAIN_SHORT_TRAINING_H

#include "core/data/images.h"
#include "core/model/mae.h"
#include "core/train/recipe.h"

struct short_training {
    struct recipe recipe;
    const struct images *images; ///< borrowed
    uint64_t seed;               ///< of weights, order and masks
    int threads;
    const char *label; ///< of the progress line
};

/// Trains to the end of the recipe; the same bits as pretrain_run with these settings.
/// mae      opened in `arena`
/// weights  (mae->parameters.count), in `arena`
/// Returns the mean loss of the last tenth of the updates. Dies (EXIT_SYSTEM) when the loss is not
/// finite, and when memory or threads are refused.
double short_training_run(struct mae *mae, real **weights,
                          const struct short_training *training, struct arena *arena);

#endif
