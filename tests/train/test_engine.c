#include "core/train/engine.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xmmintrin.h>

#include "core/base/rng.h"
#include "tests/ending.h"

enum { MICRO_BATCHES = 16, COUNT = 1003 };

// Numbers of a micro-batch, of many magnitudes, so that the order of a sum shows in its bits.
static double numbers_of(real *gradient, size_t micro_batch)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, (uint32_t)micro_batch);
    for (size_t i = 0; i < COUNT; ++i)
        gradient[i] = (real)(rng_normal(&rng) * exp2((int)rng_below(&rng, 20)));
    return rng_normal(&rng) * exp2((int)rng_below(&rng, 20));
}

// Some micro-batches take longer than others, so that threads finish in changing orders.
static double slow_micro_batch(real *gradient, size_t micro_batch, int worker,
                               void *context)
{
    atomic_int *calls = context;
    cr_assert(worker >= 0 && worker < 7);
    usleep(
        (useconds_t)((micro_batch * 7 + (size_t)atomic_fetch_add(calls, 1) * 5) % 11) *
        100);
    return numbers_of(gradient, micro_batch);
}

// The tree by its definition: the sum over [first, first + width) is that of its halves, left +
// right.
static double tree(real *sum, size_t first, size_t width)
{
    if (width == 1) return numbers_of(sum, first);
    real *right = malloc(COUNT * sizeof *right);
    cr_assert(right);
    double left_loss = tree(sum, first, width / 2);
    double right_loss = tree(right, first + width / 2, width / 2);
    for (size_t i = 0; i < COUNT; ++i) sum[i] += right[i];
    free(right);
    return left_loss + right_loss;
}

static void shuffle(size_t *order, size_t count, uint32_t index)
{
    uint32_t positions[MICRO_BATCHES];
    struct rng rng = rng_open(4, PURPOSE_TEST, 0, index);
    rng_permutation(positions, count, &rng);
    for (size_t i = 0; i < count; ++i) order[i] = positions[i];
}

static const struct {
    int threads;
    size_t micro_batches;
} cases[] = {{1, 16}, {2, 16}, {3, 16}, {4, 16}, {7, 16},
             {1, 1},  {3, 1},  {2, 2},  {7, 4}};
enum { CASES = sizeof cases / sizeof *cases };

ParameterizedTestParameters(engine, the_sum_is_the_tree_on_any_threads_in_any_order)
{
    static int index[CASES];
    for (int i = 0; i < CASES; ++i) index[i] = i;
    return cr_make_param_array(int, index, CASES);
}

ParameterizedTest(int *index, engine, the_sum_is_the_tree_on_any_threads_in_any_order)
{
    size_t micro_batches = cases[*index].micro_batches, order[MICRO_BATCHES];
    real want[COUNT];
    double want_loss = tree(want, 0, micro_batches);
    struct engine *engine = engine_open(cases[*index].threads, micro_batches, COUNT);
    atomic_int calls = 0;
    for (uint32_t repeat = 0; repeat < 6; ++repeat) {
        const real *gradient;
        double loss = engine_gradient(&gradient, engine, slow_micro_batch, &calls);
        cr_assert(memcmp(gradient, want, sizeof want) == 0, "repeat %u", repeat);
        cr_assert(loss == want_loss, "%.17g not %.17g", loss, want_loss);
        shuffle(order, micro_batches, repeat);
        engine_order(engine, order);
    }
    cr_expect_eq(calls, (int)(6 * micro_batches));
    engine_close(engine);
}

// The test above can fail: summed in the order of arrival, these micro-batches do give other bits.
Test(engine, summing_in_order_of_arrival_would_change_the_bits)
{
    real want[COUNT], sum[COUNT], one[COUNT];
    size_t order[MICRO_BATCHES];
    tree(want, 0, MICRO_BATCHES);
    for (uint32_t repeat = 0; repeat < 6; ++repeat) {
        shuffle(order, MICRO_BATCHES, repeat);
        memset(sum, 0, sizeof sum);
        for (size_t m = 0; m < MICRO_BATCHES; ++m) {
            numbers_of(one, order[m]);
            for (size_t i = 0; i < COUNT; ++i) sum[i] += one[i];
        }
        cr_expect(memcmp(sum, want, sizeof sum) != 0, "order %u", repeat);
    }
}

