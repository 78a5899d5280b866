#include "core/train/train_loop.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/rng.h"
#include "core/train/train_log.h"
#include "tests/ending.h"
#include "tests/scratch.h"
#include "tests/train/toy.h"

TestSuite(train_loop, .init = scratch_make);

enum { IMAGES = 40, UPDATES = 20 }; // 4 epochs of 5 updates

// A training of the toy model with its own folder.
struct run {
    struct toy toy;
    char folder[PATH_SIZE], checkpoint[PATH_SIZE], log[PATH_SIZE], result[PATH_SIZE];
    struct run_identity identity;
    struct train_loop loop;
};

static void result_write(void *context)
{
    const struct run *run = context;
    trained_weights_write(run->result, &run->identity, &run->toy.recipe, "toys",
                          &run->toy.parameters, &run->toy.trainer.state, NULL, 0);
}

static void identify(struct run *run, const char *data_digest,
                     enum arithmetic arithmetic)
{
    run_identity_fill(&run->identity, &run->toy.recipe, run->toy.plan.seed, data_digest,
                      arithmetic, NULL);
}

static void run_open(struct run *run)
{
    static int count;
    *run = (struct run){0};
    toy_open(&run->toy, IMAGES, 4, 1);
    path_format(run->folder, "%s/%d", scratch_folder, count++);
    path_format(run->checkpoint, "%s/checkpoint.safetensors", run->folder);
    path_format(run->log, "%s/log.tsv", run->folder);
    path_format(run->result, "%s/result.safetensors", run->folder);
    identify(run, "abc", FP32);
    run->loop = (struct train_loop){.identity = &run->identity,
                                    .label = "toy",
                                    .folder = run->folder,
                                    .resume_command = "make toy",
                                    .finish = result_write};
}

static void run_close(struct run *run)
{
    toy_close(&run->toy);
}

// May end the process, so tests call it in a child. A child's copy is its own.
static void run_train(const void *argument)
{
    struct run run = *(const struct run *)argument;
    run.toy.plan.recipe = &run.toy.recipe;
    run.toy.plan.parameters = &run.toy.parameters;
    run.toy.plan.context = &run.toy;
    run.loop.identity = &run.identity;
    run.loop.trainer = &run.toy.trainer;
    run.loop.folder = run.folder;
    run.loop.context = &run;
    trainer_open(&run.toy.trainer, &run.toy.plan);
    train_loop_run(&run.loop);
    trainer_close(&run.toy.trainer);
}

#define expect_run(run, code, part) expect_ending(__LINE__, run_train, run, code, part)

static uint64_t end_at;

static void interrupt_there(uint64_t updates)
{
    if (updates == end_at) raise(SIGINT);
}

// ====== The log ======

static double first_weight(void *context)
{
    const struct run *run = context;
    return (double)run->toy.trainer.state.weights[0];
}

// 2.5 updates make an epoch, so the third update completes the first.
Test(train_loop, the_log_has_a_line_for_each_epoch_and_for_the_end)
{
    static const double epochs[] = {1, 2, 3}, updates[] = {3, 5, 8};
    struct run run;
    struct toy same; // stepped here
    struct train_log log;
    run_open(&run);
    run.toy.plan.images = 20;
    run.toy.recipe.epochs = 3.1;
    run.loop.measure = first_weight;
    expect_run(&run, 0, "");
    train_log_open(&log, run.log, UINT64_MAX);
    cr_assert_eq(log.count, 3);
    toy_open(&same, 20, 3.1, 1);
    trainer_open(&same.trainer, &same.plan);
    for (size_t i = 0; i < 3; ++i) {
        const struct log_line *line = &log.line[i];
        double loss = 0, since = 0;
        for (; (double)same.trainer.state.updates < updates[i]; ++since)
            loss += trainer_step(&same.trainer);
        cr_expect_float_eq(line->loss, loss / since, 1e-12 * loss, "%.17g, not %.17g",
                           line->loss, loss / since);
        cr_expect_eq(line->learning_rate, same.trainer.adamw.learning_rate);
        cr_expect(line->epoch == epochs[i] && (double)line->updates == updates[i]);
        cr_expect(line->images_per_second > 0 && isfinite(line->accuracy));
        cr_expect(i == 0 || line->loss < log.line[0].loss);
    }
    trainer_close(&same.trainer);
    toy_close(&same);
    train_log_close(&log);
    run_close(&run);
}

