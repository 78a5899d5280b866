#include "experiments/00-pretrain/start.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/lock.h"
#include "core/base/npy.h"
#include "core/data/masks.h"
#include "core/report/need.h"
#include "core/report/shipped.h"
#include "core/train/finetune.h"
#include "core/train/finetune_names.h"
#include "core/train/pretrain.h"
#include "core/train/pretrained.h"

struct start {
    struct run run; // its options and folder of results alone
    struct recipe recipe;
    char text[RECIPE_TEXT];
    const char *method;        // of finetuning; NULL: a pretraining
    struct weights pretrained; // that is finetuned
    struct images images[2];   // by enum split, loaded for files only
    const char *folder;        // to write to
    struct arena arena;        // of what is written
    int32_t *batches;          // (U,B) of the trace
    double losses[TRACE_UPDATES];
};

static int from_pretrained(const struct start *start)
{
    return start->method && strcmp(start->method, "finetuned") == 0;
}

static void recipe_write(FILE *file, const struct start *start)
{
    fprintf(file, "recipe\t%s\ndata\t%s\nseed\t%" PRIu64 "\ndata_digest\t%s\n",
            start->text, start->images[SPLIT_TRAIN].name, start->run.options.seed,
            start->images[SPLIT_TRAIN].digest);
    if (!start->method) return;
    char folder[PATH_SIZE];
    finetune_folder(folder, ".", start->method, &start->recipe,
                    start->images[SPLIT_TRAIN].count, "torch", start->run.options.seed);
    fprintf(file, "folder\t%s\n", folder);
}

static void weights_write(const struct start *start, const char *name,
                          const struct parameters *parameters, const real *weights)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s.safetensors", start->folder, name);
    const struct metadata metadata[] = {{"format", "pt"}, {"recipe", start->text}};
    const struct slab slab = {"", weights};
    safetensors_write(path, parameters, &slab, 1, metadata, 2, TENSOR_F32);
}

static void array_write(const struct start *start, const char *name, enum npy_type type,
                        int dimensions, const size_t *shape, const void *data)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s.npy", start->folder, name);
    npy_write(path, type, dimensions, shape, data);
}

static void images_write(struct start *start, enum split split, const char *pixels,
                         const char *labels)
{
    const struct images *images = &start->images[split];
    array_write(start, pixels, NPY_U1, 2, (size_t[]){images->count, IMAGE_BYTES},
                images->pixels);
    if (!start->method) return;
    uint8_t *label = arena_take(&start->arena, images->count, sizeof *label);
    for (size_t i = 0; i < images->count; ++i) label[i] = (uint8_t)images->labels[i];
    array_write(start, labels, NPY_U1, 1, &images->count, label);
}

// ====== The first updates, as they are made ======

// Makes update number u, and keeps what went into it.
static void update_trace(struct start *start, struct trainer *trainer, size_t u)
{
    const size_t B = start->recipe.batch;
    start->losses[u] = trainer_step(trainer);
    for (size_t b = 0; b < B; ++b)
        start->batches[u * B + b] = (int32_t)trainer->image[b];
}

static void trace_write(struct start *start, const struct trainer *trainer)
{
    const size_t B = start->recipe.batch, U = TRACE_UPDATES;
    array_write(start, "batches", NPY_I4, 2, (size_t[]){U, B}, start->batches);
    array_write(start, "losses", NPY_F8, 1, (size_t[]){U}, start->losses);
    weights_write(start, "after", trainer->plan.parameters, trainer->state.weights);
}

