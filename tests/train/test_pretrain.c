#include "core/train/pretrain.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/base/rng.h"
#include "core/base/tsv.h"
#include "core/model/safetensors.h"
#include "core/train/checkpoint.h"
#include "core/train/train_log.h"
#include "tests/train/tiny.h"

TestSuite(pretrain, .init = scratch_make);

// A checkpoint is F32, so only the builds that compute in float go on to the same bits.
#ifndef REAL_DOUBLE

// ====== The same bits ======

static void same_logs(const char *a, const char *b)
{
    struct train_log one, two;
    train_log_open(&one, a, UINT64_MAX);
    train_log_open(&two, b, UINT64_MAX);
    cr_assert_eq(one.count, two.count);
    for (size_t i = 0; i < one.count; ++i) {
        const struct log_line *x = &one.line[i], *y = &two.line[i];
        cr_expect(x->epoch == y->epoch && x->updates == y->updates &&
                      x->loss == y->loss && x->learning_rate == y->learning_rate,
                  "line %zu", i);
        cr_expect_str_eq(x->weights_sha256, y->weights_sha256);
    }
    train_log_close(&one);
    train_log_close(&two);
}

static void same_training(const struct tiny *a, const struct tiny *b, int line)
{
    tiny_same_file(a->weights, b->weights, line);
    same_logs(a->log, b->log);
}

Test(pretrain, the_weights_do_not_know_the_number_of_threads)
{
    struct tiny one, other;
    tiny_open(&one);
    cr_assert_eq(pretrain_run(&one.settings), 1);
    for (int threads = 2; threads <= 5; ++threads) {
        tiny_open(&other);
        other.settings.threads = threads;
        cr_assert_eq(pretrain_run(&other.settings), 1);
        same_training(&one, &other, __LINE__);
        tiny_close(&other);
    }
    tiny_close(&one);
}

Test(pretrain, another_seed_gives_other_weights)
{
    struct tiny one, other;
    char digest[2][HASH_HEX];
    tiny_open(&one);
    tiny_open(&other);
    other.settings.seed = 6;
    pretrain_run(&one.settings);
    pretrain_run(&other.settings);
    hash_file(digest[0], HASH_SHA256, one.weights);
    hash_file(digest[1], HASH_SHA256, other.weights);
    cr_expect_str_neq(digest[0], digest[1]);
    tiny_close(&one);
    tiny_close(&other);
}

static uint64_t end_at;

static void kill_there(uint64_t updates)
{
    if (updates == end_at) kill(getpid(), SIGKILL);
}

static void interrupt_there(uint64_t updates)
{
    if (updates == end_at) raise(SIGINT);
}

static void terminate_there(uint64_t updates)
{
    if (updates == end_at) raise(SIGTERM);
}

// Kills at updates drawn from a seeded stream, several times in one training, and goes on at another
// number of threads each time.
Test(pretrain, killed_anywhere_it_goes_on_to_the_same_bits)
{
    struct tiny whole, killed;
    tiny_open(&whole);
    pretrain_run(&whole.settings);
    struct rng rng = rng_open(8, PURPOSE_TEST, 0, 0);
    for (int repeat = 0; repeat < 5; ++repeat) {
        tiny_open(&killed);
        killed.settings.after_update = kill_there;
        end_at = 0;
        for (int death = 0; death < 3 && end_at + 1 < TINY_UPDATES; ++death) {
            // A checkpoint is at each epoch's end, every fifth update: nothing before is repeated.
            end_at += 1 + rng_below(&rng, (uint32_t)(TINY_UPDATES - end_at - 1));
            killed.settings.threads = 1 + (int)rng_below(&rng, 3);
            tiny_expect(&killed, -SIGKILL, "");
            cr_expect_not(file_exists(killed.weights));
        }
        killed.settings.after_update = NULL;
        tiny_expect(&killed, 0, "");
        same_training(&whole, &killed, __LINE__);
        cr_expect_not(file_exists(killed.checkpoint));
        tiny_close(&killed);
    }
    tiny_close(&whole);
}

