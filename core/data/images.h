/// A set of labelled colour images in memory, as every data source delivers them: bytes, so
/// that sixty thousand fit in 184 MB and a digest names them exactly.
#ifndef MASKBOOK_DATA_IMAGES_H
#define MASKBOOK_DATA_IMAGES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"

enum {
    IMAGE_SIDE = 32,
    IMAGE_CHANNELS = 3,
    IMAGE_BYTES = IMAGE_CHANNELS * IMAGE_SIDE * IMAGE_SIDE, ///< 3,072: planes R, G, B
    IMAGE_CLASSES = 10,
    REGION_GRID = 8 ///< planted region maps are 8x8
};

enum split { SPLIT_TRAIN, SPLIT_TEST };

struct images {
    size_t count;
    uint8_t *labels;        ///< (count), 0..9, owned
    uint8_t *pixels;        ///< (count, 3, 32, 32), owned
    uint8_t *regions;       ///< (count, 8, 8) true region numbers, or NULL, owned
    char digest[HASH_HEX];  ///< SHA-256 of the records (label, pixels) in this order
    const char *name;       ///< "cifar10" or "planted"; static storage
};

/// Loads one split of `data`, "cifar10" (from where cifar10_locate finds it) or "planted"
/// (PLANTED_TRAIN or PLANTED_TEST scenes of the split's seed). Dies as those do.
void images_load(struct images *images, const char *data, enum split split);

/// The digest images_load(data, split) will have, without loading when it is known beforehand
/// (cifar10's canonical digests; planted's generator version and seed are hashed instead).
void images_digest(char hex[HASH_HEX], const char *data, enum split split);

/// Frees the arrays.
void images_free(struct images *images);

/// The value in [-1,1] of a byte: x = b / 127.5 - 1 (Normalize(0.5, 0.5) of the recipe).
double pixel_value(uint8_t byte);

#endif
