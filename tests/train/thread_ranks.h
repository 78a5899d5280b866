/// Ranks that are threads of one process, in the place of processes and MPI, so that every runner
/// can have some: thread_ranks.c defines core/train/rank_group.h for the tests of this room.
#ifndef MASKBOOK_TESTS_TRAIN_THREAD_RANKS_H
#define MASKBOOK_TESTS_TRAIN_THREAD_RANKS_H

#include "core/train/rank_group.h"

enum { THREAD_RANKS = 8 }; ///< the most

/// Calls body(rank, context) on `count` threads, each one rank of a group, and returns when all
/// have.
void thread_ranks_run(int count,
                      void (*body)(const struct rank_group *ranks, void *context),
                      void *context);

#endif
