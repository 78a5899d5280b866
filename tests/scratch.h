/// A folder for a test's files, removed with its contents when the test's process exits or dies.
#ifndef MASKBOOK_TESTS_SCRATCH_H
#define MASKBOOK_TESTS_SCRATCH_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/files.h"

static char scratch_folder[64];
static pid_t scratch_owner;

static inline int scratch_remove_one(const char *path, const struct stat *status,
                                     int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

// A forked child runs the same exit handlers, but must not remove the folder.
static inline void scratch_remove(void)
{
    if (scratch_owner == getpid())
        nftw(scratch_folder, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// A broken contract ends the process without its exit handlers.
static inline void scratch_abort(int number)
{
    scratch_remove();
    signal(number, SIG_DFL);
    raise(number);
}

/// Makes the folder; for a suite's .init, so that a forked child uses the folder of its test.
static inline void scratch_make(void)
{
    strcpy(scratch_folder, "/tmp/maskbook-test-XXXXXX");
    cr_assert(mkdtemp(scratch_folder));
    scratch_owner = getpid();
    atexit(scratch_remove);
    signal(SIGABRT, scratch_abort);
}

/// path = a name in the folder.
static inline void scratch_path(char path[PATH_SIZE], const char *name)
{
    path_format(path, "%s/%s", scratch_folder, name);
}

/// The same as a return value, in one of eight static buffers used in rotation.
static inline const char *in_scratch(const char *name)
{
    static char paths[8][PATH_SIZE];
    static int next;
    char *path = paths[next++ % 8];
    scratch_path(path, name);
    return path;
}

/// Writes a file without the module under test.
static inline void scratch_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}

/// Expects a file to hold exactly `text`; reads it without the module under test.
static inline void scratch_expect(int line, const char *path, const char *text)
{
    char got[4096];
    FILE *file = fopen(path, "rb");
    cr_assert(file, "line %d: %s is missing", line, path);
    size_t size = fread(got, 1, sizeof got - 1, file);
    got[size] = 0;
    fclose(file);
    cr_expect(size == strlen(text) && !memcmp(got, text, size),
              "line %d: %s holds '%s', not '%s'", line, path, got, text);
}

/// The number of entries in a folder inside the scratch folder ("" for itself).
static inline int scratch_entries(const char *name)
{
    char path[PATH_SIZE];
    int count = 0;
    scratch_path(path, name);
    DIR *folder = opendir(path);
    cr_assert(folder, "%s", path);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(folder);
    return count;
}

#endif
