#include "core/train/rank_exchange.h"

#include <string.h>

#include "core/base/phase.h"
#include "core/train/engine.h"

void rank_exchange_open(struct rank_exchange *exchange, const struct rank_group *ranks,
                        size_t micro_batches, size_t count, struct arena *arena)
{
    const size_t R = (size_t)ranks->count;
    *exchange = (struct rank_exchange){.ranks = *ranks, .count = count};
    struct rank_tree *tree = &exchange->tree;
    rank_tree_open(tree, micro_batches, ranks->count, arena);
    exchange->from = rank_slice(count, ranks->rank, ranks->count);
    exchange->length =
        rank_slice(count, ranks->rank + 1, ranks->count) - exchange->from;
    exchange->received = arena_take(arena, tree->nodes, sizeof *exchange->received);
    exchange->node = arena_take(arena, tree->nodes, sizeof *exchange->node);
    exchange->loss = arena_doubles(arena, tree->nodes);
    exchange->messages = arena_take(arena, tree->nodes * R, sizeof *exchange->messages);
    exchange->offset = arena_take(arena, R + 1, sizeof *exchange->offset);
    for (int r = 0; r < ranks->count; ++r)
        for (size_t n = tree->begin[r]; n < tree->begin[r + 1]; ++n)
            exchange->received[n] =
                r == ranks->rank ? NULL : arena_reals(arena, exchange->length);
}

static void message_add(struct rank_exchange *exchange, struct rank_message message)
{
    if (message.size > 0) exchange->messages[exchange->message_count++] = message;
}

// Every slice of an own node goes to the rank that finishes it.
static void node_send(struct rank_exchange *exchange, size_t node, real *buffer)
{
    const struct rank_group *ranks = &exchange->ranks;
    for (int to = 0; to < ranks->count; ++to) {
        if (to == ranks->rank) continue;
        const size_t from = rank_slice(exchange->count, to, ranks->count),
                     end = rank_slice(exchange->count, to + 1, ranks->count);
        message_add(exchange,
                    (struct rank_message){.from = ranks->rank,
                                          .to = to,
                                          .number = (int)node,
                                          .bytes = buffer + from,
                                          .size = (end - from) * sizeof(real)});
    }
}

static void node_receive(struct rank_exchange *exchange, size_t node, int from)
{
    message_add(exchange,
                (struct rank_message){.from = from,
                                      .to = exchange->ranks.rank,
                                      .number = (int)node,
                                      .bytes = exchange->received[node],
                                      .size = exchange->length * sizeof(real)});
}

static void slices_move(struct rank_exchange *exchange, real *const *buffer)
{
    const struct rank_group *ranks = &exchange->ranks;
    const struct rank_tree *tree = &exchange->tree;
    exchange->message_count = 0;
    for (int r = 0; r < ranks->count; ++r)
        for (size_t n = tree->begin[r]; n < tree->begin[r + 1]; ++n)
            if (r == ranks->rank) {
                exchange->node[n] = buffer[tree->first[n]] + exchange->from;
                node_send(exchange, n, buffer[tree->first[n]]);
            } else {
                exchange->node[n] = exchange->received[n];
                node_receive(exchange, n, r);
            }
    rank_group_exchange(ranks, exchange->messages, exchange->message_count);
}

// The rest of the tree on some of the slice's numbers. In a worker, as all additions of the tree:
// there subnormal numbers are flushed.
static void slice_part(size_t first, size_t last, void *context)
{
    const struct rank_exchange *exchange = context;
    enum phase before = phase_enter(PHASE_FOLD);
    for (size_t i = 0; i + 1 < exchange->tree.nodes; ++i) {
        const struct rank_sum sum = exchange->tree.sum[i];
        slab_add(exchange->node[sum.left] + first, exchange->node[sum.right] + first,
                 last - first);
    }
    phase_enter(before);
}

static void slices_gather(struct rank_exchange *exchange, real *gradient)
{
    const struct rank_group *ranks = &exchange->ranks;
    // On rank 0 the first node is the first of all, and holds the sum already.
    if (!rank_group_lead(ranks))
        memcpy(gradient + exchange->from, exchange->node[0],
               exchange->length * sizeof(real));
    for (int r = 0; r <= ranks->count; ++r)
        exchange->offset[r] =
            rank_slice(exchange->count, r, ranks->count) * sizeof(real);
    rank_group_share(ranks, gradient, exchange->offset);
}

static double loss_sum(struct rank_exchange *exchange, const double *loss)
{
    const struct rank_group *ranks = &exchange->ranks;
    const struct rank_tree *tree = &exchange->tree;
    for (size_t n = tree->begin[ranks->rank]; n < tree->begin[ranks->rank + 1]; ++n)
        exchange->loss[n] = loss[tree->first[n]];
    for (int r = 0; r <= ranks->count; ++r)
        exchange->offset[r] = tree->begin[r] * sizeof *exchange->loss;
    rank_group_share(ranks, exchange->loss, exchange->offset);
    for (size_t i = 0; i + 1 < tree->nodes; ++i)
        exchange->loss[tree->sum[i].left] += exchange->loss[tree->sum[i].right];
    return exchange->loss[0];
}

double rank_exchange_sum(struct rank_exchange *exchange, real *const *buffer,
                         const double *loss, struct engine *engine)
{
    const struct rank_tree *tree = &exchange->tree;
    slices_move(exchange, buffer);
    pool_split(engine, exchange->length, slice_part, exchange);
    slices_gather(exchange, buffer[tree->first[tree->begin[exchange->ranks.rank]]]);
    return loss_sum(exchange, loss);
}
