/// A fixed number of masked images on their way through a model, and all the memory that their pass
/// needs: the workspace of one thread, in training and in evaluation.
#ifndef MASKBOOK_TRAIN_SHARD_H
#define MASKBOOK_TRAIN_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/model/mae.h"

struct shard {
    const struct mae *mae;     ///< borrowed
    size_t images;             ///< B
    size_t tokens, patch_size; ///< T, F
    size_t visible, hidden;    ///< V, M = T - V patches of an image
    struct arena
        arena; ///< holds what follows, first touched by the thread that uses it
    struct mae_activations *activations;
    real *patches;           ///< (B,T,F) in [-1,1]
    real *dprediction;       ///< (B,T,F)
    int32_t *shown, *masked; ///< (B,V), (B,M) patch numbers, ascending
    uint32_t *ranking;       ///< (T)
};

/// Takes the memory for passes of `images` images at `mask_ratio` in `arithmetic`, for
/// `mode`. Dies (EXIT_SYSTEM) when there is
/// none. Contract: the mask leaves at least one patch visible and one hidden.
void shard_open(struct shard *shard, const struct mae *mae, size_t images,
                double mask_ratio, enum arithmetic arithmetic, enum mode mode);

/// Place `place` of the shard becomes image `image` of the set under the mask of (seed, epoch, image).
void shard_load(struct shard *shard, size_t place, const struct images *images,
                uint32_t image, uint64_t seed, uint32_t epoch);

/// What mae_forward and mae_backward look at; valid while the shard is open.
struct mae_input shard_input(const struct shard *shard);

/// Gives the memory back.
void shard_close(struct shard *shard);

#endif
