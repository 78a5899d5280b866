#include "core/train/pretrain.h"

#include <math.h>
#include <signal.h>

#include "core/model/safetensors.h"
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
    hash_file(digest[0], one.weights);
    hash_file(digest[1], other.weights);
    cr_expect_str_neq(digest[0], digest[1]);
    tiny_close(&one);
    tiny_close(&other);
}

static uint64_t end_at;

static void kill_there(uint64_t updates)
{
    if (updates == end_at) kill(getpid(), SIGKILL);
}

// A training killed at update 12, whose checkpoint is of update 10.
static void open_killed(struct tiny *tiny)
{
    tiny_open(tiny);
    end_at = 12;
    tiny->settings.after_update = kill_there;
    tiny_expect(tiny, -SIGKILL, "");
    cr_assert(file_exists(tiny->checkpoint));
    tiny->settings.after_update = NULL;
}

Test(pretrain, killed_it_goes_on_to_the_same_bits_on_other_threads)
{
    struct tiny killed, whole;
    tiny_open(&whole);
    pretrain_run(&whole.settings);
    open_killed(&killed);
    killed.settings.threads = 3;
    tiny_expect(&killed, 0, "going on after update 10 of 20");
    same_training(&whole, &killed, __LINE__);
    tiny_close(&whole);
    tiny_close(&killed);
}

Test(pretrain, a_checkpoint_that_does_not_fit_is_refused)
{
    struct tiny tiny;
    open_killed(&tiny);
    tiny.settings.seed++;
    tiny_expect(&tiny, 3, "another seed, 5 ");
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
    struct train_log log;
    train_log_open(&log, tiny.log, UINT64_MAX);
    cr_expect_str_eq(safetensors_metadata(&file, SAFETENSORS_DIGEST),
                     log.line[log.count - 1].weights_sha256);
    train_log_close(&log);
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

// Expects that neither the question nor the training gets past the weights, which stay as they are,
// and that both say `key`, the reason, and the remedy, in one line.
static void expect_refusal(int line, const struct tiny *tiny, const char *key)
{
    const char *const says[] = {tiny->weights, key, "(move it away, or FORCE=1)", NULL};
    char before[HASH_HEX], after[HASH_HEX];
    hash_file(before, tiny->weights);
    expect_death_naming(line, ask_ready, tiny, 3, says);
    expect_death_naming(line, tiny_train, tiny, 3, says);
    hash_file(after, tiny->weights);
    cr_expect_str_eq(before, after, "line %d", line);
}

Test(pretrain, weights_of_another_training_are_not_replaced)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    struct pretrain saved = tiny.settings;
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
    tiny.settings = saved;
    recipe_set_epochs(&tiny.settings.recipe, 6);
    tiny.settings.recipe.target.scale = TARGET_WHITENED;
    expect_refusal(__LINE__, &tiny, "its target_scale is raw, not whitened ");
    tiny.settings = saved;
    tiny.settings.recipe.learning_rate *= 2;
    expect_refusal(__LINE__, &tiny, "its recipe is another and was trained on 160 ");
    tiny.settings.force = 1;
    cr_expect_eq(pretrain_run(&tiny.settings), 1);
    tiny_close(&tiny);
}

static void flip_bit(const char *path)
{
    size_t size;
    char *bytes = file_read(&size, path, NULL);
    bytes[size - 7] ^= 1;
    scratch_write(path, bytes, size);
    free(bytes);
}

Test(pretrain, damaged_weights_are_not_taken_for_finished_ones)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    flip_bit(tiny.weights);
    const char *const says[] = {tiny.weights, "is damaged",
                                "(remove it and make it again)", NULL};
    expect_death_naming(__LINE__, ask_ready, &tiny, 3, says);
    expect_death_naming(__LINE__, tiny_train, &tiny, 3, says);
    tiny_close(&tiny);
}

// "updates" renamed in place to a key of the same length.
Test(pretrain, weights_of_another_program_are_never_replaced)
{
    struct tiny tiny;
    size_t size;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    recipe_set_epochs(&tiny.settings.recipe, 6);
    char *bytes = file_read(&size, tiny.weights, NULL),
         *key = memmem(bytes, size, "\"updates\":", 10);
    cr_assert_not_null(key);
    memcpy(key, "\"trainer\":", 10);
    scratch_write(tiny.weights, bytes, size);
    free(bytes);
    expect_refusal(__LINE__, &tiny, "but was trained by 20 ");
    tiny.settings.code = "of the smoke tier, whose weights count with their sources";
    expect_refusal(__LINE__, &tiny, "but was trained by 20 ");
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
