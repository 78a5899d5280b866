// imagenet_check: decodes every file of the folder that IMAGENET_DIR names and lists those that
// cannot be decoded; with the weights of a finetuned ViT it also classifies the validation images,
// whose accuracy proves decoder, resampler, labels and encoder at once: 83.664 % with
// mae_finetuned_vit_base.pth (facebookresearch/mae, FINETUNE.md).
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/data/centre_crop.h"
#include "core/data/imagefolder.h"
#include "core/data/patches.h"
#include "core/linalg/coretype.h"
#include "core/model/vit_weights.h"
#include "core/train/engine.h"
#include "core/train/infer.h"
#include "core/train/loss.h"

enum { SIDE = 224, DIGEST_HEX = 2 * SHA256_BYTES };

static const char *const split_names[] = {
    [SPLIT_TRAIN] = "train", [SPLIT_TEST] = "val"};

// A split while it is decoded.
struct decoding {
    const struct imagefolder *folder;
    enum split split;
    unsigned char (*digest)[SHA256_BYTES]; // (images)
    char **fault;                          // (images), NULL: decoded
    atomic_size_t warned, done;
    struct progress progress;
};

static void decode(size_t image, int worker, void *context)
{
    struct decoding *decoding = context;
    char fault[PHOTOGRAPH_FAULT];
    int warnings;
    uint8_t *crop = malloc(IMAGE_CHANNELS * SIDE * SIDE);
    if (!crop) die(EXIT_SYSTEM, "no memory for a crop");
    if (!imagefolder_crop(crop, decoding->digest[image], &warnings, decoding->folder,
                          decoding->split, image, SIDE, fault)) {
        decoding->fault[image] = strdup(fault);
        if (!decoding->fault[image]) die(EXIT_SYSTEM, "no memory for: %s", fault);
    }
    free(crop);
    if (warnings > 0) atomic_fetch_add(&decoding->warned, 1);
    const size_t done = atomic_fetch_add(&decoding->done, 1) + 1;
    if (worker == 0) progress_show(&decoding->progress, (double)done, NULL);
}

// hex = the digest of names and contents, as the shards of features record it.
static void content_digest(char hex[HASH_HEX], const struct decoding *decoding)
{
    const struct folder_split *split = &decoding->folder->split[decoding->split];
    struct hash hash;
    hash_open(&hash);
    for (size_t i = 0; i < split->count; ++i) {
        char text[DIGEST_HEX + 2];
        hash_hex(text, decoding->digest[i], SHA256_BYTES);
        hash_add(&hash, split->image[i].name, strlen(split->image[i].name));
        hash_add(&hash, "\t", 1);
        hash_add(&hash, text, DIGEST_HEX);
        hash_add(&hash, "\n", 1);
    }
    hash_close(hex, &hash);
}

// Returns how many files of the split cannot be decoded.
static size_t decode_split(const struct imagefolder *folder, enum split split,
                           int threads)
{
    const size_t count = folder->split[split].count;
    struct decoding decoding = {.folder = folder,
                                .split = split,
                                .digest = calloc(count, sizeof *decoding.digest),
                                .fault = calloc(count, sizeof *decoding.fault)};
    if (!decoding.digest || !decoding.fault)
        die(EXIT_SYSTEM, "no memory for the digests of %zu files", count);
    char digest[HASH_HEX];
    size_t bad = 0;
    progress_open(&decoding.progress, "decode", "images", (double)count, 0);
    struct engine *engine = engine_open(threads, 0, 0);
    pool_for(engine, count, decode, &decoding);
    engine_close(engine);
    progress_show(&decoding.progress, (double)count, NULL);
    progress_close(&decoding.progress);
    for (size_t i = 0; i < count; ++i) {
        if (!decoding.fault[i]) continue;
        ++bad;
        printf("%s/%s: %s\n", split_names[split], folder->split[split].image[i].name,
               decoding.fault[i]);
        free(decoding.fault[i]);
    }
    content_digest(digest, &decoding);
    printf("%s: %zu images, %zu cannot be decoded, %zu with warnings; digest %s\n",
           split_names[split], count, bad, atomic_load(&decoding.warned), digest);
    free(decoding.digest);
    free(decoding.fault);
    return bad;
}

// ====== Classifying ======

struct classifying {
    const struct imagefolder *folder;
    const struct vit_weights *vit;
    float colours[3 * 256];
    atomic_size_t right;
};

// One thread's memory.
struct workspace {
    struct mae_activations *activations;
    struct images images; // INFER_CHUNK crops
    real *patches, *logits;
    int32_t *visible;
};

static void *workspace_open(struct arena *arena, const void *context)
{
    const struct classifying *classifying = context;
    const struct mae *mae = &classifying->vit->weights.mae;
    const size_t T = shape_tokens(&mae->shape), F = shape_patch(&mae->shape),
                 side = (size_t)mae->shape.image;
    struct workspace *work = arena_take(arena, 1, sizeof *work);
    work->activations = mae_activations_open(mae, INFER_CHUNK, T, FP32, INFER, arena);
    work->images = (struct images){
        .count = INFER_CHUNK,
        .side = mae->shape.image,
        .pixels = arena_take(arena, INFER_CHUNK * IMAGE_CHANNELS * side * side, 1),
        .values = classifying->colours};
    work->patches = arena_reals(arena, INFER_CHUNK * T * F);
    work->logits = arena_reals(arena, classifying->vit->head.classes);
    work->visible = arena_take(arena, INFER_CHUNK * T, sizeof *work->visible);
    for (size_t i = 0; i < INFER_CHUNK * T; ++i) work->visible[i] = (int32_t)(i % T);
    return work;
}