Test(pretrain, interrupted_it_saves_says_how_to_go_on_and_does_so)
{
    struct tiny whole, cut;
    tiny_open(&whole);
    tiny_open(&cut);
    pretrain_run(&whole.settings);
    end_at = 7;
    cut.settings.after_update = interrupt_there;
    tiny_expect(&cut, 4, "interrupted after update 7 of 20 (to go on: make tiny)");
    end_at = 13;
    cut.settings.after_update = terminate_there;
    cut.settings.threads = 3;
    tiny_expect(&cut, 4, "going on after update 7 of 20");
    cut.settings.after_update = NULL;
    tiny_expect(&cut, 0, "going on after update 13 of 20");
    same_training(&whole, &cut, __LINE__);
    tiny_close(&whole);
    tiny_close(&cut);
}

Test(pretrain, an_interruption_at_the_last_update_comes_too_late)
{
    struct tiny tiny;
    tiny_open(&tiny);
    end_at = TINY_UPDATES;
    tiny.settings.after_update = interrupt_there;
    tiny_expect(&tiny, 0, "");
    cr_expect(file_exists(tiny.weights));
    tiny_close(&tiny);
}

// ====== Checkpoints that must not be believed ======

/// A training killed at update 12, whose checkpoint is of update 10.
static void open_killed(struct tiny *tiny)
{
    tiny_open(tiny);
    end_at = 12;
    tiny->settings.after_update = kill_there;
    tiny_expect(tiny, -SIGKILL, "");
    cr_assert(file_exists(tiny->checkpoint));
    tiny->settings.after_update = NULL;
}

Test(pretrain, a_truncated_checkpoint_is_refused)
{
    struct tiny tiny;
    size_t size;
    open_killed(&tiny);
    char *bytes = file_read(&size, tiny.checkpoint, NULL);
    size_t lengths[] = {0, 4, 8, 100, size / 2, size - 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        scratch_write(tiny.checkpoint, bytes, lengths[i]);
        expect_death(__LINE__, tiny_train, &tiny, 3, "(remove it, or FORCE=1)");
        cr_expect(file_exists(tiny.checkpoint));
    }
    free(bytes);
    tiny_close(&tiny);
}

Test(pretrain, force_and_cheap_weights_discard_a_checkpoint_that_cannot_be_read)
{
    struct tiny forced, cheap, whole[2];
    size_t size;
    for (int i = 0; i < 2; ++i) {
        tiny_open(&whole[i]);
        whole[i].settings.code = i ? "abc" : NULL;
        pretrain_run(&whole[i].settings);
    }
    open_killed(&forced);
    forced.settings.force = 1;
    tiny_open(&cheap);
    cheap.settings.code = "abc";
    char *bytes = file_read(&size, forced.checkpoint, NULL);
    folder_make(cheap.folder);
    size_t lengths[] = {0, 4, 100, size / 2, size - 1, size};
    bytes[size - 2] ^= 1; // for the one that is not cut
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        scratch_write(forced.checkpoint, bytes, lengths[i]);
        tiny_expect(&forced, 0, "checkpoint.safetensors: removed, it is corrupt");
        same_training(&forced, &whole[0], __LINE__);
        scratch_write(cheap.checkpoint, bytes, lengths[i]);
        cr_assert_eq(unlink(cheap.weights), i ? 0 : -1);
        tiny_expect(&cheap, 0, "checkpoint.safetensors: removed, it is corrupt");
        same_training(&cheap, &whole[1], __LINE__);
    }
    free(bytes);
    tiny_close(&forced);
    tiny_close(&cheap);
    for (int i = 0; i < 2; ++i) tiny_close(&whole[i]);
}

Test(pretrain, force_goes_on_from_a_checkpoint_that_fits)
{
    struct tiny tiny;
    open_killed(&tiny);
    tiny.settings.force = 1;
    tiny_expect(&tiny, 0, "going on after update 10 of 20");
    tiny_close(&tiny);
}

// One flipped bit in each of 40 places drawn over the file. Harmless ones can only be in names of keys
// that nobody reads; there are none, so every one is refused.
Test(pretrain, a_checkpoint_with_one_bit_flipped_is_refused)
{
    struct tiny tiny;
    size_t size;
    open_killed(&tiny);
    char *bytes = file_read(&size, tiny.checkpoint, NULL);
    size_t header = 8 + (size_t) * (uint64_t *)bytes;
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
        scratch_write(tiny.checkpoint, bytes, size);
        tiny_expect(&tiny, 3, tiny.checkpoint);
        bytes[at] ^= 1;
    }
    scratch_write(tiny.checkpoint, bytes, size);
    tiny_expect(&tiny, 0, "going on after update 10 of 20");
    free(bytes);
    tiny_close(&tiny);
}

