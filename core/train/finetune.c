#include "core/train/finetune.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/data/patches.h"
#include "core/train/classify.h"
#include "core/train/finetune_names.h"
#include "core/train/loss.h"
#include "core/train/pretrained.h"
#include "core/train/train_log.h"
#include "core/train/train_loop.h"
#include "core/train/training_lock.h"

// ====== Recipe ======

// As the public code's train_classifier.py: AdamW with these betas, decay on every parameter,
// peak 1e-3 * 128 / 256, 100 epochs in batches of 128, warm-up 5 % of them; at the desk tier a
// tenth, since 100 take two cores some 15 hours an arm and seed. The smoke tier's batches are of
// 32; its peak is the best of 5e-4, 1e-3, 2e-3 and 5e-3 on 1,000 training scenes held out.
struct recipe finetune_recipe(const char *tier, const char *run)
{
    struct recipe recipe = recipe_find(tier, run);
    const int smoke = strcmp(tier, "smoke") == 0, desk = strcmp(tier, "desk") == 0;
    recipe.mask_ratio = 0;
    recipe.target = (struct target){0};
    recipe.batch = smoke ? 32 : 128;
    recipe.micro_batches = smoke ? 4 : 8;
    recipe.epochs = smoke ? 1 : desk ? 10 : 100;
    recipe.warmup = recipe.epochs * .05;
    recipe.learning_rate = smoke ? 5e-3 : 5e-4;
    recipe.beta1 = .9;
    recipe.beta2 = .999;
    recipe.epsilon = 1e-8;
    recipe.weight_decay = .05;
    return recipe;
}

size_t finetune_images(const char *tier, double epochs)
{
    return epochs > 0 || strcmp(tier, "smoke") ? 0 : 2500;
}

// ====== In memory ======

static size_t batch_images(const struct finetune *settings)
{
    return settings->recipe.batch / settings->recipe.micro_batches;
}

static void labelled_batch_open(struct labelled_batch *batch,
                                struct finetuner *finetuner)
{
    const struct classifier *classifier = &finetuner->classifier;
    const struct mae_shape *shape = &classifier->shape;
    const size_t images = batch_images(finetuner->settings),
                 numbers = shape_tokens(shape) * shape_patch(shape);
    struct arena *arena = &finetuner->arena;
    batch->activations = classifier_activations_open(
        classifier, images, finetuner->settings->arithmetic, TRAIN, arena);
    batch->patches = arena_reals(arena, size_product(images, numbers));
    batch->labels = arena_take(arena, images, sizeof *batch->labels);
    batch->dlogits = arena_reals(arena, size_product(images, classifier->classes));
}

static void labelled_batch_load(struct labelled_batch *batch,
                                const struct finetuner *finetuner,
                                const uint32_t *image)
{
    const struct images *from = finetuner->settings->images;
    const struct mae_shape *shape = &finetuner->classifier.shape;
    const size_t images = batch_images(finetuner->settings),
                 numbers = shape_tokens(shape) * shape_patch(shape);
    for (size_t b = 0; b < images; ++b) {
        require(image[b] < from->count, "image %u", (unsigned)image[b]);
        patches_from_bytes(batch->patches + b * numbers,
                           from->pixels + (size_t)image[b] * IMAGE_BYTES, shape->patch);
        batch->labels[b] = from->labels[image[b]];
    }
}

static double classifier_gradient(real *gradient, const uint32_t *image,
                                  const uint32_t *epoch, real share, int worker,
                                  void *context)
{
    (void)epoch; // no mask, no augmentation: an image is the same in every epoch
    struct finetuner *finetuner = context;
    const struct classifier *classifier = &finetuner->classifier;
    const struct packed_weights *weights = &finetuner->trainer.packed;
    struct labelled_batch *batch = &finetuner->batch[worker];
    labelled_batch_load(batch, finetuner, image);
    const real *logits =
        classifier_forward(batch->activations, classifier, weights, batch->patches);
    double loss = cross_entropy_loss(batch->dlogits, logits, batch->labels,
                                     batch_images(finetuner->settings),
                                     classifier->classes, share);
    classifier_backward(gradient, batch->activations, classifier, weights,
                        batch->patches, batch->dlogits);
    return loss;
}

