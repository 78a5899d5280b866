#include "core/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/die.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, size)   ((void)(start), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(start, size) ((void)(start), (void)(size))
#endif

enum {
    ALIGNMENT = 64,      // a cache line, an AVX-512 register
    HUGE_PAGE = 2 << 20, // x86-64
    FENCE = 128,         // poisoned bytes after a piece, under AddressSanitizer
};

// What a growing arena reserves, and the least that it accepts.
static const size_t GROWING_MOST = (size_t)64 << 30, GROWING_LEAST = (size_t)64 << 20;

// Under AddressSanitizer the byte at offset u lies at base + 3*u. Pieces are multiples of 64 bytes,
// so at least 128 unused bytes follow each, while offsets, marks and what fits are the same in
// every build. The unused addresses cost no memory.
#if defined(__SANITIZE_ADDRESS__)
enum { SPREAD = (ALIGNMENT + FENCE) / ALIGNMENT };
#else
enum { SPREAD = 1 };
#endif

static unsigned char *address(const struct arena *arena, size_t used)
{
    return arena->base + used * SPREAD;
}

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

static size_t mapped_bytes(size_t size)
{
    return round_up(size * SPREAD, HUGE_PAGE);
}

// Reserves `bytes` (whole huge pages) aligned to a huge page: older kernels use no huge page for
// the unaligned ends of a mapping.
static unsigned char *reserve_aligned(size_t bytes)
{
    unsigned char *start = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
    size_t head = (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
    if (head) munmap(start, head);
    munmap(start + head + bytes, HUGE_PAGE - head);
    return start + head;
}

_Noreturn static void die_of_memory(const char *name, size_t bytes)
{
    die(EXIT_SYSTEM,
        "%s: no memory for %zu bytes (free memory, raise ulimit -v or use a smaller "
        "tier)",
        name, bytes);
}

void arena_open(struct arena *arena, const char *name, size_t size)
{
    *arena = (struct arena){.name = name};
    if (size <= SIZE_MAX / 8) arena->base = reserve_aligned(mapped_bytes(size));
    if (!arena->base) die_of_memory(name, size);
    arena->size = round_up(size, ALIGNMENT);
    // A refusal is no error: without huge pages everything works, only slower.
    if (size >= 2 * HUGE_PAGE) madvise(arena->base, mapped_bytes(size), MADV_HUGEPAGE);
}

void arena_open_growing(struct arena *arena, const char *name)
{
    *arena = (struct arena){.name = name, .growing = 1};
    size_t size = GROWING_MOST;
    while (!(arena->base = reserve_aligned(mapped_bytes(size))) && size > GROWING_LEAST)
        size /= 2;
    if (!arena->base) die_of_memory(name, size);
    // Addresses are limited: leave half of those that fit to later arenas.
    if (size < GROWING_MOST) {
        munmap(arena->base + mapped_bytes(size / 2),
               mapped_bytes(size) - mapped_bytes(size / 2));
        size /= 2;
    }
    arena->size = size;
    // The first 2 MiB are small pages, because many arenas use less than one huge page.
    madvise(arena->base + HUGE_PAGE, mapped_bytes(size) - HUGE_PAGE, MADV_HUGEPAGE);
}

void arena_close(struct arena *arena)
{
    if (arena->base) {
        // A later mapping of these addresses must not start out poisoned.
        ASAN_UNPOISON_MEMORY_REGION(arena->base, arena->peak * SPREAD);
        munmap(arena->base, mapped_bytes(arena->size));
    }
    *arena = (struct arena){.name = arena->name};
}

struct arena *arenas_open(size_t count, const char *name)
{
    struct arena *arenas = calloc(count, sizeof *arenas);
    if (!arenas) die_of_memory(name, count * sizeof *arenas);
    for (size_t i = 0; i < count; ++i) arena_open_growing(&arenas[i], name);
    return arenas;
}

void arenas_close(struct arena *arenas, size_t count)
{
    for (size_t i = 0; i < count; ++i) arena_close(&arenas[i]);
    free(arenas);
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = size_product(count, size), left = arena->size - arena->used;
    require(arena->base, "arena %s is closed", arena->name);
    if (bytes > left && arena->growing) die_of_memory(arena->name, bytes);
    require(bytes <= left, "arena %s: %zu bytes do not fit, %zu of %zu are left",
            arena->name, bytes, left, arena->size);
    unsigned char *piece = address(arena, arena->used);
    size_t rounded = round_up(bytes, ALIGNMENT);
    ASAN_UNPOISON_MEMORY_REGION(piece, bytes);
    if (bytes) ASAN_POISON_MEMORY_REGION(piece + bytes, rounded - bytes + FENCE);
#ifdef FILL_NAN
    memset(piece, 0xFF, bytes);
#endif
    arena->used += rounded;
    if (arena->used > arena->peak) arena->peak = arena->used;
    return piece;
}

real *arena_reals(struct arena *arena, size_t count)
{
    return arena_take(arena, count, sizeof(real));
}

real *arena_zeros(struct arena *arena, size_t count)
{
    real *reals = arena_reals(arena, count);
    memset(reals, 0, count * sizeof *reals);
    return reals;
}

double *arena_doubles(struct arena *arena, size_t count)
{
    return arena_take(arena, count, sizeof(double));
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used;
}

void arena_reset(struct arena *arena, size_t mark)
{
    require(mark <= arena->used && mark % ALIGNMENT == 0,
            "arena %s: %zu is not a mark of an arena filled to %zu", arena->name, mark,
            arena->used);
    ASAN_POISON_MEMORY_REGION(address(arena, mark), (arena->used - mark) * SPREAD);
    arena->used = mark;
}

size_t size_product(size_t a, size_t b)
{
    size_t product;
    require(!__builtin_mul_overflow(a, b, &product), "%zu * %zu overflows", a, b);
    return product;
}
