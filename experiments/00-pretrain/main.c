// target: pretrain
// needs:
// budget: smoke 20 s, desk 9 h
/// # Pretraining
///
/// **Claim.** This chapter makes no claim: the paper states the masked autoencoder and its loss
/// (Def. 3.1, Eqs. 1-2, Sec. 6) and measures models trained by it. This chapter makes those
/// models, one `RUN` at a time.
///
/// **Method.** Of an image's $T$ patches a uniformly random share stays visible. The encoder $f$
/// sees these, the decoder $g$ completes the rest, and the loss is the mean squared error of the
/// $N_0$ hidden patches $X_0$, on pixels in $[-1,1]$: $$\min_{f,g}\ E\, \tfrac{1}{N_0 F}
/// \|g(f(X)) - X_0\|_F^2.$$ The paper's Eq. 1 minimises over $X$, a misprint. The recipes of all
/// pretrainings are one table, core/train/recipe.c, with the source of each number.
///
/// A batch is a fixed number of micro-batches, each computed by one thread; a fixed tree adds
/// their gradients. The weights are therefore the same bits on any number of threads, and after
/// any interruption.
///
/// @show core/train/trainer.c trainer_step
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/train/evaluate.h"
#include "core/train/pretrain.h"
#include "core/train/train_log.h"

enum {
    TEST_IMAGES = 1000, ///< the first of the canonical order, for a look at the loss
    CHECKPOINT_SECONDS = 300, ///< what a killed desk or paper run loses at most
    COMMAND = 2 * PATH_SIZE
};

/// What `make` is asked for to go on after an interruption.
static void resume_command(char command[COMMAND], const struct run *run)
{
    char arithmetic[32] = "", epochs[64] = "", seed[48] = "",
         results[PATH_SIZE + 16] = "";
    size_t root = strlen(run->root) - strlen(run->options.tier_name) -
                  strlen(run->options.data) - 2;
    if (strcmp(run->options.arithmetic, "auto"))
        snprintf(arithmetic, sizeof arithmetic, " ARITHMETIC=%s",
                 run->options.arithmetic);
    if (run->options.epochs > 0)
        snprintf(epochs, sizeof epochs, " EPOCHS=%.15g", run->options.epochs);
    if (run->options.seed != 1)
        snprintf(seed, sizeof seed, " SEED=%" PRIu64, run->options.seed);
    if (root != strlen("results") || strncmp(run->root, "results", root))
        snprintf(results, sizeof results, " RESULTS='%.*s'", (int)root, run->root);
    snprintf(command, COMMAND, "make pretrain RUN=%s TIER=%s DATA=%s%s%s%s%s%s",
             run->options.run_name, run->options.tier_name, run->options.data,
             arithmetic, epochs, seed, results, run->options.force ? " FORCE=1" : "");
}

/// The paper's own scale takes weeks on a few cores: say so before it begins.
static void warn_of_days(const struct pretrain *settings)
{
    const struct recipe *recipe = &settings->recipe;
    double images = recipe->epochs * (double)settings->images->count;
    double rate = pretrain_rate(settings);
    fprintf(stderr,
            "pretrain %s: about %.1f days here (%.3g images at %.3g images/s)\n",
            recipe->run, images / rate / 86400, images, rate);
}

/// ## Run

/// Trains unless the weights are there. Weights of the smoke tier count only with the sources
/// that made them; those of the other tiers take hours, carry their own provenance, and stay
/// valid when the code changes.
static int train(const struct run *run, struct pretrain *settings,
                 struct images *images)
{
    if (pretrain_ready(settings)) return 0;
    images_load(images, run->options.data, SPLIT_TRAIN);
    if (run->options.tier == TIER_PAPER) warn_of_days(settings);
    if (settings->arithmetic == BF16 && !amx_available())
        fprintf(stderr,
                "pretrain %s: this CPU has no AMX, so bf16 is slower than fp32 here, "
                "with the bits of AMX\n",
                settings->recipe.run);
    return pretrain_run(settings);
}

