#include "core/linalg/pack_bf16.h"

#ifdef REAL_DOUBLE

const struct packers pack_avx512, pack_avx512_bf16;

#else

#include <immintrin.h>

#define TARGET_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw")))
#define TARGET_BF16                                                                    \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16")))
#define INLINE      TARGET_AVX512 __attribute__((always_inline)) static inline
#define INLINE_BF16 TARGET_BF16 __attribute__((always_inline)) static inline

INLINE __mmask16 first_16(size_t n)
{
    return n < 16 ? (__mmask16)((1u << n) - 1) : (__mmask16)0xffff;
}

// ====== Rounding ======

// bf16_round of each word, in its upper half; the lower half is left over from rounding.
INLINE __m512i round_words(__m512 x)
{
    enum { QUIET_NAN = 0x01, SUBNORMAL = 0x20, SIGNALLING_NAN = 0x80 };
    enum { NAN_OF_ANY_KIND = QUIET_NAN | SIGNALLING_NAN };
    __m512i bits = _mm512_castps_si512(x), one = _mm512_set1_epi32(1);
    __mmask16 odd = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(0x10000));
    __m512i y = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff));
    y = _mm512_mask_add_epi32(y, odd, y, one);
    y = _mm512_mask_or_epi32(y, _mm512_fpclass_ps_mask(x, NAN_OF_ANY_KIND), bits,
                             _mm512_set1_epi32(0x400000));
    y = _mm512_mask_and_epi32(y, _mm512_fpclass_ps_mask(x, SUBNORMAL), bits,
                              _mm512_set1_epi32((int)0x80000000));
    return y;
}

TARGET_AVX512 static void round_reals(bf16 *y, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 columns = first_16(n - i);
        __m512i words = round_words(_mm512_maskz_loadu_ps(columns, x + i));
        __m256i halves = _mm512_cvtepi32_epi16(_mm512_srli_epi32(words, 16));
        _mm256_mask_storeu_epi16(y + i, columns, halves);
    }
}

TARGET_BF16 static void round_reals_bf16(bf16 *y, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 columns = first_16(n - i);
        __m256bh halves = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(columns, x + i));
        _mm256_mask_storeu_epi16(y + i, columns, (__m256i)halves);
    }
}

// ====== Pairs from stored rows ======

// The pairs of 16 columns, from the numbers of two rows, which fill the lower and the upper half.
INLINE __m512i pairs_of_halves(__m512i rows)
{
    static const uint16_t alternating[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                             21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                             11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return _mm512_permutexvar_epi16(_mm512_loadu_si512(alternating), rows);
}

// Pair p of each column, from rows 2p and 2p + 1; `second`: row 2p + 1 exists.
INLINE __m512i interleaved_reals(const real *x, size_t ld, int second,
                                 __mmask16 columns)
{
    __m512i even = round_words(_mm512_maskz_loadu_ps(columns, x));
    __m512i odd = second ? round_words(_mm512_maskz_loadu_ps(columns, x + ld))
                         : _mm512_setzero_si512();
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(even, 16), odd);
}

INLINE_BF16 __m512i interleaved_reals_bf16(const real *x, size_t ld, int second,
                                           __mmask16 columns)
{
    __m512 even = _mm512_maskz_loadu_ps(columns, x);
    __m512 odd = second ? _mm512_maskz_loadu_ps(columns, x + ld) : _mm512_setzero_ps();
    return pairs_of_halves((__m512i)_mm512_cvtne2ps_pbh(odd, even));
}

INLINE __m512i interleaved_bf16(const bf16 *x, size_t ld, int second, __mmask16 columns)
{
    __m256i even = _mm256_maskz_loadu_epi16(columns, x);
    __m256i odd =
        second ? _mm256_maskz_loadu_epi16(columns, x + ld) : _mm256_setzero_si256();
    return pairs_of_halves(_mm512_inserti64x4(_mm512_castsi256_si512(even), odd, 1));
}

