#include "experiments/05-heads/arms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/probe.h"
#include "core/stats/accuracy.h"
#include "core/stats/bootstrap.h"
#include "core/study/inputs.h"

const char *const method_key[METHODS] = {"lp", "finetuned", "scratch"};

/// A finetuning at the paper's scale takes 15 hours of two cores an arm and seed at the desk tier, so what
/// is made there by default is a pilot; EPOCHS=100 is the whole recipe, on all images.
static const struct scale smoke = {2500, 1, 10, {2, 1, 1}},
                          desk = {10000, 3, 100, {5, 1, 1}},
                          paper = {0, 0, 100, {5, 1, 1}};

enum { CHECKPOINT_SECONDS = 300, COMMAND = 2 * PATH_SIZE };

static struct scale scale_of(const struct run *run)
{
    struct scale scale = run->options.tier == TIER_SMOKE  ? smoke
                         : run->options.tier == TIER_DESK ? desk
                                                          : paper;
    if (run->options.epochs > 0) {
        scale.images = 0;
        scale.epochs = run->options.epochs;
    }
    for (int m = 0; m < METHODS && run->options.seeds > 0; ++m)
        scale.seeds[m] = (size_t)run->options.seeds;
    return scale;
}

void study_open(struct study *study, struct run *run)
{
    char what[64], text[RECIPE_TEXT];
    *study = (struct study){.run = run,
                            .scale = scale_of(run),
                            .arithmetic = arithmetic_choose(run->options.arithmetic),
                            .arms = {{.name = "m75-h3"}, {.name = "m75-h6"}}};
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        input_needed(&arm->model, run, arm->name);
        arm->recipe = finetune_recipe(run->options.tier_name, arm->name);
        if (study->scale.epochs > 0) recipe_shorten(&arm->recipe, study->scale.epochs);
        snprintf(what, sizeof what, "finetuning of %s", arm->name);
        recipe_text(text, &arm->recipe);
        run_note(run, what, text, 1);
    }
    input_images(run, SPLIT_TEST);
    input_images(run, SPLIT_TRAIN);
    run_note(run, "training arithmetic", arithmetic_name(study->arithmetic), 1);
    input_kernels(run);
}

static struct answers *open_answers(struct study *study, struct arm *arm,
                                    enum method method)
{
    answers_open(&arm->by[method], study->scale.seeds[method], study->test.count,
                 &study->arena);
    return &arm->by[method];
}

// ====== Linear probe ======

/// The paper's linear probe: the finetuning's recipe, on a head alone behind the frozen class token.
static void probe_arm(struct study *study, struct arm *arm)
{
    struct answers *answers = open_answers(study, arm, METHOD_PROBE);
    const size_t D = (size_t)arm->model.mae.shape.width, n = study->test.count;
    struct encoder_features seen, unseen;
    struct encoder_source source = {&arm->model.mae, arm->model.slab, &study->train,
                                    study->run->options.threads};
    input_features(&seen, study->run, arm->name, SPLIT_TRAIN, 0, &source);
    source.images = &study->test;
    input_features(&unseen, study->run, arm->name, SPLIT_TEST, 0, &source);
    const struct probe_set train = {seen.summary, study->train.labels},
                           test = {unseen.summary, study->test.labels};
    const struct adapter adapter = adapter_none(SUMMARY_CLASS, D);
    for (size_t s = 0; s < answers->seeds; ++s) {
        const struct probe_settings settings = {
            .recipe = probe_recipe_shorten(&PROBE_RECIPE, study->scale.probe_epochs),
            .classes = IMAGE_CLASSES,
            .seed = study->run->options.seed + s};
        answers->highest[s] = probe_fit(answers->predicted + s * n, &settings, &adapter,
                                        &train, &test, NULL, NULL)
                                  .best;
    }
    encoder_features_close(&seen);
    encoder_features_close(&unseen);
    answers_measure(answers, study->test.labels, study->run->options.seed);
}

// ====== Whole finetuning ======

