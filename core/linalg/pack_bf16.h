/// The inner kernels that pack bfloat16 operands: rounding, and blocks of TILE_DEPTH steps of k by
/// TILE_SIDE rows of A or columns of B, as 16 x 16 pairs of steps. Where the stored rows run along
/// k, the two numbers of a pair are neighbours; elsewhere rows 2p and 2p + 1 are interleaved.
/// Operand B wants a row for each pair of steps, operand A a row for each row of A. So of the four
/// cases three interleave, transpose, or do both; the fourth copies rows and needs no kernel.
#ifndef MASKBOOK_LINALG_PACK_BF16_H
#define MASKBOOK_LINALG_PACK_BF16_H

#include <stddef.h>

#include "core/linalg/bf16.h"

enum pack_case {
    PACK_INTERLEAVE, ///< operand B from B (k,n)
    PACK_TRANSPOSE,  ///< operand B from B^T (n,k)
    PACK_BOTH,       ///< operand A from A^T (k,m)
    PACK_CASES
};

/// Packs one block.
/// out (16,32)  `row` numbers from row to row; zeros past `depth` and `across`
/// x            the block's corner in the stored matrix, ld numbers from row to row; read are
///              depth = 1..32 steps of k by across = 1..16
typedef void pack_reals_function(bf16 *out, size_t row, const real *x, size_t ld,
                                 size_t depth, size_t across);
typedef void pack_bf16_function(bf16 *out, size_t row, const bf16 *x, size_t ld,
                                size_t depth, size_t across);

/// y (n) = x (n), rounded as bf16_round does.
typedef void round_function(bf16 *y, const real *x, size_t n);

struct packers {
    round_function *round;
    pack_reals_function *reals[PACK_CASES];
    pack_bf16_function *bf16[PACK_CASES];
};

/// In plain C, by AVX-512, and by AVX-512 with the instruction that rounds (AVX512_BF16): the same
/// bits. The last two are empty in the double build.
extern const struct packers pack_portable, pack_avx512, pack_avx512_bf16;

#endif
