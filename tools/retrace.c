/// retrace: trains the first epochs of a finished pretraining once more and compares the weights
/// with those that its log recorded. `make retrace RUN=m75-h3` shows, in a thirtieth of the time,
/// that weights come from this code, recipe, seed and data: on any number of threads each epoch
/// ends in the same bits, or the log is of another training.
///
/// Shipped weights come first, then those in RESULTS. Their metadata say recipe, seed and
/// arithmetic. Nothing is written.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/options.h"
#include "core/base/progress.h"
#include "core/linalg/coretype.h"
#include "core/report/shipped.h"
#include "core/report/tier.h"
#include "core/train/pretrain.h"
#include "core/train/pretrained.h"
#include "core/train/train_log.h"

static const char USAGE[] = "retrace --run R [--epochs N] ...: the first epochs of a "
                            "finished pretraining once more,\n"
                            "compared with its log";

struct retrace {
    const char *tier, *data, *run;
    char weights[PATH_SIZE], log_path[PATH_SIZE];
    int shipped;
    char core_type[32]; ///< whose kernels it was trained with
    double epochs;      ///< to train again
    struct pretrain settings;
    struct images images;
    struct train_log log;
};

// ====== What was trained ======

static const char *fact(const struct retrace *retrace, const struct weights *model,
                        const char *key)
{
    const char *text = safetensors_metadata(&model->file, key);
    if (!text)
        die(EXIT_INPUT, "%s: does not say its %s (train it again)", retrace->weights,
            key);
    return text;
}

// The recipe that the weights follow. Pilots are shorter than the tier's.
static void recipe_follow(struct retrace *retrace, const struct weights *model)
{
    char text[RECIPE_TEXT];
    struct recipe *recipe = &retrace->settings.recipe;
    if (pretrained_number(model, "epochs") != recipe->epochs)
        recipe_set_epochs(recipe, pretrained_number(model, "epochs"));
    recipe_text(text, recipe);
    if (strcmp(text, fact(retrace, model, "recipe")) != 0)
        die(EXIT_INPUT,
            "%s: was trained by another recipe, '%s', not '%s' (use the commit that "
            "its provenance names)",
            retrace->weights, fact(retrace, model, "recipe"), text);
}

// The settings of a training from its weights' metadata.
static void weights_follow(struct retrace *retrace)
{
    struct weights model;
    struct pretrain *settings = &retrace->settings;
    settings->recipe = recipe_find(retrace->tier, retrace->run);
    pretrained_open(&model, retrace->weights, &settings->recipe, retrace->data);
    if (pretrained_trainer(&model.file))
        die(EXIT_INPUT,
            "%s: was trained by %s, which only that can repeat (see REPRODUCE.md, "
            "section 16)",
            retrace->weights, pretrained_trainer(&model.file));
    recipe_follow(retrace, &model);
    settings->seed = parse_seed(retrace->weights, fact(retrace, &model, "seed"));
    settings->arithmetic = arithmetic_choose(fact(retrace, &model, "arithmetic"));
    if (strcmp(retrace->images.digest, fact(retrace, &model, "data_digest")) != 0)
        die(EXIT_INPUT, "%s: was trained on other images than those found here (%s)",
            retrace->weights, retrace->data);
    snprintf(retrace->core_type, sizeof retrace->core_type, "%s",
             fact(retrace, &model, "core_type"));
    const char *trained = safetensors_trained(&model.file);
    const struct train_log *log = &retrace->log;
    train_log_open(&retrace->log, retrace->log_path, UINT64_MAX);
    if (log->count == 0 ||
        strcmp(log->line[log->count - 1].weights_sha256, trained) != 0)
        die(EXIT_INPUT, "%s: is not the log of %s (train it again)", retrace->log_path,
            retrace->weights);
    weights_close(&model);
}

// The shipped weights, else those that were made here.
static void weights_find(struct retrace *retrace, const char *results)
{
    char folder[PATH_SIZE];
    shipped_folder(folder, retrace->tier, retrace->data);
    path_format(retrace->weights, "%s/%s.safetensors", folder, retrace->run);
    path_format(retrace->log_path, "%s/%s.log.tsv", folder, retrace->run);
    retrace->shipped = file_exists(retrace->weights);
    if (retrace->shipped) {
        shipped_check(NULL, retrace->weights);
        shipped_check(NULL, retrace->log_path);
        return;
    }
    path_format(retrace->weights, "%s/%s-%s/weights/%s.safetensors", results,
                retrace->tier, retrace->data, retrace->run);
    path_format(retrace->log_path, "%s/%s-%s/runs/%s/log.tsv", results, retrace->tier,
                retrace->data, retrace->run);
    if (!file_exists(retrace->weights))
        die(EXIT_INPUT,
            "%s: is not there, nor are such weights shipped (make pretrain RUN=%s "
            "TIER=%s DATA=%s)",
            retrace->weights, retrace->run, retrace->tier, retrace->data);
}

