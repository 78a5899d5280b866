/// Files that are whole or absent. Everything the suite writes goes to a temporary name in
/// the same folder, is flushed and checked, and is then renamed over the old one; a crash or
/// a full disk leaves the old file as it was. All functions die with EXIT_INPUT for reading
/// and EXIT_SYSTEM for writing, naming the path and the reason.
#ifndef MASKBOOK_BASE_FILES_H
#define MASKBOOK_BASE_FILES_H

#include <stddef.h>
#include <stdio.h>

enum { PATH_SIZE = 1024 }; ///< bytes of a path buffer, the final 0 included

/// path (PATH_SIZE) = formatted text. Dies (EXIT_USAGE) when it does not fit.
void path_format(char path[PATH_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/// A file being written.
struct output {
    FILE *file; ///< write here with fprintf/fwrite; output_close checks for errors
    char path[PATH_SIZE], temporary[PATH_SIZE];
};

/// Makes the folder of `path` (and its parents) and opens a temporary file beside `path`.
void output_open(struct output *output, const char *path);

/// Checks, flushes to the disk and renames into place. On any failure the temporary file is
/// removed, the old file stays, and the process dies (EXIT_SYSTEM).
void output_close(struct output *output);

/// Drops what was written; the old file stays.
void output_discard(struct output *output);

/// True when `path` is a readable regular file.
int file_exists(const char *path);

/// Size in bytes. Dies (EXIT_INPUT) when there is no such file; `hint` says what to do, or NULL.
size_t file_size(const char *path, const char *hint);

/// The whole file, followed by one 0 byte, in fresh memory that the caller frees with free();
/// *size gets its length. Dies (EXIT_INPUT) when missing or unreadable, with `hint` in
/// parentheses when not NULL.
char *file_read(size_t *size, const char *path, const char *hint);

/// Makes a folder and its parents. Dies (EXIT_SYSTEM) when a parent is a file, say.
void folder_make(const char *path);

#endif