/// ## Check
///
/// The loss on images the training never saw, under fresh masks.
static void measure(struct run *run, const struct weights *model, double mask_ratio)
{
    struct images test;
    double loss[TEST_IMAGES], mean = 0, square = 0;
    images_load(&test, run->options.data, SPLIT_TEST);
    struct evaluation evaluation = {.mae = &model->mae,
                                    .weights = model->slab,
                                    .images = &test,
                                    .count = TEST_IMAGES,
                                    .mask_ratio = mask_ratio,
                                    .seed = run->options.seed,
                                    .threads = run->options.threads};
    evaluate_losses(loss, &evaluation);
    images_free(&test);
    for (int i = 0; i < TEST_IMAGES; ++i) mean += loss[i] / TEST_IMAGES;
    for (int i = 0; i < TEST_IMAGES; ++i) square += (loss[i] - mean) * (loss[i] - mean);
    double error = sqrt(square / (TEST_IMAGES - 1.) / TEST_IMAGES);
    double half = 1.6449 * error; // 90 % of a normal distribution
    run_result(run, "test_loss", mean, mean - half, mean + half, TEST_IMAGES,
               "[-1,1]^2");
    run_result(run, "test_loss_standard_error", error, NAN, NAN, TEST_IMAGES,
               "[-1,1]^2");
}

/// ## Emit

/// The training's last log line, when the log is of these weights.
static void emit_log(struct run *run, const char *path, const struct weights *model)
{
    char digest[HASH_HEX];
    struct train_log log;
    slab_digest(digest, model->slab, model->mae.parameters.count);
    train_log_open(&log, path, UINT64_MAX);
    if (log.count > 0) {
        const struct log_line *last = &log.line[log.count - 1];
        if (strcmp(last->weights_sha256, digest) == 0) {
            run_result(run, "final_loss", last->loss, NAN, NAN, 0, "[-1,1]^2");
            run_result(run, "images_per_second", last->images_per_second, NAN, NAN, 0,
                       "1/s");
            run_output(run, path);
        }
    }
    train_log_close(&log);
}

static int emit(struct run *run, const struct pretrain *settings,
                const struct weights *model)
{
    char log[PATH_SIZE];
    path_format(log, "%s/log.tsv", settings->folder);
    emit_log(run, log, model);
    const char *updates = safetensors_metadata(&model->file, "updates");
    run_result(run, "updates", strtod(updates, NULL), NAN, NAN, 0, "updates");
    measure(run, model, settings->recipe.mask_ratio);
    run_output(run, settings->weights);
    return run_close(run);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    struct run run;
    run_open(&run, "00-pretrain", code_key, argc, argv);

    char folder[PATH_SIZE], path[PATH_SIZE], command[COMMAND], text[RECIPE_TEXT];
    struct images images = {.name = run.options.data};
    struct pretrain settings = {
        .recipe = recipe_find(run.options.tier_name, run.options.run_name),
        .seed = run.options.seed,
        .threads = run.options.threads,
        .arithmetic = arithmetic_choose(run.options.arithmetic),
        .force = run.options.force,
        .images = &images,
        .folder = folder,
        .weights = path,
        .code = run.options.tier == TIER_SMOKE ? code_key : NULL,
        .resume_command = command,
        .checkpoint_seconds = run.options.tier == TIER_SMOKE ? 0 : CHECKPOINT_SECONDS,
    };
    if (run.options.epochs > 0) recipe_set_epochs(&settings.recipe, run.options.epochs);
    path_format(folder, "%s/runs/%s", run.root, run.options.run_name);
    path_format(path, "%s/weights/%s.safetensors", run.root, run.options.run_name);
    resume_command(command, &run);
    images_digest(images.digest, run.options.data, SPLIT_TRAIN);

    int trained = train(&run, &settings, &images);
    struct weights model;
    weights_open(&model, path, NULL, 0);
    printf("%s: %s, %s updates\n", path, trained ? "trained" : "up to date",
           safetensors_metadata(&model.file, "updates"));
    recipe_text(text, &settings.recipe);
    run_note(&run, "recipe", text, 1);
    run_note(&run, "data digest", images.digest, 1);
    run_note(&run, "training arithmetic", arithmetic_name(settings.arithmetic), 1);
    run_note(&run, "core type", coretype_name(), 1);
    run_note(&run, "weights", model.file.digest, 1);
    int status = run_fresh(&run) ? run_print(&run) : emit(&run, &settings, &model);
    weights_close(&model);
    images_free(&images);
    return status;
}
