#include "core/study/experiment.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/report/figure.h"
#include "core/report/need.h"
#include "core/report/run_state.h"
#include "core/study/inputs.h"
#include "core/study/results.h"
#include "core/train/pretrained.h"

// The first is defined by the build, for experiments; the others are linked into the programs that
// draw, and into no other.
#pragma weak code_claims
#pragma weak figure_ready
#pragma weak figures_refresh

// Opens the models. Returns 0 when one is missing, else 1.
static int models_open(struct study *study, const struct experiment *experiment)
{
    for (size_t m = 0; m < STUDY_MODELS && experiment->models[m]; ++m) {
        if (!input_model(&study->model[m], &study->recipe[m], &study->run,
                         experiment->models[m]))
            return 0;
        ++study->model_count;
    }
    if (experiment->extra) {
        const size_t last = study->model_count;
        require(last > 0 && last < STUDY_MODELS, "%zu models and an extra one", last);
        if (input_model_extra(&study->model[last], &study->recipe[last], &study->run,
                              experiment->extra)) {
            study->extra = last;
            ++study->model_count;
        }
    }
    const size_t own = study->model_count - (study->extra > 0);
    if (own > 0) models_scale(study->scale, study->model, own);
    return 1;
}

// Notes what else decides the numbers of what is computed.
static void inputs_note(struct study *study, unsigned splits)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        if (splits & 1u << split) input_images(&study->run, (enum split)split);
    input_kernels(&study->run);
}

static void splits_load(struct study *study, unsigned splits)
{
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        if (splits & 1u << split)
            images_load(&study->images[split], study->run.options.data,
                        (enum split)split);
}

struct evaluation study_evaluation(const struct study *study, size_t model,
                                   size_t images)
{
    const struct images *test = &study->images[SPLIT_TEST];
    return (struct evaluation){.mae = &study->model[model].mae,
                               .weights = study->model[model].slab,
                               .name = study->model[model].file.path,
                               .images = test,
                               .count = images < test->count ? images : test->count,
                               .mask_ratio = study->recipe[model].mask_ratio,
                               .seed = study->run.options.seed,
                               .threads = study->run.options.threads};
}

// What captions and tables say of the scale, as numbers: the length of each training, and how many
// images were there to be used.
static void put_scale(struct study *study)
{
    static const char *const lengths[] = {"epochs", "updates"}, *const splits[] = {
                                                                    "train", "test"};
    for (size_t m = 0; m < study->model_count; ++m)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i)
            put_number(&study->run, NULL,
                       pretrained_number(&study->model[m], lengths[i]), 0, lengths[i],
                       "%s.%s", study->recipe[m].run, lengths[i]);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        if (study->images[split].count > 0)
            put_number(&study->run, NULL, (double)study->images[split].count, 0,
                       "images", "%s.images", splits[split]);
}

// A claim whose row is missing would be missed only when it is judged, after all has been computed.
static void claims_look(const struct run *run)
{
    const struct claims *claims = run_state_claims(run->state);
    for (size_t i = 0; code_claims && code_claims[i]; ++i) {
        const long row = tsv_row(&claims->table, "id", code_claims[i]);
        if (row < 0 ||
            strcmp(claims_row(claims, (size_t)row).experiment, run->name) != 0)
            die(EXIT_INPUT,
                "%s: has no row %s of %s, which this program judges (restore the row, "
                "or take the claim out of the program)",
                claims->table.path, code_claims[i], run->name);
    }
}

static int study_run(struct study *study, const struct experiment *experiment)
{
    struct run *run = &study->run;
    claims_look(run);
    if (experiment->prepare) experiment->prepare(study);
    const int models = models_open(study, experiment);
    if (models || experiment->train) inputs_note(study, experiment->splits);
    const int complete =
        models && (!experiment->complete || experiment->complete(study));
    const int measures = complete || experiment->train;
    if (run_fresh(run)) {
        if (figures_refresh) figures_refresh(run);
        return run_print(run);
    }
    if (measures && figure_ready) figure_ready();

    checks_run(run, experiment->checks, experiment->check_count);
    if (measures) {
        splits_load(study, experiment->splits);
        // 00-pretrain prepares its model itself and says so itself.
        if (experiment->models[0]) put_scale(study);
        if (complete && experiment->run) experiment->run(study);
        if (experiment->train) experiment->train(study);
    }
    return complete ? run_close(run) : run_close_without(run);
}

// What an experiment that reads no folder of photographs has to say of one: its mathematics.
static int folder_pass(struct run *run, const struct experiment *experiment)
{
    if (!run_goes_on()) run_options_refuse_folders(&run->options);
    if (run_fresh(run)) return run_print(run);
    checks_run(run, experiment->checks, experiment->check_count);
    run_verdict_rest(run, "reads no folder of photographs");
    return run_close(run);
}

// The same on a folder of photographs and a published encoder.
static int folder_run(struct study *study, const struct experiment *experiment)
{
    struct run *run = &study->run;
    if (!experiment->run_folder) return folder_pass(run, experiment);
    study->folder = arena_take(&study->arena, 1, sizeof *study->folder);
    folder_study_open(study->folder, run);
    const int fresh = run_fresh(run);
    if (fresh && figures_refresh) figures_refresh(run);
    if (!fresh) {
        if (figure_ready) figure_ready();
        checks_run(run, experiment->checks, experiment->check_count);
        experiment->run_folder(study);
    }
    folder_study_close(study->folder);
    return fresh ? run_print(run) : run_close(run);
}

int experiment_main(const struct experiment *experiment, int argc, char **argv)
{
    program_named(experiment->name);
    coretype_open(argv);
    struct study study = {0};
    run_open(&study.run, experiment->name, code_key, argc, argv);
    arena_open_growing(&study.arena, experiment->name);
    const int folders = strcmp(study.run.options.data, "imagefolder") == 0,
              status = folders ? folder_run(&study, experiment)
                               : study_run(&study, experiment);
    arena_close(&study.arena);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        images_free(&study.images[split]);
    for (size_t m = 0; m < study.model_count; ++m) weights_close(&study.model[m]);
    return status;
}
