/// The order in which training sees images that lie in shards of a disk. An epoch takes the shards
/// in a random order, POOL of them at a time, and the images of a pool in a random order: so what
/// is read at one time lies close together. The permutations of epochs 0, 1, 2, ... form one
/// endless sequence, as in core/data/batches.h.
#ifndef MASKBOOK_DATA_SHARD_ORDER_H
#define MASKBOOK_DATA_SHARD_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

enum { SHARD_POOL = 4 };

struct shard_order {
    size_t images, shard;  ///< images in all, images a shard
    const uint8_t *absent; ///< (images) 1: left out; borrowed, or NULL
    uint64_t seed;
    size_t kept;     ///< images that are not left out
    size_t taken;    ///< of the present epoch's permutation
    uint32_t epoch;  ///< of the present permutation
    uint32_t *order; ///< (kept), in the arena
    uint32_t *group; ///< (shards), in the arena
};

/// Prepares the sequence of (seed, PURPOSE_ORDER, epoch, 0). Requires shard > 0, images below
/// 2^32 - 1, and an image that is kept.
void shard_order_open(struct shard_order *order, size_t images, size_t shard,
                      const uint8_t *absent, uint64_t seed, struct arena *arena);

/// image (count) = the next images of the sequence.
void shard_order_take(uint32_t *image, struct shard_order *order, size_t count);

/// Leaves what is left of the present epoch, so that the next image is the next epoch's first.
void shard_order_skip(struct shard_order *order);

#endif
