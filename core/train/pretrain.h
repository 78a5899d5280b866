/// Pretraining of a masked autoencoder, from random weights to a safetensors file, in a way that can
/// be killed at any moment and continued to the same bits.
#ifndef MASKBOOK_TRAIN_PRETRAIN_H
#define MASKBOOK_TRAIN_PRETRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/linalg/arithmetic.h"
#include "core/train/recipe.h"

struct pretrain {
    struct recipe recipe;
    uint64_t seed;
    int threads;
    enum arithmetic arithmetic; ///< of the products of training
    int force; ///< train although weights are there; discard a checkpoint that does not fit
    const struct images *images; ///< the training images, borrowed
    const char
        *folder; ///< for checkpoint.safetensors and log.tsv: results/TIER-DATA/runs/RUN
    const char *weights; ///< the file to write at the end
    const char *
        code; ///< key of the sources when weights of other sources do not count, or NULL
    const char
        *resume_command; ///< printed when interrupted, e.g. "make pretrain RUN=m75-h3"
    double checkpoint_seconds; ///< at least this long between checkpoints (0: every
                               ///< epoch's end and every 100 updates)
    /// Called after every update and its checkpoint with the number of updates done, or NULL; how
    /// tests end a training at a chosen moment.
    void (*after_update)(uint64_t updates);
};

/// True when settings->weights exists and came from the same recipe, seed, data, arithmetic and core
/// type, and from the same code where settings->code is given: then there is nothing to train.
/// Looks at no pixel: images need only name and digest. False under settings->force.
///
/// Without settings->code, weights are hours of work: those of another training are replaced only by
/// more of the same. Dies (EXIT_INPUT), naming the key that differs, unless the file has the same tier,
/// run, seed, data_digest, arithmetic and core_type, and its images_seen are fewer than this training
/// would see. That number takes images->count: while it is 0 (not loaded) the last question is left to
/// pretrain_run. Dies (EXIT_INPUT) when the file is corrupt.
int pretrain_ready(const struct pretrain *settings);

/// Trains to the end, or goes on from folder/checkpoint.safetensors when it is whole and belongs to the
/// same recipe, seed, data, arithmetic and core type. Otherwise dies (EXIT_INPUT), saying what is wrong
/// and what to do; under settings->force, and where settings->code is given, removes that checkpoint
/// instead, says so on stderr and starts anew. Waits first until no other training runs beside
/// `folder`, then asks pretrain_ready again, with its refusals; returns 0 when the weights are there by
/// now, 1 after training.
///
/// Appends to the log one line for the first update that completes an epoch, and for the last: epoch,
/// updates, loss (mean over the updates since the line before), learning_rate, images_per_second,
/// weights_sha256 (of the weights as F32 in the table's order); lines past the checkpoint are dropped
/// on resume. Writes the weights as F32 with metadata: format, recipe, run, tier, data, data_digest,
/// seed, updates, images_seen, epochs, heads, decoder_heads, patch, mask_ratio, arithmetic, core_type,
/// code (where given), and removes the checkpoint.
///
/// On SIGINT or SIGTERM finishes the update, writes a checkpoint, prints the command that resumes and
/// exits EXIT_SYSTEM; a second signal kills. Dies (EXIT_SYSTEM) when the loss or the weights are not
/// finite, keeping the last checkpoint.
int pretrain_run(const struct pretrain *settings);

#endif
