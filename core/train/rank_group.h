/// Processes that share one training, on one machine or on several: ranks, as MPI calls them. Bytes
/// only move here and nothing is added on the way, so no result depends on the number of ranks or
/// on MPI's algorithms. Two files define these functions: rank_group_alone.c, for the one rank of
/// an ordinary program, and rank_group_mpi.c, which `make pretrain RANKS=...` links in its place.
///
/// All functions but rank_group_lead are collective: every rank calls them in the same order, from
/// its main thread, and waits there for the others. A rank that ends without rank_group_close ends
/// all.
#ifndef MASKBOOK_TRAIN_RANK_GROUP_H
#define MASKBOOK_TRAIN_RANK_GROUP_H

#include <stddef.h>

/// Zeros: alone.
struct rank_group {
    int rank;  ///< of this process, 0..count-1
    int count; ///< R; at most 1: alone
};

/// Bytes that this rank sends to another one, or receives from it. Messages between two ranks are
/// told apart by their number, 0..32767.
struct rank_message {
    int to, from; ///< one of them is this rank, the other is not
    int number;
    void *bytes;
    size_t size; ///< below 2^31
};

/// Joins the ranks that were started together. Call it once, after coretype_open, which may execute
/// the program again. Dies (EXIT_SYSTEM) when MPI refuses threads, (EXIT_USAGE) when an ordinary
/// program was started by mpirun.
void rank_group_open(struct rank_group *ranks);

/// Leaves them, when all have come this far: nothing else may be called afterwards.
void rank_group_close(const struct rank_group *ranks);

/// Whether this is the rank that reads and writes files and speaks for all.
static inline int rank_group_lead(const struct rank_group *ranks)
{
    return ranks->rank == 0;
}

/// bytes (size) of rank 0 on every rank.
void rank_group_broadcast(const struct rank_group *ranks, void *bytes, size_t size);

/// Rank r knows bytes offset[r] .. offset[r+1]-1; afterwards every rank knows all of them.
/// bytes   (offset[R]), below 2^31
/// offset  (R+1), the same on every rank
void rank_group_share(const struct rank_group *ranks, void *bytes,
                      const size_t *offset);

/// Sends and receives all messages (count); each has its counterpart on the other rank.
void rank_group_exchange(const struct rank_group *ranks,
                         const struct rank_message *messages, size_t count);

#endif
