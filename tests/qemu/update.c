/// update ARITHMETIC FOLDER: one update of the smallest tier's model on few planted scenes, which
/// uses every kernel of ours, to FOLDER/weights.safetensors. tests/qemu/qemu.sh compares them over
/// CPUs. 00-pretrain makes all its scenes first, and judges the weights by more: an emulator takes
/// minutes for either.
#include <limits.h>
#include <stdio.h>

#include "core/base/die.h"
#include "core/data/planted.h"
#include "core/train/pretrain.h"

int main(int count, char **argument)
{
    enum { IMAGES = 8 };
    char weights[PATH_MAX];
    if (count != 3 || snprintf(weights, sizeof weights, "%s/weights.safetensors",
                               argument[2]) >= (int)sizeof weights)
        die(EXIT_USAGE, "update ARITHMETIC FOLDER");
    struct images images;
    planted_make(&images, PLANTED_TRAIN_SEED, IMAGES, PLANTED_NOISE);
    struct pretrain settings = {
        .recipe = recipe_find("smoke", "m75-h3"),
        .seed = 1,
        .threads = 1,
        .arithmetic = arithmetic_choose(argument[1]),
        .images = &images,
        .folder = argument[2],
        .weights = weights,
        .resume_command = "again",
    };
    settings.recipe.batch = IMAGES;
    recipe_set_epochs(&settings.recipe, 1);
    pretrain_run(&settings);
    images_free(&images);
    return 0;
}