static int classify(const struct infer_chunk *chunk, void *context)
{
    struct classifying *classifying = context;
    struct workspace *work = chunk->workspace;
    const struct vit_weights *vit = classifying->vit;
    const struct mae *mae = &vit->weights.mae;
    const size_t T = shape_tokens(&mae->shape), F = shape_patch(&mae->shape),
                 D = (size_t)mae->shape.width,
                 bytes = IMAGE_CHANNELS * (size_t)mae->shape.image *
                         (size_t)mae->shape.image;
    int read[INFER_CHUNK] = {0};
    for (size_t b = 0; b < INFER_CHUNK; ++b) {
        unsigned char digest[SHA256_BYTES];
        char fault[PHOTOGRAPH_FAULT];
        int warnings;
        read[b] = imagefolder_crop(work->images.pixels + b * bytes, digest, &warnings,
                                   classifying->folder, SPLIT_TEST, chunk->image[b],
                                   mae->shape.image, fault);
        patches_of_image(work->patches + b * T * F, &work->images, b, mae->shape.patch);
    }
    const struct mae_input input = {.images = INFER_CHUNK,
                                    .visible_count = T,
                                    .patches = work->patches,
                                    .visible = work->visible};
    const real *tokens = mae_encode(work->activations, mae, chunk->weights, &input,
                                    mae->shape.encoder_blocks);
    for (size_t b = 0; b < chunk->count; ++b) {
        vit_head_logits(work->logits, &vit->head, tokens + b * (T + 1) * D, T + 1, D);
        const size_t label =
            classifying->folder->split[SPLIT_TEST].image[chunk->first + b].label;
        if (read[b] && likeliest(work->logits, vit->head.classes) == label)
            atomic_fetch_add(&classifying->right, 1);
    }
    return 0;
}

static void classify_all(const struct imagefolder *folder, const char *path, int heads,
                         int threads)
{
    struct vit_weights vit;
    vit_weights_open(&vit, path, heads);
    if (vit.head.classes == 0)
        die(EXIT_INPUT,
            "%s: has no classifier (give a finetuned ViT, or no WEIGHTS to decode "
            "only)",
            path);
    if (vit.head.classes != folder->classes)
        die(EXIT_INPUT,
            "%s: tells %zu classes apart, %s has %zu (give both of one set)", path,
            vit.head.classes, folder->root, folder->classes);
    struct classifying classifying = {.folder = folder, .vit = &vit};
    colours_normalise(classifying.colours);
    const size_t images = folder->split[SPLIT_TEST].count;
    const struct infer infer = {.parameters = &vit.weights.mae.parameters,
                                .weights = vit.weights.slab,
                                .images = images,
                                .threads = threads,
                                .label = "classify",
                                .workspace = workspace_open,
                                .pass = classify,
                                .context = &classifying};
    if (infer_run(&infer)) die(EXIT_SYSTEM, "%s: a pass failed (report this)", path);
    const size_t right = atomic_load(&classifying.right);
    printf("accuracy on val: %.3f %% (%zu of %zu)%s\n",
           100. * (double)right / (double)images, right, images,
           imagefolder_is_imagenet(folder)
               ? "; of mae_finetuned_vit_base.pth, 83.664 % is published"
               : "");
    vit_weights_close(&vit);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"weights", NULL, "a finetuned ViT, whose accuracy on val is computed"},
        {"heads", NULL, "its attention heads [the file's]"},
        {"threads", NULL, "threads [the CPUs allowed to this process]"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv,
                 "imagenet_check: decodes every image below IMAGENET_DIR");
    const char *root = getenv("IMAGENET_DIR"),
               *weights = option_text(options, count, "weights"),
               *heads = option_text(options, count, "heads");
    const int threads = parse_threads(option_text(options, count, "threads"));
    if (!root || !*root)
        die(EXIT_INPUT,
            "IMAGENET_DIR is not set (give the folder that holds train and val)");
    struct imagefolder folder;
    imagefolder_open(&folder, root);
    printf("%zu classes%s\n", folder.classes,
           imagefolder_is_imagenet(&folder) ? ": ImageNet-1K" : "");
    if (weights)
        classify_all(&folder, weights,
                     heads ? (int)parse_integer("--heads", heads, 1, 1024) : 0,
                     threads);
    const size_t bad = decode_split(&folder, SPLIT_TEST, threads) +
                       decode_split(&folder, SPLIT_TRAIN, threads);
    imagefolder_close(&folder);
    if (bad > 0)
        die(EXIT_INPUT,
            "%zu files cannot be decoded (fetch them again, or go on without "
            "them: at most 1 in 10,000 of a split)",
            bad);
    return EXIT_SUCCESS;
}