static void pretraining_trace(struct start *start, struct pretrainer *pretrainer)
{
    struct trainer *trainer = &pretrainer->trainer;
    const struct masked_batch *batch = pretrainer->batch;
    const size_t B = start->recipe.batch, T = batch->tokens, U = TRACE_UPDATES;
    int32_t *ranking = arena_take(&start->arena, T, sizeof *ranking);
    uint8_t *masks = arena_take(&start->arena, U * B * T, sizeof *masks);
    require(T <= UINT8_MAX + 1, "%zu patches", T);
    for (size_t u = 0; u < U; ++u) {
        update_trace(start, trainer, u);
        for (size_t b = 0; b < B; ++b) {
            mask_draw(ranking, ranking + batch->visible_count, T, batch->mask_ratio,
                      start->run.options.seed, trainer->epoch[b], trainer->image[b]);
            for (size_t t = 0; t < T; ++t)
                masks[(u * B + b) * T + t] = (uint8_t)ranking[t];
        }
    }
    array_write(start, "masks", NPY_U1, 3, (size_t[]){U, B, T}, masks);
    trace_write(start, trainer);
}

// ====== All of a training ======

static void pretraining_write(struct start *start, int with_trace)
{
    struct pretrainer pretrainer;
    const struct pretrain settings = {.recipe = start->recipe,
                                      .seed = start->run.options.seed,
                                      .threads = start->run.options.threads,
                                      .arithmetic = FP32,
                                      .images = &start->images[SPLIT_TRAIN]};
    pretrainer_open(&pretrainer, &settings);
    weights_write(start, "initial", &pretrainer.mae.parameters,
                  pretrainer.trainer.state.weights);
    const struct target_maker *maker = &pretrainer.maker;
    const size_t F = maker->patch_size;
    if (maker->whiten) {
        array_write(start, "target-mean", NPY_F8, 1, &F, maker->mean);
        array_write(start, "target-whiten", NPY_F4, 2, (size_t[]){F, F}, maker->whiten);
    }
    if (with_trace) pretraining_trace(start, &pretrainer);
    pretrainer_close(&pretrainer);
}

static void finetuning_write(struct start *start, int with_trace)
{
    struct finetuner finetuner;
    const struct finetune settings = {
        .recipe = start->recipe,
        .pretrained = from_pretrained(start) ? &start->pretrained : NULL,
        .seed = start->run.options.seed,
        .threads = start->run.options.threads,
        .arithmetic = FP32,
        .images = &start->images[SPLIT_TRAIN],
        .folder = start->folder};
    struct trainer *trainer = &finetuner.trainer;
    finetuner_open(&finetuner, &settings);
    weights_write(start, "initial", &finetuner.classifier.parameters,
                  trainer->state.weights);
    for (size_t u = 0; with_trace && u < TRACE_UPDATES; ++u)
        update_trace(start, trainer, u);
    if (with_trace) trace_write(start, trainer);
    finetuner_close(&finetuner);
}

static void start_write(struct start *start, int with_trace)
{
    char path[PATH_SIZE];
    struct output output;
    folder_make(start->folder);
    const int lock = lock_take_folder(start->folder, "another start");
    arena_open_growing(&start->arena, "start");
    start->batches = arena_take(&start->arena, TRACE_UPDATES * start->recipe.batch,
                                sizeof *start->batches);
    // The recipe goes first and comes last: while it is there, all files are of it.
    path_format(path, "%s/recipe.tsv", start->folder);
    if (unlink(path) && errno != ENOENT && errno != ENOTDIR)
        die(EXIT_SYSTEM, "%s: cannot be removed: %s (check who may write there)", path,
            strerror(errno));
    images_load(&start->images[SPLIT_TRAIN], start->run.options.data, SPLIT_TRAIN);
    images_write(start, SPLIT_TRAIN, "train", "labels");
    if (start->method) {
        images_load(&start->images[SPLIT_TEST], start->run.options.data, SPLIT_TEST);
        images_write(start, SPLIT_TEST, "test", "test-labels");
        images_free(&start->images[SPLIT_TEST]);
        finetuning_write(start, with_trace);
    } else
        pretraining_write(start, with_trace);
    output_open(&output, path);
    recipe_write(output.file, start); // with the images' digest
    output_close(&output);
    images_free(&start->images[SPLIT_TRAIN]);
    arena_close(&start->arena);
    close(lock);
    printf("%s: recipe, initial weights and images%s\n", start->folder,
           with_trace ? ", and the first updates" : "");
}

