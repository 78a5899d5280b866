#include "core/linalg/tiles.h"

#include <stdatomic.h>
#include <string.h>
#include <xmmintrin.h>

#include "core/base/die.h"
#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"

static int always(void)
{
    return 1;
}

struct path {
    const char *name;
    int (*runs)(void);
    tiles_function *multiply;
};

static const struct path paths[] = {
    {"AMX", amx_available, tiles_amx},
    {"AVX-512", cpu_has_avx512, tiles_avx512},
    {"portable", always, tiles_portable},
};
enum { PATHS = sizeof paths / sizeof *paths };

static _Atomic(const struct path *) path_chosen;

static const struct path *path_choose(void)
{
    const struct path *path = paths;
    while (!path->runs()) ++path;
    return path;
}

// Two threads that come first together choose the same.
static const struct path *path_now(void)
{
    const struct path *path = atomic_load_explicit(&path_chosen, memory_order_relaxed);
    if (path) return path;
    path = path_choose();
    atomic_store_explicit(&path_chosen, path, memory_order_relaxed);
    return path;
}

const char *tiles_path(void)
{
    return path_now()->name;
}

int tiles_path_use(const char *name)
{
    const struct path *path = NULL;
    if (!name) path = path_choose();
    for (size_t p = 0; name && p < PATHS; ++p)
        if (!strcmp(paths[p].name, name) && paths[p].runs()) path = &paths[p];
    if (path) atomic_store(&path_chosen, path);
    return path != NULL;
}

int tiles_available(void)
{
    return amx_available();
}

// MXCSR as tiles behave, which do not look at it: to nearest, no traps, subnormals flushed out
// (_MM_FLUSH_ZERO_ON) and in (bit 6). The lowest six bits are flags.
enum { MXCSR_FLAGS = 0x3f, MXCSR_TILES = 0x1f80 | _MM_FLUSH_ZERO_ON | 0x40 };

void tiles_product(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                   size_t strip, size_t m, size_t n, size_t k, int accumulate)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    require(row % TILE_DEPTH == 0 && strip % TILE_NUMBERS == 0,
            "factors of bfloat16 with %zu to a row, %zu to a strip", row, strip);
    unsigned mode = _mm_getcsr();
    int differs = (mode & ~(unsigned)MXCSR_FLAGS) != MXCSR_TILES;
    if (differs) _mm_setcsr(MXCSR_TILES);
    path_now()->multiply(c, ldc, a, row, b, strip, m, n, k, accumulate);
    if (differs) _mm_setcsr(mode);
}