static void identity_of(struct run_identity *identity, const struct finetune *settings)
{
    run_identity_fill(identity, &settings->recipe, settings->seed,
                      settings->images->digest, settings->arithmetic, settings->code);
    const struct weights *pretrained = settings->pretrained;
    char start[HASH_HEX] = "random";
    if (pretrained)
        slab_digest(start, pretrained->slab, pretrained->mae.parameters.count);
    finetune_text(identity->recipe, &settings->recipe, settings->images->count, start);
}

// What needs no memory of a training.
static void identity_open(struct finetuner *finetuner, const struct finetune *settings,
                          struct finetune_outcome *outcome)
{
    *finetuner = (struct finetuner){.settings = settings, .outcome = outcome};
    arena_open_growing(&finetuner->arena, "finetuning");
    classifier_open(&finetuner->classifier, &settings->recipe.shape, IMAGE_CLASSES,
                    &finetuner->arena);
    identity_of(&finetuner->identity, settings);
    path_format(finetuner->weights, "%s/weights.safetensors", settings->folder);
}

static void identity_close(struct finetuner *finetuner)
{
    arena_close(&finetuner->arena);
}

// outcome->predicted from weights, and how good it is; NAN when they overflow.
static double measure_at(struct finetuner *finetuner, const real *weights)
{
    const struct images *test = finetuner->settings->test;
    struct classification classification = {.classifier = &finetuner->classifier,
                                            .weights = weights,
                                            .images = test,
                                            .threads = finetuner->settings->threads};
    if (classify_images(finetuner->outcome->predicted, &classification))
        return (double)NAN;
    return classification_accuracy(finetuner->outcome->predicted, test->labels,
                                   test->count);
}

// ====== The result on disk ======

// The log's last line, and its best.
static void outcome_from_log(struct finetune_outcome *outcome, const char *folder)
{
    char path[PATH_SIZE];
    struct train_log log;
    path_format(path, "%s/log.tsv", folder);
    train_log_open(&log, path, UINT64_MAX);
    require(log.count > 0, "%s: no line was written", path);
    outcome->best = -1;
    for (size_t i = 0; i < log.count; ++i) {
        const struct log_line *line = &log.line[i];
        outcome->accuracy = line->accuracy;
        if (!(line->accuracy > outcome->best)) continue;
        outcome->best = line->accuracy;
        outcome->best_epoch = line->epoch;
    }
    train_log_close(&log);
}

static void finish(void *context)
{
    struct finetuner *finetuner = context;
    const struct finetune *settings = finetuner->settings;
    const struct train_state *state = &finetuner->trainer.state;
    struct finetune_outcome *outcome = finetuner->outcome;
    outcome->updates = state->updates;
    snprintf(outcome->arithmetic, sizeof outcome->arithmetic, "%s",
             finetuner->identity.arithmetic);
    outcome_from_log(outcome, settings->folder);
    char last[40], best[40], best_epoch[40];
    snprintf(last, sizeof last, "%.17g", outcome->accuracy);
    snprintf(best, sizeof best, "%.17g", outcome->best);
    snprintf(best_epoch, sizeof best_epoch, "%.17g", outcome->best_epoch);
    const struct metadata accuracies[] = {{"test_accuracy", last},
                                          {"best_test_accuracy", best},
                                          {"best_epoch", best_epoch}};
    trained_weights_write(finetuner->weights, &finetuner->identity, &settings->recipe,
                          settings->images->name, &finetuner->classifier.parameters,
                          state, accuracies, 3);
}

static const char *text_in(const struct safetensors *file, const char *key)
{
    const char *text = pretrained_line(file, key);
    if (!text)
        die(EXIT_INPUT, "%s: its metadata lack %s (remove it, or FORCE=1)", file->path,
            key);
    return text;
}

