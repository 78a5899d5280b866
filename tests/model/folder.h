/// A folder in /tmp that a test's files live in; gone when the test ends, also when it ends by
/// die(). Made for TestSuite(..., .init = folder_open, .fini = folder_remove).
#ifndef MASKBOOK_TESTS_MODEL_FOLDER_H
#define MASKBOOK_TESTS_MODEL_FOLDER_H

#include "core/base/files.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/maskbook-XXXXXX";
static pid_t folder_owner;

static inline int folder_drop(const char *path, const struct stat *status, int type,
                              struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline void folder_remove(void)
{
    // Children forked by a test run the same exit handlers.
    if (getpid() == folder_owner) nftw(folder, folder_drop, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_open(void)
{
    cr_assert(mkdtemp(folder), "no folder in /tmp");
    folder_owner = getpid();
    atexit(folder_remove);
}

/// The path of `name` in the folder; eight buffers are used in turn.
static inline const char *in_folder(const char *name)
{
    static char paths[8][PATH_SIZE];
    static int next;
    char *path = paths[next++ % 8];
    path_format(path, "%s/%s", folder, name);
    return path;
}

static inline void put_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, size, file) == size, "%s", path);
    cr_assert_eq(fclose(file), 0);
}

/// A file of header length, header and data, right or wrong.
static inline void put_safetensors(const char *path, const char *header, size_t length,
                                   const char *data, size_t size)
{
    char *bytes = malloc(8 + length + size);
    cr_assert(bytes);
    uint64_t wide = length;
    memcpy(bytes, &wide, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, size);
    put_file(path, bytes, 8 + length + size);
    free(bytes);
}

#endif
