#include "core/data/shard_order.h"

#include <criterion/criterion.h>
#include <string.h>

enum { N = 1000, SHARD = 32, POOL = SHARD_POOL * SHARD };

Test(shard_order, every_epoch_is_a_permutation_that_keeps_pools_together)
{
    struct arena arena;
    struct shard_order order;
    uint8_t absent[N] = {0};
    uint32_t image[2 * (N - 2)];
    absent[3] = absent[999] = 1;
    arena_open_growing(&arena, "test");
    shard_order_open(&order, N, SHARD, absent, 1, &arena);
    cr_assert_eq(order.kept, N - 2);
    shard_order_take(image, &order, 2 * (N - 2));
    for (size_t epoch = 0; epoch < 2; ++epoch) {
        int seen[N] = {0};
        for (size_t i = 0; i < N - 2; ++i) ++seen[image[epoch * (N - 2) + i]];
        for (size_t i = 0; i < N; ++i) cr_expect_eq(seen[i], !absent[i], "%zu", i);
    }
    cr_expect_arr_neq(image, image + N - 2, (N - 2) * sizeof *image);

    // The first images come from no more shards than a pool has, and not in their order.
    int shards[(N + SHARD - 1) / SHARD] = {0};
    size_t used = 0, ascending = 0;
    for (size_t i = 0; i < POOL - 2 - SHARD; ++i) {
        used += !shards[image[i] / SHARD]++;
        ascending += i && image[i] > image[i - 1];
    }
    cr_expect(used == SHARD_POOL, "%zu shards", used);
    cr_expect(ascending < POOL * 3 / 4);
    arena_close(&arena);
}

Test(shard_order, the_rest_of_an_epoch_can_be_left)
{
    struct arena arena;
    struct shard_order one, other;
    uint32_t a[N], b[N], skipped[10];
    arena_open_growing(&arena, "test");
    shard_order_open(&one, N, SHARD, NULL, 1, &arena);
    shard_order_open(&other, N, SHARD, NULL, 1, &arena);
    shard_order_take(a, &one, N);
    shard_order_take(a, &one, N);
    shard_order_take(skipped, &other, 10);
    shard_order_skip(&other);
    shard_order_take(b, &other, N);
    cr_expect_arr_eq(a, b, sizeof a);
    arena_close(&arena);
}
