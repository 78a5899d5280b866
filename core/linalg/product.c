#include "core/linalg/product.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/linalg/strip.h"

// ====== The path ======

// A path multiplies by a strip; the portable one leaves that to OpenBLAS.
static void strip_openblas(real *c, size_t ldc, const real *a, size_t row, size_t step,
                           const real *b, size_t ldb, size_t m, size_t n, size_t k,
                           int accumulate)
{
    enum transpose op = step == 1 ? PLAIN : TRANSPOSED;
    gemm_strided(c, ldc, 1, a, op == PLAIN ? row : step, op, b, ldb, PLAIN, m, n, k,
                 accumulate ? 1 : 0);
}

struct path {
    const char *name;
    void (*strip)(real *c, size_t ldc, const real *a, size_t row, size_t step,
                  const real *b, size_t ldb, size_t m, size_t n, size_t k,
                  int accumulate);
};

static const struct path paths[] = {
#ifndef REAL_DOUBLE
    {"AVX-512", strip_avx512},
    {"AVX2", strip_avx2},
#endif
    {"OpenBLAS", strip_openblas},
};
enum { PATHS = sizeof paths / sizeof *paths };

static int path_runs(const struct path *path)
{
    if (!strcmp(path->name, "AVX-512")) return cpu_has_avx512();
    if (!strcmp(path->name, "AVX2")) return cpu_has_avx2();
    return 1;
}

static _Atomic(const struct path *) path_chosen;

static const struct path *path_choose(void)
{
    if (!coretype_fuses()) return &paths[PATHS - 1];
    const struct path *path = paths;
    while (!path_runs(path)) ++path;
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

const char *product_path(void)
{
    return path_now()->name;
}

int product_path_use(const char *name)
{
    const struct path *path = name ? NULL : path_choose();
    for (size_t p = 0; p < PATHS && !path; ++p)
        if (!strcmp(paths[p].name, name) && path_runs(&paths[p])) path = &paths[p];
    if (path) atomic_store(&path_chosen, path);
    return path != NULL;
}

// ====== Factors ======

struct left left_reals(const real *a, size_t lda, enum transpose op)
{
    return op == PLAIN ? (struct left){a, lda, 1} : (struct left){a, 1, lda};
}

struct right right_reals(const real *b, size_t ldb)
{
    return (struct right){b, ldb, STRIP};
}

static size_t strips(size_t n)
{
    return (n + STRIP - 1) / STRIP;
}

size_t right_reals_size(size_t k, size_t n)
{
    return k * strips(n) * STRIP;
}

enum {
    SQUARE = 16
}; // side of the pieces that are transposed at a time, a cache line of floats

// A strip of B^T: strip (k,STRIP) from `columns` rows of B, in squares, so that whole cache lines are
// read and written.
static KERNEL void strip_transpose(real *restrict strip, const real *restrict b,
                                   size_t ldb, size_t k, size_t columns)
{
    for (size_t l = 0; l < k; l += SQUARE) {
        size_t depth = k - l < SQUARE ? k - l : SQUARE;
        for (size_t j = 0; j < STRIP; j += SQUARE) {
            size_t across = columns < j            ? 0
                            : columns - j < SQUARE ? columns - j
                                                   : SQUARE;
            real square[SQUARE][SQUARE] = {{0}};
            for (size_t x = 0; x < across; ++x)
                for (size_t y = 0; y < depth; ++y)
                    square[y][x] = b[(j + x) * ldb + l + y];
            for (size_t y = 0; y < depth; ++y)
                for (size_t x = 0; x < SQUARE; ++x)
                    strip[(l + y) * STRIP + j + x] = square[y][x];
        }
    }
}

static void strip_copy(real *restrict strip, const real *restrict b, size_t ldb,
                       size_t k, size_t columns)
{
    for (size_t l = 0; l < k; ++l) {
        memcpy(strip + l * STRIP, b + l * ldb, columns * sizeof(real));
        for (size_t j = columns; j < STRIP; ++j) strip[l * STRIP + j] = 0;
    }
}

struct right right_pack(real *storage, const real *b, size_t ldb, enum transpose op,
                        size_t k, size_t n)
{
    require(k > 0 && n > 0 && (uintptr_t)storage % FACTOR_ALIGNMENT == 0,
            "a factor %zu x %zu at %p", k, n, (void *)storage);
    for (size_t s = 0; s < strips(n); ++s) {
        size_t first = s * STRIP, columns = n - first < STRIP ? n - first : STRIP;
        real *strip = storage + s * k * STRIP;
        if (op == PLAIN)
            strip_copy(strip, b + first, ldb, k, columns);
        else
            strip_transpose(strip, b + first * ldb, ldb, k, columns);
    }
    return (struct right){storage, STRIP, k * STRIP};
}

// ====== Products ======

// Rows of A that are multiplied by every strip before the next ones: they stay in the first-level cache
// while B streams from the second.
enum { PANEL_ROWS = 56 };

void product(real *c, size_t ldc, struct left a, struct right b,
             enum arithmetic arithmetic, size_t m, size_t n, size_t k, int accumulate)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    require(arithmetic == FP32, "product in an arithmetic that is not built");
    const struct path *path = path_now();
    const real *a_data = a.data, *b_data = b.data;
    for (size_t i = 0; i < m; i += PANEL_ROWS) {
        size_t rows = m - i < PANEL_ROWS ? m - i : PANEL_ROWS;
        for (size_t s = 0; s < strips(n); ++s) {
            size_t first = s * STRIP, columns = n - first < STRIP ? n - first : STRIP;
            path->strip(c + i * ldc + first, ldc, a_data + i * a.row, a.row, a.step,
                        b_data + s * b.strip, b.row, rows, columns, k, accumulate);
        }
    }
}
