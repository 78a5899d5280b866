#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

#include "core/base/die.h"
#include "core/train/rank_group.h"

// MPI's own errors end all ranks (MPI_ERRORS_ARE_FATAL, its default), so no return value is read.

void rank_group_open(struct rank_group *ranks)
{
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (provided < MPI_THREAD_FUNNELED)
        die(EXIT_SYSTEM, "MPI: allows no threads (install one that is built with them, "
                         "such as Debian's libopenmpi-dev)");
    MPI_Comm_rank(MPI_COMM_WORLD, &ranks->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks->count);
}

void rank_group_close(const struct rank_group *ranks)
{
    (void)ranks;
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
}

// Counts are int in MPI.
static int count_of(size_t size)
{
    require(size <= INT_MAX, "%zu bytes in one message", size);
    return (int)size;
}

void rank_group_broadcast(const struct rank_group *ranks, void *bytes, size_t size)
{
    enum { MOST = 1 << 30 };
    (void)ranks;
    for (size_t at = 0; at < size; at += MOST)
        MPI_Bcast((char *)bytes + at, size - at < MOST ? (int)(size - at) : MOST,
                  MPI_BYTE, 0, MPI_COMM_WORLD);
}

static void *take(size_t count, size_t size)
{
    void *array = calloc(count ? count : 1, size);
    if (!array) die(EXIT_SYSTEM, "MPI: no memory for %zu messages", count);
    return array;
}

void rank_group_share(const struct rank_group *ranks, void *bytes, const size_t *offset)
{
    const size_t R = (size_t)ranks->count;
    int *count = take(R, sizeof *count), *first = take(R, sizeof *first);
    for (size_t r = 0; r < R; ++r) {
        first[r] = count_of(offset[r]);
        count[r] = count_of(offset[r + 1] - offset[r]);
    }
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes, count, first, MPI_BYTE,
                   MPI_COMM_WORLD);
    free(count);
    free(first);
}

void rank_group_exchange(const struct rank_group *ranks,
                         const struct rank_message *messages, size_t count)
{
    MPI_Request *request = take(count, sizeof(MPI_Request));
    for (size_t i = 0; i < count; ++i) {
        const struct rank_message *m = &messages[i];
        if (m->from == ranks->rank)
            MPI_Isend(m->bytes, count_of(m->size), MPI_BYTE, m->to, m->number,
                      MPI_COMM_WORLD, &request[i]);
        else
            MPI_Irecv(m->bytes, count_of(m->size), MPI_BYTE, m->from, m->number,
                      MPI_COMM_WORLD, &request[i]);
    }
    MPI_Waitall((int)count, request, MPI_STATUSES_IGNORE);
    free(request);
}
