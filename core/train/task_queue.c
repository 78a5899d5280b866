#include "core/train/task_queue.h"

#include <math.h>
#include <stdatomic.h>

#include "core/base/arena.h"
#include "core/base/progress.h"
#include "core/train/engine.h"

struct task_queue {
    task_function *task;
    void *context;
    size_t *order; // (count) of the tasks
    double total;
    atomic_size_t done;
    struct progress progress; // drawn by worker 0 alone
};

// order (count) = task numbers by falling cost, equal costs in their own order.
static void sort_by_cost(size_t *order, const size_t *cost, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        size_t k = i;
        for (; k > 0 && cost[i] > cost[order[k - 1]]; --k) order[k] = order[k - 1];
        order[k] = i;
    }
}

static void run_item(size_t i, int worker, void *context)
{
    struct task_queue *queue = context;
    queue->task(queue->order[i], worker, queue, queue->context);
}

void task_queue_run(const size_t *cost, size_t count, int threads, const char *label,
                    task_function *task, void *context)
{
    struct arena arena;
    arena_open_growing(&arena, "tasks");
    struct task_queue queue = {.task = task,
                               .context = context,
                               .order = arena_take(&arena, count, sizeof(size_t))};
    sort_by_cost(queue.order, cost, count);
    for (size_t i = 0; i < count; ++i) queue.total += (double)cost[i];
    struct engine *engine = engine_open(threads, 0, 0);
    progress_open(&queue.progress, label, "units of work", queue.total, 0);
    pool_for(engine, count, run_item, &queue);
    progress_show(&queue.progress, queue.total, NULL);
    progress_close(&queue.progress);
    engine_close(engine);
    arena_close(&arena);
}

void task_queue_advance(struct task_queue *queue, int worker, size_t cost)
{
    const size_t done = atomic_fetch_add(&queue->done, cost) + cost;
    if (worker == 0)
        progress_show(&queue->progress, fmin((double)done, queue->total), NULL);
}

void task_queue_epoch(void *epoch)
{
    const struct task_epoch *end = epoch;
    task_queue_advance(end->queue, end->worker, end->cost);
}
