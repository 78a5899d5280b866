/// Where the arrays of activations and workspaces come from, and for which passes they have to do.
#ifndef MASKBOOK_MODEL_RESERVE_H
#define MASKBOOK_MODEL_RESERVE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"

/// What the memory is for: a forward and a backward pass, or a forward pass alone. For INFER all
/// blocks use one trace, which stays in the cache.
enum mode { TRAIN, INFER };

struct reserve {
    struct arena *arena;
    enum mode mode;
};

/// `count` reals, contents unspecified.
static inline real *reserve_reals(struct reserve *reserve, size_t count)
{
    return arena_reals(reserve->arena, count);
}

/// `bytes` bytes, contents unspecified.
static inline void *reserve_bytes(struct reserve *reserve, size_t bytes)
{
    return arena_take(reserve->arena, 1, bytes);
}

#endif
