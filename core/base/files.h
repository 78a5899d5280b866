/// Files that are complete or absent. Each is written under a temporary name in the same folder,
/// flushed, checked and then renamed over the old one; after a crash or on a full disk the old file
/// is unchanged. On failure all functions die, EXIT_INPUT for reading and EXIT_SYSTEM for writing,
/// naming the path and the reason.
#ifndef MASKBOOK_BASE_FILES_H
#define MASKBOOK_BASE_FILES_H

#include <stddef.h>
#include <stdio.h>

enum { PATH_SIZE = 1024 }; ///< bytes of a path buffer, including the final 0

/// path (PATH_SIZE) = the formatted text. Dies (EXIT_USAGE) when it does not fit.
void path_format(char path[PATH_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// A file being written.
struct output {
    FILE *file; ///< for fprintf and fwrite; output_close checks for errors
    char path[PATH_SIZE], temporary[PATH_SIZE];
};

/// Makes the folder of `path` and its parents, and opens a temporary file in it. That file goes
/// when the process exits, or is ended by SIGINT, SIGTERM or SIGHUP (unless the program handles or
/// ignores it); one that a killed process has left of the same path is removed here.
void output_open(struct output *output, const char *path);

/// Checks for errors, flushes to disk and renames the temporary file to `path`. On any failure
/// removes the temporary file, leaves the old file unchanged and dies (EXIT_SYSTEM); where only the
/// folder cannot be flushed, the new file is in place.
void output_close(struct output *output);

/// True when `path` is a readable regular file.
int file_exists(const char *path);

/// True when there is a file at `path`, which took long to make, false when there is nothing. Dies
/// (EXIT_INPUT) for one that cannot be read, or is no regular file, so that nothing takes its place
/// as if it were missing.
int file_kept(const char *path);

/// The size of a file in bytes. Dies (EXIT_INPUT) when there is none, with `hint` (what to do, or
/// NULL) in parentheses.
size_t file_size(const char *path, const char *hint);

/// The whole file followed by one 0 byte, in memory that the caller frees with free(); *size = its
/// length without that byte. Dies (EXIT_INPUT) when it is missing or unreadable, with `hint` as
/// above.
char *file_read(size_t *size, const char *path, const char *hint);

/// Copies the file `from` to `to`. Dies as file_read and output_close do.
void file_copy(const char *to, const char *from);

/// From now on, when `path` ("RESULTS/smoke-planted") is made, by folder_make or for a file below
/// it, its name is added to the list .maskbook of the folder it is in: `make distclean` removes
/// what is listed and nothing else. A folder that is there already is not ours. One path a process,
/// which is set before any thread makes a folder.
void folder_ours(const char *path);

/// Makes a folder and its parents. Dies (EXIT_SYSTEM) when it cannot, because a parent is a file,
/// say.
void folder_make(const char *path);

#endif