Test(pretrain, a_checkpoint_of_another_training_is_refused)
{
    struct tiny tiny;
    open_killed(&tiny);
    struct pretrain kept = tiny.settings;
    tiny.settings.recipe.learning_rate *= 2;
    tiny_expect(&tiny, 3, "belongs to another recipe");
    tiny.settings = kept;
    tiny.settings.recipe.epochs = 8;
    tiny_expect(&tiny, 3, "belongs to another recipe");
    tiny.settings = kept;
    tiny.settings.seed++;
    tiny_expect(&tiny, 3, "another seed, 5 ");
    tiny.settings = kept;
    tiny.images.digest[0] ^= 1;
    tiny_expect(&tiny, 3, "another data_digest");
    tiny.images.digest[0] ^= 1;
    tiny_expect(&tiny, 0, "going on after update 10 of 20");
    tiny_close(&tiny);
}

Test(pretrain, a_checkpoint_of_another_core_type_is_refused_and_says_which)
{
    struct tiny tiny;
    size_t size;
    open_killed(&tiny);
    char *bytes = file_read(&size, tiny.checkpoint, NULL);
    char *word = memmem(bytes, size, "\"core_type\":\"", 13);
    cr_assert_not_null(word);
    word[13] ^= 1;
    scratch_write(tiny.checkpoint, bytes, size);
    tiny_expect(&tiny, 3, "set OPENBLAS_CORETYPE=");
    free(bytes);
    tiny_close(&tiny);
}

Test(pretrain, force_and_cheap_weights_discard_a_checkpoint_that_does_not_fit)
{
    struct tiny tiny, whole;
    open_killed(&tiny);
    tiny.settings.seed = 6;
    tiny.settings.force = 1;
    end_at = 12;
    tiny.settings.after_update = kill_there;
    tiny_expect(&tiny, -SIGKILL, "");
    tiny.settings.after_update = NULL;
    tiny.settings.force = 0;
    tiny.settings.code = "abc";
    tiny_expect(&tiny, 0, "");
    tiny_open(&whole);
    whole.settings.seed = 6;
    whole.settings.code = "abc";
    pretrain_run(&whole.settings);
    same_training(&tiny, &whole, __LINE__);
    tiny_close(&tiny);
    tiny_close(&whole);
}

static void fill_the_disk(uint64_t updates)
{
    // A whole file fits no more; the next checkpoint is due after update 10.
    if (updates == 7) setrlimit(RLIMIT_FSIZE, &(struct rlimit){10000, 10000});
}

Test(pretrain, a_full_disk_leaves_the_old_checkpoint_and_it_goes_on_from_there)
{
    struct tiny tiny, whole;
    struct stat status;
    tiny_open(&tiny);
    tiny.settings.after_update = fill_the_disk;
    tiny_expect(&tiny, 4, "cannot be written");
    cr_assert_eq(stat(tiny.checkpoint, &status), 0);
    cr_expect_gt(status.st_size, 10000);
    tiny.settings.after_update = NULL;
    tiny_expect(&tiny, 0, "going on after update 5 of 20");
    tiny_open(&whole);
    pretrain_run(&whole.settings);
    same_training(&tiny, &whole, __LINE__);
    tiny_close(&tiny);
    tiny_close(&whole);
}

#endif

// ====== Learning, and what is said of it ======

Test(pretrain, the_loss_falls)
{
    struct tiny tiny;
    struct train_log log;
    tiny_open(&tiny);
    tiny.settings.recipe.epochs = 40;
    tiny.settings.threads = 2;
    pretrain_run(&tiny.settings);
    train_log_open(&log, tiny.log, UINT64_MAX);
    cr_assert_eq(log.count, 40);
    // Forty scenes, forty times: they are being learnt by heart.
    cr_expect_lt(log.line[39].loss, .8 * log.line[0].loss);
    train_log_close(&log);
    tiny_close(&tiny);
}

