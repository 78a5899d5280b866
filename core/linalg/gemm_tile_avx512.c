#include "core/linalg/bf16_tiles.h"

// 24 sums and 4 vectors of B, which leaves 4 of the 32 registers for A.
enum { ROWS = 6 };
#define TILE_TARGET AVX512_TARGET

// Sums over the even and over the odd l of one block, in registers; `rows` and `vectors` are
// constants where this is inlined.
AVX512_INLINE void block_sums(__m512 even[ROWS][2], __m512 odd[ROWS][2],
                              const bf16 *restrict a, size_t row,
                              const bf16 *restrict b, size_t panel, const int rows,
                              const int vectors)
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
AVX512_INLINE void tile(float *restrict c, size_t ldc, const bf16 *restrict a,
                        size_t row, const bf16 *restrict b, size_t panel,
                        const int rows, const int vectors, __mmask16 part, size_t k,
                        int accumulate)
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

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)

static tile_function *const tile_table[ROWS][2] = {
    ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4), ENTRY(5), ENTRY(6),
};

void gemm_tile_avx512(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                      size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    tiles_cover(tile_table, ROWS, TILE_PRODUCT_ROWS, c, ldc, a, row, b, panel, m, n, k,
                accumulate);
}
