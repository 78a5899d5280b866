#include "experiments/00-pretrain/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/npy.h"
#include "core/data/masks.h"
#include "core/report/run_options.h"
#include "core/train/pretrain.h"

struct start {
    struct pretrain settings;
    struct images images; // loaded for files only
    const char *folder;
};

static void recipe_write(FILE *file, const struct start *start)
{
    char text[RECIPE_TEXT];
    recipe_text(text, &start->settings.recipe);
    fprintf(file, "recipe\t%s\ndata\t%s\nseed\t%" PRIu64 "\ndata_digest\t%s\n", text,
            start->images.name, start->settings.seed, start->images.digest);
}

static void weights_write(const struct start *start, const char *name,
                          const struct parameters *parameters, const real *weights)
{
    char path[PATH_SIZE], text[RECIPE_TEXT];
    path_format(path, "%s/%s.safetensors", start->folder, name);
    recipe_text(text, &start->settings.recipe);
    const struct metadata metadata[] = {{"format", "pt"}, {"recipe", text}};
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

// The first updates, as they are made.
static void trace_write(const struct start *start, struct pretrainer *pretrainer)
{
    struct trainer *trainer = &pretrainer->trainer;
    const struct masked_batch *batch = pretrainer->batch;
    const size_t B = start->settings.recipe.batch, T = batch->tokens, U = TRACE_UPDATES;
    struct arena *arena = &pretrainer->arena;
    int32_t *images = arena_take(arena, U * B, sizeof *images),
            *ranking = arena_take(arena, T, sizeof *ranking);
    uint8_t *masks = arena_take(arena, U * B * T, sizeof *masks);
    double *losses = arena_doubles(arena, U);
    require(T <= UINT8_MAX + 1, "%zu patches", T);
    for (size_t u = 0; u < U; ++u) {
        losses[u] = trainer_step(trainer);
        for (size_t b = 0; b < B; ++b) {
            images[u * B + b] = (int32_t)trainer->image[b];
            mask_draw(ranking, ranking + batch->visible_count, T, batch->mask_ratio,
                      start->settings.seed, trainer->epoch[b], trainer->image[b]);
            for (size_t t = 0; t < T; ++t)
                masks[(u * B + b) * T + t] = (uint8_t)ranking[t];
        }
    }
    array_write(start, "batches", NPY_I4, 2, (size_t[]){U, B}, images);
    array_write(start, "masks", NPY_U1, 3, (size_t[]){U, B, T}, masks);
    array_write(start, "losses", NPY_F8, 1, (size_t[]){U}, losses);
    weights_write(start, "after", trainer->plan.parameters, trainer->state.weights);
}

static void start_write(struct start *start, int with_trace)
{
    char path[PATH_SIZE];
    struct output output;
    struct pretrainer pretrainer;
    images_load(&start->images, start->images.name, SPLIT_TRAIN);
    start->settings.images = &start->images;
    path_format(path, "%s/recipe.tsv", start->folder);
    output_open(&output, path);
    recipe_write(output.file, start);
    output_close(&output);
    array_write(start, "train", NPY_U1, 2, (size_t[]){start->images.count, IMAGE_BYTES},
                start->images.pixels);
    pretrainer_open(&pretrainer, &start->settings);
    weights_write(start, "initial", &pretrainer.mae.parameters,
                  pretrainer.trainer.state.weights);
    if (with_trace) trace_write(start, &pretrainer);
    pretrainer_close(&pretrainer);
    images_free(&start->images);
    printf("%s: recipe, initial weights and training images%s\n", start->folder,
           with_trace ? ", and the first updates" : "");
}

static void start_open(struct start *start, int argc, char **argv)
{
    char root[PATH_SIZE];
    struct run_options options;
    run_options_read(&options, "00-pretrain", argc, argv);
    *start = (struct start){
        .settings = {.recipe = recipe_find(options.tier_name, options.run_name),
                     .seed = options.seed,
                     .threads = options.threads,
                     .arithmetic = FP32}};
    if (options.epochs > 0) recipe_set_epochs(&start->settings.recipe, options.epochs);
    // The folder to write to may lie in it.
    path_format(root, "%s/%s-%s", options.results, options.tier_name, options.data);
    folder_ours(root);
    start->images.name = options.data;
    images_digest(start->images.digest, options.data, SPLIT_TRAIN);
}

int start_asked(int argc, char **argv)
{
    static const char *const asked[] = {"--print-recipe",
                                        "--write-start=", "--write-trace="};
    size_t what = 0, length = 0;
    for (; argc > 1 && what < 3; ++what) {
        length = strlen(asked[what]);
        if (strncmp(argv[1], asked[what], length) == 0) break;
    }
    if (argc < 2 || what == 3) return 0;
    struct start start;
    stdout_check_at_exit();
    start_open(&start, argc - 1, argv + 1);
    start.folder = argv[1] + length;
    if (what > 0 && !*start.folder)
        die(EXIT_USAGE, "%s: no folder is named (give %sFOLDER)", asked[what],
            asked[what]);
    if (what > 0)
        start_write(&start, what == 2);
    else
        recipe_write(stdout, &start);
    return 1;
}
