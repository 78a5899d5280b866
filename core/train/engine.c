#include "core/train/engine.h"

#include "core/base/die.h"
#include "core/base/phase.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <xmmintrin.h>

// Round to nearest, all exceptions masked, subnormals flushed on output (bit 15) and input (bit 6):
// the same in every worker whatever the caller's setting was.
enum { FLOATING_POINT_MODE = 0x1f80 | 0x8000 | 0x0040 };

enum {
    PIECE_FENCE = 256
}; // bytes an arena may add to a piece: alignment, and fences under ASan

typedef void item_function(size_t i, int worker, void *context);

struct worker {
    struct engine *engine;
    int number;
    pthread_t thread;
};

// A node of the tree is known by its leftmost leaf; its buffer and its loss stand there too. Heap
// numbers (root 1, children 2n and 2n + 1, leaf l at leaves + l) index `arrived`.
struct engine {
    struct arena arena; // holds everything, this struct included
    int threads;
    size_t leaves, count;
    size_t *order;       // (leaves) in which leaves are begun
    double *loss;        // (leaves)
    real **buffer;       // (leaves) NULL where the node has none
    atomic_int *arrived; // (leaves) children of a node that are finished
    real **spare;        // (leaves) buffers not in use, a stack
    size_t spares;
    pthread_mutex_t spare_lock;
    leaf_function *leaf; // of the gradient being computed
    void *leaf_context;

    struct worker *worker; // (threads)
    item_function *item;   // the job
    void *context;
    size_t items;
    atomic_size_t next;
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    uint64_t jobs; // begun so far
    int busy;      // threads besides the caller still at the job
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

// Signals stay with the caller, which alone knows how to stop a training.
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

struct engine *engine_open(int threads, size_t leaves, size_t count)
{
    require(threads > 0 && (leaves & (leaves - 1)) == 0, "%d threads, %zu leaves",
            threads, leaves);
    size_t slab = size_product(count, sizeof(real)) + PIECE_FENCE;
    size_t control = sizeof(struct engine) + (leaves + 1) * 5 * sizeof(void *) +
                     (size_t)threads * sizeof(struct worker) + 8 * PIECE_FENCE;
    struct arena arena;
    arena_open(&arena, "gradients", size_product(leaves, slab) + control);

    struct engine *engine = arena_take(&arena, 1, sizeof *engine);
    *engine = (struct engine){.threads = threads, .leaves = leaves, .count = count};
    engine->order = arena_take(&arena, leaves, sizeof *engine->order);
    engine->loss = arena_doubles(&arena, leaves);
    engine->buffer = arena_take(&arena, leaves, sizeof *engine->buffer);
    engine->arrived = arena_take(&arena, leaves, sizeof *engine->arrived);
    engine->spare = arena_take(&arena, leaves, sizeof *engine->spare);
    engine->worker = arena_take(&arena, (size_t)threads, sizeof *engine->worker);
    engine->arena = arena;
    for (size_t l = 0; l < leaves; ++l) {
        engine->order[l] = l;
        engine->buffer[l] = NULL;
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

int engine_threads(const struct engine *engine)
{
    return engine->threads;
}

void engine_each(struct engine *engine, size_t items, item_function *item,
                 void *context)
{
    pthread_mutex_lock(&engine->lock);
    require(engine->busy == 0, "a job was begun inside a job");
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

void engine_share(struct engine *engine,
                  void (*part)(size_t first, size_t last, void *context), void *context)
{
    struct share share = {part, context, engine->count, (size_t)engine->threads};
    engine_each(engine, share.parts, share_part, &share);
}

// ====== The tree ======

void engine_order(struct engine *engine, const size_t *order)
{
    memcpy(engine->order, order, engine->leaves * sizeof *order);
}

// The buffer given back last, still warm in the cache, or a new one.
static real *buffer_take(struct engine *engine)
{
    pthread_mutex_lock(&engine->spare_lock);
    real *buffer = engine->spares ? engine->spare[--engine->spares]
                                  : arena_reals(&engine->arena, engine->count);
    pthread_mutex_unlock(&engine->spare_lock);
    return buffer;
}

static void buffer_give(struct engine *engine, size_t leaf)
{
    pthread_mutex_lock(&engine->spare_lock);
    engine->spare[engine->spares++] = engine->buffer[leaf];
    pthread_mutex_unlock(&engine->spare_lock);
    engine->buffer[leaf] = NULL;
}

KERNEL static void slab_add(real *restrict sum, const real *restrict term, size_t count)
{
    for (size_t i = 0; i < count; ++i) sum[i] += term[i];
}

// Computes a leaf, then climbs: whoever finishes the second child of a node adds the right child to
// the left one, whichever was second, and goes on from the node.
static void leaf_item(size_t i, int worker, void *context)
{
    struct engine *engine = context;
    size_t leaf = engine->order[i];
    engine->buffer[leaf] = buffer_take(engine);
    engine->loss[leaf] =
        engine->leaf(engine->buffer[leaf], leaf, worker, engine->leaf_context);
    for (size_t node = engine->leaves + leaf, width = 1; node > 1;
         node /= 2, width *= 2) {
        if (atomic_fetch_add(&engine->arrived[node / 2], 1) == 0) return;
        size_t left = leaf & ~(2 * width - 1), right = left + width;
        enum phase before = phase_enter(PHASE_FOLD);
        slab_add(engine->buffer[left], engine->buffer[right], engine->count);
        phase_enter(before);
        engine->loss[left] += engine->loss[right];
        buffer_give(engine, right);
        leaf = left;
    }
}

double engine_gradient(const real **gradient, struct engine *engine,
                       leaf_function *leaf, void *context)
{
    require(engine->leaves > 0, "an engine without leaves has no gradient");
    if (engine->buffer[0]) buffer_give(engine, 0);
    for (size_t n = 0; n < engine->leaves; ++n) atomic_store(&engine->arrived[n], 0);
    engine->leaf = leaf;
    engine->leaf_context = context;
    engine_each(engine, engine->leaves, leaf_item, engine);
    *gradient = engine->buffer[0];
    return engine->loss[0];
}