Test(train_loop, a_loss_that_is_not_finite_ends_it_and_leaves_no_result)
{
    struct run run;
    run_open(&run);
    run.toy.broken = 1;
    expect_run(&run, 4, "not finite (the last checkpoint is left");
    cr_expect_not(file_exists(run.result));
    run_close(&run);
}

// ====== Interruptions at the end ======

static void interrupt_in_finish(void *context)
{
    raise(SIGTERM);
    result_write(context);
}

static double interrupt_in_measure(void *context)
{
    const struct run *run = context;
    if (run->toy.trainer.state.updates == UPDATES) raise(SIGINT);
    return 0;
}

// Two trainings in one process.
static void train_two(const void *argument)
{
    const struct run *runs = argument;
    run_train(&runs[0]);
    run_train(&runs[1]);
}

// The first training is finished and saved; the second is never begun.
Test(train_loop, a_signal_after_the_last_update_ends_the_process_with_a_complete_result)
{
    for (int moment = 0; moment < 3; ++moment) {
        struct run runs[2];
        struct train_log log;
        run_open(&runs[0]);
        run_open(&runs[1]);
        end_at = UPDATES;
        if (moment == 0) runs[0].loop.after_update = interrupt_there;
        if (moment == 1) runs[0].loop.measure = interrupt_in_measure;
        if (moment == 2) runs[0].loop.finish = interrupt_in_finish;
        expect_ending(__LINE__, train_two, runs, 4,
                      "interrupted after its last update, its result is complete (to "
                      "go on: make toy)");
        cr_expect(file_exists(runs[0].result));
        cr_expect_not(file_exists(runs[0].checkpoint));
        cr_expect_not(file_exists(runs[1].log), "moment %d: the second began", moment);
        train_log_open(&log, runs[0].log, UINT64_MAX);
        cr_expect_eq(log.count, 4);
        train_log_close(&log);
        run_close(&runs[0]);
        run_close(&runs[1]);
    }
}

// A checkpoint is F32, so only the builds that compute in float go on to the same bits.
#ifndef REAL_DOUBLE

// ====== The same bits ======

static void kill_there(uint64_t updates)
{
    if (updates == end_at) kill(getpid(), SIGKILL);
}

static void terminate_there(uint64_t updates)
{
    if (updates == end_at) raise(SIGTERM);
}

static void same_result(const struct run *a, const struct run *b, int line)
{
    struct train_log one, two;
    char digest[2][HASH_HEX];
    hash_file(digest[0], a->result);
    hash_file(digest[1], b->result);
    cr_expect_str_eq(digest[0], digest[1], "line %d", line);
    train_log_open(&one, a->log, UINT64_MAX);
    train_log_open(&two, b->log, UINT64_MAX);
    cr_assert_eq(one.count, two.count);
    for (size_t i = 0; i < one.count; ++i) {
        const struct log_line *x = &one.line[i], *y = &two.line[i];
        cr_expect(x->epoch == y->epoch && x->updates == y->updates &&
                      x->loss == y->loss && x->learning_rate == y->learning_rate,
                  "line %d: log's line %zu", line, i);
        cr_expect_str_eq(x->weights_sha256, y->weights_sha256);
    }
    train_log_close(&one);
    train_log_close(&two);
}

static void open_whole(struct run *run)
{
    run_open(run);
    expect_run(run, 0, "");
}

// Killed at updates drawn from a seeded stream, several times in one training, continued each
// time on another number of threads.
Test(train_loop, killed_anywhere_it_goes_on_to_the_same_bits)
{
    struct run whole, killed;
    open_whole(&whole);
    struct rng rng = rng_open(8, PURPOSE_TEST, 0, 0);
    for (int repeat = 0; repeat < 8; ++repeat) {
        run_open(&killed);
        killed.loop.after_update = kill_there;
        end_at = 0;
        for (int death = 0; death < 3 && end_at + 1 < UPDATES; ++death) {
            // A checkpoint is at each epoch's end, every fifth update.
            end_at += 1 + rng_below(&rng, (uint32_t)(UPDATES - end_at - 1));
            killed.toy.plan.threads = 1 + (int)rng_below(&rng, 3);
            expect_run(&killed, -SIGKILL, "");
            cr_expect_not(file_exists(killed.result));
        }
        killed.loop.after_update = NULL;
        expect_run(&killed, 0, "");
        same_result(&whole, &killed, __LINE__);
        cr_expect_not(file_exists(killed.checkpoint));
        run_close(&killed);
    }
    run_close(&whole);
}

