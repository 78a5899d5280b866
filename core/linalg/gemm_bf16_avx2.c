// Products of bfloat16 operands by fused multiply-adds of AVX2, in both orders of summation. 16
// registers hold the sums of a tile of C, one pair of k of 16 columns of B, taken apart into even
// and odd numbers, and that of one row of A.
#include <immintrin.h>

#include "core/linalg/blocking.h"
#include "core/linalg/gemm_bf16.h"

#define TARGET __attribute__((target("avx2,fma")))
#define INLINE TARGET __attribute__((always_inline)) static inline

enum {
    WIDTH = 8,                   // numbers of a vector
    VECTORS = TILE_SIDE / WIDTH, // of the columns of a tile
    DOT_ROWS = 4,                // 8 sums
    BLOCK_ROWS = 2,              // 8 sums, half of them over even and half over odd k
};

// ====== Pairs of k ======

// The numbers of even k, and of odd k, of 8 pairs.
INLINE __m256 evens(__m256i pairs)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
}

INLINE __m256 odds(__m256i pairs)
{
    return _mm256_castsi256_ps(
        _mm256_and_si256(pairs, _mm256_set1_epi32((int)0xffff0000)));
}

// The pair at a, eight times.
INLINE __m256i pair_fill(const bf16 *a)
{
    int pair;
    memcpy(&pair, a, sizeof pair);
    return _mm256_set1_epi32(pair);
}

// A pair of k of the columns of a tile.
struct b_pairs {
    __m256 even[VECTORS], odd[VECTORS];
};

INLINE void b_load(struct b_pairs *to, const bf16 *b)
{
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; ++v) {
        __m256i pairs = _mm256_loadu_si256((const __m256i *)(const void *)b + v);
        to->even[v] = evens(pairs), to->odd[v] = odds(pairs);
    }
}

// ====== Rows of C ======

// The columns of C that a tile has.
struct columns {
    int whole; // all of them
    __m256i part[VECTORS];
};

INLINE struct columns columns_first(size_t n)
{
    struct columns columns = {.whole = n >= TILE_SIDE};
    for (int v = 0; v < VECTORS; ++v)
        columns.part[v] = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n - v * WIDTH),
                                             _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    return columns;
}

INLINE __m256 row_load(const float *c, const struct columns *columns, int v)
{
    return columns->whole ? _mm256_loadu_ps(c + v * WIDTH)
                          : _mm256_maskload_ps(c + v * WIDTH, columns->part[v]);
}

INLINE void row_store(float *c, const struct columns *columns, int v, __m256 x)
{
    if (columns->whole)
        _mm256_storeu_ps(c + v * WIDTH, x);
    else
        _mm256_maskstore_ps(c + v * WIDTH, columns->part[v], x);
}

// ====== Tiles ======

// A tile of C: `rows` rows of at most 16 columns. The inline functions below have `rows` as a
// constant, so that their arrays become registers.
typedef void tile_function(float *restrict c, size_t ldc, const bf16 *restrict a,
                           size_t row, const bf16 *restrict b,
                           const struct columns *columns, size_t k, int accumulate,
                           size_t rows);

// The sums of VDPBF16PS, in registers over all of k.
INLINE void dot_tile(float *restrict c, size_t ldc, const bf16 *restrict a, size_t row,
                     const bf16 *restrict b, const struct columns *columns, size_t k,
                     int accumulate, const int rows)
{
    __m256 sum[DOT_ROWS][VECTORS];
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v)
            sum[i][v] = accumulate ? row_load(c + (size_t)i * ldc, columns, v)
                                   : _mm256_setzero_ps();
    for (size_t l = 0; l < k; l += 2, a += 2, b += TILE_DEPTH) {
        struct b_pairs numbers;
        b_load(&numbers, b);
#pragma GCC unroll 4
        for (int i = 0; i < rows; ++i) {
            const __m256i pair = pair_fill(a + (size_t)i * row);
            const __m256 even = evens(pair), odd = odds(pair);
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; ++v)
                sum[i][v] =
                    _mm256_fmadd_ps(even, numbers.even[v],
                                    _mm256_fmadd_ps(odd, numbers.odd[v], sum[i][v]));
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v)
            row_store(c + (size_t)i * ldc, columns, v, sum[i][v]);
}

