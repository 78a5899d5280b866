// target: pretrain
// needs:
// budget: smoke 20 s, desk 3 h
/// # Pretraining
///
/// **Claim.** No claim is judged here: the paper states the masked autoencoder and its loss (Def.
/// 3.1, Eqs. 1-2, Sec. 6) and measures models trained by it. This chapter makes those models, one
/// `RUN` at a time.
///
/// **Method.** Of an image's $T$ patches a uniformly random share stays visible. The encoder $f$
/// sees these, the decoder $g$ completes the rest, and the loss is the mean squared error of the
/// $N_0$ hidden patches $X_0$, of $F$ numbers each, on pixels in $[-1,1]$: $$\min_{f,g}\ E\,
/// \tfrac{1}{N_0 F} \|g(f(X))_{hidden} - X_0\|_F^2,$$ with $X$ the visible patches. (The paper's
/// Eq. 1 minimises over $X$, too: see Errata.) The recipes of all pretrainings are one table,
/// core/train/recipe.c, which gives the source of each number.
///
/// A batch is a fixed number of micro-batches, each computed by one thread; a fixed tree adds their
/// gradients. The weights are therefore the same bits on any number of threads, and after any
/// interruption. Where `RANKS` processes on several machines share a training (MPI), they share
/// that tree: MPI moves numbers and adds none, so the weights are again the same bits.
///
/// @show core/train/trainer.c trainer_step
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/linalg/coretype.h"
#include "core/report/command.h"
#include "core/stats/summary.h"
#include "core/study/experiment.h"
#include "core/study/results.h"
#include "core/train/pretrain.h"
#include "core/train/pretrained.h"
#include "core/train/shared_images.h"
#include "core/train/train_log.h"
#include "experiments/00-pretrain/start.h"

enum {
    TEST_IMAGES = 1000, ///< the first of the canonical order, for a look at the loss
    CHECKPOINT_SECONDS = 300, ///< what a killed desk or paper run loses at most
};

/// The processes that train together, one in an ordinary program; joined before anything is read.
static struct rank_group ranks;

/// A training and where its files are.
struct training {
    struct pretrain settings;
    struct images images;
    char folder[PATH_SIZE], weights[PATH_SIZE], log[PATH_SIZE], command[COMMAND_TEXT];
};

/// ## Run
///
/// Weights of the smoke tier count only with the sources that made them; those of the other tiers
/// are artefacts with their own provenance and outlive a change of code.
static void training_open(struct training *training, const struct run *run)
{
    const struct run_options *options = &run->options;
    const int smoke = options->tier == TIER_SMOKE;
    training->images.name = options->data;
    images_digest(training->images.digest, options->data, SPLIT_TRAIN);
    training->settings = (struct pretrain){
        .recipe = recipe_find(options->tier_name, options->run_name),
        .seed = options->seed,
        .threads = options->threads,
        .ranks = ranks,
        .arithmetic = arithmetic_choose(options->arithmetic),
        .force = options->force,
        .images = &training->images,
        .folder = training->folder,
        .weights = training->weights,
        .code = smoke ? code_key : NULL,
        .resume_command = training->command,
        .checkpoint_seconds = smoke ? 0 : CHECKPOINT_SECONDS,
    };
    if (options->epochs > 0)
        recipe_set_epochs(&training->settings.recipe, options->epochs);
    path_format(training->folder, "%s/runs/%s", run->root, options->run_name);
    path_format(training->log, "%s/log.tsv", training->folder);
    path_format(training->weights, "%s/weights/%s.safetensors", run->root,
                options->run_name);
    run_command(training->command, run, "pretrain");
    if (ranks.count > 1) {
        const size_t used = strlen(training->command);
        const char *hosts = getenv("MASKBOOK_HOSTS"); // set by tools/launch
        snprintf(training->command + used, sizeof training->command - used, " RANKS=%d",
                 ranks.count);
        if (hosts && *hosts) command_word(training->command, "HOSTS", hosts);
    }
}

/// What is said before a training begins. The paper's own scale takes weeks on a few cores.
static void announce(const struct pretrain *settings, enum tier tier)
{
    const double images = settings->recipe.epochs * (double)settings->images->count;
    if (tier == TIER_PAPER)
        fprintf(stderr, "pretrain %s: about %.1f days here (%.3g images)\n",
                settings->recipe.run,
                images / pretrain_rate(settings) / settings->ranks.count / 86400,
                images);
    if (!arithmetic_is_native(settings->arithmetic))
        fprintf(stderr,
                "pretrain %s: this CPU has no instruction for %s, which is not faster "
                "than fp32 here, with the same bits\n",
                settings->recipe.run, arithmetic_name(settings->arithmetic));
}

