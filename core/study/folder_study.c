#include "core/study/folder_study.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/centre_crop.h"
#include "core/linalg/coretype.h"
#include "core/linalg/product.h"
#include "core/study/inputs.h"

static void note_number(struct run *run, const char *what, size_t number)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", number);
    run_note(run, what, text, 1);
}

static void note_listings(struct folder_study *study, struct run *run)
{
    static const char *const what[] = {"training files", "test files"};
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        char listing[HASH_HEX];
        imagefolder_listing(listing, &study->folder, (enum split)s, 0,
                            study->images[s]);
        run_note(run, what[s], listing, 1);
    }
}

void folder_study_open(struct folder_study *study, struct run *run)
{
    const struct run_options *options = &run->options;
    const char *root = getenv("IMAGENET_DIR");
    if (!root || !*root)
        die(EXIT_INPUT,
            "IMAGENET_DIR is not set (give the folder that holds train and val)");
    if (!options->weights)
        die(EXIT_INPUT, "WEIGHTS is not set (give an encoder in safetensors; "
                        "model.safetensors of timm/vit_base_patch16_224.mae is the one "
                        "whose numbers are published)");
    *study = (struct folder_study){0};
    imagefolder_open(&study->folder, root);
    vit_weights_open(&study->vit, options->weights, options->heads);
    colours_normalise(study->colours);
    study->images[SPLIT_TRAIN] = imagefolder_prefix(&study->folder, SPLIT_TRAIN,
                                                    (size_t)options->images_per_class);
    study->images[SPLIT_TEST] = study->folder.split[SPLIT_TEST].count;
    note_listings(study, run);
    note_number(run, "images a class", (size_t)options->images_per_class);
    run_note(run, "partial finetuning", options->partial ? "yes" : "no", 1);
    note_number(run, "heads", (size_t)study->vit.weights.mae.shape.encoder_heads);
    run_note(run, "weights", study->vit.weights.file.digest, 1);
    run_note(run, "names of the weights", vit_naming_name(study->vit.naming), 0);
    const char *source = safetensors_metadata(&study->vit.weights.file, "source_md5");
    if (source && strlen(source) != strspn(source, "0123456789abcdef"))
        die(EXIT_INPUT, "%s: its source_md5 is no MD5 (convert the weights again)",
            options->weights);
    if (source) run_note(run, "MD5 of the weights' source", source, 0);
    input_kernels(run);
}

const float *folder_values(const struct folder_study *study)
{
    return study->vit.naming == VIT_OURS ? NULL : study->colours;
}

void folder_images(struct images *images, const struct folder_study *study,
                   enum split split, size_t count)
{
    const struct folder_split *from = &study->folder.split[split];
    const int side = study->vit.weights.mae.shape.image;
    const size_t bytes = IMAGE_CHANNELS * (size_t)side * (size_t)side;
    if (count > from->count) count = from->count;
    images_open_square(images, "imagefolder", count, side, folder_values(study));
    imagefolder_listing(images->digest, &study->folder, split, 0, count);
    for (size_t i = 0; i < count; ++i) {
        unsigned char digest[SHA256_BYTES];
        char fault[PHOTOGRAPH_FAULT];
        int warnings;
        if (!imagefolder_crop(images->pixels + i * bytes, digest, &warnings,
                              &study->folder, split, i, side, fault))
            die(EXIT_INPUT, "%s/%s: %s (remove the file)", study->folder.root,
                from->image[i].name, fault);
        images->labels[i] = from->image[i].label;
    }
}

struct shard_source folder_shards(const struct folder_study *study,
                                  const struct run *run, enum split split,
                                  int with_block, char salt[FOLDER_SALT],
                                  char path[PATH_SIZE])
{
    path_format(path, "%s/features", run->root);
    snprintf(salt, FOLDER_SALT, "%s %s %s", features_key, coretype_name(),
             product_path());
    return (struct shard_source){.folder = &study->folder,
                                 .split = split,
                                 .mae = &study->vit.weights.mae,
                                 .weights = study->vit.weights.slab,
                                 .values = folder_values(study),
                                 .path = path,
                                 .salt = salt,
                                 .shard = SHARD_IMAGES,
                                 .with_block = with_block,
                                 .threads = run->options.threads};
}

// Appends a reason to the list.
static void doubt(char text[FOLDER_DOUBTS], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void doubt(char text[FOLDER_DOUBTS], const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(text);
    if (used) used += (size_t)snprintf(text + used, FOLDER_DOUBTS - used, "; ");
    if (used >= FOLDER_DOUBTS) return;
    va_start(arguments, format);
    vsnprintf(text + used, FOLDER_DOUBTS - used, format, arguments);
    va_end(arguments);
}

void folder_doubts(char text[FOLDER_DOUBTS], const struct folder_study *study,
                   const struct run *run)
{
    const struct imagefolder *folder = &study->folder;
    *text = 0;
    if (folder->classes != IMAGENET_CLASSES)
        doubt(text, "not ImageNet-1K: %zu classes", folder->classes);
    else if (!imagefolder_is_imagenet(folder))
        doubt(text, "not ImageNet-1K: %zu and %zu images",
              folder->split[SPLIT_TRAIN].count, folder->split[SPLIT_TEST].count);
    if (run->options.images_per_class > 0)
        doubt(text, "subset of %d a class", run->options.images_per_class);
    if (run->options.epochs > 0) doubt(text, "%g epochs", run->options.epochs);
    if (study->vit.naming == VIT_HUGGING_FACE)
        doubt(text, "probably not the 67.8 weights");
    else if (study->vit.naming == VIT_OURS || study->vit.head.classes > 0 ||
             study->vit.weights.mae.shape.width != 768)
        doubt(text, "not the paper's encoder");
}

void folder_study_close(struct folder_study *study)
{
    imagefolder_close(&study->folder);
    vit_weights_close(&study->vit);
}
