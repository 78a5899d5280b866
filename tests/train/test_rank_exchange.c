#include "core/train/rank_exchange.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/train/engine.h"
#include "tests/ending.h"
#include "tests/train/thread_ranks.h"

// ====== The tree ======

Test(rank_tree, as_few_nodes_as_the_tree_allows_are_left)
{
    // Counted by an independent program.
    static const struct {
        int ranks;
        size_t nodes;
    } cases[] = {{1, 1},  {2, 2}, {3, 15},  {4, 4},   {5, 25}, {6, 26},
                 {7, 34}, {8, 8}, {12, 44}, {24, 72}, {64, 64}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct arena arena;
        struct rank_tree tree;
        arena_open_growing(&arena, "test");
        rank_tree_open(&tree, 256, cases[i].ranks, &arena);
        cr_expect_eq(tree.nodes, cases[i].nodes, "%d ranks: %zu", cases[i].ranks,
                     tree.nodes);
        arena_close(&arena);
    }
}

Test(rank_tree, every_node_is_of_the_rank_that_computes_its_micro_batches)
{
    for (size_t leaves = 1; leaves <= 32; leaves *= 2)
        for (int ranks = 1; ranks <= (int)leaves; ++ranks) {
            struct arena arena;
            struct rank_tree tree;
            arena_open_growing(&arena, "test");
            rank_tree_open(&tree, leaves, ranks, &arena);
            cr_assert_eq(tree.begin[0], 0);
            cr_assert_eq(tree.begin[ranks], tree.nodes);
            for (int r = 0; r < ranks; ++r) {
                cr_assert_eq(tree.first[tree.begin[r]], rank_first(leaves, r, ranks));
                for (size_t n = tree.begin[r]; n + 1 < tree.begin[r + 1]; ++n)
                    cr_assert_lt(tree.first[n], tree.first[n + 1]);
                cr_assert_lt(tree.first[tree.begin[r + 1] - 1],
                             rank_first(leaves, r + 1, ranks));
            }
            arena_close(&arena);
        }
}

Test(rank_tree, slices_are_whole_cache_lines_and_all_numbers)
{
    for (size_t count = 0; count < 200; count += 7)
        for (int ranks = 1; ranks <= 8; ++ranks) {
            cr_assert_eq(rank_slice(count, 0, ranks), 0);
            cr_assert_eq(rank_slice(count, ranks, ranks), count);
            for (int r = 1; r < ranks; ++r) {
                cr_assert_eq(rank_slice(count, r, ranks) % 16, 0);
                cr_assert_leq(rank_slice(count, r - 1, ranks),
                              rank_slice(count, r, ranks));
            }
        }
}

BREAKS(rank_tree, more_ranks_than_micro_batches_break_the_contract,
       "micro_batches > 0 && (micro_batches & (micro_batches - 1)) == 0 && ranks > 0 "
       "&& (size_t)ranks <= micro_batches")
{
    struct arena arena;
    struct rank_tree tree;
    arena_open_growing(&arena, "test");
    rank_tree_open(&tree, 4, 5, &arena);
}

// ====== The sum ======

enum { MICRO_BATCHES = 16, COUNT = 1003 };

// Numbers of a micro-batch, of many magnitudes, so that the order of a sum shows in its bits.
static double numbers_of(real *gradient, size_t micro_batch)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, (uint32_t)micro_batch);
    for (size_t i = 0; i < COUNT; ++i)
        gradient[i] = (real)(rng_normal(&rng) * exp2((int)rng_below(&rng, 20)));
    return rng_normal(&rng) * exp2((int)rng_below(&rng, 20));
}

static double compute(real *gradient, size_t micro_batch, int worker, void *context)
{
    (void)worker;
    unsigned char *calls = context;
    ++calls[micro_batch]; // of this micro-batch alone
    return numbers_of(gradient, micro_batch);
}

struct sums {
    int threads;
    unsigned char calls[MICRO_BATCHES];
    double loss[THREAD_RANKS];
    real gradient[THREAD_RANKS][COUNT];
};

// Two gradients, the second in another order, with buffers that were used before.
static void sum_on(const struct rank_group *ranks, void *context)
{
    struct sums *sums = context;
    const real *gradient;
    size_t order[MICRO_BATCHES];
    struct engine *engine = engine_open(sums->threads, MICRO_BATCHES, COUNT);
    engine_share(engine, ranks);
    engine_gradient(&gradient, engine, compute, sums->calls);
    for (size_t i = 0; i < MICRO_BATCHES; ++i) order[i] = (i * 7 + 3) % MICRO_BATCHES;
    engine_order(engine, order);
    sums->loss[ranks->rank] = engine_gradient(&gradient, engine, compute, sums->calls);
    memcpy(sums->gradient[ranks->rank], gradient, sizeof sums->gradient[0]);
    engine_close(engine);
}

Test(rank_exchange, every_rank_has_the_sum_of_one_on_any_threads)
{
    struct sums *one = calloc(1, sizeof *one), *sums = calloc(1, sizeof *sums);
    cr_assert(one && sums);
    one->threads = 1;
    sum_on(&(struct rank_group){.count = 1}, one);
    for (int ranks = 2; ranks <= THREAD_RANKS; ++ranks)
        for (int threads = 1; threads <= 3; threads += 2) {
            memset(sums, 0, sizeof *sums);
            sums->threads = threads;
            thread_ranks_run(ranks, sum_on, sums);
            for (size_t m = 0; m < MICRO_BATCHES; ++m)
                cr_assert_eq(sums->calls[m], 2, "%d ranks: %zu", ranks, m);
            for (int r = 0; r < ranks; ++r) {
                cr_assert(memcmp(sums->gradient[r], one->gradient[0],
                                 sizeof one->gradient[0]) == 0,
                          "rank %d of %d, %d threads", r, ranks, threads);
                cr_assert(sums->loss[r] == one->loss[0], "rank %d of %d", r, ranks);
            }
        }
    free(one);
    free(sums);
}

// The test above can fail: sums of each rank's part, added up, are other bits on three ranks. (On
// a power of two they are the tree itself.)
Test(rank_exchange, adding_the_ranks_parts_would_change_the_bits)
{
    enum { RANKS = 3 };
    struct sums *one = calloc(1, sizeof *one);
    real sum[COUNT], part[COUNT], term[COUNT];
    cr_assert(one);
    one->threads = 1;
    sum_on(&(struct rank_group){.count = 1}, one);
    for (int r = 0; r < RANKS; ++r) {
        const size_t first = rank_first(MICRO_BATCHES, r, RANKS);
        numbers_of(part, first);
        for (size_t m = first + 1; m < rank_first(MICRO_BATCHES, r + 1, RANKS); ++m) {
            numbers_of(term, m);
            slab_add(part, term, COUNT);
        }
        if (r == 0) memcpy(sum, part, sizeof sum);
        if (r > 0) slab_add(sum, part, COUNT);
    }
    cr_expect(memcmp(sum, one->gradient[0], sizeof sum) != 0);
    free(one);
}
