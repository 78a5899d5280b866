#include "core/train/engine.h"

#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/train/rank_exchange.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <xmmintrin.h>

// Round to nearest, all exceptions masked, subnormals flushed on output (bit 15) and input (bit 6):
// the same in every worker for any setting of the caller.
enum { FLOATING_POINT_MODE = 0x1f80 | 0x8000 | 0x0040 };

typedef void item_function(size_t i, int worker, void *context);

struct worker {
    struct engine *engine;
    int number;
    pthread_t thread;
};

// A node of the tree has the number of its leftmost micro-batch, which also indexes its buffer
// and its loss. Heap numbers (root 1, children 2n and 2n + 1, micro-batch m at micro_batches + m)
// index `arrived`.
struct engine {
    struct arena arena; // holds everything, this struct included
    int threads;
    size_t micro_batches, count;
    size_t own_first, own_end; // the micro-batches of this rank
    size_t *order;             // (begun) in which they are begun
    size_t begun;              // end - first
    double *loss;              // (micro_batches)
    real **buffer;             // (micro_batches) NULL: the node has no buffer now
    atomic_int *arrived;       // (micro_batches) children of a node that are finished
    real **spare;              // (micro_batches) buffers not in use, a stack
    size_t spares;
    pthread_mutex_t spare_lock;
    micro_batch_function *compute; // the gradient's, while one is computed
    void *compute_context;
    struct rank_exchange *exchange; // with the other ranks; NULL: alone

    struct worker *worker; // (threads)
    item_function *item;   // the job
    void *context;
    size_t items;
    atomic_size_t next;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    uint64_t jobs; // begun so far
    int running;   // a job is under way
    int busy;      // threads other than the caller still at the job
    int closing;
};

// ====== Threads ======

static void job_work(struct engine *engine, int number)
{
    unsigned mode = _mm_getcsr();
    _mm_setcsr(FLOATING_POINT_MODE);
    for (;;) {
        size_t i = atomic_fetch_add(&engine->next, 1);
        if (i >= engine->items) break;
        engine->item(i, number, engine->context);
    }
    _mm_setcsr(mode);
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct engine *engine = worker->engine;
    for (uint64_t done = 0;; ++done) {
        pthread_mutex_lock(&engine->lock);
        while (engine->jobs == done && !engine->closing)
            pthread_cond_wait(&engine->begin, &engine->lock);
        int closing = engine->closing;
        pthread_mutex_unlock(&engine->lock);
        if (closing) return NULL;
        job_work(engine, worker->number);
        pthread_mutex_lock(&engine->lock);
        if (--engine->busy == 0) pthread_cond_signal(&engine->end);
        pthread_mutex_unlock(&engine->lock);
    }
}

// Only the caller receives signals, because it knows how to stop a training.
static void workers_start(struct engine *engine)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int w = 1; w < engine->threads; ++w) {
        struct worker *worker = &engine->worker[w];
        *worker = (struct worker){.engine = engine, .number = w};
        int error = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (error)
            die(EXIT_SYSTEM, "thread %d of %d: %s (use fewer: THREADS=%d)", w + 1,
                engine->threads, strerror(error), w);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct engine *engine_open(int threads, size_t micro_batches, size_t count)
{
    require(threads > 0 && (micro_batches & (micro_batches - 1)) == 0,
            "%d threads, %zu micro-batches", threads, micro_batches);
    struct arena arena;
    arena_open_growing(&arena, "gradients");
    struct engine *engine = arena_take(&arena, 1, sizeof *engine);
    *engine = (struct engine){.threads = threads,
                              .micro_batches = micro_batches,
                              .count = count,
                              .own_end = micro_batches,
                              .begun = micro_batches};
    engine->order = arena_take(&arena, micro_batches, sizeof *engine->order);
    engine->loss = arena_doubles(&arena, micro_batches);
    engine->buffer = arena_take(&arena, micro_batches, sizeof *engine->buffer);
    engine->arrived = arena_take(&arena, micro_batches, sizeof *engine->arrived);
    engine->spare = arena_take(&arena, micro_batches, sizeof *engine->spare);
    engine->worker = arena_take(&arena, (size_t)threads, sizeof *engine->worker);
    engine->arena = arena;
    for (size_t m = 0; m < micro_batches; ++m) {
        engine->order[m] = m;
        engine->buffer[m] = NULL;
    }
    pthread_mutex_init(&engine->spare_lock, NULL);
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->begin, NULL);
    pthread_cond_init(&engine->end, NULL);
    workers_start(engine);
    return engine;
}

void engine_close(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    engine->closing = 1;
    pthread_cond_broadcast(&engine->begin);
    pthread_mutex_unlock(&engine->lock);
    for (int w = 1; w < engine->threads; ++w)
        pthread_join(engine->worker[w].thread, NULL);
    pthread_cond_destroy(&engine->end);
    pthread_cond_destroy(&engine->begin);
    pthread_mutex_destroy(&engine->lock);
    pthread_mutex_destroy(&engine->spare_lock);
    struct arena arena = engine->arena;
    arena_close(&arena);
}

