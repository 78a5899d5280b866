/// Planted scenes: images whose regions, textures and classes are known because we made them.
/// A scene has k = 2..4 regions drawn on the 8x8 token grid: an elliptic object over ground that
/// k-1 Voronoi cells divide. Every region has two 48-pixel tiles (3x4x4) that alternate with the
/// parity of row + column, times one random sign a region. The object's texture (of 10) is the
/// class; the ground's textures are 10 others. Noise N(0, .05^2) is added and the image is rounded
/// to bytes. Before noise an image's patch matrix (64 x 48) has rank at most 2k.
///
/// Tiles are drawn from N(0, .4^2), clipped to [-1,1] and rounded to bytes, so that a sign turns
/// byte b into 255 - b exactly. A scene's draws, in this order from one stream: class; k; centre,
/// axis and half-axes of the ellipse and centres of the k-1 cells (all drawn again until every
/// region has two tokens); the ground's textures; k signs; 3,072 noise values in pixel order.
/// tests/data/planted_golden.py makes the same scenes a second time, from this description.
#ifndef MASKBOOK_DATA_PLANTED_H
#define MASKBOOK_DATA_PLANTED_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/data/images.h"

enum { PLANTED_TRAIN = 10000, PLANTED_TEST = 2000 };
enum { PLANTED_TRAIN_SEED = 1, PLANTED_TEST_SEED = 2 };

/// The generator's noise level, in [-1,1] units.
extern const double PLANTED_NOISE;

/// Makes scenes 0..count-1 of `seed`; scene i depends on (seed, i) alone. The texture dictionary
/// is the same for every seed. `noise` is the standard deviation, PLANTED_NOISE for data, 0 for
/// tests of the rank. Fills regions (object = 0, ground areas 1..k-1). Requires noise >= 0.
void planted_make(struct images *images, uint64_t seed, size_t count, double noise);

/// hex (HASH_HEX) = SHA-256 of the line that fixes such a set: the generator's version, seed,
/// count, noise. It is the digest of the images that planted_make makes.
void planted_digest(char hex[HASH_HEX], uint64_t seed, size_t count, double noise);

#endif
