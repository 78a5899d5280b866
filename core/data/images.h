/// A set of labelled square colour images in memory, the form that every data source produces:
/// bytes, so that 60,000 images of CIFAR-10 take 184 MB and a digest identifies them exactly.
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
    int side;              ///< S: IMAGE_SIDE, unless images_open_square made them
    uint16_t *labels;      ///< (count), 0..9, of a folder below 65,535; owned
    uint8_t *pixels;       ///< (count, 3, S, S), owned
    uint8_t *regions;      ///< (count, 8, 8) true region numbers, or NULL, owned
    char digest[HASH_HEX]; ///< of the content: cifar10_digest or planted_digest
    const char *name;      ///< "cifar10", "planted", "imagefolder"; static storage
    /// (3,256) what each byte of a colour means, borrowed; NULL: pixel_value.
    const float *values;
};

/// Allocates `count` images, with regions if `with_regions`; their contents are unspecified and the
/// digest is empty. `name` is borrowed. Dies (EXIT_SYSTEM) without memory.
void images_open(struct images *images, const char *name, size_t count,
                 int with_regions);

/// The same of another side and with other values, which are borrowed; without regions.
void images_open_square(struct images *images, const char *name, size_t count, int side,
                        const float *values);

/// Loads one split of `data`: "cifar10" (found by cifar10_locate) or "planted" (PLANTED_TRAIN or
/// PLANTED_TEST scenes of the split's seed). Dies (EXIT_INPUT) when CIFAR-10 is not found, saying
/// where it was expected, and as cifar10_load does. Requires one of the two names.
void images_load(struct images *images, const char *data, enum split split);

/// hex (HASH_HEX) = the digest of the images that images_load(data, split) loads, without loading
/// them: cifar10_digest, or planted_digest of the split.
void images_digest(char hex[HASH_HEX], const char *data, enum split split);

/// How many images images_load(data, split) loads.
size_t images_count(const char *data, enum split split);

/// Images first .. first+count-1 of a set, without regions; their arrays are borrowed, and the
/// digest is SHA-256 of their records. Requires first + count <= from->count.
struct images images_part(const struct images *from, size_t first, size_t count);

/// hex (HASH_HEX) = SHA-256 of one image's record, the lower byte of its label followed by its
/// pixels: the sort key of CIFAR-10's canonical order.
void images_record_digest(char hex[HASH_HEX], const struct images *images,
                          size_t image);

/// Frees the arrays.
void images_free(struct images *images);

/// The value in [-1,1] of a byte: x = b / 127.5 - 1 (Normalize(0.5, 0.5) of the recipe), rounded so
/// that bytes b and 255 - b have exactly opposite values.
double pixel_value(uint8_t byte);

#endif