// Sums over the even and over the odd l of one block, in registers.
INLINE void block_sums(__m256 even[BLOCK_ROWS][VECTORS],
                       __m256 odd[BLOCK_ROWS][VECTORS], const bf16 *restrict a,
                       size_t row, const bf16 *restrict b, const int rows)
{
#pragma GCC unroll 2
    for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
        for (int v = 0; v < VECTORS; ++v) even[i][v] = odd[i][v] = _mm256_setzero_ps();
    for (size_t p = 0; p < TILE_DEPTH / 2; ++p) {
        struct b_pairs numbers;
        b_load(&numbers, b + p * TILE_DEPTH);
#pragma GCC unroll 2
        for (int i = 0; i < rows; ++i) {
            const __m256i pair = pair_fill(a + (size_t)i * row + 2 * p);
            const __m256 a_even = evens(pair), a_odd = odds(pair);
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; ++v) {
                even[i][v] = _mm256_fmadd_ps(a_even, numbers.even[v], even[i][v]);
                odd[i][v] = _mm256_fmadd_ps(a_odd, numbers.odd[v], odd[i][v]);
            }
        }
    }
}

// The sums of AMX tiles, a block of k at a time; C stays in the cache while the sums of a block
// take the registers.
INLINE void block_tile(float *restrict c, size_t ldc, const bf16 *restrict a,
                       size_t row, const bf16 *restrict b,
                       const struct columns *columns, size_t k, int accumulate,
                       const int rows)
{
    for (size_t l = 0; l < k; l += TILE_DEPTH, a += TILE_DEPTH, b += TILE_NUMBERS) {
        __m256 even[BLOCK_ROWS][VECTORS], odd[BLOCK_ROWS][VECTORS];
        block_sums(even, odd, a, row, b, rows);
#pragma GCC unroll 2
        for (int i = 0; i < rows; ++i)
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; ++v) {
                float *to = c + (size_t)i * ldc;
                __m256 old = l > 0 || accumulate ? row_load(to, columns, v)
                                                 : _mm256_setzero_ps();
                row_store(to, columns, v,
                          _mm256_add_ps(old, _mm256_add_ps(even[i][v], odd[i][v])));
            }
    }
}

TARGET static void dot_rows(float *restrict c, size_t ldc, const bf16 *restrict a,
                            size_t row, const bf16 *restrict b,
                            const struct columns *columns, size_t k, int accumulate,
                            size_t rows)
{
    switch (rows) {
    case 4:
        dot_tile(c, ldc, a, row, b, columns, k, accumulate, 4);
        break;
    case 3:
        dot_tile(c, ldc, a, row, b, columns, k, accumulate, 3);
        break;
    case 2:
        dot_tile(c, ldc, a, row, b, columns, k, accumulate, 2);
        break;
    default:
        dot_tile(c, ldc, a, row, b, columns, k, accumulate, 1);
    }
}

TARGET static void block_rows(float *restrict c, size_t ldc, const bf16 *restrict a,
                              size_t row, const bf16 *restrict b,
                              const struct columns *columns, size_t k, int accumulate,
                              size_t rows)
{
    if (rows == 2)
        block_tile(c, ldc, a, row, b, columns, k, accumulate, 2);
    else
        block_tile(c, ldc, a, row, b, columns, k, accumulate, 1);
}

// gemm_bf16_function by tiles of at most `most` rows. PRODUCT_ROWS of A stay in a near cache while
// B streams past.
TARGET static void cover(tile_function *tile, size_t most, float *c, size_t ldc,
                         const bf16 *a, size_t row, const bf16 *b, size_t panel,
                         size_t m, size_t n, size_t k, int accumulate)
{
    for (size_t first = 0; first < m; first += PRODUCT_ROWS) {
        const size_t end = m - first < PRODUCT_ROWS ? m : first + PRODUCT_ROWS;
        for (size_t j = 0; j < n; j += TILE_SIDE) {
            const struct columns columns = columns_first(n - j);
            for (size_t i = first; i < end; i += most)
                tile(c + i * ldc + j, ldc, a + i * row, row, b + j / TILE_SIDE * panel,
                     &columns, k, accumulate, end - i < most ? end - i : most);
        }
    }
}

void gemm_dot_avx2(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                   size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    cover(dot_rows, DOT_ROWS, c, ldc, a, row, b, panel, m, n, k, accumulate);
}

void gemm_tile_avx2(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                    size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    cover(block_rows, BLOCK_ROWS, c, ldc, a, row, b, panel, m, n, k, accumulate);
}
