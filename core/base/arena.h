/// Memory by lifetime: one arena for a model, one for a training step, one for a run. Taking a
/// piece advances a pointer, and resetting to a mark frees everything taken since. Under
/// AddressSanitizer 128 poisoned bytes separate any two pieces; without them it would miss overruns
/// inside an arena.
#ifndef MASKBOOK_BASE_ARENA_H
#define MASKBOOK_BASE_ARENA_H

#include <stddef.h>

#include "core/base/real.h"

struct arena {
    const char *name;    ///< for messages; a string literal
    unsigned char *base; ///< owned; NULL when closed
    size_t used, size;   ///< in bytes
    size_t peak;         ///< the largest `used` so far
    int growing;         ///< opened by arena_open_growing
};

/// Reserves `size` bytes of addresses. A page costs memory once a thread touches it; the kernel is
/// asked for huge pages. Dies (EXIT_SYSTEM) when the system refuses.
void arena_open(struct arena *arena, const char *name, size_t size);

/// Opens an arena whose size the caller need not know: it reserves 64 GiB of addresses, of which
/// only touched pages cost memory. Where the system limits addresses (ulimit -v), it reserves a
/// quarter to a half of those left, so that later arenas find some. Dies (EXIT_SYSTEM) when fewer
/// than 64 MiB are left; arena_take dies likewise when such an arena is full.
void arena_open_growing(struct arena *arena, const char *name);

/// Opens `count` growing arenas, one a thread; arenas_close frees the array that is returned.
struct arena *arenas_open(size_t count, const char *name);

/// Closes the arenas that arenas_open(count, ...) returned and frees the array.
void arenas_close(struct arena *arenas, size_t count);

/// Returns all memory to the system. Does nothing to a closed arena.
void arena_close(struct arena *arena);

/// Takes `count` items of `size` bytes, aligned to 64 bytes; the arena owns them. Their contents
/// are unspecified: debug and sanitizer builds set all bits, which makes NaN of unwritten numbers.
/// Aborts when the product overflows, and when the piece does not fit an arena of a given size.
void *arena_take(struct arena *arena, size_t count, size_t size);

/// Takes `count` reals, contents unspecified as in arena_take.
real *arena_reals(struct arena *arena, size_t count);

/// Takes `count` reals set to zero.
real *arena_zeros(struct arena *arena, size_t count);

/// Takes `count` doubles, contents unspecified as in arena_take.
double *arena_doubles(struct arena *arena, size_t count);

/// How full the arena is now, for arena_reset.
size_t arena_mark(const struct arena *arena);

/// Frees everything taken since `mark`: those pointers must not be used again (AddressSanitizer
/// checks it).
void arena_reset(struct arena *arena, size_t mark);

/// a * b, aborting on overflow; for sizes computed from shapes.
size_t size_product(size_t a, size_t b);

#endif
