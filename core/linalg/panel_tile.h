/// A register tile of C and the loops that cover a panel with tiles; see panel_kernel.h. The file
/// that includes this has set the target and may have chosen PANEL_AVX512; the default is AVX2.
#ifndef MASKBOOK_LINALG_PANEL_TILE_H
#define MASKBOOK_LINALG_PANEL_TILE_H

#include <immintrin.h>
#include <stddef.h>

#include "core/linalg/blocking.h"

#ifdef PANEL_AVX512

// 28 sums, 2 vectors of B and 1 of A fill 31 of the 32 registers.
enum { WIDTH = 16, ROWS = 14 };
typedef __m512 vector;
typedef __mmask16 mask;
#define VECTOR_ZERO()                 _mm512_setzero_ps()
#define VECTOR_FILL(x)                _mm512_set1_ps(x)
#define VECTOR_LOAD(p)                _mm512_loadu_ps(p)
#define VECTOR_LOAD_PART(p, part)     _mm512_maskz_loadu_ps(part, p)
#define VECTOR_STORE(p, v)            _mm512_storeu_ps(p, v)
#define VECTOR_STORE_PART(p, part, v) _mm512_mask_storeu_ps(p, part, v)
#define VECTOR_FMA(a, b, c)           _mm512_fmadd_ps(a, b, c)
#define KERNEL_TARGET                 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))

KERNEL_TARGET static inline mask mask_first(size_t n)
{
    return (mask)((1u << n) - 1);
}

#else

// 12 sums, 2 vectors of B and 1 of A fill 15 of the 16 registers.
enum { WIDTH = 8, ROWS = 6 };
typedef __m256 vector;
typedef __m256i mask;
#define VECTOR_ZERO()                 _mm256_setzero_ps()
#define VECTOR_FILL(x)                _mm256_set1_ps(x)
#define VECTOR_LOAD(p)                _mm256_loadu_ps(p)
#define VECTOR_LOAD_PART(p, part)     _mm256_maskload_ps(p, part)
#define VECTOR_STORE(p, v)            _mm256_storeu_ps(p, v)
#define VECTOR_STORE_PART(p, part, v) _mm256_maskstore_ps(p, part, v)
#define VECTOR_FMA(a, b, c)           _mm256_fmadd_ps(a, b, c)
#define KERNEL_TARGET                 __attribute__((target("avx2,fma")))

KERNEL_TARGET static inline mask mask_first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#endif

// A tile of C: `rows` by `vectors` sums in registers over all of k. `rows`, `vectors`, `whole` (no
// mask) and the unit stride are constants where this is inlined, so the arrays below become
// registers.
KERNEL_TARGET __attribute__((always_inline)) static inline void
tile(float *restrict c, size_t ldc, const float *restrict a, size_t row, size_t step,
     const float *restrict b, size_t ldb, const int rows, const int vectors,
     const int whole, mask part, size_t k, int accumulate)
{
    vector sum[ROWS][2], b_l[2];
    // Lines of C are often far away: prefetched now, they are in the cache when they are written.
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            __builtin_prefetch(c + (size_t)i * ldc + v * WIDTH, 1);
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            float *from = c + (size_t)i * ldc + v * WIDTH;
            sum[i][v] = !accumulate                ? VECTOR_ZERO()
                        : whole || v + 1 < vectors ? VECTOR_LOAD(from)
                                                   : VECTOR_LOAD_PART(from, part);
        }
    for (size_t l = 0; l < k; ++l, a += step, b += ldb) {
        // Rows of A^T and of a B that is not packed are too far apart for the hardware prefetcher.
        if (step != 1) {
            __builtin_prefetch(a + PREFETCH_AHEAD * step);
            __builtin_prefetch(b + PREFETCH_AHEAD * ldb);
            if (vectors == 2) __builtin_prefetch(b + PREFETCH_AHEAD * ldb + WIDTH);
        }
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            b_l[v] = whole || v + 1 < vectors ? VECTOR_LOAD(b + v * WIDTH)
                                              : VECTOR_LOAD_PART(b + v * WIDTH, part);
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            vector a_il = VECTOR_FILL(a[(size_t)i * row]);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v)
                sum[i][v] = VECTOR_FMA(a_il, b_l[v], sum[i][v]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            float *to = c + (size_t)i * ldc + v * WIDTH;
            if (whole || v + 1 < vectors)
                VECTOR_STORE(to, sum[i][v]);
            else
                VECTOR_STORE_PART(to, part, sum[i][v]);
        }
}

typedef void tile_function(float *c, size_t ldc, const float *a, size_t row,
                           size_t step, const float *b, size_t ldb, mask part, size_t k,
                           int accumulate);

// A function for each number of rows, of vectors and kind of edge, for row-major A and for its
// transpose.
#define TILE(NAME, R, V, WHOLE)                                                        \
    KERNEL_TARGET static void NAME(float *c, size_t ldc, const float *a, size_t row,   \
                                   size_t step, const float *b, size_t ldb, mask part, \
                                   size_t k, int accumulate)                           \
    {                                                                                  \
        if (step == 1)                                                                 \
            tile(c, ldc, a, row, 1, b, ldb, R, V, WHOLE, part, k, accumulate);         \
        else                                                                           \
            tile(c, ldc, a, 1, step, b, ldb, R, V, WHOLE, part, k, accumulate);        \
    }
#define TILES(R)                                                                       \
    TILE(tile_##R##_1, R, 1, 0)                                                        \
    TILE(tile_##R##_2, R, 2, 0) TILE(tile_##R##_whole, R, 2, 1)
#define ENTRY(R)                                                                       \
    {                                                                                  \
        tile_##R##_1, tile_##R##_2, tile_##R##_whole                                   \
    }
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)
#ifdef PANEL_AVX512
TILES(7)
TILES(8)
TILES(9)
TILES(10)
TILES(11)
TILES(12)
TILES(13)
TILES(14)
#endif

static tile_function *const tile_table[ROWS][3] = {
    ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4),  ENTRY(5),  ENTRY(6),
#ifdef PANEL_AVX512
    ENTRY(7), ENTRY(8), ENTRY(9), ENTRY(10), ENTRY(11), ENTRY(12), ENTRY(13), ENTRY(14),
#endif
};

// Covers a panel by columns of two vectors, each by tiles of nearly equal height: a last tile of
// very few rows would have too few independent sums to hide the latency of a multiply-add.
KERNEL_TARGET __attribute__((always_inline)) static inline void
panel_cover(float *c, size_t ldc, const float *a, size_t row, size_t step,
            const float *b, size_t ldb, size_t m, size_t n, size_t k, int accumulate)
{
    size_t tiles = (m + ROWS - 1) / ROWS;
    for (size_t j = 0; j < n; j += 2 * WIDTH) {
        size_t columns = n - j < 2 * WIDTH ? n - j : 2 * WIDTH;
        int kind = columns == 2 * WIDTH ? 2 : columns > WIDTH;
        mask part = mask_first(columns > WIDTH ? columns - WIDTH : columns);
        for (size_t t = 0, i = 0, rows; t < tiles; ++t, i += rows) {
            rows = (m - i) / (tiles - t);
            tile_table[rows - 1][kind](c + i * ldc + j, ldc, a + i * row, row, step,
                                       b + j, ldb, part, k, accumulate);
        }
    }
}

#endif
