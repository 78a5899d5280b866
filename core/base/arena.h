/// Memory by lifetime: one arena for a model, one for a training step, one for a run. Taking
/// is a pointer bump, freeing is resetting to a mark, and nothing is ever allocated behind a
/// caller's back. Under AddressSanitizer 128 poisoned bytes stand between any two pieces,
/// because an arena would otherwise blind it.
#ifndef MASKBOOK_BASE_ARENA_H
#define MASKBOOK_BASE_ARENA_H

#include <stddef.h>

#include "core/base/real.h"

struct arena {
    const char *name;    ///< for messages; a string literal
    unsigned char *base; ///< owned; NULL when closed
    size_t used, size;   ///< bytes
    size_t peak;         ///< the most ever used, bytes
    int growing;         ///< opened by arena_open_growing
};

/// Reserves `size` bytes of address space under `name`; pages cost memory when first touched,
/// by the thread that touches them, huge pages where the kernel grants them.
/// Dies (EXIT_SYSTEM) when the system refuses.
void arena_open(struct arena *arena, const char *name, size_t size);

/// The same for an arena that nobody sizes: reserves 64 GiB of addresses, which cost nothing until
/// touched. Where the system limits addresses (ulimit -v), it reserves a quarter to a half of what
/// is left. Dies (EXIT_SYSTEM) when less than 64 MiB are left, and arena_take does when it is full.
void arena_open_growing(struct arena *arena, const char *name);

/// One growing arena for each of `count` threads, for arenas_close to close and free.
struct arena *arenas_open(size_t count, const char *name);

/// Closes every arena of arenas_open(count, ...) and frees the array.
void arenas_close(struct arena *arenas, size_t count);

/// Gives everything back. Safe on a closed arena.
void arena_close(struct arena *arena);

/// Takes `count` items of `size` bytes, aligned to 64 bytes, contents unspecified (all bits
/// set, thus NaN, in debug and sanitizer builds, so that an unwritten read shows).
/// The product is checked for overflow; a piece that does not fit into an arena of a given size
/// breaks the caller's contract (abort). The arena owns the result.
void *arena_take(struct arena *arena, size_t count, size_t size);

/// Takes `count` reals, contents unspecified as in arena_take.
real *arena_reals(struct arena *arena, size_t count);

/// Takes `count` reals set to zero.
real *arena_zeros(struct arena *arena, size_t count);

/// Takes `count` doubles, contents unspecified as in arena_take.
double *arena_doubles(struct arena *arena, size_t count);

/// The present fill, to be handed to arena_reset.
size_t arena_mark(const struct arena *arena);

/// Gives back everything taken since `mark`; those pointers are dead (and poisoned under ASan).
void arena_reset(struct arena *arena, size_t mark);

/// a * b, aborting on overflow; for sizes computed from shapes.
size_t size_product(size_t a, size_t b);

#endif
