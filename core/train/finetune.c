#include "core/train/finetune.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/train/classify.h"
#include "core/train/history.h"
#include "core/train/labelled.h"
#include "core/train/loss.h"
#include "core/train/training.h"
#include "core/train/turn.h"

enum { TABLE_BYTES = 128 << 10 }; // room for the model's table of parameters

// ====== Recipe ======

// The public code's train_classifier.py: AdamW with these betas, decay on every parameter, peak
// 1e-3 * 128 / 256, 100 epochs in batches of 128, warm-up 5. The smoke tier's small network sees planted
// scenes in batches of 32; its peak is the best of 5e-4, 1e-3, 2e-3 and 5e-3 on 1,000 training scenes held out.
struct recipe finetune_recipe(const char *tier, const char *run)
{
    struct recipe recipe = recipe_find(tier, run);
    const int smoke = strcmp(tier, "smoke") == 0;
    recipe.mask_ratio = 0;
    recipe.batch = smoke ? 32 : 128;
    recipe.leaves = smoke ? 4 : 8;
    recipe.epochs = smoke ? 1 : 100;
    recipe.warmup = recipe.epochs * .05;
    recipe.learning_rate = smoke ? 5e-3 : 5e-4;
    recipe.beta1 = .9;
    recipe.beta2 = .999;
    recipe.epsilon = 1e-8;
    recipe.weight_decay = .05;
    return recipe;
}

// ====== A finetuning in memory ======

struct finetuning {
    const struct finetune *settings;
    struct finetune_outcome *outcome;
    struct arena arena; // the model's table
    struct classifier classifier;
    struct descent descent;
    struct labelled *labelled; // (threads)
    struct identity identity;
    char weights[PATH_SIZE];
};

static double leaf_gradient(real *gradient, const uint32_t *image,
                            const uint32_t *epoch, real share, int worker,
                            void *context)
{
    (void)epoch; // no mask, no augmentation: an image is the same in every epoch
    struct finetuning *finetuning = context;
    struct labelled *labelled = &finetuning->labelled[worker];
    const struct packed_weights *weights = &finetuning->descent.prepared;
    for (size_t b = 0; b < labelled->images; ++b)
        labelled_load(labelled, b, finetuning->settings->images, image[b]);
    const real *logits = classifier_forward(
        labelled->activations, &finetuning->classifier, weights, labelled->patches);
    double loss =
        cross_entropy_loss(labelled->dlogits, logits, labelled->labels,
                           labelled->images, finetuning->classifier.classes, share);
    classifier_backward(gradient, labelled->activations, &finetuning->classifier,
                        weights, labelled->patches, labelled->dlogits);
    return loss;
}

static void identity_of(struct identity *identity, const struct finetune *settings)
{
    identity_fill(identity, &settings->recipe, settings->seed, settings->images->digest,
                  settings->arithmetic, settings->code);
    size_t used = strlen(identity->recipe);
    int length = snprintf(
        identity->recipe + used, RECIPE_TEXT - used, " classes=%d images=%zu start=%s",
        IMAGE_CLASSES, settings->images->count,
        settings->pretrained ? settings->pretrained->file.digest : "random");
    require(length > 0 && used + (size_t)length < RECIPE_TEXT,
            "recipe's text is too long");
}

static void finetuning_open(struct finetuning *finetuning,
                            const struct finetune *settings,
                            struct finetune_outcome *outcome)
{
    *finetuning = (struct finetuning){.settings = settings, .outcome = outcome};
    arena_open(&finetuning->arena, "table", TABLE_BYTES);
    classifier_open(&finetuning->classifier, &settings->recipe.shape, IMAGE_CLASSES,
                    &finetuning->arena);
    identity_of(&finetuning->identity, settings);
    path_format(finetuning->weights, "%s/weights.safetensors", settings->folder);
}

static void finetuning_close(struct finetuning *finetuning)
{
    arena_close(&finetuning->arena);
}

/// outcome->predicted from weights, and how good it is.
static double measure_at(struct finetuning *finetuning, const real *weights)
{
    const struct images *test = finetuning->settings->test;
    struct classification classification = {.classifier = &finetuning->classifier,
                                            .weights = weights,
                                            .images = test,
                                            .threads = finetuning->settings->threads};
    classify_images(finetuning->outcome->predicted, &classification);
    return classification_accuracy(finetuning->outcome->predicted, test->labels,
                                   test->count);
}

// ====== The result on disk ======

// The log's last line, and its best.
static void outcome_from_log(struct finetune_outcome *outcome, const char *folder)
{
    char path[PATH_SIZE];
    struct history history;
    path_format(path, "%s/log.tsv", folder);
    history_open(&history, path, UINT64_MAX);
    require(history.count > 0, "%s: no line was written", path);
    outcome->best = -1;
    for (size_t i = 0; i < history.count; ++i) {
        const struct moment *moment = &history.moments[i];
        outcome->accuracy = moment->accuracy;
        if (moment->accuracy <= outcome->best) continue;
        outcome->best = moment->accuracy;
        outcome->best_epoch = moment->epoch;
    }
    history_close(&history);
}