static double number_in(const struct safetensors *file, const char *key)
{
    double value;
    if (!number_scan(&value, text_in(file, key)))
        die(EXIT_INPUT, "%s: its %s is no number (remove it, or FORCE=1)", file->path,
            key);
    return value;
}

// The outcome of the file's weights.
static void outcome_fill(struct finetuner *finetuner, const struct safetensors *file)
{
    struct arena arena;
    struct finetune_outcome *outcome = finetuner->outcome;
    const struct parameters *parameters = &finetuner->classifier.parameters;
    const char *trainer = pretrained_trainer(file);
    text_in(file, SAFETENSORS_DIGEST); // safetensors_read has compared it
    arena_open_growing(&arena, "finetuned weights");
    real *weights = arena_reals(&arena, parameters->count);
    safetensors_weights(weights, parameters, file, "");
    outcome->accuracy = measure_at(finetuner, weights);
    if (isnan(outcome->accuracy))
        die(EXIT_INPUT, "%s: outputs are not finite (train it again)", file->path);
    outcome->best = number_in(file, "best_test_accuracy");
    outcome->best_epoch = number_in(file, "best_epoch");
    if (!unsigned_scan(&outcome->updates, text_in(file, "updates")))
        die(EXIT_INPUT, "%s: its updates are no number (remove it, or FORCE=1)",
            file->path);
    snprintf(outcome->arithmetic, sizeof outcome->arithmetic, "%s",
             text_in(file, "arithmetic"));
    snprintf(outcome->trainer, sizeof outcome->trainer, "%s", trainer ? trainer : "");
    memcpy(outcome->digest, file->digest, HASH_HEX);
    arena_close(&arena);
}

// True when the folder has the result; then its file is open.
static int result_open(struct safetensors *file, const struct finetuner *finetuner)
{
    if (finetuner->settings->force || !file_kept(finetuner->weights)) return 0;
    safetensors_read(file, finetuner->weights, NULL);
    if (!run_identity_difference(&finetuner->identity, file)) return 1;
    safetensors_free(file);
    return 0;
}

int finetune_ready(const struct finetune *settings)
{
    struct finetuner finetuner;
    struct safetensors file;
    identity_open(&finetuner, settings, NULL);
    const int ready = result_open(&file, &finetuner);
    if (ready) safetensors_free(&file);
    identity_close(&finetuner);
    return ready;
}

// True when the folder has the result; then the outcome is filled.
static int outcome_read(struct finetuner *finetuner)
{
    struct safetensors file;
    if (!result_open(&file, finetuner)) return 0;
    outcome_fill(finetuner, &file);
    safetensors_free(&file);
    return 1;
}

int finetune_read(struct finetune_outcome *outcome, const struct finetune *settings,
                  const char *path, int same_arithmetic)
{
    struct finetuner finetuner;
    struct safetensors file;
    char starts[STARTS][RECIPE_TEXT];
    int same = 0;
    identity_open(&finetuner, settings, outcome);
    struct run_identity *identity = &finetuner.identity;
    finetune_texts(starts, &settings->recipe, settings->images->count,
                   settings->pretrained ? &settings->pretrained->file : NULL);
    safetensors_read(&file, path, NULL);
    const char *core_type = safetensors_metadata(&file, "core_type"),
               *arithmetic = safetensors_metadata(&file, "arithmetic");
    if (core_type)
        snprintf(identity->core_type, sizeof identity->core_type, "%s", core_type);
    if (arithmetic && !same_arithmetic) identity->arithmetic = arithmetic;
    for (int s = 0; s < STARTS && !same; ++s) {
        memcpy(identity->recipe, starts[s], RECIPE_TEXT);
        same = !run_identity_difference(identity, &file);
    }
    if (same && outcome) outcome_fill(&finetuner, &file);
    safetensors_free(&file);
    identity_close(&finetuner);
    return same;
}

