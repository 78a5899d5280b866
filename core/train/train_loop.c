#include "core/train/train_loop.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/progress.h"
#include "core/train/agreement.h"
#include "core/train/train_log.h"

enum { CHECKPOINT_UPDATES = 100 }; // between checkpoints when no seconds are asked for

// A training in progress.
struct loop {
    const struct train_loop *settings;
    struct trainer *trainer;
    const struct recipe *recipe;
    const struct rank_group *ranks;
    char checkpoint[PATH_SIZE];
    struct train_log log;
    struct progress progress;
    double line_started, checkpoint_written; // seconds
    uint64_t line_updates; // updates this process has done since line_started
};

// ====== Interruptions ======

static volatile sig_atomic_t interrupted; // the signal's number; 0: no signal yet
static const int signals[] = {SIGINT, SIGTERM, SIGUSR1};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void interrupt(int signal)
{
    interrupted = signal;
}

// The first signal asks for a checkpoint; the second kills, because SA_RESETHAND removes the
// handler.
static void interrupts_catch(struct sigaction before[SIGNALS])
{
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    for (int i = 0; i < SIGNALS; ++i) sigaction(signals[i], &action, &before[i]);
}

static void interrupts_release(const struct sigaction before[SIGNALS])
{
    for (int i = 0; i < SIGNALS; ++i) sigaction(signals[i], &before[i], NULL);
}

// Whether a signal has come to any rank: all stop after the same update.
static int interrupted_anywhere(const struct rank_group *ranks)
{
    if (ranks->count <= 1) return interrupted != 0;
    const size_t R = (size_t)ranks->count;
    char *flag = calloc(R, 1);
    size_t *offset = calloc(R + 1, sizeof *offset);
    if (!flag || !offset) die(EXIT_SYSTEM, "no memory for the signs of %zu ranks", R);
    for (size_t r = 0; r <= R; ++r) offset[r] = r;
    flag[ranks->rank] = interrupted != 0;
    rank_group_share(ranks, flag, offset);
    const int any = memchr(flag, 1, R) != NULL;
    free(flag);
    free(offset);
    return any;
}

// ====== Records ======

// Epochs that are complete after `updates` updates. In integers: a product of fractions may fall
// short.
static uint64_t epochs_complete(const struct loop *loop, uint64_t updates)
{
    return updates * loop->recipe->batch / loop->trainer->plan.images;
}

static int completes_epoch(const struct loop *loop)
{
    uint64_t updates = loop->trainer->state.updates;
    return epochs_complete(loop, updates) > epochs_complete(loop, updates - 1);
}

static void state_check(const struct loop *loop)
{
    const struct train_state *state = &loop->trainer->state;
    size_t count = loop->trainer->plan.parameters->count;
    // The other ranks have the same weights, and end with this one.
    if (!rank_group_lead(loop->ranks)) return;
    if (!slab_finite(state->weights, count) ||
        !slab_finite(state->first_moment, count) ||
        !slab_finite(state->second_moment, count))
        die(EXIT_SYSTEM,
            "%s: the weights after update %" PRIu64
            " are not finite (the last checkpoint is left; lower the recipe's learning "
            "rate)",
            loop->recipe->run, state->updates);
}

// digest (HASH_HEX) of the weights, which all ranks have made alike.
static void weights_agree(char digest[HASH_HEX], const struct loop *loop)
{
    slab_digest(digest, loop->trainer->state.weights,
                loop->trainer->plan.parameters->count);
    const struct agreement_fact fact = {"digest of weights", digest};
    ranks_agree(loop->ranks, &fact, 1);
}

static void line_add(struct loop *loop)
{
    const struct train_loop *settings = loop->settings;
    struct train_state *state = &loop->trainer->state;
    double seconds = clock_seconds() - loop->line_started;
    state_check(loop);
    struct log_line line = {
        .epoch = completes_epoch(loop) ? (double)epochs_complete(loop, state->updates)
                                       : loop->recipe->epochs,
        .updates = state->updates,
        .loss = state->loss_sum / (double)state->loss_count,
        .learning_rate = loop->trainer->adamw.learning_rate,
        .images_per_second =
            (double)(loop->line_updates * loop->recipe->batch) / seconds,
        .accuracy =
            settings->measure ? settings->measure(settings->context) : (double)NAN,
    };
    weights_agree(line.weights_sha256, loop);
    if (rank_group_lead(loop->ranks)) train_log_add(&loop->log, &line);
    state->loss_sum = 0;
    state->loss_count = 0;
    loop->line_started = clock_seconds();
    loop->line_updates = 0;
}

static void checkpoint_make(struct loop *loop)
{
    state_check(loop);
    checkpoint_write(loop->checkpoint, loop->settings->identity,
                     loop->trainer->plan.parameters, &loop->trainer->state);
    loop->checkpoint_written = clock_seconds();
}

static int checkpoint_due(const struct loop *loop, int line)
{
    const struct trainer *trainer = loop->trainer;
    double seconds = loop->settings->checkpoint_seconds;
    if (!rank_group_lead(loop->ranks)) return 0;
    if (trainer->state.updates == trainer->updates) return 0;
    if (seconds > 0) return clock_seconds() - loop->checkpoint_written >= seconds;
    return line || trainer->state.updates % CHECKPOINT_UPDATES == 0;
}

