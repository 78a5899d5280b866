/// What a frozen model makes of a set of images, computed once: rows of numbers for each image, kept in a
/// file that is known by its content's key. A file of another key, or with one bit wrong, is not used.
///
/// The file is a page of text (what it is, the key, the shape, the SHA-256 of the rest) and the float32
/// numbers. It is mapped for use: its pages are the system's to drop and to read again, so that a file
/// larger than memory costs time and no failure. To be written the numbers must all be in memory.
#ifndef MASKBOOK_ANALYSIS_FEATURES_H
#define MASKBOOK_ANALYSIS_FEATURES_H

#include <stddef.h>

struct features {
    size_t images, rows, width; ///< n, R, D
    const float *data;          ///< (n,R,D)
    void *map; ///< the mapped file, NULL when `data` is somebody else's
};

/// The rows (R,D) of one image. Contract: it is in the set.
const float *features_image(const struct features *features, size_t image);

/// Images first .. last-1 of a set, borrowed.
struct features features_part(const struct features *features, size_t first,
                              size_t last);

/// Maps the file at `path` when it holds features of that key and shape. Returns 1, or 0 when there is none
/// or it is not what it should be, saying so on stderr in the second case. The whole file is read once
/// (SHA-256, over 1 GB a second).
/// features  in: images, rows, width; out: data and map
int features_open(struct features *features, const char *path, const char *key)
    __attribute__((warn_unused_result));

/// Writes features->data to `path` under `key`: to a temporary name, flushed, renamed; so an old file there
/// and the new one need room together. Dies (EXIT_SYSTEM) when the disk does not take it.
void features_write(const struct features *features, const char *path, const char *key);

/// Unmaps.
void features_close(struct features *features);

#endif
