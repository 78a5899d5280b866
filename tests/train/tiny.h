/// A training small enough for tests: 40 planted scenes, 16 patches, one block each side, 20 updates of
/// four leaves; its files in a folder of its own; and how a process that trains ends.
#ifndef MASKBOOK_TESTS_TRAIN_TINY_H
#define MASKBOOK_TESTS_TRAIN_TINY_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/files.h"
#include "core/data/planted.h"
#include "core/train/pretrain.h"

enum { TINY_IMAGES = 40, TINY_UPDATES = 20 };

struct tiny {
    char root[64], folder[PATH_SIZE], weights[PATH_SIZE], checkpoint[PATH_SIZE],
        log[PATH_SIZE];
    struct images images;
    struct pretrain settings;
};

static pid_t tiny_owner;
static char tiny_roots[8][64];
static int tiny_count;

static int tiny_drop(const char *path, const struct stat *status, int type,
                     struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static void tiny_remove(void)
{
    for (int i = 0; getpid() == tiny_owner && i < tiny_count; ++i)
        nftw(tiny_roots[i], tiny_drop, 8, FTW_DEPTH | FTW_PHYS);
}

/// A training with a folder of its own, which goes when the test's process ends.
static inline void tiny_open(struct tiny *tiny)
{
    *tiny = (struct tiny){.root = "/tmp/maskbook-train-XXXXXX"};
    cr_assert(mkdtemp(tiny->root));
    cr_assert(tiny_count < 8);
    strcpy(tiny_roots[tiny_count++], tiny->root);
    if (tiny_count == 1) {
        tiny_owner = getpid();
        atexit(tiny_remove);
    }
    path_format(tiny->folder, "%s/runs/tiny", tiny->root);
    path_format(tiny->weights, "%s/weights/tiny.safetensors", tiny->root);
    path_format(tiny->checkpoint, "%s/checkpoint.safetensors", tiny->folder);
    path_format(tiny->log, "%s/log.tsv", tiny->folder);
    planted_make(&tiny->images, 1, TINY_IMAGES, PLANTED_NOISE);
    tiny->settings = (struct pretrain){
        .recipe = {.tier = "smoke",
                   .run = "tiny",
                   .shape = {32, 3, 8, 12, 1, 1, 2, 3},
                   .mask_ratio = .75,
                   .batch = 8,
                   .leaves = 4,
                   .epochs = 4,
                   .warmup = .4,
                   .learning_rate = 1e-2,
                   .beta1 = .9,
                   .beta2 = .95,
                   .epsilon = 1e-8,
                   .weight_decay = .05},
        .seed = 5,
        .threads = 1,
        .images = &tiny->images,
        .folder = tiny->folder,
        .weights = tiny->weights,
        .resume_command = "make tiny",
    };
}

static inline void tiny_close(struct tiny *tiny)
{
    images_free(&tiny->images);
}

struct tiny_end {
    int code; ///< exit code, or 128 + signal
    char message[1000];
};

/// Trains in a forked child, because a training may end its process.
static inline struct tiny_end tiny_train(const struct tiny *tiny)
{
    struct tiny_end end = {0};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    cr_assert_neq(child, -1);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        pretrain_run(&tiny->settings);
        _exit(0);
    }
    close(ends[1]);
    size_t filled = 0;
    for (ssize_t got; (got = read(ends[0], end.message + filled,
                                  sizeof end.message - 1 - filled)) > 0;)
        filled += (size_t)got;
    close(ends[0]);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return end;
}

#define tiny_expect(tiny, expected, says)                                              \
    do {                                                                               \
        struct tiny_end end_ = tiny_train(tiny);                                       \
        cr_expect(end_.code == (expected) && strstr(end_.message, says),               \
                  "line %d: ended %d saying '%s', not %d saying '%s'", __LINE__,       \
                  end_.code, end_.message, expected, says);                            \
    } while (0)

/// Expects two files of the same bytes.
static inline void tiny_same_file(const char *a, const char *b, int line)
{
    size_t size_a, size_b;
    char *bytes_a = file_read(&size_a, a, NULL), *bytes_b = file_read(&size_b, b, NULL);
    cr_expect(size_a == size_b && memcmp(bytes_a, bytes_b, size_a) == 0,
              "line %d: %s and %s differ", line, a, b);
    free(bytes_a);
    free(bytes_b);
}

#endif
