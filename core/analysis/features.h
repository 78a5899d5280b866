/// Features of a set of images, computed once by a frozen model and stored in a file: rows of
/// numbers for each image. The file carries a key of everything it was computed from; a file with
/// another key or with a wrong bit is not used.
///
/// A file is a page of text (what it is, key, shape, SHA-256 of the rest) followed by the float32
/// numbers. It is memory-mapped, so the system can drop its pages and read them again, and a file
/// larger than memory is only slower. Writing needs all numbers in memory.
#ifndef MASKBOOK_ANALYSIS_FEATURES_H
#define MASKBOOK_ANALYSIS_FEATURES_H

#include <stddef.h>

#include "core/base/files.h"

struct features {
    size_t images, rows, width; ///< n, R, D
    const float *data;          ///< (n,R,D)
    void *map;                  ///< the mapped file; NULL when `data` is borrowed
};

/// The rows (R,D) of one image. Requires image < n.
const float *features_image(const struct features *features, size_t image);

/// Images first .. last - 1 of a set; the data are borrowed.
struct features features_part(const struct features *features, size_t first,
                              size_t last);

/// Maps the file at `path` if it holds features of this key and shape.
/// features   in: images, rows, width; out: data and map
/// Returns 1; or 0 when there is no such file, or another or a damaged one, which it reports on
/// stderr. Reads the whole file once for its SHA-256, at more than 1 GB/s.
int features_open(struct features *features, const char *path, const char *key)
    __attribute__((warn_unused_result));

/// Writes features->data with `key` to a temporary file and renames it to `path`, so the disk needs
/// space for an old file and the new one. Dies (EXIT_SYSTEM) when it cannot be written.
void features_write(const struct features *features, const char *path, const char *key);

/// path (PATH_SIZE) = the file of a shard.
typedef void features_path_function(char path[PATH_SIZE], size_t shard,
                                    const void *context);

/// Maps the files of a set that is too large for one, which features_open has checked before, one
/// after another, so that they are used like one file. Every shard but the last holds `shard`
/// images; of the last as many are used as are wanted.
/// features   in: images, rows, width; out: data and map
/// Dies (EXIT_SYSTEM) when a file cannot be mapped. Requires that a whole shard's numbers fill
/// pages of 4,096 bytes.
void features_join(struct features *features, size_t shard,
                   features_path_function *path_of, const void *context);

/// Unmaps the file, if there is one.
void features_close(struct features *features);

#endif