Test(train_loop, interrupted_it_saves_says_how_to_go_on_and_does_so)
{
    struct run whole, cut;
    open_whole(&whole);
    run_open(&cut);
    end_at = 7;
    cut.loop.after_update = interrupt_there;
    expect_run(&cut, 4, "interrupted after update 7 of 20 (to go on: make toy)");
    end_at = 13;
    cut.loop.after_update = terminate_there;
    cut.toy.plan.threads = 3;
    expect_run(&cut, 4, "going on after update 7 of 20");
    cut.loop.after_update = NULL;
    expect_run(&cut, 0, "going on after update 13 of 20");
    same_result(&whole, &cut, __LINE__);
    run_close(&whole);
    run_close(&cut);
}

Test(train_loop, checkpoints_come_no_sooner_than_asked_for)
{
    struct run run;
    run_open(&run);
    run.loop.checkpoint_seconds = 1e6;
    run.loop.after_update = kill_there;
    end_at = 12;
    expect_run(&run, -SIGKILL, "");
    cr_expect_not(file_exists(run.checkpoint));
    run_close(&run);
}

static void fill_the_disk(uint64_t updates)
{
    // A whole file no longer fits; the next checkpoint is due after update 10.
    if (updates == 7) setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
}

Test(train_loop, a_full_disk_leaves_the_old_checkpoint_and_it_goes_on_from_there)
{
    struct run run, whole;
    struct stat status;
    open_whole(&whole);
    run_open(&run);
    run.loop.after_update = fill_the_disk;
    expect_run(&run, 4, "cannot be written");
    cr_assert_eq(stat(run.checkpoint, &status), 0);
    cr_expect_gt(status.st_size, 1000);
    run.loop.after_update = NULL;
    expect_run(&run, 0, "going on after update 5 of 20");
    same_result(&run, &whole, __LINE__);
    run_close(&run);
    run_close(&whole);
}

// ====== Checkpoints that are refused ======

// A training killed at update 12, whose checkpoint is of update 10.
static void open_killed(struct run *run)
{
    run_open(run);
    end_at = 12;
    run->loop.after_update = kill_there;
    expect_run(run, -SIGKILL, "");
    cr_assert(file_exists(run->checkpoint));
    run->loop.after_update = NULL;
}

Test(train_loop, a_truncated_checkpoint_is_refused)
{
    struct run run;
    size_t size;
    open_killed(&run);
    char *bytes = file_read(&size, run.checkpoint, NULL);
    size_t lengths[] = {0, 4, 8, 100, size / 2, size - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        scratch_write(run.checkpoint, bytes, lengths[i]);
        expect_death(__LINE__, run_train, &run, 3, "(remove it, or FORCE=1)");
        cr_expect(file_exists(run.checkpoint));
    }
    free(bytes);
    run_close(&run);
}

// Lines are what a finetuning's best epoch is chosen from: none may be missing.
Test(train_loop, a_checkpoint_without_its_whole_log_is_refused)
{
    struct run run;
    size_t size;
    open_killed(&run);
    char *log = file_read(&size, run.log, NULL), *last = memrchr(log, '\n', size - 1);
    cr_assert(last);
    scratch_write(run.log, log, (size_t)(last + 1 - log));
    expect_death(__LINE__, run_train, &run, 3, "(put it back, or remove both");
    cr_assert_eq(unlink(run.log), 0);
    expect_death(__LINE__, run_train, &run, 3, "has 0 lines, not 2, up to");
    scratch_write(run.log, log, size);
    expect_run(&run, 0, "going on after update 10 of 20");
    free(log);
    run_close(&run);
}

// As a shorter training in this folder may have left it.
Test(train_loop, before_its_first_line_the_log_of_an_earlier_training_does_not_count)
{
    struct run run, whole;
    struct train_log earlier = {0};
    open_whole(&whole);
    run_open(&run);
    snprintf(earlier.path, sizeof earlier.path, "%s", run.log);
    struct log_line line = {.epoch = .4, .updates = 1};
    memset(line.weights_sha256, 'a', HASH_HEX - 1);
    train_log_add(&earlier, &line);
    train_log_close(&earlier);
    end_at = 2;
    run.loop.after_update = interrupt_there;
    expect_run(&run, 4, "interrupted after update 2 of 20");
    run.loop.after_update = NULL;
    expect_run(&run, 0, "going on after update 2 of 20");
    same_result(&run, &whole, __LINE__);
    run_close(&run);
    run_close(&whole);
}

