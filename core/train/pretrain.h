/// Pretraining of a masked autoencoder (paper Eqs. 1-2, Sec. 6), from random weights to a
/// safetensors file. It can be killed at any moment and continued to the same bits. The parts
/// that work in memory are public for programs that measure or compare training steps.
#ifndef MASKBOOK_TRAIN_PRETRAIN_H
#define MASKBOOK_TRAIN_PRETRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/linalg/arithmetic.h"
#include "core/model/mae.h"
#include "core/train/recipe.h"
#include "core/train/trainer.h"

// ====== To a file ======

struct pretrain {
    struct recipe recipe;
    uint64_t seed;
    int threads;
    /// That share the training; zeros: alone. Paths are used on rank 0 only, and images must be
    /// there on all (images_share).
    struct rank_group ranks;
    enum arithmetic arithmetic; ///< of the products of training
    /// 1: train although weights exist, and discard a checkpoint that does not fit.
    int force;
    const struct images *images; ///< the training images, borrowed
    /// For checkpoint.safetensors and log.tsv: results/TIER-DATA/runs/RUN.
    const char *folder;
    const char *weights; ///< the file to write at the end
    /// Key of the sources, when weights made by other sources do not count; or NULL.
    const char *code;
    const char *resume_command; ///< printed when interrupted
    /// At least this long between checkpoints (0: at every epoch's end and every 100 updates).
    double checkpoint_seconds;
    /// Called after every update and its checkpoint with the number of updates done, or NULL; tests
    /// use it to end a training at a chosen moment.
    void (*after_update)(uint64_t updates);
};

/// Returns 1, nothing to train, when settings->weights exists and came from the same recipe,
/// seed, data, arithmetic and core type, and from the same code if settings->code is given; else
/// 0, also under settings->force. Reads no pixel: images need only name and digest.
///
/// If settings->code is NULL, an existing file from a different training is overwritten only by a
/// longer run with the same tier, run, seed, data_digest, arithmetic and core_type; otherwise
/// dies (EXIT_INPUT), naming the key that differs. How long this run is depends on images->count:
/// while that is 0 (not loaded), pretrain_run compares the lengths. Weights that another program
/// trained (tools/torch) are overwritten under settings->force alone. Dies (EXIT_INPUT) when the
/// file is corrupt.
int pretrain_ready(const struct pretrain *settings);

/// Trains to the end, from folder/checkpoint.safetensors if that is whole and of the same recipe,
/// seed, data, arithmetic and core type. Otherwise dies (EXIT_INPUT), saying what is wrong and
/// what to do; but under settings->force, and if settings->code is given, it removes the
/// checkpoint with a line on stderr and starts anew. Waits until no other training runs in
/// folder's parent, then calls pretrain_ready again; returns 0 when the weights exist by now, 1
/// after training.
///
/// Appends to the log one line for the first update that completes an epoch, and for the last:
/// epoch, updates, loss (mean over the updates since the line before), learning_rate,
/// images_per_second, weights_sha256 (of the weights as F32 in the table's order). Writes the
/// weights as F32 with metadata: format, recipe, run, tier, data, data_digest, seed, updates,
/// images_seen, epochs, heads, decoder_heads, patch, mask_ratio, weights_sha256 (as in the last
/// line of the log), arithmetic, core_type, code (if given). Interruptions and failures as for
/// train_loop_run.
///
/// On several ranks all call it, and get the same answer. Rank 0 dies (EXIT_USAGE) when there are
/// more of them than micro-batches, and as ranks_agree unless program, kernels, recipe, seed, data
/// and arithmetic are the same on all.
int pretrain_run(const struct pretrain *settings);

// ====== In memory ======

/// A fixed number of masked images and the workspace of their pass through the model: of one
/// thread, in training and in evaluation.
struct masked_batch {
    const struct mae *mae;     ///< borrowed
    size_t images;             ///< B
    size_t tokens, patch_size; ///< T, F
    double mask_ratio;
    size_t visible_count, hidden_count; ///< V, M = T - V patches of an image
    struct mae_activations *activations;
    real *patches;             ///< (B,T,F) in [-1,1]
    real *dprediction;         ///< (B,T,F)
    int32_t *visible, *hidden; ///< (B,V), (B,M) patch numbers, ascending
};

/// Takes the memory for passes over `images` images at `mask_ratio` in `arithmetic` from `arena`.
/// Contract: the mask leaves at least one patch visible and one hidden.
void masked_batch_open(struct masked_batch *batch, const struct mae *mae, size_t images,
                       double mask_ratio, enum arithmetic arithmetic, enum mode mode,
                       struct arena *arena);

/// Makes image number `position` of the batch image `image` of the set, under the mask of (seed,
/// epoch, image).
void masked_batch_load(struct masked_batch *batch, size_t position,
                       const struct images *images, uint32_t image, uint64_t seed,
                       uint32_t epoch);

/// The input of mae_forward and mae_backward; valid as long as the arena.
struct mae_input masked_batch_input(const struct masked_batch *batch);

/// A trainer of masked autoencoders: trainer_step(&pretrainer.trainer) minimises the masked loss
/// (core/train/loss.h) of the recipe's target.
struct pretrainer {
    const struct pretrain *settings; ///< borrowed
    struct arena arena;              ///< of the model's table and the batches
    struct mae mae;
    struct trainer trainer;
    struct masked_batch *batch; ///< (threads)
    struct target_maker maker;  ///< of the recipe's targets, from settings->images
    real **target;  ///< (threads) (B,T,F) each; NULL where patches are the target
    int32_t *every; ///< (B,T) all patch numbers
};

/// As trainer_open, for settings->recipe; files are neither read nor written. Contract: the
/// recipe's shape makes sense.
void pretrainer_open(struct pretrainer *pretrainer, const struct pretrain *settings);

/// Stops the threads and frees everything.
void pretrainer_close(struct pretrainer *pretrainer);

/// Images per second that a training with these settings would do here, from one micro-batch per
/// thread, forward and backward.
double pretrain_rate(const struct pretrain *settings);

#endif
