#include "core/train/finetune_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/images.h"

void finetune_text(char text[RECIPE_TEXT], const struct recipe *recipe, size_t images,
                   const char *start)
{
    recipe_text(text, recipe);
    const size_t used = strlen(text);
    const int length =
        snprintf(text + used, RECIPE_TEXT - used, " classes=%d images=%zu start=%s",
                 IMAGE_CLASSES, images, start);
    require(length > 0 && used + (size_t)length < RECIPE_TEXT,
            "recipe's text is too long");
}

void finetune_texts(char text[STARTS][RECIPE_TEXT], const struct recipe *recipe,
                    size_t images, const struct safetensors *file)
{
    const char *start[STARTS] = {"random", "random"};
    if (file) {
        start[START_FILE] = safetensors_metadata(file, SAFETENSORS_DIGEST);
        start[START_TRAINED] = safetensors_trained(file);
    }
    for (int s = 0; s < STARTS; ++s) {
        if (!start[s])
            die(EXIT_INPUT, "%s: its metadata lack %s (train it again)", file->path,
                SAFETENSORS_DIGEST);
        finetune_text(text[s], recipe, images, start[s]);
    }
}

void finetune_folder(char folder[PATH_SIZE], const char *root, const char *method,
                     const struct recipe *recipe, size_t images, const char *arithmetic,
                     uint64_t seed)
{
    path_format(folder, "%s/runs/%s-%s-%zux%g-%s-seed%" PRIu64, root, method,
                recipe->run, images, recipe->epochs, arithmetic, seed);
}

void finetune_name(char name[FINETUNE_NAME], const char *method, const char *run,
                   uint64_t seed)
{
    snprintf(name, FINETUNE_NAME, "%s-%s-seed%" PRIu64, method, run, seed);
}
