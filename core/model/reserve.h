/// A two-pass allocator: the function that takes a struct's arrays from an arena also counts their
/// bytes when there is no arena.
#ifndef MASKBOOK_MODEL_RESERVE_H
#define MASKBOOK_MODEL_RESERVE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"

/// What the memory is for: a forward and a backward pass, or a forward pass alone. For INFER all
/// blocks use one trace, which stays in the cache.
enum mode { TRAIN, INFER };

struct reserve {
    struct arena *arena; ///< NULL: only count
    enum mode mode;
    size_t bytes; ///< taken so far, alignment included
};

/// The most bytes that the alignment of a piece takes.
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
