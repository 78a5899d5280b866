/// The register tile of C for products of BF16_DOT, and the table of its sizes. The file that
/// includes this defines DOT_INSTRUCTION for VDPBF16PS; without it two fused multiply-adds give the
/// same bits.
#ifndef MASKBOOK_LINALG_DOT_TILE_H
#define MASKBOOK_LINALG_DOT_TILE_H

#include "core/linalg/bf16_tiles.h"

// The 32 registers hold: sums (two vectors a row), one row's pair, and the pairs of two vectors of
// B, which multiply-adds need taken apart into odd and even numbers.
#ifdef DOT_INSTRUCTION
enum { ROWS = 14 };
#define TILE_TARGET                                                                    \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")))
#else
enum { ROWS = 12 };
#define TILE_TARGET AVX512_TARGET
#endif
#define TILE_INLINE TILE_TARGET __attribute__((always_inline)) static inline

// ====== One step of a sum: a pair of k ======

#ifdef DOT_INSTRUCTION

typedef __m512bh pairs;

TILE_INLINE pairs pairs_of(__m512i numbers)
{
    return (pairs)numbers;
}

TILE_INLINE __m512 step(__m512 sum, pairs a, pairs b)
{
    return _mm512_dpbf16_ps(sum, a, b);
}

#else

typedef struct {
    __m512 odd, even;
} pairs;

TILE_INLINE pairs pairs_of(__m512i numbers)
{
    return (pairs){odds(numbers), evens(numbers)};
}

TILE_INLINE __m512 step(__m512 sum, pairs a, pairs b)
{
    return _mm512_fmadd_ps(a.even, b.even, _mm512_fmadd_ps(a.odd, b.odd, sum));
}

#endif

// ====== Tiles ======

// A pointer that the compiler steps along the rows of C, instead of computing all addresses first.
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

// C (rows, 16 or 32 columns), its sums in registers over all of k. `rows` and `vectors` are
// constants where this is inlined. `part`: columns of the last vector.
TILE_INLINE void tile(float *restrict c, size_t ldc, const bf16 *restrict a, size_t row,
                      const bf16 *restrict b, size_t panel, const int rows,
                      const int vectors, __mmask16 part, size_t k, int accumulate)
{
    __m512 sum[ROWS][2];
    float *to = c;
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i, to += ldc) {
        OPAQUE(to);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            sum[i][v] =
                accumulate
                    ? _mm512_maskz_loadu_ps(v + 1 < vectors ? (__mmask16)0xffff : part,
                                            to + v * TILE_SIDE)
                    : _mm512_setzero_ps();
    }
    for (size_t l = 0; l < k; l += 2, a += 2, b += TILE_DEPTH) {
        pairs b_l[2];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            b_l[v] = pairs_of(_mm512_loadu_si512(b + (size_t)v * panel));
#pragma GCC unroll 14
        for (int i = 0; i < rows; ++i) {
            pairs a_il = pairs_of(pair_fill(a + (size_t)i * row));
#pragma GCC unroll 2
            for (int v = 0; v < vectors; ++v) sum[i][v] = step(sum[i][v], a_il, b_l[v]);
        }
    }
    to = c;
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i, to += ldc) {
        OPAQUE(to);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v)
            _mm512_mask_storeu_ps(to + v * TILE_SIDE,
                                  v + 1 < vectors ? (__mmask16)0xffff : part,
                                  sum[i][v]);
    }
}

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)
TILES(7)
TILES(8)
TILES(9)
TILES(10)
TILES(11)
TILES(12)
#ifdef DOT_INSTRUCTION
TILES(13)
TILES(14)
#endif

static tile_function *const tile_table[ROWS][2] = {
    ENTRY(1),  ENTRY(2),  ENTRY(3), ENTRY(4),  ENTRY(5),  ENTRY(6),
    ENTRY(7),  ENTRY(8),  ENTRY(9), ENTRY(10), ENTRY(11), ENTRY(12),
#ifdef DOT_INSTRUCTION
    ENTRY(13), ENTRY(14),
#endif
};

#endif
