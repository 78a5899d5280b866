#include "core/train/rank_tree.h"

#include "core/base/die.h"

size_t rank_first(size_t items, int rank, int ranks)
{
    return items * (size_t)rank / (size_t)ranks;
}

size_t rank_slice(size_t count, int rank, int ranks)
{
    enum { LINE = 16 }; // floats in a cache line
    return rank == ranks ? count : rank_first(count, rank, ranks) / LINE * LINE;
}

// Appends the nodes that lie in micro-batches [at, end) and in no larger one that does.
static void cover(struct rank_tree *tree, size_t *width, size_t at, size_t end)
{
    while (at < end) {
        size_t w = 1;
        while (at % (2 * w) == 0 && at + 2 * w <= end) w *= 2;
        tree->first[tree->nodes] = at;
        width[tree->nodes++] = w;
        at += w;
    }
}

// width (nodes) of each; 0 once a node is part of another.
static void sums_list(struct rank_tree *tree, size_t *width, size_t micro_batches)
{
    size_t sums = 0;
    for (size_t w = 1; w < micro_batches; w *= 2)
        for (size_t left = 0; left + 1 < tree->nodes; ++left) {
            if (width[left] != w || tree->first[left] % (2 * w) != 0) continue;
            size_t right = left + 1;
            while (right < tree->nodes && width[right] == 0) ++right;
            if (right == tree->nodes || width[right] != w) continue;
            tree->sum[sums++] = (struct rank_sum){left, right};
            width[left] = 2 * w;
            width[right] = 0;
        }
    require(sums + 1 == tree->nodes, "%zu sums of %zu nodes", sums, tree->nodes);
}

void rank_tree_open(struct rank_tree *tree, size_t micro_batches, int ranks,
                    struct arena *arena)
{
    require(micro_batches > 0 && (micro_batches & (micro_batches - 1)) == 0 &&
                ranks > 0 && (size_t)ranks <= micro_batches,
            "%zu micro-batches on %d ranks", micro_batches, ranks);
    *tree = (struct rank_tree){0};
    tree->first = arena_take(arena, micro_batches, sizeof *tree->first);
    tree->begin = arena_take(arena, (size_t)ranks + 1, sizeof *tree->begin);
    tree->sum = arena_take(arena, micro_batches, sizeof *tree->sum);
    size_t *width = arena_take(arena, micro_batches, sizeof *width);
    for (int r = 0; r < ranks; ++r) {
        tree->begin[r] = tree->nodes;
        cover(tree, width, rank_first(micro_batches, r, ranks),
              rank_first(micro_batches, r + 1, ranks));
    }
    tree->begin[ranks] = tree->nodes;
    sums_list(tree, width, micro_batches);
}
