/// Pretraining of a masked autoencoder, from random weights to a safetensors file, in a way that can
/// be killed at any moment and continued to the same bits.
#ifndef MASKBOOK_TRAIN_PRETRAIN_H
#define MASKBOOK_TRAIN_PRETRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/train/recipe.h"

struct pretrain {
    struct recipe recipe;
    uint64_t seed;
    int threads;
    const struct images *images; ///< the training images, borrowed
    const char
        *folder; ///< for checkpoint.safetensors and log.tsv: results/TIER-DATA/runs/RUN
    const char *weights; ///< the file to write at the end
    const char
        *resume_command; ///< printed when interrupted, e.g. "make pretrain RUN=m75-h3"
    double
        checkpoint_seconds; ///< at least this long between checkpoints (0: every epoch's end and
                            ///< every 100 updates)
};

/// Trains to the end, or goes on from folder/checkpoint.safetensors when it belongs to the same recipe,
/// seed and data (otherwise dies, EXIT_INPUT, saying which differs and what to do). Appends to the log
/// one line for the first update that completes an epoch: epoch, updates, loss (mean over the epoch's
/// updates), learning_rate, images_per_second, weights_sha256; lines past the checkpoint are dropped on
/// resume. Writes the weights as F32 with metadata: format, recipe, run, tier, data, data_digest, seed,
/// updates, images_seen, epochs, heads, decoder_heads, patch, mask_ratio, arithmetic, core_type, and
/// removes the checkpoint. On SIGINT or SIGTERM writes a checkpoint, prints the command that resumes and
/// exits EXIT_SYSTEM. Dies (EXIT_SYSTEM) when the loss is not finite, keeping the last checkpoint.
void pretrain_run(const struct pretrain *settings);

#endif
