/// The order in which training sees images. The epochs' permutations form one endless stream and
/// update t takes its places tB .. (t+1)B - 1, so that no batch is ragged and every update has the
/// same shapes.
#ifndef MASKBOOK_DATA_BATCHES_H
#define MASKBOOK_DATA_BATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"

struct batches {
    size_t images, batch; ///< images in the set, images an update
    uint64_t seed;
    uint32_t *order[2]; ///< (images) each, of two neighbouring epochs, in the arena
    uint32_t epoch[2];  ///< which; UINT32_MAX: none yet
};

/// Prepares the stream; the permutations live in `arena` (8 bytes an image).
void batches_open(struct batches *batches, size_t images, size_t batch, uint64_t seed,
                  struct arena *arena);

/// The images of update t.
/// image (B): numbers in the set; epoch (B): the epoch of each, which keys its mask.
void batches_take(uint32_t *image, uint32_t *epoch, struct batches *batches,
                  uint64_t update);

/// Updates after which `epochs` whole epochs have been seen: ceil(epochs * images / B).
uint64_t batches_updates(size_t images, size_t batch, double epochs);

#endif
