#include "core/data/cifar10.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(cifar10, .init = scratch_make);

enum { RECORD = 3073, RECORDS = 10000, FILES = 6 };

static const char *const names[FILES] = {"data_batch_1.bin", "data_batch_2.bin",
                                         "data_batch_3.bin", "data_batch_4.bin",
                                         "data_batch_5.bin", "test_batch.bin"};

static void file_path(char path[PATH_SIZE], const char *folder, const char *name)
{
    path_format(path, "%s/%s", folder, name);
}

// folder = a new folder in the scratch folder.
static void folder_new(char folder[PATH_SIZE], const char *name)
{
    scratch_path(folder, name);
    cr_assert(mkdir(folder, 0777) == 0);
}

// folder = a new folder with sparse files of the right size, whose records are all black and of
// class 0.
static void folder_fill(char folder[PATH_SIZE], const char *name)
{
    folder_new(folder, name);
    for (size_t f = 0; f < FILES; ++f) {
        char path[PATH_SIZE];
        file_path(path, folder, names[f]);
        int file = open(path, O_CREAT | O_WRONLY, 0666);
        cr_assert(file >= 0 && ftruncate(file, (off_t)RECORD * RECORDS) == 0);
        close(file);
    }
}

static void byte_put(const char *path, size_t at, unsigned char byte)
{
    int file = open(path, O_WRONLY);
    cr_assert(file >= 0 && pwrite(file, &byte, 1, (off_t)at) == 1);
    close(file);
}

struct split_in {
    const char *folder;
    enum split split;
};

static void load(const void *argument)
{
    const struct split_in *from = argument;
    struct images images;
    cifar10_load(&images, from->folder, from->split);
}

enum damage { MISSING, SHORT, LONG, FOLDER, LABEL, NONE };

// What is wrong with one file of a complete folder, and what the message must name.
static const struct fault {
    enum split split;
    const char *file;
    enum damage damage;
    const char *words[3];
} faults[] = {
    {SPLIT_TEST,
     "test_batch.bin",
     MISSING,
     {"test_batch.bin", "No such file", "make data"}},
    {SPLIT_TRAIN, "data_batch_3.bin", MISSING, {"data_batch_3.bin", "make data"}},
    {SPLIT_TEST, "test_batch.bin", SHORT, {"test_batch.bin", "30729999", "30730000"}},
    {SPLIT_TRAIN, "data_batch_5.bin", SHORT, {"data_batch_5.bin", "30729999"}},
    {SPLIT_TEST, "test_batch.bin", LONG, {"test_batch.bin", "30730001", "30730000"}},
    {SPLIT_TEST, "test_batch.bin", FOLDER, {"test_batch.bin", "directory"}},
    {SPLIT_TRAIN, "data_batch_1.bin", FOLDER, {"data_batch_1.bin", "directory"}},
    {SPLIT_TEST,
     "test_batch.bin",
     LABEL,
     {"test_batch.bin", "record 7001 ", "label 10"}},
    {SPLIT_TRAIN, "data_batch_4.bin", LABEL, {"data_batch_4.bin", "record 7001 "}},
    // Only the content is wrong, which only the digest can tell.
    {SPLIT_TEST, "test_batch.bin", NONE, {"test_batch.bin", "c601bf85", "make data"}},
    {SPLIT_TRAIN, "data_batch_1.bin", NONE, {"data_batch_{1..5}.bin", "e47348e9"}},
};

static void damage_do(const char *path, enum damage damage)
{
    switch (damage) {
    case MISSING:
        cr_assert(unlink(path) == 0);
        break;
    case SHORT:
        cr_assert(truncate(path, (off_t)RECORD * RECORDS - 1) == 0);
        break;
    case LONG:
        cr_assert(truncate(path, (off_t)RECORD * RECORDS + 1) == 0);
        break;
    case FOLDER:
        cr_assert(unlink(path) == 0 && mkdir(path, 0777) == 0);
        break;
    case LABEL:
        byte_put(path, (size_t)7001 * RECORD, 10);
        break;
    case NONE:
        break;
    }
}

ParameterizedTestParameters(cifar10, a_bad_file_is_refused_by_name)
{
    static int index[sizeof faults / sizeof *faults];
    for (int i = 0; i < (int)(sizeof faults / sizeof *faults); ++i) index[i] = i;
    return cr_make_param_array(int, index, sizeof faults / sizeof *faults);
}

ParameterizedTest(int *index, cifar10, a_bad_file_is_refused_by_name)
{
    const struct fault *fault = &faults[*index];
    char folder[PATH_SIZE], path[PATH_SIZE];
    folder_fill(folder, "whole");
    file_path(path, folder, fault->file);
    damage_do(path, fault->damage);
    struct split_in from = {folder, fault->split};
    const char *const parts[] = {folder, fault->words[0], fault->words[1],
                                 fault->words[2], NULL};
    expect_death_naming(__LINE__, load, &from, 3, parts);
}

Test(cifar10, a_missing_folder_is_refused)
{
    struct split_in from = {"/tmp/cifar10.none", SPLIT_TRAIN};
    const char *const parts[] = {"/tmp/cifar10.none/data_batch_1.bin", "make data",
                                 NULL};
    expect_death_naming(__LINE__, load, &from, 3, parts);
}

// ====== Where the files are ======

