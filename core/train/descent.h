/// A training in memory, whatever the model: its state, the order of images, the engine and AdamW. What one
/// leaf of a batch adds to the loss and the gradient is the caller's. Files are the business of
/// core/train/training.h.
#ifndef MASKBOOK_TRAIN_DESCENT_H
#define MASKBOOK_TRAIN_DESCENT_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/batches.h"
#include "core/model/packed_weights.h"
#include "core/train/adamw.h"
#include "core/train/checkpoint.h"
#include "core/train/engine.h"
#include "core/train/recipe.h"

struct descent;

/// Computes one leaf: writes the gradient of its mean loss times `share` to `gradient`
/// (parameters->count, unspecified on entry) and returns that mean loss, at descent->prepared's weights.
/// image, epoch (batch / leaves)  numbers in the set, and the epoch that each belongs to
/// share  of the batch: 1 / leaves, so that the engine's tree only adds
/// worker as for leaf_function
typedef double descent_leaf(real *gradient, const uint32_t *image,
                            const uint32_t *epoch, real share, int worker,
                            void *context);

/// What is trained on what; all borrowed.
struct descent_plan {
    const struct recipe
        *recipe; ///< batch, leaves, epochs, schedule and AdamW's numbers
    const struct parameters *parameters;
    size_t images; ///< in the set
    uint64_t seed; ///< of initial weights and order
    enum arithmetic arithmetic;
    int threads;
    descent_leaf *leaf;
    void *context; ///< of leaf
};

struct descent {
    struct descent_plan plan;
    struct arena
        arena; ///< the state's slabs, the prepared weights, the order of images
    struct batches batches;
    uint32_t *image, *epoch; ///< (batch) of the present update
    struct state state;
    uint64_t updates; ///< in all
    double step;      ///< one update, in epochs
    struct packed_weights
        prepared;          ///< the weights of the present update, for the products
    struct engine *engine; ///< NULL before descent_start
    const real *gradient;  ///< (parameters->count) of the present update
    struct adamw adamw;
};

/// Prepares the state of update 0, initial weights that the caller may still overwrite; no thread is
/// started yet, so that a state may be read from a file. Dies (EXIT_SYSTEM) without memory. Contract: the
/// recipe's leaves divide its batch.
void descent_open(struct descent *descent, const struct descent_plan *plan);

/// Starts the threads; once, before the first update. Dies (EXIT_SYSTEM) when they are refused.
void descent_start(struct descent *descent);

/// Makes one update of the state and returns the batch's loss: every leaf's, folded by the engine's tree,
/// AdamW at the schedule's rate. The same bits on any number of threads. Dies (EXIT_SYSTEM) when the loss
/// is not finite, before it changes the state.
double descent_update(struct descent *descent);

/// Stops the threads, if any, and frees everything.
void descent_close(struct descent *descent);

#endif
