/// A training small enough for tests: 40 planted scenes, 16 patches, one block each side, 20
/// updates of four micro-batches; its files in their own folder; and how a process that trains
/// ends. For suites with .init = scratch_make.
#ifndef MASKBOOK_TESTS_TRAIN_TINY_H
#define MASKBOOK_TESTS_TRAIN_TINY_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/files.h"
#include "core/data/planted.h"
#include "core/train/pretrain.h"
#include "tests/ending.h"
#include "tests/scratch.h"

enum { TINY_IMAGES = 40, TINY_UPDATES = 20 };

struct tiny {
    char folder[PATH_SIZE], weights[PATH_SIZE], checkpoint[PATH_SIZE], log[PATH_SIZE];
    struct images images;
    struct pretrain settings;
};

/// A training with its own folder in the scratch folder.
static inline void tiny_open(struct tiny *tiny)
{
    static int count;
    *tiny = (struct tiny){0};
    path_format(tiny->folder, "%s/%d/runs/tiny", scratch_folder, count);
    path_format(tiny->weights, "%s/%d/weights/tiny.safetensors", scratch_folder,
                count++);
    path_format(tiny->checkpoint, "%s/checkpoint.safetensors", tiny->folder);
    path_format(tiny->log, "%s/log.tsv", tiny->folder);
    planted_make(&tiny->images, 1, TINY_IMAGES, PLANTED_NOISE);
    tiny->settings = (struct pretrain){
        .recipe = {.tier = "smoke",
                   .run = "tiny",
                   .shape = {32, 3, 8, 12, 1, 1, 2, 3},
                   .mask_ratio = .75,
                   .batch = 8,
                   .micro_batches = 4,
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

static inline void tiny_train(const void *tiny)
{
    pretrain_run(&((const struct tiny *)tiny)->settings);
}

/// Expects the training, in a child because it may end its process, to end with `code` and to say
/// `part`.
#define tiny_expect(tiny, code, part)                                                  \
    expect_ending(__LINE__, tiny_train, tiny, code, part)

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
