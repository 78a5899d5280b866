#include "tests/train/thread_ranks.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

// What each rank of the one group brings to the call that all are in.
static struct {
    pthread_barrier_t all;
    void *bytes[THREAD_RANKS];
    const struct rank_message *messages[THREAD_RANKS];
    size_t message_count[THREAD_RANKS];
    void (*body)(const struct rank_group *ranks, void *context);
    void *context;
    struct rank_group ranks[THREAD_RANKS];
} group;

static void *rank_main(void *argument)
{
    group.body(argument, group.context);
    return NULL;
}

void thread_ranks_run(int count,
                      void (*body)(const struct rank_group *ranks, void *context),
                      void *context)
{
    pthread_t thread[THREAD_RANKS];
    pthread_barrier_init(&group.all, NULL, (unsigned)count);
    group.body = body;
    group.context = context;
    for (int r = 0; r < count; ++r) {
        group.ranks[r] = (struct rank_group){.rank = r, .count = count};
        cr_assert_eq(pthread_create(&thread[r], NULL, rank_main, &group.ranks[r]), 0);
    }
    for (int r = 0; r < count; ++r) pthread_join(thread[r], NULL);
    pthread_barrier_destroy(&group.all);
}

static void meet(void)
{
    pthread_barrier_wait(&group.all);
}

void rank_group_open(struct rank_group *ranks)
{
    *ranks = (struct rank_group){.count = 1};
}

void rank_group_close(const struct rank_group *ranks)
{
    if (ranks->count > 1) meet();
}

void rank_group_broadcast(const struct rank_group *ranks, void *bytes, size_t size)
{
    if (ranks->count <= 1) return;
    group.bytes[ranks->rank] = bytes;
    meet();
    if (ranks->rank > 0) memcpy(bytes, group.bytes[0], size);
    meet();
}

void rank_group_share(const struct rank_group *ranks, void *bytes, const size_t *offset)
{
    if (ranks->count <= 1) return;
    group.bytes[ranks->rank] = bytes;
    meet();
    for (int r = 0; r < ranks->count; ++r)
        if (r != ranks->rank)
            memcpy((char *)bytes + offset[r], (char *)group.bytes[r] + offset[r],
                   offset[r + 1] - offset[r]);
    meet();
}

// Fails unless another rank sends this very message.
static void receive(const struct rank_message *message)
{
    const struct rank_message *sent = group.messages[message->from];
    size_t found = 0;
    for (size_t i = 0; i < group.message_count[message->from]; ++i)
        if (sent[i].from == message->from && sent[i].to == message->to &&
            sent[i].number == message->number && sent[i].size == message->size) {
            memcpy(message->bytes, sent[i].bytes, message->size);
            ++found;
        }
    cr_assert_eq(found, 1, "%zu messages %d from %d to %d", found, message->number,
                 message->from, message->to);
}

void rank_group_exchange(const struct rank_group *ranks,
                         const struct rank_message *messages, size_t count)
{
    if (ranks->count <= 1) return;
    group.messages[ranks->rank] = messages;
    group.message_count[ranks->rank] = count;
    meet();
    for (size_t i = 0; i < count; ++i)
        if (messages[i].to == ranks->rank) receive(&messages[i]);
    meet();
}
