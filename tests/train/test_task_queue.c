#include "core/train/task_queue.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

enum { TASKS = 7 };
static const size_t COST[TASKS] = {3, 40, 1, 40, 8, 0, 3};

struct record {
    size_t begun[TASKS]; // by the order in which they began
    atomic_size_t count;
    int done[TASKS];
};

static void task(size_t number, int worker, struct task_queue *queue, void *context)
{
    struct record *record = context;
    record->begun[atomic_fetch_add(&record->count, 1)] = number;
    record->done[number]++;
    cr_assert(worker >= 0 && worker < 3);
    for (size_t c = 0; c < COST[number]; ++c) task_queue_advance(queue, worker, 1);
}

Test(task_queue, one_thread_begins_the_most_expensive_first)
{
    static const size_t order[TASKS] = {1, 3, 4, 0, 6, 2, 5};
    struct record record = {.count = 0};
    task_queue_run(COST, TASKS, 1, "test", task, &record);
    cr_expect_eq(record.count, TASKS);
    cr_expect_arr_eq(record.begun, order, sizeof order);
}

Test(task_queue, several_threads_run_each_task_once)
{
    struct record record = {.count = 0};
    task_queue_run(COST, TASKS, 3, "test", task, &record);
    for (size_t i = 0; i < TASKS; ++i)
        cr_expect_eq(record.done[i], 1, "task %zu ran %d times", i, record.done[i]);
}

Test(task_queue, no_tasks_end_at_once)
{
    struct record record = {.count = 0};
    task_queue_run(COST, 0, 2, "test", task, &record);
    cr_expect_eq(record.count, 0);
}
