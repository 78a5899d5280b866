#include "core/train/pretrain.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <signal.h>

#include "core/linalg/bf16.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm_bf16.h"
#include "core/model/safetensors.h"
#include "core/train/checkpoint.h"
#include "core/train/train_log.h"
#include "tests/train/tiny.h"

TestSuite(bf16_training, .init = scratch_make);

// The double build has no bfloat16 (tests/linalg/test_arithmetic.c).
#ifndef REAL_DOUBLE

// Four patches where tiny.h has one, so that there are more tokens than products take at a time.
static void open_in(struct tiny *tiny, enum arithmetic arithmetic)
{
    tiny_open(tiny);
    tiny->settings.recipe.shape.patch = 4;
    tiny->settings.arithmetic = arithmetic;
}

static uint64_t end_at;

static void kill_there(uint64_t updates)
{
    if (updates == end_at) kill(getpid(), SIGKILL);
}

// A training killed at update 12, whose checkpoint is of update 10.
static void open_killed(struct tiny *tiny, enum arithmetic arithmetic)
{
    open_in(tiny, arithmetic);
    end_at = 12;
    tiny->settings.after_update = kill_there;
    tiny_expect(tiny, -SIGKILL, "");
    cr_assert(file_exists(tiny->checkpoint));
    tiny->settings.after_update = NULL;
}

// The last line of a log.
static struct log_line last_line(const char *path)
{
    struct train_log log;
    train_log_open(&log, path, UINT64_MAX);
    cr_assert(log.count > 0);
    struct log_line last = log.line[log.count - 1];
    train_log_close(&log);
    return last;
}

// ====== The same bits ======

static void expect_threads_unseen(enum arithmetic arithmetic)
{
    static const int counts[] = {2, 3, 4, 7};
    struct tiny one, other;
    open_in(&one, arithmetic);
    cr_assert_eq(pretrain_run(&one.settings), 1);
    for (size_t t = 0; t < sizeof counts / sizeof *counts; ++t) {
        const int threads = counts[t];
        open_in(&other, arithmetic);
        other.settings.threads = threads;
        cr_assert_eq(pretrain_run(&other.settings), 1);
        tiny_same_file(one.weights, other.weights, __LINE__);
        tiny_close(&other);
    }
    tiny_close(&one);
}

Test(bf16_training, the_weights_do_not_know_the_number_of_threads)
{
    expect_threads_unseen(BF16);
    expect_threads_unseen(BF16_DOT);
}

static void expect_resumed(enum arithmetic arithmetic)
{
    struct tiny whole, killed;
    open_in(&whole, arithmetic);
    pretrain_run(&whole.settings);
    open_killed(&killed, arithmetic);
    killed.settings.after_update = kill_there;
    for (int threads = 2; threads <= 4; ++threads) {
        end_at = 12 + (uint64_t)threads;
        killed.settings.threads = threads;
        tiny_expect(&killed, -SIGKILL, "going on after update 1");
    }
    killed.settings.after_update = NULL;
    tiny_expect(&killed, 0, "going on after update 15 of 20");
    tiny_same_file(whole.weights, killed.weights, __LINE__);
    cr_expect_str_eq(last_line(whole.log).weights_sha256,
                     last_line(killed.log).weights_sha256);
    cr_expect_eq(last_line(whole.log).loss, last_line(killed.log).loss);
    tiny_close(&whole);
    tiny_close(&killed);
}

Test(bf16_training, killed_it_goes_on_at_another_number_of_threads_to_the_same_bits)
{
    expect_resumed(BF16);
    expect_resumed(BF16_DOT);
}

// A training begun on one kind of machine and continued on another.
static void expect_same_on(enum arithmetic arithmetic, const char *path)
{
    struct tiny vectors, portable, mixed;
    cr_assert(gemm_bf16_path_use(arithmetic, path));
    open_in(&vectors, arithmetic);
    pretrain_run(&vectors.settings);
    open_killed(&mixed, arithmetic);
    cr_assert(gemm_bf16_path_use(arithmetic, "portable"));
    open_in(&portable, arithmetic);
    pretrain_run(&portable.settings);
    pretrain_run(&mixed.settings);
    tiny_same_file(vectors.weights, portable.weights, __LINE__);
    tiny_same_file(vectors.weights, mixed.weights, __LINE__);
    tiny_close(&vectors);
    tiny_close(&portable);
    tiny_close(&mixed);
}

static const struct {
    enum arithmetic arithmetic;
    const char *path;
    int (*available)(void);
} vector_paths[] = {
    {BF16, "AVX2", cpu_has_avx2},
    {BF16_DOT, "AVX2", cpu_has_avx2},
    {BF16, "AVX-512", cpu_has_avx512},
    {BF16_DOT, "AVX-512", cpu_has_avx512},
    {BF16_DOT, "AVX512-BF16", dot_available},
};

ParameterizedTestParameters(bf16_training, plain_c_and_vectors_train_to_the_same_bits)
{
    static int number[] = {0, 1, 2, 3, 4};
    return cr_make_param_array(int, number, sizeof vector_paths / sizeof *vector_paths);
}

ParameterizedTest(int *number, bf16_training,
                  plain_c_and_vectors_train_to_the_same_bits)
{
    const char *path = vector_paths[*number].path;
    if (!vector_paths[*number].available()) cr_skip_test("this CPU has no %s", path);
    expect_same_on(vector_paths[*number].arithmetic, path);
}

