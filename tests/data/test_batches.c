#include "core/data/batches.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"

static const struct {
    size_t images, batch;
} shapes[] = {{1, 1},   {10, 1}, {10, 5}, {10, 4},
              {10, 10}, {7, 3},  {7, 20}, {1000, 128}};
enum { SHAPES = sizeof shapes / sizeof *shapes, EPOCHS = 9, POSITIONS = 10000 };

static struct criterion_test_params all_shapes(void)
{
    static int index[SHAPES];
    for (int i = 0; i < SHAPES; ++i) index[i] = i;
    return cr_make_param_array(int, index, SHAPES);
}

// image, epoch (POSITIONS) = the sequence from its start: whole updates that cover at least EPOCHS
// epochs. Returns their number.
static size_t walk(uint32_t *image, uint32_t *epoch, size_t images, size_t batch,
                   uint64_t seed)
{
    struct arena arena;
    struct batches batches;
    size_t updates = (images * EPOCHS + batch - 1) / batch;
    cr_assert(updates * batch <= POSITIONS);
    arena_open(&arena, "order", 1 << 20);
    batches_open(&batches, images, batch, seed, &arena);
    for (size_t t = 0; t < updates; ++t)
        batches_take(image + t * batch, epoch + t * batch, &batches, t);
    arena_close(&arena);
    return updates;
}

ParameterizedTestParameters(batches, every_epoch_shows_every_image_once)
{
    return all_shapes();
}

ParameterizedTest(int *index, batches, every_epoch_shows_every_image_once)
{
    size_t n = shapes[*index].images;
    static uint32_t image[POSITIONS], epoch[POSITIONS];
    walk(image, epoch, n, shapes[*index].batch, 5);
    for (size_t e = 0; e < EPOCHS; ++e) {
        int seen[1000] = {0};
        for (size_t i = e * n; i < (e + 1) * n; ++i) {
            cr_assert_eq(epoch[i], e);
            cr_assert(image[i] < n && !seen[image[i]]++, "epoch %zu place %zu", e, i);
        }
    }
}

ParameterizedTestParameters(batches, an_update_does_not_depend_on_those_before)
{
    return all_shapes();
}

ParameterizedTest(int *index, batches, an_update_does_not_depend_on_those_before)
{
    size_t n = shapes[*index].images, b = shapes[*index].batch;
    static uint32_t image[POSITIONS], epoch[POSITIONS];
    uint32_t one[200], when[200];
    size_t updates = walk(image, epoch, n, b, 5);
    struct arena arena;
    struct batches batches;
    arena_open(&arena, "order", 1 << 20);
    batches_open(&batches, n, b, 5, &arena);
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 200; ++i) {
        size_t t = rng_below(&rng, (uint32_t)updates);
        batches_take(one, when, &batches, t);
        cr_assert_arr_eq(one, image + t * b, b * sizeof *one, "update %zu", t);
        cr_assert_arr_eq(when, epoch + t * b, b * sizeof *when, "update %zu", t);
    }
    arena_close(&arena);
}

ParameterizedTestParameters(batches, the_stream_does_not_depend_on_the_batch_size)
{
    return all_shapes();
}

ParameterizedTest(int *index, batches, the_stream_does_not_depend_on_the_batch_size)
{
    size_t n = shapes[*index].images;
    static uint32_t image[POSITIONS], epoch[POSITIONS], single[POSITIONS];
    walk(image, epoch, n, shapes[*index].batch, 5);
    walk(single, epoch, n, 1, 5);
    cr_expect_arr_eq(image, single, n * EPOCHS * sizeof *image);
}

// Printed by tests/data/orders_golden.py. Exact, because the order is part of every trained weight.
Test(batches, the_order_is_that_of_a_second_program)
{
    static const uint32_t golden[3][12] = {{5, 10, 0, 6, 8, 11, 1, 3, 4, 9, 7, 2},
                                           {4, 8, 10, 3, 7, 11, 2, 5, 9, 6, 1, 0},
                                           {3, 7, 9, 0, 6, 8, 4, 5, 11, 1, 10, 2}};
    static uint32_t image[POSITIONS], epoch[POSITIONS];
    walk(image, epoch, 12, 5, 5);
    cr_expect_arr_eq(image, golden, sizeof golden);
}

Test(batches, epochs_and_seeds_have_different_orders)
{
    enum { N = 1000 };
    static uint32_t image[POSITIONS], other[POSITIONS], epoch[POSITIONS];
    walk(image, epoch, N, 100, 5);
    walk(other, epoch, N, 100, 6);
    for (size_t e = 0; e < EPOCHS; ++e)
        for (size_t f = 0; f < EPOCHS; ++f) {
            // Two independent permutations agree in 1 position on average, and never in over 12.
            size_t same = 0, crossed = 0;
            for (size_t i = 0; i < N; ++i) {
                same += image[e * N + i] == image[f * N + i];
                crossed += image[e * N + i] == other[f * N + i];
            }
            cr_expect(e == f || same <= 12, "epochs %zu and %zu", e, f);
            cr_expect(crossed <= 12, "seeds, epochs %zu and %zu", e, f);
        }
}

Test(batches, far_updates_are_reached_at_once)
{
    struct arena arena;
    struct batches batches;
    uint32_t image[128], epoch[128];
    arena_open(&arena, "order", 1 << 20);
    batches_open(&batches, 50000, 128, 1, &arena);
    batches_take(image, epoch, &batches, 781250); // epoch 2,000 begins
    for (size_t i = 0; i < 128; ++i) cr_expect_eq(epoch[i], 2000);
    batches_take(image, epoch, &batches, 781249);
    for (size_t i = 0; i < 128; ++i) cr_expect_eq(epoch[i], 1999);
    arena_close(&arena);
}

Test(batches, counts_of_updates)
{
    cr_expect_eq(batches_updates(50000, 128, 0), 0);
    cr_expect_eq(batches_updates(50000, 128, 1), 391);  // 390.625
    cr_expect_eq(batches_updates(50000, 128, 4), 1563); // 1562.5
    cr_expect_eq(batches_updates(50000, 128, 2000), 781250);
    cr_expect_eq(batches_updates(45000, 4096, 2000), 21973); // 21972.66
    cr_expect_eq(batches_updates(10000, 100, .5), 50);
    cr_expect_eq(batches_updates(3, 10, .1), 1);
    // Fractions of an epoch that doubles round upwards must not add an update.
    cr_expect_eq(batches_updates(30, 1, .1), 3);
    cr_expect_eq(batches_updates(100, 1, 1.1), 110);
    for (size_t tenths = 1; tenths <= 1000; ++tenths)
        cr_expect_eq(batches_updates(50000, 50, (double)tenths / 10), tenths * 100);
}

BREAKS(batches, no_images_break_the_contract, "images > 0 && images < UINT32_MAX")
{
    struct arena arena;
    struct batches batches;
    arena_open(&arena, "order", 1 << 20);
    batches_open(&batches, 0, 1, 1, &arena);
}