/// Trains unless the weights are there. Returns 1 after training.
static int train(struct training *training, enum tier tier)
{
    struct pretrain *settings = &training->settings;
    int ready = rank_group_lead(&ranks) && pretrain_ready(settings);
    rank_group_broadcast(&ranks, &ready, sizeof ready);
    if (ready) return 0;
    images_share(&training->images, training->images.name, SPLIT_TRAIN, &ranks);
    if (rank_group_lead(&ranks)) announce(settings, tier);
    const int trained = pretrain_run(settings);
    images_free(&training->images);
    return trained;
}

/// The weights are what the result depends on: they are made, or found, before anything is noted.
static void prepare(struct study *study)
{
    struct training *training = study->own =
        arena_take(&study->arena, 1, sizeof *training);
    const struct pretrain *settings = &training->settings;
    char recipe[RECIPE_TEXT];
    *training = (struct training){0};
    training_open(training, &study->run);
    const int trained = train(training, study->run.options.tier);
    rank_group_close(&ranks);
    // What the training made is looked at by one process.
    if (!rank_group_lead(&ranks)) exit(EXIT_SUCCESS);
    study->recipe[0] = settings->recipe;
    struct weights *model = &study->model[study->model_count++];
    pretrained_open(model, training->weights, &settings->recipe,
                    study->run.options.data);
    printf("%s: %s, %s updates\n", training->weights,
           trained ? "trained" : "up to date",
           safetensors_metadata(&model->file, "updates"));
    recipe_text(recipe, &settings->recipe);
    run_note(&study->run, "recipe", recipe, 1);
    input_images(&study->run, SPLIT_TRAIN);
    run_note(&study->run, "training arithmetic", arithmetic_name(settings->arithmetic),
             1);
    run_note(&study->run, "training kernel", arithmetic_kernel(settings->arithmetic),
             0);
    run_note(&study->run, "weights", model->file.digest, 1);
}

/// ## Emit

/// Hours of computing by the measured rates, each since the line before; the part of an epoch that
/// was lost when the training was killed is not counted.
static double log_hours(const struct train_log *log, size_t batch)
{
    double seconds = 0;
    uint64_t before = 0;
    for (size_t i = 0; i < log->count; ++i) {
        const struct log_line *line = &log->line[i];
        seconds += (double)((line->updates - before) * batch) / line->images_per_second;
        before = line->updates;
    }
    return seconds / 3600;
}

/// The training's last log line, and how long it took, when the log is of these weights.
static void emit_log(struct run *run, const char *path, const struct weights *model,
                     const struct recipe *recipe, const char *unit)
{
    char digest[HASH_HEX];
    struct train_log log;
    slab_digest(digest, model->slab, model->mae.parameters.count);
    train_log_find(&log, path);
    const struct log_line *last = log.count > 0 ? &log.line[log.count - 1] : NULL;
    if (last && strcmp(last->weights_sha256, digest) == 0) {
        put_number(run, NULL, last->loss, 0, unit, "final_loss");
        put_number(run, NULL, last->images_per_second, 0, "1/s", "images_per_second");
        put_number(run, NULL, log_hours(&log, recipe->batch), 0, "h", "hours");
        run_output(run, path);
    }
    train_log_close(&log);
}

/// The loss of hidden patches on images the training never saw, under fresh masks.
static void run(struct study *study)
{
    const struct training *training = study->own;
    const struct weights *model = &study->model[0];
    const struct recipe *recipe = &training->settings.recipe;
    struct target_maker targets;
    target_maker_load(&targets, recipe->target.scale, study->run.options.data,
                      recipe->shape.patch, &study->arena);
    const char *unit =
        targets.scale == TARGET_RAW ? "[-1,1]^2" : target_scale_name(targets.scale);
    struct evaluation evaluation = study_evaluation(study, 0, TEST_IMAGES);
    evaluation.targets = &targets;
    double loss[TEST_IMAGES], error;
    evaluate_losses(loss, &evaluation);
    const struct estimate mean = mean_normal(&error, loss, TEST_IMAGES);
    emit_log(&study->run, training->log, model, recipe, unit);
    static const char *const lengths[] = {"epochs", "updates"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i)
        put_number(&study->run, NULL, pretrained_number(model, lengths[i]), 0,
                   lengths[i], "%s", lengths[i]);
    put_estimate(&study->run, NULL, mean, unit, "test_loss");
    put_number(&study->run, NULL, error, TEST_IMAGES, unit, "test_loss_standard_error");
    run_output(&study->run, training->weights);
}

int main(int argc, char **argv)
{
    static const struct experiment pretraining = {.name = "00-pretrain",
                                                  .splits = 1u << SPLIT_TEST,
                                                  .prepare = prepare,
                                                  .run = run};
    coretype_open(argv);
    if (start_asked(argc, argv)) return EXIT_SUCCESS;
    rank_group_open(&ranks);
    return experiment_main(&pretraining, argc, argv);
}