Test(pretrain, the_log_has_a_line_for_each_epoch_and_for_the_end)
{
    struct tiny tiny;
    struct tsv log;
    tiny_open(&tiny);
    tiny.settings.recipe.batch = 16; // 2.5 updates an epoch
    tiny.settings.recipe.epochs = 3.1;
    pretrain_run(&tiny.settings);
    tsv_read(&log, tiny.log);
    static const char *const epochs[] = {"1", "2", "3.1"}, *const updates[] = {"3", "5",
                                                                               "8"};
    cr_assert_eq(log.rows, 3);
    for (size_t i = 0; i < 3; ++i) {
        cr_expect_str_eq(tsv_cell(&log, i, "updates"), updates[i]);
        if (i < 2) cr_expect_str_eq(tsv_cell(&log, i, "epoch"), epochs[i]);
        cr_expect_gt(tsv_number(&log, i, "images_per_second"), 0);
    }
    tsv_free(&log);
    tiny_close(&tiny);
}

Test(pretrain, the_weights_say_where_they_come_from)
{
    static const char *const facts[][2] = {
        {"format", "pt"},       {"run", "tiny"}, {"tier", "smoke"},
        {"data", "planted"},    {"seed", "5"},   {"updates", "20"},
        {"images_seen", "160"}, {"epochs", "4"}, {"heads", "2"},
        {"decoder_heads", "3"}, {"patch", "8"},  {"mask_ratio", "0.75"},
        {"code", "abc"},
    };
    struct tiny tiny;
    struct safetensors file;
    char text[RECIPE_TEXT];
    tiny_open(&tiny);
    tiny.settings.code = "abc";
    pretrain_run(&tiny.settings);
    safetensors_read(&file, tiny.weights, NULL);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; ++i)
        cr_expect_str_eq(safetensors_metadata(&file, facts[i][0]), facts[i][1]);
    recipe_text(text, &tiny.settings.recipe);
    cr_expect_str_eq(safetensors_metadata(&file, "recipe"), text);
    cr_expect_str_eq(safetensors_metadata(&file, "data_digest"), tiny.images.digest);
    cr_expect_not_null(safetensors_metadata(&file, "arithmetic"));
    cr_expect_not_null(safetensors_metadata(&file, "core_type"));
    safetensors_free(&file);
    tiny_close(&tiny);
}

Test(pretrain, weights_that_are_there_are_not_trained_again)
{
    struct tiny tiny;
    tiny_open(&tiny);
    cr_expect_not(pretrain_ready(&tiny.settings));
    cr_expect_eq(pretrain_run(&tiny.settings), 1);
    cr_expect(pretrain_ready(&tiny.settings));
    cr_expect_eq(pretrain_run(&tiny.settings), 0);
    tiny.settings.code = "abc";
    cr_expect_not(pretrain_ready(&tiny.settings), "made by unknown code");
    tiny.settings.seed++;
    cr_expect_not(pretrain_ready(&tiny.settings), "cheap weights of another seed");
    tiny.settings.code = NULL;
    tiny.settings.force = 1;
    cr_expect_not(pretrain_ready(&tiny.settings));
    tiny_close(&tiny);
}

static void ask_ready(const void *tiny)
{
    pretrain_ready(&((const struct tiny *)tiny)->settings);
}

/// Expects that neither the question nor the training gets past the weights, which stay as they are,
/// and that both say `key`, the reason, and the remedy, in one line.
static void expect_refusal(int line, const struct tiny *tiny, const char *key)
{
    const char *const says[] = {tiny->weights, key, "(move it away, or FORCE=1)", NULL};
    char before[HASH_HEX], after[HASH_HEX];
    hash_file(before, HASH_SHA256, tiny->weights);
    expect_death_naming(line, ask_ready, tiny, 3, says);
    expect_death_naming(line, tiny_train, tiny, 3, says);
    hash_file(after, HASH_SHA256, tiny->weights);
    cr_expect_str_eq(before, after, "line %d", line);
}

