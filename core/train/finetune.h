/// Whole finetuning (paper Sec. 6.4): a classifier (core/model/classifier.h), its encoder pretrained or, as
/// the rival at an equal budget, random, trained on labelled whole images; every weight moves. No
/// augmentation, no decay of the learning rate over layers. Can be killed at any moment and continued to
/// the same bits.
#ifndef MASKBOOK_TRAIN_FINETUNE_H
#define MASKBOOK_TRAIN_FINETUNE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/data/images.h"
#include "core/linalg/arithmetic.h"
#include "core/model/weights.h"
#include "core/train/recipe.h"

/// How the pretraining `run` of `tier` is finetuned: its shape, mask ratio 0, and the finetuning's own
/// batch, epochs and AdamW. Dies as recipe_find.
struct recipe finetune_recipe(const char *tier, const char *run);

struct finetune {
    struct recipe recipe;
    const struct weights
        *pretrained; ///< of the recipe's shape, borrowed; NULL: from scratch
    uint64_t seed;   ///< of the head (from scratch: of everything) and of the order
    enum arithmetic arithmetic; ///< of training; evaluation is always FP32
    int threads;
    int force; ///< train although a result is there; discard a checkpoint that does not fit
    const struct images *images; ///< to train on, borrowed
    const struct images
        *test;          ///< looked at after each epoch, never chosen by; borrowed
    const char *folder; ///< for weights.safetensors, log.tsv and the checkpoint
    const char *
        code; ///< key of the sources when results of other sources do not count, or NULL
    const char *resume_command;             ///< printed when interrupted
    double checkpoint_seconds;              ///< as for train_loop_run
    void (*after_update)(uint64_t updates); ///< as for train_loop_run
};

struct finetune_outcome {
    uint8_t *predicted; ///< (test->count) after the last update; the caller's memory
    double accuracy;    ///< of `predicted`
    double
        best; ///< the largest over the epochs' ends, chosen on the test set: optimistic
    double best_epoch; ///< where that was, the first of equals
    uint64_t updates;
    char digest[HASH_HEX]; ///< of weights.safetensors
};

/// Trains to the end, or goes on from the folder's checkpoint, unless folder/weights.safetensors is there
/// and came from the same recipe, start, images, seed, arithmetic and core type, and from the same code
/// where `code` is given. Weights that did not are replaced: they follow from what is here. Waits first
/// until no other training runs beside `folder`. Returns 1 after training, 0 when there was nothing to do.
///
/// The log's lines (core/train/train_loop.h) carry the accuracy on `test`. The weights are F32 with
/// metadata: format, run, tier, data, updates, images_seen, epochs, heads, patch, test_accuracy,
/// best_test_accuracy, best_epoch, and recipe, seed, data_digest, arithmetic, core_type, code (where
/// given); the recipe's text says how many images there were and what was finetuned (the SHA-256 of the
/// pretraining's file, or "random").
/// Dies as train_loop_run; (EXIT_INPUT) when the weights there are corrupt.
int finetune_run(struct finetune_outcome *outcome, const struct finetune *settings);

#endif