static void touch_part(size_t first, size_t last, void *context)
{
    int *touched = context;
    for (size_t i = first; i < last; ++i) touched[i]++;
}

Test(engine, a_share_covers_every_number_once)
{
    for (int threads = 1; threads <= 7; ++threads)
        for (size_t count = 0; count < 40; count += 13) {
            int touched[40] = {0};
            struct engine *engine = engine_open(threads, 0, 0);
            pool_split(engine, count, touch_part, touched);
            for (size_t i = 0; i < 40; ++i)
                cr_assert_eq(touched[i], i < count, "%d threads, %zu of %zu", threads,
                             i, count);
            engine_close(engine);
        }
}

static void touch_item(size_t i, int worker, void *context)
{
    (void)worker;
    atomic_int *touched = context;
    atomic_fetch_add(&touched[i], 1);
}

Test(engine, each_item_is_done_once_without_micro_batches)
{
    struct engine *engine = engine_open(5, 0, 0);
    for (size_t items = 0; items < 60; items += 7) {
        atomic_int touched[60] = {0};
        pool_for(engine, items, touch_item, touched);
        for (size_t i = 0; i < 60; ++i) cr_assert_eq(touched[i], i < items);
    }
    engine_close(engine);
}

struct meeting {
    pthread_barrier_t barrier;
    int flushes[4];
};

// Every worker takes one item, because none goes on before all have come.
static void flush_item(size_t i, int worker, void *context)
{
    (void)i;
    struct meeting *meeting = context;
    pthread_barrier_wait(&meeting->barrier);
    volatile float tiny = 1e-30f, product = tiny * 1e-10f, subnormal = 1e-40f;
    meeting->flushes[worker] += product == 0 && subnormal * 2 == 0;
}

Test(engine, every_worker_flushes_subnormals_and_the_caller_keeps_its_mode)
{
    struct meeting meeting = {.flushes = {0}};
    struct engine *engine = engine_open(4, 0, 0);
    pthread_barrier_init(&meeting.barrier, NULL, 4);
    unsigned mode = _mm_getcsr() & ~0x3fu; // without the flags of what has happened
    pool_for(engine, 4, flush_item, &meeting);
    cr_expect_eq(_mm_getcsr() & ~0x3fu, mode);
    for (int w = 0; w < 4; ++w) cr_expect_eq(meeting.flushes[w], 1, "worker %d", w);
    pthread_barrier_destroy(&meeting.barrier);
    engine_close(engine);
}

static double empty_micro_batch(real *gradient, size_t micro_batch, int worker,
                                void *context)
{
    (void)gradient, (void)micro_batch, (void)worker, (void)context;
    return 0;
}

BREAKS(engine, micro_batches_come_in_a_power_of_two,
       "threads > 0 && (micro_batches & (micro_batches - 1)) == 0")
{
    engine_open(1, 3, 1);
}

BREAKS(engine, without_micro_batches_there_is_no_gradient, "engine->micro_batches > 0")
{
    const real *gradient;
    engine_gradient(&gradient, engine_open(1, 0, 0), empty_micro_batch, NULL);
}

static void nested_item(size_t i, int worker, void *context)
{
    (void)worker;
    if (i == 0) pool_for(context, 1, touch_item, &(atomic_int){0});
}

BREAKS(engine, a_job_inside_a_job_breaks_the_contract_on_one_thread, "!engine->running")
{
    struct engine *engine = engine_open(1, 0, 0);
    pool_for(engine, 2, nested_item, engine);
}

BREAKS(engine, a_job_inside_a_job_breaks_the_contract_on_threads, "!engine->running")
{
    struct engine *engine = engine_open(3, 0, 0);
    pool_for(engine, 2, nested_item, engine);
}