// ====== Training ======

static double measure(void *context)
{
    struct finetuner *of = context;
    const double accuracy = measure_at(of, of->trainer.state.weights);
    if (isfinite(accuracy)) return accuracy;
    die(EXIT_SYSTEM, "a classifier's output is not finite (train it anew)");
}

static void trainer_make(struct finetuner *finetuner)
{
    const struct finetune *settings = finetuner->settings;
    struct trainer_plan plan = {.recipe = &settings->recipe,
                                .parameters = &finetuner->classifier.parameters,
                                .images = settings->images->count,
                                .seed = settings->seed,
                                .arithmetic = settings->arithmetic,
                                .threads = settings->threads,
                                .gradient = classifier_gradient,
                                .context = finetuner};
    trainer_open(&finetuner->trainer, &plan);
    if (settings->pretrained)
        classifier_take_encoder(finetuner->trainer.state.weights,
                                &finetuner->classifier, settings->pretrained->slab,
                                &settings->pretrained->mae);
    finetuner->batch = arena_take(&finetuner->arena, (size_t)settings->threads,
                                  sizeof *finetuner->batch);
    for (int w = 0; w < settings->threads; ++w)
        labelled_batch_open(&finetuner->batch[w], finetuner);
}

void finetuner_open(struct finetuner *finetuner, const struct finetune *settings)
{
    identity_open(finetuner, settings, NULL);
    trainer_make(finetuner);
}

void finetuner_close(struct finetuner *finetuner)
{
    trainer_close(&finetuner->trainer);
    identity_close(finetuner);
}

double finetune_rate(size_t *parameters, const struct finetune *settings, int updates)
{
    struct finetuner finetuner;
    finetuner_open(&finetuner, settings);
    *parameters = finetuner.classifier.parameters.count;
    const double rate = trainer_rate(&finetuner.trainer, updates);
    finetuner_close(&finetuner);
    return rate;
}

// Dies for weights of another training that took long to make.
static void replacement_check(const struct finetuner *finetuner)
{
    const struct finetune *settings = finetuner->settings;
    struct safetensors file;
    if (settings->force || settings->code || !file_kept(finetuner->weights)) return;
    safetensors_read(&file, finetuner->weights, NULL);
    const char *key = run_identity_difference(&finetuner->identity, &file);
    require(key, "%s: fits", finetuner->weights);
    die(EXIT_INPUT,
        "%s: would be replaced, but its %s is '%s' (move its folder away, or FORCE=1)",
        finetuner->weights, key, text_in(&file, key));
}

static void train(struct finetuner *finetuner)
{
    const struct finetune *settings = finetuner->settings;
    replacement_check(finetuner);
    trainer_make(finetuner);
    char label[96];
    snprintf(label, sizeof label, "%s %s, seed %" PRIu64,
             settings->pretrained ? "finetune" : "from scratch", settings->recipe.run,
             settings->seed);
    const struct train_loop loop = {.trainer = &finetuner->trainer,
                                    .identity = &finetuner->identity,
                                    .label = label,
                                    .folder = settings->folder,
                                    .resume_command = settings->resume_command,
                                    .checkpoint_seconds = settings->checkpoint_seconds,
                                    .discard = settings->force || settings->code,
                                    .after_update = settings->after_update,
                                    .measure = measure,
                                    .finish = finish,
                                    .context = finetuner};
    train_loop_run(&loop);
    trainer_close(&finetuner->trainer);
    hash_file(finetuner->outcome->digest, finetuner->weights);
}

int finetune_run(struct finetune_outcome *outcome, const struct finetune *settings)
{
    struct finetuner finetuner;
    int lock = training_lock(settings->folder);
    identity_open(&finetuner, settings, outcome);
    const int ready = outcome_read(&finetuner);
    if (ready)
        train_loop_forget(settings->folder);
    else
        train(&finetuner);
    identity_close(&finetuner);
    close(lock);
    return !ready;
}
