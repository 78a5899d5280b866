/// One list of pieces for two questions: how many bytes will it take, and where do the pieces lie.
/// The same function that takes them from an arena also counts them without one.
#ifndef MASKBOOK_MODEL_RESERVE_H
#define MASKBOOK_MODEL_RESERVE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"

/// What the memory is for. Forward alone, one block's traces serve all blocks, one after another, and stay
/// in the cache.
enum mode { TRAIN, INFER };

struct reserve {
    struct arena *arena; ///< NULL: only count
    enum mode mode;
    size_t bytes; ///< taken so far, with alignment
};

/// Bytes beside a piece at most, for its alignment.
enum { RESERVE_SLACK = 64 };

/// `count` reals, contents unspecified; NULL while only counting.
static inline real *reserve_reals(struct reserve *reserve, size_t count)
{
    reserve->bytes += size_product(count, sizeof(real)) + RESERVE_SLACK;
    return reserve->arena ? arena_reals(reserve->arena, count) : NULL;
}

/// `bytes` bytes, contents unspecified; NULL while only counting.
static inline void *reserve_bytes(struct reserve *reserve, size_t bytes)
{
    reserve->bytes += bytes + RESERVE_SLACK;
    return reserve->arena ? arena_take(reserve->arena, 1, bytes) : NULL;
}

#endif
