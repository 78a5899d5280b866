#include "core/data/shard_order.h"

#include "core/base/die.h"
#include "core/base/rng.h"

static size_t shards_of(const struct shard_order *order)
{
    return (order->images + order->shard - 1) / order->shard;
}

// order->order = the permutation of order->epoch.
static void permute(struct shard_order *order)
{
    struct rng rng = rng_open(order->seed, PURPOSE_ORDER, order->epoch, 0);
    const size_t shards = shards_of(order);
    for (size_t s = 0; s < shards; ++s) order->group[s] = (uint32_t)s;
    rng_shuffle(order->group, shards, &rng);
    size_t end = 0;
    for (size_t s = 0; s < shards;) {
        const size_t begin = end;
        for (size_t p = 0; p < SHARD_POOL && s < shards; ++p, ++s) {
            const size_t first = order->group[s] * order->shard;
            for (size_t i = first; i < first + order->shard && i < order->images; ++i)
                if (!order->absent || !order->absent[i])
                    order->order[end++] = (uint32_t)i;
        }
        rng_shuffle(order->order + begin, end - begin, &rng);
    }
    order->taken = 0;
}

void shard_order_open(struct shard_order *order, size_t images, size_t shard,
                      const uint8_t *absent, uint64_t seed, struct arena *arena)
{
    require(images > 0 && images < UINT32_MAX && shard > 0,
            "%zu images in shards of %zu", images, shard);
    *order = (struct shard_order){
        .images = images, .shard = shard, .absent = absent, .seed = seed};
    for (size_t i = 0; i < images; ++i) order->kept += !absent || !absent[i];
    require(order->kept > 0, "all of %zu images are left out", images);
    order->order = arena_take(arena, order->kept, sizeof *order->order);
    order->group = arena_take(arena, shards_of(order), sizeof *order->group);
    permute(order);
}

void shard_order_skip(struct shard_order *order)
{
    ++order->epoch;
    permute(order);
}

void shard_order_take(uint32_t *image, struct shard_order *order, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        if (order->taken == order->kept) shard_order_skip(order);
        image[i] = order->order[order->taken++];
    }
}
