/// What the AVX-512 kernels of bfloat16 products share: pairs of k in registers, a function for
/// each size of a register tile of C, and the loops that cover C with tiles.
#ifndef MASKBOOK_LINALG_BF16_TILES_H
#define MASKBOOK_LINALG_BF16_TILES_H

#include <immintrin.h>
#include <string.h>

#include "core/linalg/gemm_bf16.h"

#define AVX512_TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define AVX512_INLINE AVX512_TARGET __attribute__((always_inline)) static inline

// ====== Pairs of k ======

// The numbers of even k, and of odd k, of 16 pairs.
AVX512_INLINE __m512 evens(__m512i pairs)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}

AVX512_INLINE __m512 odds(__m512i pairs)
{
    return _mm512_castsi512_ps(
        _mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000)));
}

// The pair at a, sixteen times.
AVX512_INLINE __m512i pair_fill(const bf16 *a)
{
    int pair;
    memcpy(&pair, a, sizeof pair);
    return _mm512_set1_epi32(pair);
}

// ====== Tiles ======

// A tile of C, of a fixed number of rows and of vectors of 16 columns. `part`: columns of the last
// vector.
typedef void tile_function(float *c, size_t ldc, const bf16 *a, size_t row,
                           const bf16 *b, size_t panel, __mmask16 part, size_t k,
                           int accumulate);

// The tiles of R rows, by the file's own TILE_TARGET and inline function `tile`, and their entry in
// the table.
#define TILE(R, V)                                                                     \
    TILE_TARGET static void tile_##R##_##V(float *c, size_t ldc, const bf16 *a,        \
                                           size_t row, const bf16 *b, size_t panel,    \
                                           __mmask16 part, size_t k, int accumulate)   \
    {                                                                                  \
        tile(c, ldc, a, row, b, panel, R, V, part, k, accumulate);                     \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2)
#define ENTRY(R)                                                                       \
    {                                                                                  \
        tile_##R##_1, tile_##R##_2                                                     \
    }

// gemm_bf16_function by the tiles of `table`, of 1 to `most` rows. `piece` rows of A stay in a near
// cache while B streams past; tiles have nearly equal heights, so that none has too few sums to
// hide the latency of a step.
static inline void tiles_cover(tile_function *const (*table)[2], size_t most,
                               size_t piece, float *c, size_t ldc, const bf16 *a,
                               size_t row, const bf16 *b, size_t panel, size_t m,
                               size_t n, size_t k, int accumulate)
{
    for (size_t first = 0; first < m; first += piece) {
        size_t end = m - first < piece ? m : first + piece;
        size_t tiles = (end - first + most - 1) / most;
        for (size_t j = 0; j < n; j += (size_t)2 * TILE_SIDE) {
            size_t columns = n - j < 2 * TILE_SIDE ? n - j : 2 * TILE_SIDE;
            size_t vectors = columns > TILE_SIDE ? 2 : 1;
            __mmask16 part =
                (__mmask16)((1u << (columns - (vectors - 1) * TILE_SIDE)) - 1);
            for (size_t t = 0, i = first, rows; t < tiles; ++t, i += rows) {
                rows = (end - i) / (tiles - t);
                table[rows - 1][vectors - 1](c + i * ldc + j, ldc, a + i * row, row,
                                             b + j / TILE_SIDE * panel, panel, part, k,
                                             accumulate);
            }
        }
    }
}

#endif