// ====== It trains ======

// The same batches and masks, initial weights and schedule: the loss falls as it does in fp32, to
// the 2^-8 of it that is bfloat16's unit roundoff.
static void expect_loss_of_fp32(enum arithmetic arithmetic)
{
    struct tiny exact, rounded;
    open_in(&exact, FP32);
    open_in(&rounded, arithmetic);
    pretrain_run(&exact.settings);
    pretrain_run(&rounded.settings);
    struct train_log one, other;
    train_log_open(&one, exact.log, UINT64_MAX);
    train_log_open(&other, rounded.log, UINT64_MAX);
    cr_assert(one.count == 4 && other.count == 4);
    for (size_t i = 0; i < 4; ++i) {
        const double want = one.line[i].loss, got = other.line[i].loss;
        fprintf(stderr, "tiny training, line %zu: fp32 %.6f, %s %.6f\n", i, want,
                arithmetic_name(arithmetic), got);
        cr_expect(got != want && fabs(got - want) <= want * 0x1p-8, "%.9g, %.9g", got,
                  want);
    }
    cr_expect(other.line[3].loss < .9 * other.line[0].loss);
    train_log_close(&one);
    train_log_close(&other);
    tiny_close(&exact);
    tiny_close(&rounded);
}

Test(bf16_training, the_loss_falls_as_in_fp32)
{
    expect_loss_of_fp32(BF16);
    expect_loss_of_fp32(BF16_DOT);
}

// What AdamW adds to is a 32-bit float, else its small steps would round away; and so it is
// written.
Test(bf16_training, master_weights_are_not_rounded)
{
    struct tiny tiny;
    struct safetensors file;
    open_in(&tiny, BF16);
    pretrain_run(&tiny.settings);
    safetensors_read(&file, tiny.weights, NULL);
    cr_assert(file.count > 0);
    for (size_t i = 0; i < file.count; ++i) {
        const struct tensor *tensor = &file.tensors[i];
        const float *numbers = tensor->data;
        size_t fine = 0;
        cr_assert_eq(tensor->type, TENSOR_F32);
        for (size_t n = 0; n < tensor->count; ++n)
            fine += bf16_widen(bf16_round(numbers[n])) != numbers[n];
        cr_expect(2 * fine > tensor->count, "%s: %zu of %zu", tensor->name, fine,
                  tensor->count);
    }
    safetensors_free(&file);
    tiny_close(&tiny);
}

// ====== Files say it, and are not mixed ======

static void expect_arithmetic(const char *path, const char *name)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    const char *found = safetensors_metadata(&file, "arithmetic");
    cr_assert(found, "%s: no arithmetic", path);
    cr_expect_str_eq(found, name, "%s: %s", path, found);
    safetensors_free(&file);
}

Test(bf16_training, weights_and_checkpoint_say_bf16)
{
    for (enum arithmetic arithmetic = BF16; arithmetic <= BF16_DOT; ++arithmetic) {
        struct tiny tiny;
        open_killed(&tiny, arithmetic);
        expect_arithmetic(tiny.checkpoint, arithmetic_name(arithmetic));
        tiny_expect(&tiny, 0, "");
        expect_arithmetic(tiny.weights, arithmetic_name(arithmetic));
        tiny_close(&tiny);
    }
}

static void check_refusal(enum arithmetic begun, enum arithmetic continued)
{
    char other[64];
    snprintf(other, sizeof other, "another arithmetic, %s", arithmetic_name(begun));
    const char *const parts[] = {"checkpoint.safetensors", other, "FORCE=1", NULL};
    struct tiny tiny;
    open_killed(&tiny, begun);
    tiny.settings.arithmetic = continued;
    expect_death_naming(__LINE__, tiny_train, &tiny, 3, parts);
    expect_arithmetic(tiny.checkpoint, arithmetic_name(begun));
    // It is as good as it was.
    tiny.settings.arithmetic = begun;
    tiny_expect(&tiny, 0, "going on after update 10 of 20");
    tiny_close(&tiny);
}

Test(bf16_training, a_checkpoint_is_not_continued_in_the_other_arithmetic)
{
    check_refusal(FP32, BF16);
    check_refusal(BF16, FP32);
    check_refusal(BF16, BF16_DOT);
}

Test(bf16_training, weights_of_the_other_arithmetic_are_not_replaced)
{
    const char *const parts[] = {"its arithmetic is fp32, not bf16", "FORCE=1", NULL};
    struct tiny tiny;
    open_in(&tiny, FP32);
    pretrain_run(&tiny.settings);
    tiny.settings.arithmetic = BF16;
    expect_death_naming(__LINE__, tiny_train, &tiny, 3, parts);
    expect_arithmetic(tiny.weights, "fp32");
    tiny.settings.force = 1;
    tiny_expect(&tiny, 0, "");
    expect_arithmetic(tiny.weights, "bf16");
    cr_expect(pretrain_ready(&(struct pretrain){.recipe = tiny.settings.recipe,
                                                .seed = tiny.settings.seed,
                                                .threads = 1,
                                                .arithmetic = BF16,
                                                .images = &tiny.images,
                                                .folder = tiny.folder,
                                                .weights = tiny.weights}));
    tiny_close(&tiny);
}

#endif
