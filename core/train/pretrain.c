#include "core/train/pretrain.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/progress.h"
#include "core/train/checkpoint.h"
#include "core/train/history.h"
#include "core/train/trainer.h"
#include "core/train/turn.h"

enum { CHECKPOINT_UPDATES = 100 }; // between checkpoints when no seconds are asked for

// A training and its files.
struct training {
    const struct pretrain *settings;
    struct trainer trainer;
    struct identity identity;
    char checkpoint[PATH_SIZE];
    struct history history;
    struct progress progress;
    double line_started, checkpoint_written; // seconds
    uint64_t line_updates; // updates this process has done since line_started
};

// ====== Weights that are there already ======

// Dies unless the file, which is not this training's product, is an earlier stage of the same one: the
// recipe may differ as far as this training sees more images.
static void replacement_check(const struct pretrain *settings,
                              const struct identity *identity,
                              const struct safetensors *file)
{
    const struct recipe *recipe = &settings->recipe;
    const struct metadata same[] = {
        {"tier", recipe->tier},
        {"run", recipe->run},
        {"seed", identity->seed},
        {"data_digest", identity->data_digest},
        {"arithmetic", identity->arithmetic},
        {"core_type", identity->core_type},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
        const char *found = safetensors_metadata(file, same[i].key);
        if (!found || strcmp(found, same[i].value))
            die(EXIT_INPUT,
                "%s: would be replaced, but its %s is %s, not %s (move it away, or "
                "FORCE=1)",
                file->path, same[i].key, found ? found : "missing", same[i].value);
    }
    const char *text = safetensors_metadata(file, "images_seen");
    uint64_t seen;
    if (!text || !unsigned_scan(&seen, text))
        die(EXIT_INPUT,
            "%s: would be replaced, but its images_seen is %s (move it away, or "
            "FORCE=1)",
            file->path, text ? text : "missing");
    // Before the images are loaded nobody knows how many there are; pretrain_run asks again.
    if (!settings->images->count) return;
    uint64_t sees = recipe->batch * batches_updates(settings->images->count,
                                                    recipe->batch, recipe->epochs);
    if (seen >= sees)
        die(EXIT_INPUT,
            "%s: would be replaced, but its recipe is another and was trained on "
            "%" PRIu64 " images, this training would see %" PRIu64
            " (move it away, or FORCE=1)",
            file->path, seen, sees);
}

int pretrain_ready(const struct pretrain *settings)
{
    if (settings->force || !file_exists(settings->weights)) return 0;
    struct identity identity;
    identity_fill(&identity, &settings->recipe, settings->seed,
                  settings->images->digest, settings->arithmetic, settings->code);
    struct safetensors file;
    safetensors_read(&file, settings->weights, NULL);
    int ready = !identity_difference(&identity, &file);
    if (!ready && !settings->code) replacement_check(settings, &identity, &file);
    safetensors_free(&file);
    return ready;
}

static void weights_write(const struct training *training)
{
    const struct pretrain *settings = training->settings;
    const struct trainer *trainer = &training->trainer;
    const struct recipe *recipe = &settings->recipe;
    char updates[24], seen[24], epochs[40], heads[12], decoder_heads[12], patch[12],
        ratio[40];
    snprintf(updates, sizeof updates, "%" PRIu64, trainer->updates);
    snprintf(seen, sizeof seen, "%" PRIu64, trainer->updates * recipe->batch);
    snprintf(epochs, sizeof epochs, "%.15g", recipe->epochs);
    snprintf(heads, sizeof heads, "%d", recipe->shape.encoder_heads);
    snprintf(decoder_heads, sizeof decoder_heads, "%d", recipe->shape.decoder_heads);
    snprintf(patch, sizeof patch, "%d", recipe->shape.patch);
    snprintf(ratio, sizeof ratio, "%.15g", recipe->mask_ratio);
    struct metadata metadata[11 + IDENTITY_KEYS] = {
        {"format", "pt"},
        {"run", recipe->run},
        {"tier", recipe->tier},
        {"data", settings->images->name},
        {"updates", updates},
        {"images_seen", seen},
        {"epochs", epochs},
        {"heads", heads},
        {"decoder_heads", decoder_heads},
        {"patch", patch},
        {"mask_ratio", ratio},
    };
    size_t keys = 11 + identity_metadata(metadata + 11, &training->identity);
    struct slab slab = {"", trainer->state.weights};
    safetensors_write(settings->weights, &trainer->mae.parameters, &slab, 1, metadata,
                      keys, TENSOR_F32);
}

// ====== Interruptions ======

static volatile sig_atomic_t interrupted; // the signal's number, 0 while none came

static void interrupt(int signal)
{
    interrupted = signal;
}

// The first signal asks for a checkpoint, the second kills: the handler stands down once called.
static void interrupts_catch(struct sigaction before[2])
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sigaction(SIGINT, &action, &before[0]);
    sigaction(SIGTERM, &action, &before[1]);
}

static void interrupts_release(const struct sigaction before[2])
{
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
}

// ====== Records ======

// Epochs that are complete after `updates` updates. In integers: a product of fractions may fall short.
static uint64_t epochs_complete(const struct training *training, uint64_t updates)
{
    return updates * training->settings->recipe.batch /
           training->settings->images->count;
}

static void state_check(const struct training *training)
{
    const struct state *state = &training->trainer.state;
    size_t count = training->trainer.mae.parameters.count;
    if (!slab_finite(state->weights, count) ||
        !slab_finite(state->first_moment, count) ||
        !slab_finite(state->second_moment, count))
        die(EXIT_SYSTEM,
            "%s: the weights after update %" PRIu64
            " are not finite (the last checkpoint "
            "is kept; lower the recipe's learning rate)",
            training->settings->recipe.run, state->updates);
}