Test(cifar10, batches_are_found_in_the_folder_or_one_below)
{
    char top[PATH_SIZE], outer[PATH_SIZE], inner[PATH_SIZE], folder[PATH_SIZE],
        path[PATH_SIZE];
    folder_fill(top, "top");
    setenv("CIFAR10_DIR", top, 1);
    cr_expect(cifar10_locate(folder) == 1);
    cr_expect_str_eq(folder, top);

    folder_new(outer, "outer");
    setenv("CIFAR10_DIR", outer, 1);
    cr_expect(cifar10_locate(folder) == 0);
    cr_expect_str_eq(folder, outer);
    file_path(inner, outer, "cifar-10-batches-bin");
    cr_assert(mkdir(inner, 0777) == 0);
    cr_expect(cifar10_locate(folder) == 0, "an empty folder is no data");
    file_path(path, inner, "data_batch_1.bin");
    close(open(path, O_CREAT | O_WRONLY, 0666));
    cr_expect(cifar10_locate(folder) == 1);
    cr_expect_str_eq(folder, inner);
}

Test(cifar10, without_the_variable_the_folder_is_in_data)
{
    char folder[PATH_SIZE];
    cr_assert(chdir(scratch_folder) == 0);
    for (int empty = 0; empty < 2; ++empty) {
        if (empty)
            setenv("CIFAR10_DIR", "", 1);
        else
            unsetenv("CIFAR10_DIR");
        cr_expect(cifar10_locate(folder) == 0);
        cr_expect_str_eq(folder, "data/cifar-10-batches-bin");
    }
    cr_assert(mkdir("data", 0777) == 0 &&
              mkdir("data/cifar-10-batches-bin", 0777) == 0);
    close(open("data/cifar-10-batches-bin/data_batch_1.bin", O_CREAT | O_WRONLY, 0666));
    cr_expect(cifar10_locate(folder) == 1);
    cr_expect_str_eq(folder, "data/cifar-10-batches-bin");

    // A variable that names another folder is not ignored.
    setenv("CIFAR10_DIR", "/tmp/cifar10.none", 1);
    cr_expect(cifar10_locate(folder) == 0);
    cr_expect_str_eq(folder, "/tmp/cifar10.none");
}

// ====== The real files ======

// folder = where the real files are. Without them the test is skipped, which is printed even where
// the runner does not print skipped tests.
static void real_folder(char folder[PATH_SIZE], const char *test)
{
    if (cifar10_locate(folder)) return;
    fprintf(stderr, "[SKIP] cifar10::%s: no CIFAR-10 in %s\n", test, folder);
    cr_skip_test("no CIFAR-10 in %s (run `make data` or set CIFAR10_DIR)", folder);
}

static void expect_canonical(const struct images *images, enum split split)
{
    size_t count = split == SPLIT_TRAIN ? 50000 : 10000, classes[IMAGE_CLASSES] = {0};
    cr_assert_eq(images->count, count);
    cr_expect_str_eq(images->digest, cifar10_digest(split));
    cr_expect_str_eq(images->name, "cifar10");
    cr_expect_null(images->regions);

    // Hash the records in their new order, one by one and all together.
    unsigned char record[RECORD], digest[SHA256_BYTES], before[SHA256_BYTES] = {0};
    struct hash hash;
    char hex[HASH_HEX];
    hash_open(&hash);
    for (size_t i = 0; i < count; ++i) {
        record[0] = images->labels[i];
        memcpy(record + 1, images->pixels + i * IMAGE_BYTES, IMAGE_BYTES);
        hash_raw(digest, record, RECORD);
        cr_assert(memcmp(before, digest, SHA256_BYTES) <= 0, "record %zu is too late",
                  i);
        memcpy(before, digest, SHA256_BYTES);
        hash_add(&hash, record, RECORD);
        ++classes[record[0]];
    }
    hash_close(hex, &hash);
    cr_expect_str_eq(hex, cifar10_digest(split));
    for (size_t c = 0; c < IMAGE_CLASSES; ++c) cr_expect_eq(classes[c], count / 10);
}

Test(cifar10, the_real_splits_have_the_canonical_order_and_digests)
{
    char folder[PATH_SIZE];
    real_folder(folder, "the_real_splits_have_the_canonical_order_and_digests");
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        struct images images;
        cifar10_load(&images, folder, (enum split)split);
        expect_canonical(&images, (enum split)split);
        images_free(&images);
    }
}

Test(cifar10, the_order_of_the_files_does_not_matter)
{
    char real[PATH_SIZE], folder[PATH_SIZE], target[PATH_SIZE], link[PATH_SIZE];
    real_folder(real, "the_order_of_the_files_does_not_matter");
    char *whole = realpath(real, NULL);
    cr_assert(whole);
    folder_new(folder, "turned");
    for (size_t f = 0; f < 5; ++f) {
        file_path(target, whole, names[f]);
        file_path(link, folder, names[4 - f]);
        cr_assert(symlink(target, link) == 0);
    }
    struct images images;
    cifar10_load(&images, folder, SPLIT_TRAIN);
    cr_expect_str_eq(images.digest, cifar10_digest(SPLIT_TRAIN));
    images_free(&images);
    free(whole);
}

Test(cifar10, one_flipped_bit_in_thirty_megabytes_is_refused)
{
    char real[PATH_SIZE], path[PATH_SIZE], folder[PATH_SIZE];
    real_folder(real, "one_flipped_bit_in_thirty_megabytes_is_refused");
    size_t size;
    file_path(path, real, "test_batch.bin");
    char *bytes = file_read(&size, path, NULL);
    folder_fill(folder, "flipped");
    file_path(path, folder, "test_batch.bin");
    bytes[(size_t)1234 * RECORD + 567] ^= 1;
    scratch_write(path, bytes, size);
    free(bytes);
    struct split_in from = {folder, SPLIT_TEST};
    const char *const parts[] = {"test_batch.bin", "not the records of CIFAR-10",
                                 cifar10_digest(SPLIT_TEST), NULL};
    expect_death_naming(__LINE__, load, &from, 3, parts);
}