void pool_for(struct engine *engine, size_t items, item_function *item, void *context)
{
    pthread_mutex_lock(&engine->lock);
    require(!engine->running, "a job was begun inside a job");
    engine->running = 1;
    engine->item = item;
    engine->context = context;
    engine->items = items;
    atomic_store(&engine->next, 0);
    engine->busy = engine->threads - 1;
    engine->jobs++;
    pthread_cond_broadcast(&engine->begin);
    pthread_mutex_unlock(&engine->lock);

    job_work(engine, 0);
    pthread_mutex_lock(&engine->lock);
    while (engine->busy > 0) pthread_cond_wait(&engine->end, &engine->lock);
    engine->running = 0;
    pthread_mutex_unlock(&engine->lock);
}

struct share {
    void (*part)(size_t first, size_t last, void *context);
    void *context;
    size_t count, parts;
};

static void share_part(size_t i, int worker, void *context)
{
    (void)worker;
    const struct share *share = context;
    share->part(share->count / share->parts * i,
                i + 1 == share->parts ? share->count
                                      : share->count / share->parts * (i + 1),
                share->context);
}

void pool_split(struct engine *engine, size_t count,
                void (*part)(size_t first, size_t last, void *context), void *context)
{
    struct share share = {part, context, count, (size_t)engine->threads};
    pool_for(engine, share.parts, share_part, &share);
}

// ====== The tree ======

void engine_share(struct engine *engine, const struct rank_group *ranks)
{
    if (ranks->count <= 1) return;
    engine->exchange = arena_take(&engine->arena, 1, sizeof *engine->exchange);
    rank_exchange_open(engine->exchange, ranks, engine->micro_batches, engine->count,
                       &engine->arena);
    engine->own_first = rank_first(engine->micro_batches, ranks->rank, ranks->count);
    engine->own_end = rank_first(engine->micro_batches, ranks->rank + 1, ranks->count);
    engine->begun = engine->own_end - engine->own_first;
    for (size_t i = 0; i < engine->begun; ++i) engine->order[i] = engine->own_first + i;
}

void engine_order(struct engine *engine, const size_t *order)
{
    engine->begun = 0;
    for (size_t i = 0; i < engine->micro_batches; ++i)
        if (order[i] >= engine->own_first && order[i] < engine->own_end)
            engine->order[engine->begun++] = order[i];
}

// The buffer released last, which may still be in the cache, or a new one.
static real *buffer_take(struct engine *engine)
{
    pthread_mutex_lock(&engine->spare_lock);
    real *buffer = engine->spares ? engine->spare[--engine->spares]
                                  : arena_reals(&engine->arena, engine->count);
    pthread_mutex_unlock(&engine->spare_lock);
    return buffer;
}

static void buffer_give(struct engine *engine, size_t node)
{
    pthread_mutex_lock(&engine->spare_lock);
    engine->spare[engine->spares++] = engine->buffer[node];
    pthread_mutex_unlock(&engine->spare_lock);
    engine->buffer[node] = NULL;
}

KERNEL void slab_add(real *restrict sum, const real *restrict term, size_t count)
{
    for (size_t i = 0; i < count; ++i) sum[i] += term[i];
}

// Computes a micro-batch, then climbs: the worker that finishes the second child of a node adds
// the right child to the left one, in this order always, and goes on from the node. On one of
// several ranks a climb also ends where the other child is computed elsewhere.
static void micro_batch_item(size_t i, int worker, void *context)
{
    struct engine *engine = context;
    size_t first = engine->order[i]; // of the node
    engine->buffer[first] = buffer_take(engine);
    engine->loss[first] =
        engine->compute(engine->buffer[first], first, worker, engine->compute_context);
    for (size_t node = engine->micro_batches + first, width = 1; node > 1;
         node /= 2, width *= 2) {
        if (atomic_fetch_add(&engine->arrived[node / 2], 1) == 0) return;
        size_t left = first & ~(2 * width - 1), right = left + width;
        enum phase before = phase_enter(PHASE_FOLD);
        slab_add(engine->buffer[left], engine->buffer[right], engine->count);
        phase_enter(before);
        engine->loss[left] += engine->loss[right];
        buffer_give(engine, right);
        first = left;
    }
}

double engine_gradient(const real **gradient, struct engine *engine,
                       micro_batch_function *compute, void *context)
{
    require(engine->micro_batches > 0,
            "an engine without micro-batches has no gradient");
    for (size_t n = 0; n < engine->micro_batches; ++n) {
        if (engine->buffer[n]) buffer_give(engine, n);
        atomic_store(&engine->arrived[n], 0);
    }
    engine->compute = compute;
    engine->compute_context = context;
    pool_for(engine, engine->begun, micro_batch_item, engine);
    // On one of several ranks the nodes left are in their buffers, the first with room for the sum.
    *gradient = engine->buffer[engine->own_first];
    return engine->exchange ? rank_exchange_sum(engine->exchange, engine->buffer,
                                                engine->loss, engine)
                            : engine->loss[0];
}
