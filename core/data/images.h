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
    uint8_t *labels;       ///< (count), 0..9, owned
    uint8_t *pixels;       ///< (count, 3, 32, 32), owned
    uint8_t *regions;      ///< (count, 8, 8) true region numbers, or NULL, owned
    char digest[HASH_HEX]; ///< names the content: cifar10_digest or planted_digest
    const char *name;      ///< "cifar10" or "planted"; static storage
};

/// Takes memory for `count` images, contents unspecified, `regions` too when asked for; the
/// digest is left empty. `name` is borrowed. Dies (EXIT_SYSTEM) when there is no memory.
void images_open(struct images *images, const char *name, size_t count,
                 int with_regions);

/// Loads one split of `data`, "cifar10" (from where cifar10_locate finds it) or "planted"
/// (PLANTED_TRAIN or PLANTED_TEST scenes of the split's seed). Dies (EXIT_INPUT) when CIFAR-10 is
/// not there, saying where it was looked for, and as cifar10_load does; any other name breaks
/// the contract.
void images_load(struct images *images, const char *data, enum split split);

/// The digest that images_load(data, split) gives its images, known without loading them:
/// cifar10's canonical digests; planted's generator version, seed, count and noise, hashed.
void images_digest(char hex[HASH_HEX], const char *data, enum split split);

/// hex = SHA-256 of one image's record, the label and then the pixels: what CIFAR-10's canonical order sorts by.
void images_record_digest(char hex[HASH_HEX], const struct images *images,
                          size_t image);

/// Frees the arrays.
void images_free(struct images *images);

/// The value in [-1,1] of a byte: x = b / 127.5 - 1 (Normalize(0.5, 0.5) of the recipe), computed
/// so that bytes b and 255 - b have exactly opposite values.
double pixel_value(uint8_t byte);

#endif