static void line_add(struct training *training)
{
    struct state *state = &training->trainer.state;
    uint64_t whole = epochs_complete(training, state->updates);
    int completes = whole > epochs_complete(training, state->updates - 1);
    double now = clock_seconds();
    struct moment moment = {
        .epoch = completes ? (double)whole : training->settings->recipe.epochs,
        .updates = state->updates,
        .loss = state->loss_sum / (double)state->loss_count,
        .learning_rate = training->trainer.adamw.learning_rate,
        .images_per_second =
            (double)(training->line_updates * training->settings->recipe.batch) /
            (now - training->line_started),
    };
    slab_digest(moment.weights_sha256, state->weights,
                training->trainer.mae.parameters.count);
    history_add(&training->history, &moment);
    state->loss_sum = 0;
    state->loss_count = 0;
    training->line_started = now;
    training->line_updates = 0;
}

static void checkpoint_make(struct training *training)
{
    state_check(training);
    checkpoint_write(training->checkpoint, &training->identity,
                     &training->trainer.mae.parameters, &training->trainer.state);
    training->checkpoint_written = clock_seconds();
}

static int checkpoint_due(const struct training *training, int line)
{
    double seconds = training->settings->checkpoint_seconds;
    if (training->trainer.state.updates == training->trainer.updates) return 0;
    if (seconds > 0) return clock_seconds() - training->checkpoint_written >= seconds;
    return line || training->trainer.state.updates % CHECKPOINT_UPDATES == 0;
}

static _Noreturn void interrupted_end(struct training *training)
{
    checkpoint_make(training);
    progress_close(&training->progress);
    die(EXIT_SYSTEM,
        "%s: interrupted after update %" PRIu64 " of %" PRIu64 " (to go on: %s)",
        training->settings->recipe.run, training->trainer.state.updates,
        training->trainer.updates, training->settings->resume_command);
}

static void train(struct training *training)
{
    const struct pretrain *settings = training->settings;
    struct trainer *trainer = &training->trainer;
    const struct state *state = &trainer->state;
    double batch = (double)settings->recipe.batch;
    char label[64], note[32];
    snprintf(label, sizeof label, "pretrain %s", settings->recipe.run);
    progress_open(&training->progress, label, "images",
                  (double)trainer->updates * batch, (double)state->updates * batch);
    training->line_started = training->checkpoint_written = clock_seconds();
    while (state->updates < trainer->updates) {
        double loss = trainer_update(trainer);
        training->line_updates++;
        snprintf(note, sizeof note, "loss %.4f", loss);
        progress_show(&training->progress, (double)state->updates * batch, note);
        int line = state->updates == trainer->updates ||
                   epochs_complete(training, state->updates) >
                       epochs_complete(training, state->updates - 1);
        if (line) line_add(training);
        if (checkpoint_due(training, line)) checkpoint_make(training);
        if (settings->after_update) settings->after_update(state->updates);
        if (interrupted && state->updates < trainer->updates) interrupted_end(training);
    }
    progress_close(&training->progress);
}

// ====== From beginning to end ======

// True when there is a checkpoint to go on from. One that cannot be read or does not fit is discarded
// under force and where weights are too cheap to ask about; otherwise it ends the training.
static int checkpoint_usable(struct training *training)
{
    const struct pretrain *settings = training->settings;
    struct trainer *trainer = &training->trainer;
    const char *path = training->checkpoint;
    char reason[CHECKPOINT_REASON];
    if (!file_exists(path)) return 0;
    if (checkpoint_fits(reason, &trainer->state, path, &training->identity,
                        &trainer->mae.parameters))
        return 1;
    if (!settings->force && !settings->code)
        die(EXIT_INPUT, "%s%s", reason,
            strstr(reason, "FORCE=1") ? "" : " (remove it, or FORCE=1)");
    if (unlink(path))
        die(EXIT_SYSTEM, "%s: cannot be removed: %s (check who may write there)", path,
            strerror(errno));
    fprintf(stderr, "%s: removed, it is corrupt or of another training\n", path);
    return 0;
}

static void resume(struct training *training)
{
    const struct pretrain *settings = training->settings;
    struct trainer *trainer = &training->trainer;
    char log[PATH_SIZE];
    if (checkpoint_usable(training)) {
        checkpoint_read(&trainer->state, training->checkpoint, &training->identity,
                        &trainer->mae.parameters);
        fprintf(stderr, "%s: going on after update %" PRIu64 " of %" PRIu64 "\n",
                settings->recipe.run, trainer->state.updates, trainer->updates);
    }
    path_format(log, "%s/log.tsv", settings->folder);
    history_open(&training->history, log, trainer->state.updates);
}

static void train_to_file(const struct pretrain *settings)
{
    struct training training = {.settings = settings};
    struct sigaction before[2];
    identity_fill(&training.identity, &settings->recipe, settings->seed,
                  settings->images->digest, settings->arithmetic, settings->code);
    path_format(training.checkpoint, "%s/checkpoint.safetensors", settings->folder);
    trainer_open(&training.trainer, settings);
    // The threads start after the checkpoint has been tried in a child: a child of a process with threads
    // may find a lock that nobody will ever open.
    resume(&training);
    trainer_start(&training.trainer);
    interrupts_catch(before);
    train(&training);
    state_check(&training);
    weights_write(&training);
    unlink(training.checkpoint);
    interrupts_release(before);
    history_close(&training.history);
    trainer_close(&training.trainer);
}

int pretrain_run(const struct pretrain *settings)
{
    int turn = turn_take(settings->folder);
    int ready = pretrain_ready(settings);
    if (!ready) train_to_file(settings);
    close(turn);
    return !ready;
}
