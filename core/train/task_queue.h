/// Independent tasks of different lengths on several threads, with one progress line for all:
/// trainings that use one thread each.
///
/// A task runs on one thread from start to end, as items of pool_for do, so no bit of its result
/// depends on how many threads there are.
#ifndef MASKBOOK_TRAIN_TASK_QUEUE_H
#define MASKBOOK_TRAIN_TASK_QUEUE_H

#include <stddef.h>

struct task_queue; ///< the tasks that are running

/// Runs task number `task`; `worker` as in pool_for.
typedef void task_function(size_t task, int worker, struct task_queue *queue,
                           void *context);

/// Runs tasks 0 .. count-1, begun in the order of their costs, the most expensive first (of equals
/// the first), so that no thread is left alone with a long one. Returns when all are done.
/// cost (count)  work of each task, in any unit
/// label         of the progress line
/// Dies (EXIT_SYSTEM) when threads or memory are refused.
void task_queue_run(const size_t *cost, size_t count, int threads, const char *label,
                    task_function *task, void *context);

/// Reports from within a task that another `cost` of its work is done.
void task_queue_advance(struct task_queue *queue, int worker, size_t cost);

/// Where a training that is a task reports the end of an epoch, and what an epoch costs.
struct task_epoch {
    struct task_queue *queue;
    int worker;
    size_t cost;
};

/// Reports the end of an epoch, as the function that a training calls after each.
/// epoch  a struct task_epoch
void task_queue_epoch(void *epoch);

#endif
