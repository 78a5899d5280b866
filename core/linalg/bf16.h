/// bfloat16, the upper half of a 32-bit float, and the factors of products in it.
///
/// The product C = A B of bfloat16 factors is defined here to the last bit, as Intel's AMX computes it
/// (TDPBF16PS in the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2), and every CPU
/// gives these bits (core/linalg/gemm_bf16.h). c_ij starts as 0, or as the old c_ij; for each block of 32 of k,
/// ascending, the last one filled up with zeros,
///
///     c_ij <- c_ij + (S_even + S_odd),
///
/// where S_even = fma(a_il, b_lj, S_even) from 0 over the block's even l, ascending, and S_odd likewise over
/// its odd l. All of it in 32-bit floats, rounded to nearest, ties to even; subnormal numbers that come in,
/// the old c_ij among them, count as zeros of their sign, and results that would be subnormal (tiny after
/// rounding) become such. Thus a row of C depends on that row of A, on B, and on nothing else.
#ifndef MASKBOOK_LINALG_BF16_H
#define MASKBOOK_LINALG_BF16_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/real.h"
#include "core/linalg/product.h"

typedef uint16_t bf16;

enum {
    TILE_SIDE = 16,  ///< rows of A, or columns of B, in a tile
    TILE_DEPTH = 32, ///< numbers of k in a tile, and in a block of the sum
    TILE_NUMBERS = TILE_SIDE * TILE_DEPTH
};

/// x rounded to nearest, ties to even; beyond the largest, infinity. A subnormal becomes a zero of its
/// sign, a NaN stays one. The bits of VCVTNEPS2BF16, on every CPU. Inline, for kernels.
static inline bf16 bf16_round(float x)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    // Half a unit of the last place, or just less where that is even: ties stay there.
    uint32_t nearest = bits + 0x7fff + (bits >> 16 & 1);
    uint32_t result = (bits & 0x7fffffff) > exponent ? bits | 0x400000
                      : (bits & exponent) == 0       ? bits & 0x80000000
                                                     : nearest;
    return (bf16)(result >> 16);
}

/// A finite x rounded to nearest, ties to even, as files hold it: subnormal numbers stay. Beyond the largest,
/// infinity.
static inline bf16 bf16_round_finite(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (bf16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// x exactly.
static inline float bf16_widen(bf16 x)
{
    uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}

/// Rounds a matrix: y (rows,columns) with ldy numbers from row to row from x (rows,columns) with ldx, and
/// zeros in columns..padded-1 of every row of y. Requires padded >= columns.
void bf16_from_reals(bf16 *y, size_t ldy, const real *x, size_t ldx, size_t rows,
                     size_t columns, size_t padded);

/// y (n) = x (n), exactly.
void reals_from_bf16(real *y, const bf16 *x, size_t n);

// ====== Left factors ======

/// A left factor (m,k) is row-major: element (i,l) at data[i row + l], `row` a multiple of TILE_DEPTH. Rows
/// can be read up to such a multiple of columns, and what stands behind column k is finite: it meets zeros of
/// B (and can at most turn the sign of a zero). Nothing behind row m is read. `step` is 1.

/// Numbers from row to row of a left factor of its own: k rounded up to TILE_DEPTH.
size_t operand_a_bf16_row(size_t k);

/// Numbers of storage for such a factor (m,k): its rows rounded up to TILE_SIDE.
size_t operand_a_bf16_size(size_t m, size_t k);

/// A matrix, or a piece of one, where it lies; `row` numbers from row to row.
struct operand_a operand_a_bf16(const bf16 *a, size_t row);

/// op(A) (m,k) in `storage` (operand_a_bf16_size(m, k) numbers, OPERAND_ALIGNMENT, kept by the caller as long as
/// the result), zeros behind row m and column k; of reals, rounded, or of bfloat16 numbers. a: (m,k), or
/// (k,m) when TRANSPOSED, lda numbers from stored row to row; nothing behind its columns is read.
struct operand_a operand_a_from_reals(bf16 *storage, const real *a, size_t lda,
                                      enum transpose op, size_t m, size_t k);
struct operand_a operand_a_from_bf16(bf16 *storage, const bf16 *a, size_t lda,
                                     enum transpose op, size_t m, size_t k);

// ====== Right factors ======

/// A right factor (k,n) is a grid of tiles of TILE_DEPTH by TILE_SIDE numbers, 1 KB each, in which a row
/// holds two of k for each column: element (l,j) at data[(j / 16) panel + (l / 32) 512 + (l % 32 / 2) 32 +
/// j % 16 2 + l % 2]. Zeros stand behind k and n; the columns of tiles are rounded up to an even number.
/// `row` is TILE_DEPTH. Factor + g panel is the one without its first 16 g columns.

/// Numbers of storage for a factor (k,n).
size_t operand_b_bf16_size(size_t k, size_t n);

/// op(B) (k,n) in `storage` (operand_b_bf16_size(k, n) numbers, OPERAND_ALIGNMENT, kept by the caller as long as
/// the result); of reals, rounded, or of bfloat16 numbers. b: (k,n), or (n,k) when TRANSPOSED, ldb numbers
/// from stored row to row; nothing behind its columns is read.
struct operand_b operand_b_from_reals(bf16 *storage, const real *b, size_t ldb,
                                      enum transpose op, size_t k, size_t n);
struct operand_b operand_b_from_bf16(bf16 *storage, const bf16 *b, size_t ldb,
                                     enum transpose op, size_t k, size_t n);

#endif
