/// Planted scenes: generated images whose regions, textures and classes are known. A scene has
/// k = 2..4 regions on the 8x8 token grid: an elliptic object on a ground that is divided into k-1
/// Voronoi cells. A region is filled with the two 3x4x4 tiles of its texture, which alternate with
/// the parity of row + column, all times one random sign. The object has one of 10 textures, which
/// is the scene's class; the cells have different ones of 10 others. Noise N(0, .05^2) is added,
/// and the image is rounded to bytes. Without noise its patch matrix (64,48) has rank at most 2k.
///
/// Tiles are drawn from N(0, .4^2), clipped to [-1,1] and rounded to bytes, so that the negative of
/// byte b is exactly 255 - b. A scene draws from one stream, in this order: its class; k; centre,
/// axis and half-axes of the ellipse and the centres of the k-1 cells (all again until every region
/// has two tokens); the ground's textures; k signs; 3,072 noise values in pixel order.
/// tests/data/planted_golden.py generates the same scenes from this description.
#ifndef MASKBOOK_DATA_PLANTED_H
#define MASKBOOK_DATA_PLANTED_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/data/images.h"

enum { PLANTED_TRAIN = 10000, PLANTED_TEST = 2000 };
enum { PLANTED_TRAIN_SEED = 1, PLANTED_TEST_SEED = 2 };
enum { PLANTED_REGIONS = 8 }; ///< the most that planted_make_regions makes

/// The standard deviation of the data's noise, in [-1,1] units.
extern const double PLANTED_NOISE;

/// Generates scenes 0..count-1 of `seed`, with regions (0 the object, 1..k-1 the ground's cells).
/// Scene i depends on (seed, i) alone, and the textures are the same for every seed. `noise` is the
/// standard deviation: PLANTED_NOISE for data, 0 in tests of the rank. Requires noise >= 0.
void planted_make(struct images *images, uint64_t seed, size_t count, double noise);

/// The same with `regions` regions in every scene, 2..PLANTED_REGIONS: data that differ from one
/// another in that number alone. `regions` is drawn in no scene, so its draw is not made.
void planted_make_regions(struct images *images, uint64_t seed, size_t count,
                          double noise, size_t regions);

/// hex (HASH_HEX) = the digest of the images that planted_make generates: SHA-256 of a line that
/// holds the generator's version, seed, count and noise; of planted_make_regions also the number
/// of regions.
void planted_digest(char hex[HASH_HEX], uint64_t seed, size_t count, double noise);

#endif
