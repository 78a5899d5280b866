/// Weights for tests of what reads them: nothing there looks at what was learned.
#ifndef MASKBOOK_TESTS_STUDY_PRETRAINED_H
#define MASKBOOK_TESTS_STUDY_PRETRAINED_H

#include "core/train/pretrain.h"

/// Trains `run` of the smoke tier for an update or two, in the working folder, to where experiments
/// look for it.
static inline void pretrain_shortly(const char *run)
{
    char weights[PATH_SIZE];
    struct recipe recipe = recipe_find("smoke", run);
    recipe_set_epochs(&recipe, 256. / 10000);
    struct images images;
    path_format(weights, "results/smoke-planted/weights/%s.safetensors", run);
    images_load(&images, "planted", SPLIT_TRAIN);
    const struct pretrain settings = {.recipe = recipe,
                                      .seed = 1,
                                      .arithmetic = FP32,
                                      .threads = 1,
                                      .images = &images,
                                      .folder = "run",
                                      .weights = weights,
                                      .resume_command = "make pretrain"};
    pretrain_run(&settings);
    images_free(&images);
}

#endif
