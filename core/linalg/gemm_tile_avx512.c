#include <immintrin.h>
#include <string.h>

#include "core/linalg/gemm_bf16.h"

#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define INLINE TARGET __attribute__((always_inline)) static inline

// 24 sums and 4 vectors of B, which leaves 4 of the 32 registers for A.
enum { ROWS = 6 };

// The numbers of even l, and of odd l, of 16 pairs.
INLINE __m512 evens(__m512i pairs)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
}

INLINE __m512 odds(__m512i pairs)
{
    return _mm512_castsi512_ps(
        _mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000)));
}

INLINE __m512i pair_fill(const bf16 *a)
{
    int pair;
    memcpy(&pair, a, sizeof pair);
    return _mm512_set1_epi32(pair);
}

// Sums over the even and over the odd l of one block, in registers; `rows` and `vectors` are
// constants where this is inlined.
INLINE void block_sums(__m512 even[ROWS][2], __m512 odd[ROWS][2],
                       const bf16 *restrict a, size_t row, const bf16 *restrict b,
                       size_t panel, const int rows, const int vectors)
{
    __m512 b_even[2], b_odd[2];
#pragma GCC unroll 6
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) even[i][v] = odd[i][v] = _mm512_setzero_ps();
    for (size_t p = 0; p < TILE_DEPTH / 2; ++p) {
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
            __m512i pairs = _mm512_loadu_si512(b + (size_t)v * panel + p * TILE_DEPTH);
            b_even[v] = evens(pairs), b_odd[v] = odds(pairs);
        }
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i) {
            __m512i pair = pair_fill(a + (size_t)i * row + 2 * p);
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) {
                even[i][v] = _mm512_fmadd_ps(evens(pair), b_even[v], even[i][v]);
                odd[i][v] = _mm512_fmadd_ps(odds(pair), b_odd[v], odd[i][v]);
            }
        }
    }
}

// C (rows, 16 or 32 columns), a block of k at a time; C stays in the cache while the sums of a
// block take the registers. `part`: columns of the last vector.
INLINE void tile(float *restrict c, size_t ldc, const bf16 *restrict a, size_t row,
                 const bf16 *restrict b, size_t panel, const int rows,
                 const int vectors, __mmask16 part, size_t k, int accumulate)
{
    for (size_t l = 0; l < k; l += TILE_DEPTH, a += TILE_DEPTH, b += TILE_NUMBERS) {
        __m512 even[ROWS][2], odd[ROWS][2];
        block_sums(even, odd, a, row, b, panel, rows, vectors);
#pragma GCC unroll 6
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) {
                float *to = c + (size_t)i * ldc + v * TILE_SIDE;
                __mmask16 columns = v + 1 < vectors ? (__mmask16)0xffff : part;
                __m512 old = l > 0 || accumulate ? _mm512_maskz_loadu_ps(columns, to)
                                                 : _mm512_setzero_ps();
                __m512 sum = _mm512_add_ps(even[i][v], odd[i][v]);
                _mm512_mask_storeu_ps(to, columns, _mm512_add_ps(old, sum));
            }
    }
}

typedef void tile_function(float *c, size_t ldc, const bf16 *a, size_t row,
                           const bf16 *b, size_t panel, __mmask16 part, size_t k,
                           int accumulate);

#define TILE(R, V)                                                                     \
    TARGET static void tile_##R##_##V(float *c, size_t ldc, const bf16 *a, size_t row, \
                                      const bf16 *b, size_t panel, __mmask16 part,     \
                                      size_t k, int accumulate)                        \
    {                                                                                  \
        tile(c, ldc, a, row, b, panel, R, V, part, k, accumulate);                     \
    }
#define TILES(R) TILE(R, 1) TILE(R, 2)
TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)

static tile_function *const tile_table[ROWS][2] = {
    {tile_1_1, tile_1_2}, {tile_2_1, tile_2_2}, {tile_3_1, tile_3_2},
    {tile_4_1, tile_4_2}, {tile_5_1, tile_5_2}, {tile_6_1, tile_6_2},
};

TARGET void gemm_tile_avx512(float *c, size_t ldc, const bf16 *a, size_t row,
                             const bf16 *b, size_t panel, size_t m, size_t n, size_t k,
                             int accumulate)
{
    for (size_t block = 0; block < m; block += TILE_PRODUCT_ROWS) {
        size_t height = m - block < TILE_PRODUCT_ROWS ? m - block : TILE_PRODUCT_ROWS;
        size_t tiles = (height + ROWS - 1) / ROWS;
        for (size_t j = 0; j < n; j += (size_t)2 * TILE_SIDE) {
            size_t columns = n - j < 2 * TILE_SIDE ? n - j : 2 * TILE_SIDE;
            int vectors = columns > TILE_SIDE ? 2 : 1;
            __mmask16 part =
                (__mmask16)((1u << (columns - ((size_t)vectors - 1) * TILE_SIDE)) - 1);
            for (size_t t = 0, i = block, rows; t < tiles; ++t, i += rows) {
                rows = (block + height - i) / (tiles - t); // nearly equal heights
                tile_table[rows - 1][vectors - 1](c + i * ldc + j, ldc, a + i * row,
                                                  row, b + j / TILE_SIDE * panel, panel,
                                                  part, k, accumulate);
            }
        }
    }
}