// ====== Training and comparing ======

// Whether the weights are those of the line.
static int line_agrees(const struct retrace *retrace, const struct log_line *line,
                       const struct pretrainer *pretrainer)
{
    char digest[HASH_HEX];
    slab_digest(digest, pretrainer->trainer.state.weights,
                pretrainer->mae.parameters.count);
    const int same = strcmp(digest, line->weights_sha256) == 0;
    printf("%s, epoch %g, update %" PRIu64 ": ", retrace->run, line->epoch,
           line->updates);
    if (same)
        printf("the same weights, %s\n", digest);
    else
        printf("OTHER WEIGHTS, %s, not %s as logged\n", digest, line->weights_sha256);
    // Only kernels without fused multiply-adds give other bits, but they explain all.
    if (!same && strcmp(retrace->core_type, coretype_name()))
        printf("they were trained with OpenBLAS's %s kernels, these with its %s (try "
               "OPENBLAS_CORETYPE=%s)\n",
               retrace->core_type, coretype_name(), retrace->core_type);
    fflush(stdout);
    return same;
}

// Trains up to the last line of at most `epochs` epochs. Returns how many lines agree, and in
// *lines how many there are.
static size_t lines_agree(size_t *lines, struct retrace *retrace)
{
    struct pretrainer pretrainer;
    struct progress progress;
    char label[64];
    const struct train_log *log = &retrace->log;
    const double batch = (double)retrace->settings.recipe.batch;
    size_t agree = 0;
    for (*lines = 0; *lines < log->count; ++*lines)
        if (log->line[*lines].epoch > retrace->epochs) break;
    if (*lines == 0)
        die(EXIT_USAGE, "--epochs: %g is refused (the first line of %s is of epoch %g)",
            retrace->epochs, log->path, log->line[0].epoch);
    snprintf(label, sizeof label, "retrace %s", retrace->run);
    pretrainer_open(&pretrainer, &retrace->settings);
    const uint64_t *updates = &pretrainer.trainer.state.updates;
    progress_open(&progress, label, "images",
                  (double)log->line[*lines - 1].updates * batch, 0);
    for (size_t i = 0; i < *lines && agree == i; ++i) {
        while (*updates < log->line[i].updates) {
            trainer_step(&pretrainer.trainer);
            progress_show(&progress, (double)*updates * batch, NULL);
        }
        agree += (size_t)line_agrees(retrace, &log->line[i], &pretrainer);
    }
    progress_close(&progress);
    pretrainer_close(&pretrainer);
    return agree;
}

static void retrace_open(struct retrace *retrace, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"run", NULL, "the pretraining"},
        {"epochs", "1", "how many of its epochs"},
        {"threads", NULL, "threads [the CPUs allowed]; changes no bit"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof options / sizeof *options;
    enum tier tier;
    options_read(options, count, argc, argv, USAGE);
    tier_find_training(&tier, &retrace->data, option_text(options, count, "tier"),
                       option_text(options, count, "data"));
    retrace->tier = tier_name(tier);
    retrace->run = option_text(options, count, "run");
    if (!retrace->run) die(EXIT_USAGE, "--run is missing (name a pretraining)");
    recipe_find(retrace->tier, retrace->run);
    retrace->epochs =
        parse_number("--epochs", option_text(options, count, "epochs"), 1e-6, 1e5);
    retrace->settings = (struct pretrain){
        .threads = parse_threads(option_text(options, count, "threads")),
        .images = &retrace->images};
    images_digest(retrace->images.digest, retrace->data, SPLIT_TRAIN);
    weights_find(retrace, option_text(options, count, "results"));
    weights_follow(retrace);
}

int main(int argc, char **argv)
{
    static struct retrace retrace;
    size_t lines;
    coretype_open(argv);
    stdout_check_at_exit();
    retrace_open(&retrace, argc, argv);
    images_load(&retrace.images, retrace.data, SPLIT_TRAIN);
    const size_t agree = lines_agree(&lines, &retrace);
    const struct pretrain *settings = &retrace.settings;
    printf("%s: %s by %s, on %d thread%s\n", retrace.log_path,
           agree == lines ? "made again" : "NOT made again",
           arithmetic_name(settings->arithmetic), settings->threads,
           settings->threads == 1 ? "" : "s");
    train_log_close(&retrace.log);
    images_free(&retrace.images);
    return agree == lines ? EXIT_SUCCESS : EXIT_FAILURE;
}
