/// bfloat16 numbers (the upper half of a 32-bit float), and the operands of products made of them.
///
/// Products C = A B of bfloat16 operands are defined to the last bit, as the instructions of CPUs
/// compute them, and every CPU gives these bits (core/linalg/gemm_bf16.h). c_ij starts as 0 or as
/// the old c_ij, and k is padded with zeros where the sum needs them.
///
/// BF16, by Intel's AMX (TDPBF16PS; Intel 64 and IA-32 Architectures Software Developer's Manual,
/// volume 2): for each block of 32 of k in ascending order
///
///     c_ij <- c_ij + (S_even + S_odd),
///
/// where S_even starts as 0 and becomes fma(a_il, b_lj, S_even) for the even l of the block in
/// ascending order, and S_odd likewise for the odd l.
///
/// BF16_DOT, by AVX512_BF16 (VDPBF16PS, same volume): for each pair of k in ascending order, the
/// odd number first,
///
///     c_ij <- fma(a_i(2p), b_(2p)j, fma(a_i(2p+1), b_(2p+1)j, c_ij)),
///
/// one chain of fused multiply-adds, whose bits do not depend on where k is cut between pairs.
///
/// All of it is 32-bit arithmetic, rounded to nearest, ties to even. Subnormal inputs, the old c_ij
/// among them, count as zeros of their sign; results that are subnormal after rounding become such
/// zeros. A row of C depends on that row of A and on B alone.
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
    TILE_DEPTH = 32, ///< steps of k in a tile and in a block of the sum
    TILE_NUMBERS = TILE_SIDE * TILE_DEPTH
};

/// x rounded to nearest, ties to even, to infinity past the largest number. A subnormal number
/// becomes a zero of its sign, a NaN stays a NaN: the bits of VCVTNEPS2BF16 on every CPU. Inline,
/// for kernels.
static inline bf16 bf16_round(float x)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    // Add half a unit of the last place, or just less where that place is even: ties round to even.
    uint32_t nearest = bits + 0x7fff + (bits >> 16 & 1);
    uint32_t result = (bits & 0x7fffffff) > exponent ? bits | 0x400000
                      : (bits & exponent) == 0       ? bits & 0x80000000
                                                     : nearest;
    return (bf16)(result >> 16);
}

/// A finite x rounded to nearest, ties to even, to infinity past the largest number. Unlike
/// bf16_round it keeps subnormal numbers; for files.
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

/// Rounds a matrix.
/// y (rows,columns)  ldy numbers from row to row; columns..padded-1 of every row become zeros
/// x (rows,columns)  ldx numbers from row to row
/// Requires columns <= padded <= ldy, and columns <= ldx unless rows <= 1.
void bf16_from_reals(bf16 *y, size_t ldy, const real *x, size_t ldx, size_t rows,
                     size_t columns, size_t padded);

// ====== Operand A ======

/// Operand A (m,k) is row-major: element (i,l) is data[i*row + l], `row` a multiple of TILE_DEPTH,
/// `step` 1. Kernels read rows up to the next multiple of TILE_DEPTH; the numbers past column k
/// must be finite: they multiply the zero padding of B, which can at most flip the sign of a zero.
/// Rows past m are never read.

/// Numbers from row to row of a packed operand A: k rounded up to TILE_DEPTH.
size_t operand_a_bf16_row(size_t k);

/// Numbers of storage for a packed operand A (m,k), whose rows are rounded up to TILE_SIDE.
size_t operand_a_bf16_size(size_t m, size_t k);

/// A matrix, or a part of one, where it lies; `row` numbers from row to row.
struct operand_a operand_a_bf16(const bf16 *a, size_t row);

/// Packs op(A) (m,k), from reals, which are rounded, or from bfloat16 numbers; zeros past row m and
/// column k.
/// storage (operand_a_bf16_size(m,k))  overwritten, borrowed by the result
/// a       (m,k), or (k,m) when TRANSPOSED; lda numbers from stored row to row, not read past its
///         columns
/// Requires m, k > 0 and storage aligned to OPERAND_ALIGNMENT.
struct operand_a operand_a_from_reals(bf16 *storage, const real *a, size_t lda,
                                      enum transpose op, size_t m, size_t k);
struct operand_a operand_a_from_bf16(bf16 *storage, const bf16 *a, size_t lda,
                                     enum transpose op, size_t m, size_t k);

// ====== Operand B ======

/// Operand B (k,n) is a grid of tiles, TILE_DEPTH by TILE_SIDE numbers or 1 KB each. A row of a
/// tile holds two steps of k for each column: element (l,j) is
///     data[j/16*panel + l/32*512 + l%32/2*32 + j%16*2 + l%2].
/// Zeros pad k to whole tiles and n to an even number of them. `row` is TILE_DEPTH. data + g*panel
/// is the operand without its first 16 g columns.

/// Numbers of storage for an operand B (k,n).
size_t operand_b_bf16_size(size_t k, size_t n);

/// Packs op(B) (k,n), from reals, which are rounded, or from bfloat16 numbers.
/// storage (operand_b_bf16_size(k,n))  overwritten, borrowed by the result
/// b       (k,n), or (n,k) when TRANSPOSED; ldb numbers from stored row to row, not read past its
///         columns
/// Requires k, n > 0 and storage aligned to OPERAND_ALIGNMENT.
struct operand_b operand_b_from_reals(bf16 *storage, const real *b, size_t ldb,
                                      enum transpose op, size_t k, size_t n);
struct operand_b operand_b_from_bf16(bf16 *storage, const bf16 *b, size_t ldb,
                                     enum transpose op, size_t k, size_t n);

#endif