/// What `make` is asked for to go on after an interruption.
static void resume_command(char command[COMMAND], const struct study *study)
{
    const struct run *run = study->run;
    char arithmetic[32] = "", epochs[64] = "", seed[48] = "", seeds[32] = "",
         results[PATH_SIZE + 16] = "";
    const size_t root = strlen(run->root) - strlen(run->options.tier_name) -
                        strlen(run->options.data) - 2;
    if (strcmp(run->options.arithmetic, "auto") != 0)
        snprintf(arithmetic, sizeof arithmetic, " ARITHMETIC=%s",
                 run->options.arithmetic);
    if (run->options.epochs > 0)
        snprintf(epochs, sizeof epochs, " EPOCHS=%.15g", run->options.epochs);
    if (run->options.seed != 1)
        snprintf(seed, sizeof seed, " SEED=%" PRIu64, run->options.seed);
    if (run->options.seeds > 0)
        snprintf(seeds, sizeof seeds, " SEEDS=%d", run->options.seeds);
    if (root != strlen("results") || strncmp(run->root, "results", root) != 0)
        snprintf(results, sizeof results, " RESULTS='%.*s'", (int)root, run->root);
    snprintf(command, COMMAND, "make table2 TIER=%s DATA=%s%s%s%s%s%s",
             run->options.tier_name, run->options.data, arithmetic, epochs, seed, seeds,
             results);
}

/// Finetunes one arm, or trains its network from scratch, once for each seed. A finetuning is kept in a
/// folder of its own, for another number of images or epochs in another one.
static void finetune_arm(struct study *study, struct arm *arm, enum method method)
{
    struct run *run = study->run;
    struct answers *answers = open_answers(study, arm, method);
    char folder[PATH_SIZE], command[COMMAND], what[96];
    resume_command(command, study);
    for (size_t s = 0; s < answers->seeds; ++s) {
        const uint64_t seed = run->options.seed + s;
        path_format(folder, "%s/runs/%s-%s-%zux%g-%s-seed%" PRIu64, run->root,
                    method_key[method], arm->name, study->few.count, arm->recipe.epochs,
                    arithmetic_name(study->arithmetic), seed);
        const struct finetune settings = {
            .recipe = arm->recipe,
            .pretrained = method == METHOD_FINETUNED ? &arm->model : NULL,
            .seed = seed,
            .arithmetic = study->arithmetic,
            .threads = run->options.threads,
            .force = run->options.force,
            .images = &study->few,
            .test = &study->test,
            .folder = folder,
            .code = run->options.tier == TIER_SMOKE ? code_key : NULL,
            .resume_command = command,
            .checkpoint_seconds =
                run->options.tier == TIER_SMOKE ? 0 : CHECKPOINT_SECONDS,
        };
        struct finetune_outcome outcome = {.predicted = answers->predicted +
                                                        s * study->test.count};
        const int trained = finetune_run(&outcome, &settings);
        printf("%s: %s, %" PRIu64 " updates\n", folder,
               trained ? "trained" : "up to date", outcome.updates);
        answers->highest[s] = outcome.best;
        snprintf(what, sizeof what, "%s %s seed %" PRIu64, method_key[method],
                 arm->name, seed);
        run_note(run, what, outcome.digest, 0);
    }
    answers_measure(answers, study->test.labels, study->run->options.seed);
}

void study_run(struct study *study)
{
    const struct run *run = study->run;
    const struct scale *scale = &study->scale;
    images_load(&study->train, run->options.data, SPLIT_TRAIN);
    images_load(&study->test, run->options.data, SPLIT_TEST);
    study->few = study->train;
    if (scale->images > 0 && scale->images < study->train.count)
        study->few.count = scale->images;
    arena_open_growing(&study->arena, "answers");
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        probe_arm(study, arm);
        finetune_arm(study, arm, METHOD_FINETUNED);
        finetune_arm(study, arm, METHOD_SCRATCH);
    }
}

void study_close(struct study *study)
{
    images_free(&study->train);
    images_free(&study->test);
    arena_close(&study->arena);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm)
        weights_close(&arm->model);
}
