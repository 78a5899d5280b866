/// Training in memory, for any model: weights and moments, the order of images, the engine and
/// AdamW. The caller computes the loss and the gradient of a micro-batch. core/train/train_loop.h
/// adds the files.
#ifndef MASKBOOK_TRAIN_TRAINER_H
#define MASKBOOK_TRAIN_TRAINER_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/batches.h"
#include "core/model/packed_weights.h"
#include "core/train/adamw.h"
#include "core/train/checkpoint.h"
#include "core/train/engine.h"
#include "core/train/rank_group.h"
#include "core/train/recipe.h"

/// Computes one micro-batch at the weights in trainer->packed: writes the gradient of its mean loss
/// times `share` to `gradient` (parameters->count, unspecified on entry) and returns that mean
/// loss.
/// image, epoch (batch / micro_batches)  numbers in the set, and the epoch that each belongs to
/// share  1 / micro_batches, so that the engine only adds
/// worker as for micro_batch_function
typedef double trainer_gradient(real *gradient, const uint32_t *image,
                                const uint32_t *epoch, real share, int worker,
                                void *context);

/// What is trained on what; all borrowed.
struct trainer_plan {
    /// Its batch, micro-batches, epochs, schedule and AdamW's numbers are used.
    const struct recipe *recipe;
    const struct parameters *parameters;
    size_t images; ///< in the set
    uint64_t seed; ///< of initial weights and order
    enum arithmetic arithmetic;
    int threads;
    struct rank_group ranks; ///< that share every batch; zeros: alone
    trainer_gradient *gradient;
    void *context; ///< of gradient
};

struct trainer {
    struct trainer_plan plan;
    struct arena arena; ///< of the state, the packed weights and the order of images
    struct batches batches;
    uint32_t *image, *epoch; ///< (batch) of the present update
    struct train_state state;
    uint64_t updates;             ///< in all
    double step;                  ///< one update, in epochs
    struct packed_weights packed; ///< the weights of the present update, packed
    struct engine *engine;
    const real *gradient; ///< (parameters->count) of the present update
    struct adamw adamw;
};

/// Prepares the state of update 0, initial weights that the caller may overwrite, and starts the
/// threads. Dies (EXIT_SYSTEM) when memory or threads are refused. Contract: the recipe's
/// micro-batches divide its batch.
void trainer_open(struct trainer *trainer, const struct trainer_plan *plan);

/// Makes one update of the state, by AdamW at the schedule's rate on the gradient of the next
/// batch, and returns that batch's loss. The same bits on any number of threads and ranks. Dies
/// (EXIT_SYSTEM) when the loss is not finite, before it changes the state.
double trainer_step(struct trainer *trainer);

/// Images per second on this machine: makes one update, then `updates` more that are timed.
double trainer_rate(struct trainer *trainer, int updates);

/// Stops the threads and frees everything.
void trainer_close(struct trainer *trainer);

#endif
