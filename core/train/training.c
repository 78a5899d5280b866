#include "core/train/training.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/progress.h"
#include "core/train/history.h"

enum { CHECKPOINT_UPDATES = 100 }; // between checkpoints when no seconds are asked for

// A training under way.
struct course {
    const struct training *training;
    struct descent *descent;
    const struct recipe *recipe;
    char checkpoint[PATH_SIZE];
    struct history history;
    struct progress progress;
    double line_started, checkpoint_written; // seconds
    uint64_t line_updates; // updates this process has done since line_started
};

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
static uint64_t epochs_complete(const struct course *course, uint64_t updates)
{
    return updates * course->recipe->batch / course->descent->plan.images;
}

static int completes_epoch(const struct course *course)
{
    uint64_t updates = course->descent->state.updates;
    return epochs_complete(course, updates) > epochs_complete(course, updates - 1);
}

static void state_check(const struct course *course)
{
    const struct state *state = &course->descent->state;
    size_t count = course->descent->plan.parameters->count;
    if (!slab_finite(state->weights, count) ||
        !slab_finite(state->first_moment, count) ||
        !slab_finite(state->second_moment, count))
        die(EXIT_SYSTEM,
            "%s: the weights after update %" PRIu64
            " are not finite (the last checkpoint is kept; lower the recipe's learning "
            "rate)",
            course->recipe->run, state->updates);
}

static void line_add(struct course *course)
{
    const struct training *training = course->training;
    struct state *state = &course->descent->state;
    double seconds = clock_seconds() - course->line_started;
    struct moment moment = {
        .epoch = completes_epoch(course)
                     ? (double)epochs_complete(course, state->updates)
                     : course->recipe->epochs,
        .updates = state->updates,
        .loss = state->loss_sum / (double)state->loss_count,
        .learning_rate = course->descent->adamw.learning_rate,
        .images_per_second =
            (double)(course->line_updates * course->recipe->batch) / seconds,
    };
    state_check(course);
    if (training->measure) moment.accuracy = training->measure(training->context);
    slab_digest(moment.weights_sha256, state->weights,
                course->descent->plan.parameters->count);
    history_add(&course->history, &moment);
    state->loss_sum = 0;
    state->loss_count = 0;
    course->line_started = clock_seconds();
    course->line_updates = 0;
}

static void checkpoint_make(struct course *course)
{
    state_check(course);
    checkpoint_write(course->checkpoint, course->training->identity,
                     course->descent->plan.parameters, &course->descent->state);
    course->checkpoint_written = clock_seconds();
}

static int checkpoint_due(const struct course *course, int line)
{
    const struct descent *descent = course->descent;
    double seconds = course->training->checkpoint_seconds;
    if (descent->state.updates == descent->updates) return 0;
    if (seconds > 0) return clock_seconds() - course->checkpoint_written >= seconds;
    return line || descent->state.updates % CHECKPOINT_UPDATES == 0;
}

static _Noreturn void interrupted_end(struct course *course)
{
    checkpoint_make(course);
    progress_close(&course->progress);
    die(EXIT_SYSTEM,
        "%s: interrupted after update %" PRIu64 " of %" PRIu64 " (to go on: %s)",
        course->recipe->run, course->descent->state.updates, course->descent->updates,
        course->training->resume_command);
}

static void descend(struct course *course)
{
    const struct training *training = course->training;
    struct descent *descent = course->descent;
    const struct state *state = &descent->state;
    double batch = (double)course->recipe->batch;
    char note[32];
    progress_open(&course->progress, training->label, "images",
                  (double)descent->updates * batch, (double)state->updates * batch);
    course->line_started = course->checkpoint_written = clock_seconds();
    while (state->updates < descent->updates) {
        double loss = descent_update(descent);
        course->line_updates++;
        snprintf(note, sizeof note, "loss %.4f", loss);
        progress_show(&course->progress, (double)state->updates * batch, note);
        int line = state->updates == descent->updates || completes_epoch(course);
        if (line) line_add(course);
        if (checkpoint_due(course, line)) checkpoint_make(course);
        if (training->after_update) training->after_update(state->updates);
        if (interrupted && state->updates < descent->updates) interrupted_end(course);
    }
    progress_close(&course->progress);
}

// ====== From beginning to end ======

// True when there is a checkpoint to go on from.
static int checkpoint_usable(struct course *course)
{
    const char *path = course->checkpoint;
    char reason[CHECKPOINT_REASON];
    if (!file_exists(path)) return 0;
    if (checkpoint_fits(reason, &course->descent->state, path,
                        course->training->identity, course->descent->plan.parameters))
        return 1;
    if (!course->training->discard)
        die(EXIT_INPUT, "%s%s", reason,
            strstr(reason, "FORCE=1") ? "" : " (remove it, or FORCE=1)");
    if (unlink(path))
        die(EXIT_SYSTEM, "%s: cannot be removed: %s (check who may write there)", path,
            strerror(errno));
    fprintf(stderr, "%s: removed, it is corrupt or of another training\n", path);
    return 0;
}

static void resume(struct course *course)
{
    struct state *state = &course->descent->state;
    char log[PATH_SIZE];
    if (checkpoint_usable(course)) {
        checkpoint_read(state, course->checkpoint, course->training->identity,
                        course->descent->plan.parameters);
        fprintf(stderr, "%s: going on after update %" PRIu64 " of %" PRIu64 "\n",
                course->recipe->run, state->updates, course->descent->updates);
    }
    path_format(log, "%s/log.tsv", course->training->folder);
    history_open(&course->history, log, state->updates);
}

void training_run(const struct training *training)
{
    struct course course = {.training = training,
                            .descent = training->descent,
                            .recipe = training->descent->plan.recipe};
    struct sigaction before[2];
    path_format(course.checkpoint, "%s/checkpoint.safetensors", training->folder);
    // The threads start after the checkpoint has been tried in a child: a child of a process with threads
    // may find a lock that nobody will ever open.
    resume(&course);
    descent_start(training->descent);
    interrupts_catch(before);
    descend(&course);
    state_check(&course);
    training->finish(training->context);
    unlink(course.checkpoint);
    interrupts_release(before);
    history_close(&course.history);
}