// One flipped bit at each of 40 bytes drawn over the file. Only names of keys that nobody reads
// could be harmless; there are none, so every one is refused.
Test(train_loop, a_checkpoint_with_one_bit_flipped_is_refused)
{
    struct run run;
    size_t size;
    open_killed(&run);
    char *bytes = file_read(&size, run.checkpoint, NULL);
    uint64_t length;
    memcpy(&length, bytes, sizeof length);
    const size_t header = sizeof length + (size_t)length;
    const char *const words[] = {"updates", "loss_sum", "state_sha256", "param/",
                                 "learning_rate"};
    struct rng rng = rng_open(9, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 40; ++i) {
        size_t at = header + rng_below(&rng, (uint32_t)(size - header));
        if (i < sizeof words / sizeof *words) {
            char *word = memmem(bytes, header, words[i], strlen(words[i]));
            cr_assert_not_null(word, "%s", words[i]);
            at = (size_t)(word - bytes) + strlen(words[i]) / 2;
        }
        bytes[at] ^= 1;
        scratch_write(run.checkpoint, bytes, size);
        expect_run(&run, 3, run.checkpoint);
        bytes[at] ^= 1;
    }
    scratch_write(run.checkpoint, bytes, size);
    expect_run(&run, 0, "going on after update 10 of 20");
    free(bytes);
    run_close(&run);
}

Test(train_loop, a_checkpoint_of_another_training_is_refused)
{
    struct run run;
    open_killed(&run);
    run.toy.recipe.learning_rate *= 2;
    identify(&run, "abc", FP32);
    expect_run(&run, 3, "belongs to another recipe");
    run.toy.recipe.learning_rate /= 2;
    run.toy.plan.seed++;
    identify(&run, "abc", FP32);
    expect_run(&run, 3, "another seed, 5 ");
    run.toy.plan.seed--;
    identify(&run, "abd", FP32);
    expect_run(&run, 3, "another data_digest");
    identify(&run, "abc", BF16);
    expect_run(&run, 3, "another arithmetic, fp32 ");
    identify(&run, "abc", FP32);
    strcpy(run.identity.core_type, "Other");
    expect_run(&run, 3, "set OPENBLAS_CORETYPE=");
    identify(&run, "abc", FP32);
    expect_run(&run, 0, "going on after update 10 of 20");
    run_close(&run);
}

Test(train_loop, a_checkpoint_that_is_refused_leaves_the_state_as_it_was)
{
    struct run run;
    size_t size;
    char fault[SAFETENSORS_FAULT];
    open_killed(&run);
    char *bytes = file_read(&size, run.checkpoint, NULL);
    bytes[size - 2] ^= 1;
    scratch_write(run.checkpoint, bytes, size);
    trainer_open(&run.toy.trainer, &run.toy.plan);
    struct train_state *state = &run.toy.trainer.state;
    real before[TOY_NUMBERS];
    memcpy(before, state->weights, sizeof before);
    cr_expect_eq(checkpoint_open(state, run.checkpoint, &run.identity,
                                 &run.toy.parameters, fault),
                 0);
    cr_expect(strstr(fault, "corrupt") && strstr(fault, run.checkpoint), "%s", fault);
    cr_expect_arr_eq(state->weights, before, sizeof before);
    cr_expect(state->updates == 0 && state->loss_count == 0 && state->loss_sum == 0);
    for (size_t i = 0; i < TOY_NUMBERS; ++i) cr_expect_eq(state->second_moment[i], 0);
    bytes[size - 2] ^= 1;
    scratch_write(run.checkpoint, bytes, size);
    cr_expect_eq(checkpoint_open(state, run.checkpoint, &run.identity,
                                 &run.toy.parameters, fault),
                 1);
    cr_expect_eq(state->updates, 10);
    trainer_close(&run.toy.trainer);
    free(bytes);
    run_close(&run);
}

Test(train_loop, with_discard_a_checkpoint_that_is_refused_is_removed_aloud)
{
    struct run run, whole;
    size_t size;
    open_whole(&whole);
    open_killed(&run);
    run.loop.discard = 1;
    char *bytes = file_read(&size, run.checkpoint, NULL);
    size_t lengths[] = {0, 4, 100, size / 2, size - 1, size};
    bytes[size - 2] ^= 1; // for the one that is not cut
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        scratch_write(run.checkpoint, bytes, lengths[i]);
        expect_run(&run, 0, "checkpoint.safetensors: removed, it is corrupt");
        same_result(&run, &whole, __LINE__);
    }
    free(bytes);
    run_close(&run);
    run_close(&whole);
}

Test(train_loop, with_discard_a_checkpoint_that_fits_is_continued)
{
    struct run run;
    open_killed(&run);
    run.loop.discard = 1;
    expect_run(&run, 0, "going on after update 10 of 20");
    run_close(&run);
}

#endif
