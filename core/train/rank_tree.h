/// The binary tree over the S micro-batches of a batch (core/train/engine.h), spread over R ranks.
/// Rank r computes micro-batches rS/R .. (r+1)S/R - 1 and adds what the tree lets it add: whole
/// nodes are left, one where R is a power of two, at most 2 log2 S otherwise. The rest of the tree,
/// over these nodes, is done where the nodes come together, with the same additions.
#ifndef MASKBOOK_TRAIN_RANK_TREE_H
#define MASKBOOK_TRAIN_RANK_TREE_H

#include <stddef.h>

#include "core/base/arena.h"

/// An addition of two nodes, by their numbers: left += right.
struct rank_sum {
    size_t left, right;
};

struct rank_tree {
    size_t nodes;  ///< left to all ranks together, in the order of their micro-batches
    size_t *first; ///< (nodes) the leftmost micro-batch of each
    size_t *begin; ///< (R+1) rank r is left with nodes begin[r] .. begin[r+1]-1
    struct rank_sum
        *sum; ///< (nodes-1) in an order in which both sides are always there
};

/// The tree of S micro-batches on R ranks; its arrays are taken from `arena`. Contract: S is a
/// power of two and 0 < R <= S.
void rank_tree_open(struct rank_tree *tree, size_t micro_batches, int ranks,
                    struct arena *arena);

/// The first of `items` that is rank r's, r = 0..R; its last is the one before rank_first(r + 1).
size_t rank_first(size_t items, int rank, int ranks);

/// The same for a slab of numbers, of which every rank finishes a slice: at whole cache lines.
size_t rank_slice(size_t count, int rank, int ranks);

#endif