static _Noreturn void interrupted_end(struct loop *loop)
{
    if (rank_group_lead(loop->ranks)) checkpoint_make(loop);
    rank_group_close(loop->ranks);
    // Rank 0 speaks for all. A rank that ends with an error could end it before.
    if (!rank_group_lead(loop->ranks)) exit(EXIT_SUCCESS);
    progress_close(&loop->progress);
    die(EXIT_SYSTEM,
        "%s: interrupted after update %" PRIu64 " of %" PRIu64 " (to go on: %s)",
        loop->recipe->run, loop->trainer->state.updates, loop->trainer->updates,
        loop->settings->resume_command);
}

static void updates_make(struct loop *loop)
{
    const struct train_loop *settings = loop->settings;
    struct trainer *trainer = loop->trainer;
    const struct train_state *state = &trainer->state;
    double batch = (double)loop->recipe->batch;
    char note[32];
    if (rank_group_lead(loop->ranks))
        progress_open(&loop->progress, settings->label, "images",
                      (double)trainer->updates * batch, (double)state->updates * batch);
    loop->line_started = loop->checkpoint_written = clock_seconds();
    while (state->updates < trainer->updates) {
        double loss = trainer_step(trainer);
        loop->line_updates++;
        snprintf(note, sizeof note, "loss %.4f", loss);
        if (rank_group_lead(loop->ranks))
            progress_show(&loop->progress, (double)state->updates * batch, note);
        int line = state->updates == trainer->updates || completes_epoch(loop);
        if (line) line_add(loop);
        if (checkpoint_due(loop, line)) checkpoint_make(loop);
        if (settings->after_update) settings->after_update(state->updates);
        if (state->updates < trainer->updates && interrupted_anywhere(loop->ranks))
            interrupted_end(loop);
    }
    if (rank_group_lead(loop->ranks)) progress_close(&loop->progress);
}

// ====== From beginning to end ======

// Fills the state from the checkpoint. Returns 0 when there is no checkpoint, or it was removed.
static int checkpoint_use(struct loop *loop)
{
    const char *path = loop->checkpoint;
    char fault[SAFETENSORS_FAULT];
    if (!file_kept(path)) return 0;
    if (checkpoint_open(&loop->trainer->state, path, loop->settings->identity,
                        loop->trainer->plan.parameters, fault))
        return 1;
    if (!loop->settings->discard) die(EXIT_INPUT, "%s", fault);
    if (unlink(path))
        die(EXIT_SYSTEM, "%s: cannot be removed: %s (check who may write there)", path,
            strerror(errno));
    fprintf(stderr, "%s: removed, it is corrupt or of another training\n", path);
    return 0;
}

void train_loop_forget(const char *folder)
{
    char path[PATH_SIZE];
    path_format(path, "%s/checkpoint.safetensors", folder);
    unlink(path);
}

// Rank 0's state on all of them.
static void state_broadcast(const struct loop *loop)
{
    struct train_state *state = &loop->trainer->state;
    const size_t bytes = loop->trainer->plan.parameters->count * sizeof(real);
    rank_group_broadcast(loop->ranks, state->weights, bytes);
    rank_group_broadcast(loop->ranks, state->first_moment, bytes);
    rank_group_broadcast(loop->ranks, state->second_moment, bytes);
    rank_group_broadcast(loop->ranks, &state->updates, sizeof state->updates);
    rank_group_broadcast(loop->ranks, &state->loss_sum, sizeof state->loss_sum);
    rank_group_broadcast(loop->ranks, &state->loss_count, sizeof state->loss_count);
}

// Lines of the log before update `updates` + 1: one for each update that has completed an epoch.
static uint64_t lines_until(const struct loop *loop, uint64_t updates)
{
    const uint64_t epochs = epochs_complete(loop, updates);
    return epochs < updates ? epochs : updates;
}

static void resume(struct loop *loop)
{
    const struct train_state *state = &loop->trainer->state;
    char log[PATH_SIZE];
    if (!rank_group_lead(loop->ranks)) return;
    const int resumed = checkpoint_use(loop);
    path_format(log, "%s/log.tsv", loop->settings->folder);
    train_log_open(&loop->log, log, state->updates);
    // A finetuning's best epoch is looked for in the whole log. Until the first line is written,
    // the file is of an earlier training.
    const uint64_t lines = lines_until(loop, state->updates);
    if (lines == 0) loop->log.count = 0;
    if (loop->log.count != lines)
        die(EXIT_INPUT,
            "%s: has %zu lines, not %" PRIu64 ", up to the checkpoint (put it back, or "
            "remove both to begin anew)",
            log, loop->log.count, lines);
    if (resumed)
        fprintf(stderr, "%s: going on after update %" PRIu64 " of %" PRIu64 "\n",
                loop->recipe->run, state->updates, loop->trainer->updates);
}

void train_loop_run(const struct train_loop *settings)
{
    struct loop loop = {.settings = settings,
                        .trainer = settings->trainer,
                        .recipe = settings->trainer->plan.recipe,
                        .ranks = &settings->trainer->plan.ranks};
    struct sigaction before[SIGNALS];
    char digest[HASH_HEX];
    path_format(loop.checkpoint, "%s/checkpoint.safetensors", settings->folder);
    resume(&loop);
    state_broadcast(&loop);
    weights_agree(digest, &loop);
    interrupts_catch(before);
    updates_make(&loop);
    state_check(&loop);
    if (rank_group_lead(loop.ranks)) {
        settings->finish(settings->context);
        train_loop_forget(settings->folder);
    }
    interrupts_release(before);
    train_log_close(&loop.log);
    if (interrupted && rank_group_lead(loop.ranks))
        die(EXIT_SYSTEM,
            "%s: interrupted after its last update, its result is complete (to go on: "
            "%s)",
            loop.recipe->run, settings->resume_command);
}