// The pairs of a stored row that runs along k, of which `depth` numbers are read.
INLINE __m512i row_reals(const real *x, size_t depth)
{
    static const uint16_t upper_halves[32] = {
        1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
        33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
    __m512i first = round_words(_mm512_maskz_loadu_ps(first_16(depth), x));
    __m512i second =
        depth > 16 ? round_words(_mm512_maskz_loadu_ps(first_16(depth - 16), x + 16))
                   : _mm512_setzero_si512();
    return _mm512_permutex2var_epi16(first, _mm512_loadu_si512(upper_halves), second);
}

INLINE_BF16 __m512i row_reals_bf16(const real *x, size_t depth)
{
    __m512 first = _mm512_maskz_loadu_ps(first_16(depth), x);
    __m512 second = depth > 16 ? _mm512_maskz_loadu_ps(first_16(depth - 16), x + 16)
                               : _mm512_setzero_ps();
    return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

INLINE __m512i row_bf16(const bf16 *x, size_t depth)
{
    __mmask32 numbers = depth < 32 ? (1u << depth) - 1 : 0xffffffff;
    return _mm512_maskz_loadu_epi16(numbers, x);
}

// ====== Blocks ======

// Transposes w by exchanging ever larger squares: words and pairs of words within the quarters of
// the vectors, then the quarters.
INLINE void transpose(__m512i w[16])
{
    __m512i u[16];
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        u[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
        u[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        w[i] = _mm512_unpacklo_epi64(u[i], u[i + 2]);
        w[i + 1] = _mm512_unpackhi_epi64(u[i], u[i + 2]);
        w[i + 2] = _mm512_unpacklo_epi64(u[i + 1], u[i + 3]);
        w[i + 3] = _mm512_unpackhi_epi64(u[i + 1], u[i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        u[i] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0x88);
        u[i + 4] = _mm512_shuffle_i32x4(w[i], w[i + 4], 0xdd);
        u[i + 8] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0x88);
        u[i + 12] = _mm512_shuffle_i32x4(w[i + 8], w[i + 12], 0xdd);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        w[i] = _mm512_shuffle_i32x4(u[i], u[i + 8], 0x88);
        w[i + 8] = _mm512_shuffle_i32x4(u[i], u[i + 8], 0xdd);
        w[i + 4] = _mm512_shuffle_i32x4(u[i + 4], u[i + 12], 0x88);
        w[i + 12] = _mm512_shuffle_i32x4(u[i + 4], u[i + 12], 0xdd);
    }
}

#define LOAD_INTERLEAVED(SOURCE)                                                       \
    (2 * (size_t)i < depth                                                             \
         ? interleaved_##SOURCE(x + 2 * (size_t)i * ld, ld, 2 * (size_t)i + 1 < depth, \
                                first_16(across))                                      \
         : _mm512_setzero_si512())
#define LOAD_ROW(SOURCE)                                                               \
    ((size_t)i < across ? row_##SOURCE(x + (size_t)i * ld, depth)                      \
                        : _mm512_setzero_si512())

// Whole blocks are compiled separately, without the code for edges.
#define PACKER(NAME, SET, TYPE, LOAD, TRANSPOSE)                                       \
    TARGET_##SET __attribute__((always_inline)) static inline void NAME##_block(       \
        bf16 *out, size_t row, const TYPE *x, size_t ld, size_t depth, size_t across)  \
    {                                                                                  \
        __m512i w[16];                                                                 \
        _Pragma("GCC unroll 16") for (int i = 0; i < 16; ++i) w[i] = (LOAD);           \
        if (TRANSPOSE) transpose(w);                                                   \
        _Pragma("GCC unroll 16") for (int i = 0; i < 16; ++i)                          \
            _mm512_storeu_si512(out + (size_t)i * row, w[i]);                          \
    }                                                                                  \
    TARGET_##SET static void NAME(bf16 *out, size_t row, const TYPE *x, size_t ld,     \
                                  size_t depth, size_t across)                         \
    {                                                                                  \
        if (depth == TILE_DEPTH && across == TILE_SIDE)                                \
            NAME##_block(out, row, x, ld, TILE_DEPTH, TILE_SIDE);                      \
        else                                                                           \
            NAME##_block(out, row, x, ld, depth, across);                              \
    }
#define PACKERS(SOURCE, SET, TYPE)                                                     \
    PACKER(interleave_##SOURCE, SET, TYPE, LOAD_INTERLEAVED(SOURCE), 0)                \
    PACKER(transpose_##SOURCE, SET, TYPE, LOAD_ROW(SOURCE), 1)                         \
    PACKER(both_##SOURCE, SET, TYPE, LOAD_INTERLEAVED(SOURCE), 1)
PACKERS(reals, AVX512, real)
PACKERS(reals_bf16, BF16, real)
PACKERS(bf16, AVX512, bf16)

const struct packers pack_avx512 = {
    .round = round_reals,
    .reals = {interleave_reals, transpose_reals, both_reals},
    .bf16 = {interleave_bf16, transpose_bf16, both_bf16},
};
const struct packers pack_avx512_bf16 = {
    .round = round_reals_bf16,
    .reals = {interleave_reals_bf16, transpose_reals_bf16, both_reals_bf16},
    .bf16 = {interleave_bf16, transpose_bf16, both_bf16},
};

#endif
