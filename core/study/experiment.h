/// The one way in which every experiment runs. An experiment is a struct and a main of one line:
///
///     int main(int argc, char **argv)
///     {
///         static const struct experiment low_rank = {.name = "06-low-rank",
///                                                    .models = {"m75-h3"},
///                                                    .splits = 1u << SPLIT_TEST,
///                                                    .checks = checks,
///                                                    .check_count = 4,
///                                                    .run = run};
///         return experiment_main(&low_rank, argc, argv);
///     }
///
/// Then, in this order: the core type and the options; `prepare`; everything that the result
/// depends on is noted; a result that is still fresh is printed, and that is all; else the checks
/// are judged, images loaded, `run` and `train` measure, judge and emit, and the run is closed.
#ifndef MASKBOOK_STUDY_EXPERIMENT_H
#define MASKBOOK_STUDY_EXPERIMENT_H

#include "core/base/arena.h"
#include "core/base/estimate.h"
#include "core/data/images.h"
#include "core/model/weights.h"
#include "core/report/record.h"
#include "core/report/run.h"
#include "core/study/check.h"
#include "core/study/folder_study.h"
#include "core/study/inputs.h"
#include "core/train/evaluate.h"
#include "core/train/recipe.h"

enum { STUDY_MODELS = 8 };

/// What an experiment's own functions are given. Everything in it is freed by experiment_main.
struct study {
    struct run run;

    /// The pretrainings in the order of `models`, and the recipe that each follows.
    size_t model_count;
    struct weights model[STUDY_MODELS];
    struct recipe recipe[STUDY_MODELS];

    /// The number of the extra model, the last; 0: it is not there.
    size_t extra;

    /// By enum split; those that `splits` names.
    struct images images[2];

    /// With data "imagefolder" all of the above are empty, and this is what is given instead; NULL
    /// with other data.
    struct folder_study *folder;

    /// Grows; what is taken from it lasts until the experiment ends.
    struct arena arena;

    /// How much training the numbers rest on, for notes and captions: models_scale of all models
    /// but the extra one.
    /// An experiment that trains more may append to it.
    char scale[STUDY_SCALE];

    /// The experiment's own, set by `prepare`; NULL otherwise.
    void *own;
};

/// The first `images` test images (or all) as model number `model` reconstructs them at its own
/// mask ratio, under the masks of the run's seed: for evaluate_losses and its like.
struct evaluation study_evaluation(const struct study *study, size_t model,
                                   size_t images);

struct experiment {
    const char *name; ///< "06-low-rank", as its folder

    /// Pretrainings: {"m75-h3"}.
    const char *models[STUDY_MODELS];

    /// A pretraining that is measured, too, where there are weights of it, trained to their
    /// end; where there are none nothing is missing. NULL: none.
    const char *extra;

    /// Images: 1u << SPLIT_TEST | 1u << SPLIT_TRAIN; 0: none.
    unsigned splits;

    /// Claims that need neither models nor images: judged even when those are missing.
    const struct check *checks;
    size_t check_count;

    /// Notes what else the result depends on (run_note), after the options are read and before
    /// anything is loaded: neither model nor images are there. NULL: nothing.
    void (*prepare)(struct study *study);

    /// Whether what else it needs is there, asked when all models are; it has noted what is missing
    /// (run_lacks). NULL: nothing else.
    int (*complete)(struct study *study);

    /// Measures, judges (study_judge) and emits. Before it, how long each of `models` was trained
    /// goes to result.tsv (m75-h3.epochs, m75-h3.updates), and how many images are there
    /// (test.images). NULL: all claims are checks.
    void (*run)(struct study *study);

    /// Trains small models itself, measures them and judges: after `run`, and also where `models`
    /// are missing and what `run` judges is NOT-RUN. The images are there, too. NULL: none.
    void (*train)(struct study *study);

    /// What `run` does, on a folder of photographs (study->folder). NULL: it cannot be read, and
    /// its claims but the checks are NOT-RUN where the run goes on regardless.
    void (*run_folder)(struct study *study);
};

/// Runs an experiment and returns the exit code of its program: 0 for any verdicts; EXIT_INPUT when
/// a model is missing, with one line that says how to make it; an earlier result then stays as it
/// is. With a non-empty MASKBOOK_KEEP_GOING in the environment (make reproduce-all sets it) the
/// claims that neither a check nor `train` judges are recorded as NOT-RUN with that reason instead,
/// and it returns 0.
/// Dies as run_open, pretrained_open and images_load do.
int experiment_main(const struct experiment *experiment, int argc, char **argv);

#endif
