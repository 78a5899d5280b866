/// A training on disk: its state between two updates, from which a killed run continues to the
/// same bits as an uninterrupted one, and its weights at the end.
#ifndef MASKBOOK_TRAIN_CHECKPOINT_H
#define MASKBOOK_TRAIN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "core/train/run_identity.h"

/// Everything that the next update depends on.
struct train_state {
    real *weights, *first_moment, *second_moment; ///< (parameters->count), borrowed
    uint64_t updates;                             ///< done
    double loss_sum; ///< of the updates since the last line of the log
    uint64_t loss_count;
};

/// Writes the state to `path`, atomically. Dies (EXIT_SYSTEM) when the disk does not take it,
/// leaving the old checkpoint.
void checkpoint_write(const char *path, const struct run_identity *identity,
                      const struct parameters *parameters,
                      const struct train_state *state);

/// Fills the state's slabs and numbers from `path`. Returns 1, or 0 with the state as it was and
/// `fault` (SAFETENSORS_FAULT) = what is wrong and what to do, "PATH: why (do X)", for a file
/// that is no checkpoint, has one bit wrong, or belongs to another training. Memory: three more
/// slabs while it reads.
int checkpoint_open(struct train_state *state, const char *path,
                    const struct run_identity *identity,
                    const struct parameters *parameters, char fault[SAFETENSORS_FAULT])
    __attribute__((warn_unused_result));

/// The same, but dies (EXIT_INPUT) with the fault.
void checkpoint_read(struct train_state *state, const char *path,
                     const struct run_identity *identity,
                     const struct parameters *parameters);

/// Writes the weights of a finished training to `path` as F32, atomically, with metadata: format,
/// run, tier, data, updates, images_seen, epochs, heads, decoder_heads, patch, mask_ratio,
/// weights_sha256 (SAFETENSORS_DIGEST), options that are not the paper's (recipe_options), then
/// `more` (more_count) and the identity's. A recipe that masks nothing has neither decoder_heads
/// nor mask_ratio. Dies (EXIT_SYSTEM) when the disk does not take it, leaving the old file.
void trained_weights_write(const char *path, const struct run_identity *identity,
                           const struct recipe *recipe, const char *data,
                           const struct parameters *parameters,
                           const struct train_state *state, const struct metadata *more,
                           size_t more_count);

#endif
