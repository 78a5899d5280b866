#include "core/study/classifiers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/probe.h"
#include "core/report/command.h"
#include "core/study/inputs.h"
#include "core/study/shipped_finetuning.h"
#include "core/train/finetune.h"
#include "core/train/finetune_names.h"
#include "core/train/task_queue.h"

enum { CHECKPOINT_SECONDS = 300 };

void study_encode(struct encoder_features features[2], const struct study *study,
                  size_t model, const char *name, const real *weights, int with_block)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const struct encoder_source source = {&study->model[model].mae, weights,
                                              &study->images[split],
                                              study->run.options.threads};
        input_features(&features[split], &study->run, name, (enum split)split,
                       with_block, &source);
    }
}

// A probe that is trained by several seeds at a time, each on one thread.
struct probe_seeds {
    struct probe_settings settings; // of the first seed
    const struct adapter *adapter;
    const struct probe_set *set; // by enum split
    struct answers *answers;
};

static void probe_one_seed(size_t seed, int worker, struct task_queue *queue,
                           void *context)
{
    const struct probe_seeds *probe = context;
    struct probe_settings settings = probe->settings;
    struct task_epoch epoch = {queue, worker, 1};
    settings.seed += seed;
    const struct probe_outcome outcome =
        probe_fit(probe->answers->predicted + seed * probe->answers->images, &settings,
                  probe->adapter, &probe->set[SPLIT_TRAIN], &probe->set[SPLIT_TEST],
                  task_queue_epoch, &epoch);
    probe_check(outcome.loss, settings.recipe.learning_rate);
    probe->answers->highest[seed] = outcome.best;
}

void study_probe(struct answers *answers, struct study *study, size_t model,
                 double epochs)
{
    const struct weights *weights = &study->model[model];
    const struct adapter none =
        adapter_none(SUMMARY_CLASS, (size_t)weights->mae.shape.width);
    struct encoder_features features[2];
    struct probe_set set[2];
    study_encode(features, study, model, study->recipe[model].run, weights->slab, 0);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        set[split] =
            (struct probe_set){features[split].summary, study->images[split].labels};
    struct probe_seeds probe = {
        .settings = {.recipe = probe_recipe_shorten(&PROBE_RECIPE, epochs),
                     .classes = IMAGE_CLASSES,
                     .seed = study->run.options.seed},
        .adapter = &none,
        .set = set,
        .answers = answers};
    const size_t mark = arena_mark(&study->arena);
    size_t *cost = arena_take(&study->arena, answers->seeds, sizeof *cost);
    for (size_t s = 0; s < answers->seeds; ++s) cost[s] = (size_t)ceil(epochs);
    task_queue_run(cost, answers->seeds, study->run.options.threads, "probes",
                   probe_one_seed, &probe);
    arena_reset(&study->arena, mark);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        encoder_features_close(&features[split]);
}

void study_shipped_note(struct study *study, const char *method, const char *name,
                        size_t seeds)
{
    char path[PATH_SIZE], digest[HASH_HEX], what[96];
    for (size_t s = 0; s < seeds; ++s) {
        const uint64_t seed = study->run.options.seed + s;
        if (!finetuning_find(path, digest, &study->run, method, name, seed)) continue;
        snprintf(what, sizeof what, "shipped %s %s seed %" PRIu64, method, name, seed);
        run_note(&study->run, what, digest, 1);
    }
}

// The finetuning of one seed. folder (PATH_SIZE) is filled and borrowed.
static struct finetune settings_of(char folder[PATH_SIZE], const struct study *study,
                                   const struct study_finetuning *finetuning,
                                   uint64_t seed)
{
    const struct run *run = &study->run;
    finetune_folder(folder, run->root, finetuning->method, &finetuning->recipe,
                    finetuning->images.count, arithmetic_name(finetuning->arithmetic),
                    seed);
    return (struct finetune){
        .recipe = finetuning->recipe,
        .pretrained = finetuning->scratch ? NULL : &study->model[finetuning->model],
        .seed = seed,
        .arithmetic = finetuning->arithmetic,
        .threads = run->options.threads,
        .force = run->options.force,
        .images = &finetuning->images,
        .test = &study->images[SPLIT_TEST],
        .folder = folder,
        .code = run->options.tier == TIER_SMOKE ? code_key : NULL,
        .checkpoint_seconds = run->options.tier == TIER_SMOKE ? 0 : CHECKPOINT_SECONDS};
}

int study_finetuned(const struct study *study,
                    const struct study_finetuning *finetuning, size_t seeds)
{
    char folder[PATH_SIZE];
    for (size_t seed = 0; seed < seeds; ++seed) {
        struct finetune settings =
            settings_of(folder, study, finetuning, study->run.options.seed + seed);
        settings.force = 0;
        if (!finetune_ready(&settings) &&
            !finetuning_shipped(NULL, &study->run, finetuning->method, &settings))
            return 0;
    }
    return 1;
}

const char *study_finetune(struct answers *answers, struct study *study,
                           const struct study_finetuning *finetuning)
{
    struct run *run = &study->run;
    const struct recipe *recipe = &finetuning->recipe;
    char folder[PATH_SIZE], command[COMMAND_TEXT], what[96], note[256];
    char *trained = arena_take(&study->arena, STUDY_SCALE, 1);
    run_command(command, run, finetuning->target);
    for (size_t s = 0; s < answers->seeds; ++s) {
        const uint64_t seed = run->options.seed + s;
        struct finetune settings = settings_of(folder, study, finetuning, seed);
        settings.resume_command = command;
        struct finetune_outcome outcome = {.predicted = answers->predicted +
                                                        s * answers->images};
        const int shipped =
            finetuning_shipped(&outcome, run, finetuning->method, &settings);
        if (!shipped) {
            const int made = finetune_run(&outcome, &settings);
            printf("%s: %s, %" PRIu64 " updates\n", folder,
                   made ? "trained" : "up to date", outcome.updates);
        }
        answers->highest[s] = outcome.best;
        const char *by = *outcome.trainer ? ", by " : "";
        if (s == 0)
            snprintf(trained, STUDY_SCALE, "%s%s%s", outcome.arithmetic, by,
                     outcome.trainer);
        snprintf(what, sizeof what, "%s %s seed %" PRIu64, finetuning->method,
                 recipe->run, seed);
        snprintf(note, sizeof note, "%s, %s%s%s, %s", shipped ? "shipped" : "made here",
                 outcome.arithmetic, by, outcome.trainer, outcome.digest);
        run_note(run, what, note, 0);
    }
    return trained;
}