Test(pretrain, weights_of_another_training_are_not_replaced)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    struct pretrain kept = tiny.settings;
    recipe_set_epochs(&tiny.settings.recipe, 6); // longer does not excuse the others
    tiny.settings.seed++;
    expect_refusal(__LINE__, &tiny, "its seed is 5, not 6 ");
    tiny.settings.seed--;
    tiny.settings.recipe.run = "small";
    expect_refusal(__LINE__, &tiny, "its run is tiny, not small ");
    tiny.settings.recipe.run = "tiny";
    tiny.settings.recipe.tier = "desk";
    expect_refusal(__LINE__, &tiny, "its tier is smoke, not desk ");
    tiny.settings.recipe.tier = "smoke";
    tiny.images.digest[0] ^= 1;
    expect_refusal(__LINE__, &tiny, "its data_digest is ");
    tiny.images.digest[0] ^= 1;
    tiny.settings = kept;
    tiny.settings.recipe.learning_rate *= 2;
    expect_refusal(__LINE__, &tiny, "its recipe is another and was trained on 160 ");
    tiny.settings.force = 1;
    cr_expect_eq(pretrain_run(&tiny.settings), 1);
    tiny_close(&tiny);
}

// A key renamed or a value changed in place: the file stays well formed.
Test(pretrain, weights_of_unknown_origin_are_not_replaced)
{
    static const struct {
        const char *word;
        char last; // instead of the word's
        const char *says;
    } cases[] = {
        {"\"images_seen", 'm', "its images_seen is missing "},
        {"\"images_seen\":\"1", 'x', "its images_seen is x60 "},
        {"\"core_type", 'f', "its core_type is missing, not "},
        {"\"core_type\":\"?", '!', "its core_type is !"},
        {"\"arithmetic\":\"f", 'g', "its arithmetic is gp"},
    };
    struct tiny tiny;
    size_t size;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    recipe_set_epochs(&tiny.settings.recipe, 6);
    char *bytes = file_read(&size, tiny.weights, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        size_t length = strcspn(cases[i].word, "?");
        char *word = memmem(bytes, size, cases[i].word, length);
        cr_assert_not_null(word, "%s", cases[i].word);
        char *last = word + strlen(cases[i].word) - 1, old = *last;
        *last = cases[i].last;
        scratch_write(tiny.weights, bytes, size);
        *last = old;
        expect_refusal(__LINE__, &tiny, cases[i].says);
    }
    free(bytes);
    tiny_close(&tiny);
}

Test(pretrain, a_pilot_does_not_replace_a_longer_training)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    recipe_set_epochs(&tiny.settings.recipe, 1);
    expect_refusal(__LINE__, &tiny, "on 160 images, this training would see 40 ");
    tiny_close(&tiny);
}

Test(pretrain, a_longer_training_replaces_a_pilot)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    recipe_set_epochs(&tiny.settings.recipe, 6);
    struct images unloaded = {.name = tiny.images.name};
    memcpy(unloaded.digest, tiny.images.digest, sizeof unloaded.digest);
    tiny.settings.images = &unloaded;
    cr_expect_not(pretrain_ready(&tiny.settings), "how many there are is not known");
    tiny.settings.images = &tiny.images;
    cr_expect_eq(pretrain_run(&tiny.settings), 1);
    tiny_close(&tiny);
}

Test(pretrain, a_loss_that_is_not_finite_ends_it_and_keeps_the_checkpoint)
{
    struct tiny tiny;
    tiny_open(&tiny);
    tiny.settings.recipe.warmup = 0;
    tiny.settings.recipe.learning_rate = 1e36;
    tiny_expect(&tiny, 4, "not finite (the last checkpoint is kept");
    cr_expect_not(file_exists(tiny.weights));
    tiny_close(&tiny);
}

// Two processes at once: the second waits, then finds the first one's weights.
Test(pretrain, two_processes_do_not_train_at_once)
{
    struct tiny tiny;
    tiny_open(&tiny);
    tiny.settings.recipe.epochs = 30;
    pid_t child = fork();
    cr_assert_neq(child, -1);
    if (child == 0) _exit(pretrain_run(&tiny.settings));
    while (!file_exists(tiny.log)) usleep(1000);
    cr_expect_not(file_exists(tiny.weights), "the first has not ended");
    cr_expect_eq(pretrain_run(&tiny.settings), 0);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    tiny_close(&tiny);
}
