#include "core/study/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/report/store.h"
#include "core/study/inputs.h"

// Opens all models and notes all that the result depends on. Returns the first model that is missing, or NULL.
static const char *inputs_open(struct study *study, const struct experiment *experiment)
{
    for (size_t m = 0; m < STUDY_MODELS && experiment->models[m]; ++m) {
        if (!input_model(&study->model[m], &study->recipe[m], &study->run,
                         experiment->models[m]))
            return experiment->models[m];
        ++study->model_count;
    }
    if (study->model_count > 0)
        models_scale(study->scale, study->model, study->model_count);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        if (experiment->splits & 1u << split)
            input_images(&study->run, (enum split)split);
    input_kernels(&study->run);
    return NULL;
}

static void images_open_noted(struct study *study, unsigned splits)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        if (splits & 1u << split)
            images_load(&study->images[split], study->run.data, (enum split)split);
}

// Without this model: dies, unless it is one experiment of many; then notes why nothing is run.
static void lack_weights(char reason[PATH_SIZE], struct run *run, const char *name)
{
    const char *keep_going = getenv("MASKBOOK_KEEP_GOING");
    if (!keep_going || !*keep_going)
        die(EXIT_INPUT,
            "%s: no weights of %s (make pretrain RUN=%s TIER=%s DATA=%s; hours, or "
            "EPOCHS=1 for a pilot of minutes)",
            run->name, name, name, run->tier_name, run->data);
    snprintf(reason, PATH_SIZE, "no weights: make pretrain RUN=%s TIER=%s DATA=%s",
             name, run->tier_name, run->data);
    run_note(run, "not run", reason, 1);
}

// Every claim of the experiment that has no verdict yet is NOT-RUN.
static void judge_nothing(struct run *run, const char *reason)
{
    const struct claims *claims = store_claims(run->store);
    for (size_t i = 0; i < claims->count; ++i) {
        const struct claim claim = claims_row(claims, i);
        if (strcmp(claim.experiment, run->name) == 0 && !run_judged(run, claim.id))
            run_verdict(run, claim.id, VERDICT_NOT_RUN, NULL, "", reason);
    }
}

static int study_run(struct study *study, const struct experiment *experiment)
{
    struct run *run = &study->run;
    char reason[PATH_SIZE];
    if (experiment->prepare) experiment->prepare(study);
    const char *missing = inputs_open(study, experiment);
    if (missing) lack_weights(reason, run, missing);
    if (run_fresh(run)) return run_print(run);

    checks_run(run, experiment->checks, experiment->check_count);
    if (missing) {
        judge_nothing(run, reason);
    } else if (experiment->run) {
        images_open_noted(study, experiment->splits);
        experiment->run(study);
    }
    return run_close(run);
}

int experiment_main(const struct experiment *experiment, int argc, char **argv)
{
    coretype_open(argv);
    struct study study = {0};
    run_open(&study.run, experiment->name, code_key, argc, argv);
    arena_open_growing(&study.arena, experiment->name);
    const int status = study_run(&study, experiment);
    arena_close(&study.arena);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        images_free(&study.images[split]);
    for (size_t m = 0; m < study.model_count; ++m) weights_close(&study.model[m]);
    return status;
}