static void weights_write(void *context)
{
    struct finetuning *finetuning = context;
    const struct finetune *settings = finetuning->settings;
    const struct recipe *recipe = &settings->recipe;
    struct finetune_outcome *outcome = finetuning->outcome;
    outcome->updates = finetuning->descent.updates;
    outcome_from_log(outcome, settings->folder);
    char updates[24], seen[24], epochs[40], heads[12], patch[12], last[40], best[40],
        best_epoch[40];
    snprintf(updates, sizeof updates, "%" PRIu64, outcome->updates);
    snprintf(seen, sizeof seen, "%" PRIu64, outcome->updates * recipe->batch);
    snprintf(epochs, sizeof epochs, "%.15g", recipe->epochs);
    snprintf(heads, sizeof heads, "%d", recipe->shape.encoder_heads);
    snprintf(patch, sizeof patch, "%d", recipe->shape.patch);
    snprintf(last, sizeof last, "%.17g", outcome->accuracy);
    snprintf(best, sizeof best, "%.17g", outcome->best);
    snprintf(best_epoch, sizeof best_epoch, "%.17g", outcome->best_epoch);
    struct metadata metadata[12 + IDENTITY_KEYS] = {
        {"format", "pt"},
        {"run", recipe->run},
        {"tier", recipe->tier},
        {"data", settings->images->name},
        {"updates", updates},
        {"images_seen", seen},
        {"epochs", epochs},
        {"heads", heads},
        {"patch", patch},
        {"test_accuracy", last},
        {"best_test_accuracy", best},
        {"best_epoch", best_epoch},
    };
    size_t keys = 12 + identity_metadata(metadata + 12, &finetuning->identity);
    struct slab slab = {"", finetuning->descent.state.weights};
    safetensors_write(finetuning->weights, &finetuning->classifier.parameters, &slab, 1,
                      metadata, keys, TENSOR_F32);
}

static double number_in(const struct safetensors *file, const char *key)
{
    double value;
    const char *text = safetensors_metadata(file, key);
    if (!text || !number_scan(&value, text))
        die(EXIT_INPUT, "%s: its metadata do not say %s (remove it, or FORCE=1)",
            file->path, key);
    return value;
}

/// True when the folder has the result; then the outcome is filled.
static int outcome_read(struct finetuning *finetuning)
{
    const struct finetune *settings = finetuning->settings;
    struct finetune_outcome *outcome = finetuning->outcome;
    if (settings->force || !file_exists(finetuning->weights)) return 0;
    struct safetensors file;
    safetensors_read(&file, finetuning->weights, NULL);
    const int ready = !identity_difference(&finetuning->identity, &file);
    if (ready) {
        struct arena arena;
        const struct parameters *parameters = &finetuning->classifier.parameters;
        arena_open(&arena, "finetuned weights",
                   size_product(parameters->count, sizeof(real)) + 4096);
        real *weights = arena_reals(&arena, parameters->count);
        safetensors_weights(weights, parameters, &file, "");
        outcome->accuracy = measure_at(finetuning, weights);
        outcome->best = number_in(&file, "best_test_accuracy");
        outcome->best_epoch = number_in(&file, "best_epoch");
        outcome->updates = (uint64_t)number_in(&file, "updates");
        arena_close(&arena);
    }
    safetensors_free(&file);
    return ready;
}

// ====== Training ======

static double measure(void *context)
{
    struct finetuning *finetuning = context;
    return measure_at(finetuning, finetuning->descent.state.weights);
}

static void train(struct finetuning *finetuning)
{
    const struct finetune *settings = finetuning->settings;
    const struct recipe *recipe = &settings->recipe;
    const size_t threads = (size_t)settings->threads;
    struct descent_plan plan = {.recipe = recipe,
                                .parameters = &finetuning->classifier.parameters,
                                .images = settings->images->count,
                                .seed = settings->seed,
                                .arithmetic = settings->arithmetic,
                                .threads = settings->threads,
                                .leaf = leaf_gradient,
                                .context = finetuning};
    descent_open(&finetuning->descent, &plan);
    if (settings->pretrained)
        classifier_take_encoder(finetuning->descent.state.weights,
                                &finetuning->classifier, settings->pretrained->slab,
                                &settings->pretrained->mae);
    finetuning->labelled = calloc(threads, sizeof *finetuning->labelled);
    if (!finetuning->labelled) die(EXIT_SYSTEM, "no memory for %zu threads", threads);
    for (size_t w = 0; w < threads; ++w)
        labelled_open(&finetuning->labelled[w], &finetuning->classifier,
                      recipe->batch / recipe->leaves, settings->arithmetic, TRAIN);

    char label[96];
    snprintf(label, sizeof label, "%s %s, seed %" PRIu64,
             settings->pretrained ? "finetune" : "from scratch", recipe->run,
             settings->seed);
    struct training training = {.descent = &finetuning->descent,
                                .identity = &finetuning->identity,
                                .label = label,
                                .folder = settings->folder,
                                .resume_command = settings->resume_command,
                                .checkpoint_seconds = settings->checkpoint_seconds,
                                .discard = 1,
                                .after_update = settings->after_update,
                                .measure = measure,
                                .finish = weights_write,
                                .context = finetuning};
    training_run(&training);
    for (size_t w = 0; w < threads; ++w) labelled_close(&finetuning->labelled[w]);
    free(finetuning->labelled);
    descent_close(&finetuning->descent);
}

int finetune_run(struct finetune_outcome *outcome, const struct finetune *settings)
{
    struct finetuning finetuning;
    int turn = turn_take(settings->folder);
    finetuning_open(&finetuning, settings, outcome);
    int ready = outcome_read(&finetuning);
    if (!ready) train(&finetuning);
    hash_file(outcome->digest, HASH_SHA256, finetuning.weights);
    finetuning_close(&finetuning);
    close(turn);
    return !ready;
}