// ====== The command line ======

// The weights of the pretraining that is finetuned, and the finetuning's own recipe.
static void finetuning_open(struct start *start)
{
    const struct run_options *options = &start->run.options;
    const char *tier = options->tier_name, *name = options->run_name;
    char path[PATH_SIZE], digest[HASH_HEX] = "random";
    const struct recipe pretraining = recipe_find(tier, name);
    start->recipe = finetune_recipe(tier, name);
    if (options->epochs > 0) recipe_set_epochs(&start->recipe, options->epochs);
    if (from_pretrained(start)) {
        if (!run_weights(path, &start->run, name)) run_die_without(&start->run, name);
        if (shipped_path(&start->run, path)) shipped_check(NULL, path);
        pretrained_open(&start->pretrained, path, &pretraining, options->data);
        slab_digest(digest, start->pretrained.slab,
                    start->pretrained.mae.parameters.count);
    }
    finetune_text(start->text, &start->recipe, start->images[SPLIT_TRAIN].count,
                  digest);
}

static void start_open(struct start *start, int argc, char **argv, const char *method)
{
    struct run_options *options = &start->run.options;
    struct images *train = &start->images[SPLIT_TRAIN];
    run_options_read(options, "00-pretrain", argc, argv);
    run_options_refuse_folders(options);
    start->method = method;
    // The folder to write to may lie in it.
    path_format(start->run.root, "%s/%s-%s", options->results, options->tier_name,
                options->data);
    shipped_folder(start->run.checkpoints, options->tier_name, options->data);
    folder_ours(start->run.root);
    train->name = options->data;
    train->count = images_count(options->data, SPLIT_TRAIN);
    images_digest(train->digest, options->data, SPLIT_TRAIN);
    if (method) {
        finetuning_open(start);
        return;
    }
    start->recipe = recipe_find(options->tier_name, options->run_name);
    if (options->epochs > 0) recipe_set_epochs(&start->recipe, options->epochs);
    recipe_text(start->text, &start->recipe);
}

// The method that the argument names; NULL when it names none. Dies (EXIT_USAGE) for another.
static const char *method_asked(const char *argument)
{
    static const char *const methods[] = {"finetuned", "scratch"}, name[] = "--method=";
    const size_t length = sizeof name - 1;
    if (!argument || strncmp(argument, name, length) != 0) return NULL;
    for (size_t m = 0; m < sizeof methods / sizeof *methods; ++m)
        if (strcmp(argument + length, methods[m]) == 0) return methods[m];
    die(EXIT_USAGE, "%s%s: is no method (choose finetuned or scratch)", name,
        argument + length);
}

int start_asked(int argc, char **argv)
{
    static const char *const asked[] = {"--print-recipe",
                                        "--write-start=", "--write-trace="};
    static struct start start;
    size_t what = 0, length = 0;
    for (; argc > 1 && what < 3; ++what) {
        length = strlen(asked[what]);
        if (strncmp(argv[1], asked[what], length) == 0) break;
    }
    if (argc < 2 || what == 3) return 0;
    program_named("00-pretrain");
    stdout_check_at_exit();
    start.folder = argv[1] + length;
    const char *method = method_asked(argv[2]);
    const int taken = method ? 2 : 1;
    start_open(&start, argc - taken, argv + taken, method);
    if (what > 0 && !*start.folder)
        die(EXIT_USAGE, "%s: no folder is named (give %sFOLDER)", asked[what],
            asked[what]);
    if (what > 0)
        start_write(&start, what == 2);
    else
        recipe_write(stdout, &start);
    if (from_pretrained(&start)) weights_close(&start.pretrained);
    return 1;
}
