/// The order in which training sees images. The permutations of epochs 0, 1, 2, ... form one
/// endless sequence, and update t takes its elements t*B .. (t+1)*B - 1, so every batch has B
/// images.
#ifndef MASKBOOK_DATA_BATCHES_H
#define MASKBOOK_DATA_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

struct batches {
    size_t images, batch; ///< images in the set, images an update (B)
    uint64_t seed;
    uint32_t *order[2]; ///< (images) each: permutations of two epochs, in the arena
    uint32_t epoch[2];  ///< which epochs; UINT32_MAX: none yet
};

/// Prepares the sequence of (seed, PURPOSE_ORDER, epoch, 0); its permutations are taken from
/// `arena` (8 bytes an image). Requires 0 < images < 2^32 - 1 and batch > 0.
void batches_open(struct batches *batches, size_t images, size_t batch, uint64_t seed,
                  struct arena *arena);

/// The images of update t.
/// image (B)   their numbers in the set
/// epoch (B)   the epoch of each, by which its mask is drawn
void batches_take(uint32_t *image, uint32_t *epoch, struct batches *batches,
                  uint64_t update);

/// The number of updates that `epochs` epochs take: ceil(epochs * images / B).
uint64_t batches_updates(size_t images, size_t batch, double epochs);

#endif
