/// The pretraining of a masked autoencoder in memory: core/train/descent.h with the masked loss on leaves of
/// masked images. Files are the business of core/train/pretrain.h.
#ifndef MASKBOOK_TRAIN_TRAINER_H
#define MASKBOOK_TRAIN_TRAINER_H

#include "core/train/descent.h"
#include "core/train/pretrain.h"
#include "core/train/shard.h"

struct trainer {
    const struct pretrain *settings; ///< borrowed
    struct arena arena;              ///< the model's table
    struct mae mae;
    struct descent descent;
    struct shard *shard; ///< (threads), owned
};

/// Prepares the state of update 0, initial weights; no thread is started yet, so that a state may still be
/// read from a file. Dies (EXIT_SYSTEM) without memory. Contract: the recipe's shape makes sense and its
/// leaves divide its batch.
void trainer_open(struct trainer *trainer, const struct pretrain *settings);

/// Starts settings->threads threads; once, before the first update. Dies (EXIT_SYSTEM) when they are
/// refused.
void trainer_start(struct trainer *trainer);

/// Makes one update of the state and returns the batch's loss: masked loss of every leaf, folded by the
/// engine's tree, AdamW at the schedule's rate (paper Eq. 1, Sec. 6). Dies (EXIT_SYSTEM) when the loss
/// is not finite, before it changes the state.
double trainer_update(struct trainer *trainer);

/// Images a second that a training of these settings would do here, from one leaf a thread, forward and
/// backward; nothing is kept.
double trainer_rate(const struct pretrain *settings);

/// Stops the threads, if any, and frees everything.
void trainer_close(struct trainer *trainer);

#endif
