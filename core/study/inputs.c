#include "core/study/inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/arithmetic.h"
#include "core/linalg/coretype.h"
#include "core/linalg/product.h"
#include "core/report/memory.h"
#include "core/report/need.h"
#include "core/report/shipped.h"
#include "core/train/pretrained.h"

// Reads the weights at `path`, and the recipe that they follow. Returns whether they are shipped.
static int model_open(struct weights *model, struct recipe *recipe,
                      const struct run *run, const char *name, const char *path)
{
    *recipe = recipe_find(run->options.tier_name, name);
    const int shipped = shipped_path(run, path);
    if (shipped) shipped_check(NULL, path);
    pretrained_open(model, path, recipe, run->options.data);
    return shipped;
}

static void model_note(struct run *run, const struct weights *model, const char *name,
                       int shipped)
{
    char what[64];
    snprintf(what, sizeof what, "weights %s", name);
    run_note(run, what, model->file.digest, 1);
    snprintf(what, sizeof what, "training of %s", name);
    const char *arithmetic = safetensors_metadata(&model->file, "arithmetic");
    const char *trainer = pretrained_trainer(&model->file);
    char *origin = text_format("%s%s%s, %s",
                               shipped   ? "shipped"
                               : trainer ? "brought here"
                                         : "made here",
                               trainer ? ", trained by " : "", trainer ? trainer : "",
                               arithmetic ? arithmetic : "arithmetic not recorded");
    run_note(run, what, origin, 0);
    free(origin);
}

int input_model(struct weights *model, struct recipe *recipe, struct run *run,
                const char *name)
{
    char path[PATH_SIZE], departure[RECIPE_TEXT];
    if (!run_need_weights(path, run, name)) return 0;
    const int shipped = model_open(model, recipe, run, name, path);
    model_note(run, model, name, shipped);
    const double epochs = pretrained_number(model, "epochs");
    if (epochs < recipe->epochs)
        run_pilot(run, "pilot weights: %g of %g epochs", epochs, recipe->epochs);
    if (epochs > recipe->epochs)
        run_pilot(run, "weights of another recipe: %g epochs", epochs);
    pretrained_departure(departure, model, recipe);
    if (*departure) run_pilot(run, "weights of another recipe: %s", departure);
    return 1;
}

int input_model_extra(struct weights *model, struct recipe *recipe, struct run *run,
                      const char *name)
{
    char path[PATH_SIZE], what[64], departure[RECIPE_TEXT];
    if (run_weights(path, run, name)) {
        const int shipped = model_open(model, recipe, run, name, path);
        pretrained_departure(departure, model, recipe);
        if (!*departure && pretrained_number(model, "epochs") >= recipe->epochs) {
            printf("weights %s: %s\n", name, path);
            model_note(run, model, name, shipped);
            return 1;
        }
        weights_close(model);
    }
    snprintf(what, sizeof what, "weights %s", name);
    run_note(run, what, "left out", 1);
    return 0;
}

void input_images(struct run *run, enum split split)
{
    char digest[HASH_HEX];
    images_digest(digest, run->options.data, split);
    run_note(run, split == SPLIT_TRAIN ? "training data digest" : "test data digest",
             digest, 1);
}

void input_kernels(struct run *run)
{
    run_note(run, "arithmetic", arithmetic_name(FP32), 1);
    run_note(run, "core type", coretype_name(), 1);
    run_note(run, "linear algebra", coretype_library(), 1);
    run_note(run, "products", product_path(), 1);
}

void input_features(struct encoder_features *features, const struct run *run,
                    const char *name, enum split split, int with_block,
                    const struct encoder_source *source)
{
    char folder[PATH_SIZE], file[96], salt[256];
    path_format(folder, "%s/features", run->root);
    snprintf(file, sizeof file, "%s-%s", name, split == SPLIT_TRAIN ? "train" : "test");
    // The sources and the kernels decide the bits together with weights and images.
    snprintf(salt, sizeof salt, "%s %s %s", features_key, coretype_name(),
             product_path());
    if (encoder_features_open(features, folder, file, salt, with_block, source))
        die(EXIT_INPUT, "%s: its tokens are not finite (train it again)", name);
}

// Appends which program trained the models, where it was not this one.
static void trainer_name(char text[STUDY_SCALE], const struct weights *models,
                         size_t count)
{
    const char *first = NULL;
    size_t named = 0;
    for (size_t m = 0; m < count; ++m) {
        const char *trainer = pretrained_trainer(&models[m].file);
        if (trainer && !first) first = trainer;
        named += trainer != NULL;
    }
    const size_t used = strlen(text);
    if (named == count && count > 0)
        snprintf(text + used, STUDY_SCALE - used, ", by %s", first);
    else if (named > 0)
        snprintf(text + used, STUDY_SCALE - used, ", %zu of %zu by %s", named, count,
                 first);
}

// Appends the arithmetics of the models' trainings, with how many there are of each, where they
// differ.
static void arithmetics_name(char text[STUDY_SCALE], const struct weights *models,
                             size_t count)
{
    enum { KINDS = 4 };
    const char *kind[KINDS];
    size_t of[KINDS] = {0}, kinds = 0, k;
    for (size_t m = 0; m < count; ++m) {
        const char *own = safetensors_metadata(&models[m].file, "arithmetic");
        if (!own) own = "none recorded";
        for (k = 0; k < kinds && strcmp(kind[k], own) != 0;) ++k;
        if (k == KINDS) return;
        if (k == kinds) kind[kinds++] = own;
        ++of[k];
    }
    for (k = 0; kinds > 1 && k < kinds; ++k) {
        const size_t used = strlen(text);
        snprintf(text + used, STUDY_SCALE - used, ", %zu in %s", of[k], kind[k]);
    }
}

void models_scale(char text[STUDY_SCALE], const struct weights *models, size_t count)
{
    double epochs[2] = {INFINITY, 0}, updates[2] = {INFINITY, 0};
    const char *models_are = count == 1 ? "model" : "models";
    for (size_t m = 0; m < count; ++m) {
        const double e = pretrained_number(&models[m], "epochs"),
                     u = pretrained_number(&models[m], "updates");
        epochs[0] = fmin(epochs[0], e), epochs[1] = fmax(epochs[1], e);
        updates[0] = fmin(updates[0], u), updates[1] = fmax(updates[1], u);
    }
    if (updates[0] < updates[1])
        snprintf(text, STUDY_SCALE,
                 "%s trained for %g to %g epochs, %.0f to %.0f updates", models_are,
                 epochs[0], epochs[1], updates[0], updates[1]);
    else
        snprintf(text, STUDY_SCALE, "%s trained for %g epoch%s, %.0f updates",
                 models_are, epochs[0], epochs[0] == 1 ? "" : "s", updates[0]);
    trainer_name(text, models, count);
    arithmetics_name(text, models, count);
}

void input_finite(const struct weights *model, int overflowed)
{
    if (overflowed)
        die(EXIT_INPUT,
            "%s: these weights make numbers that are not finite (train it again)",
            model->file.path);
}
