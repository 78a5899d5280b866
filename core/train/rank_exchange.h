/// How ranks that computed parts of a batch all get its whole gradient: each node of the tree that
/// is left (core/train/rank_tree.h) is cut into slices, every rank receives its slice of all nodes
/// and does the rest of the tree on it, and the finished slices go to all. The tree's additions are
/// those of a rank that is alone, made by the engine's workers.
#ifndef MASKBOOK_TRAIN_RANK_EXCHANGE_H
#define MASKBOOK_TRAIN_RANK_EXCHANGE_H

#include "core/base/real.h"
#include "core/train/rank_group.h"
#include "core/train/rank_tree.h"

struct engine;

struct rank_exchange {
    struct rank_group ranks;
    struct rank_tree tree;
    size_t count;                  ///< numbers of a gradient
    size_t from, length;           ///< this rank's slice of them
    real **received;               ///< (nodes) slices of others' nodes; NULL: its own
    real **node;                   ///< (nodes) slices of all, during an exchange
    double *loss;                  ///< (nodes)
    struct rank_message *messages; ///< (message_count)
    size_t message_count;
    size_t *offset; ///< (R+1) in bytes
};

/// Prepares the exchange for batches of S micro-batches and gradients of `count` numbers; arrays
/// and buffers, a slice of every node of the other ranks, are taken from `arena`. Contract: as
/// rank_tree_open, and at least two ranks.
void rank_exchange_open(struct rank_exchange *exchange, const struct rank_group *ranks,
                        size_t micro_batches, size_t count, struct arena *arena);

/// Returns the loss of the whole batch. Collective.
/// buffer  (S) that of this rank's first node is overwritten with the whole sum (count), those of
///         its other nodes with anything; micro-batches that begin none are not looked at
/// loss    (S) of this rank's nodes
double rank_exchange_sum(struct rank_exchange *exchange, real *const *buffer,
                         const double *loss, struct engine *engine);

#endif
