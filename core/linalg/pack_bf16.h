/// The inner kernels that prepare bfloat16 factors: rounding, and a block of TILE_DEPTH of k by TILE_SIDE, as 16 x 16 pairs
/// of k. Where stored rows run along k, pairs lie there as they are wanted, else rows 2 p and 2 p + 1 are
/// interleaved; and a right factor wants a row for each pair, a left one for each row of A, so that of the
/// four cases three interleave, transpose, or do both. (The fourth copies rows, and needs no kernel.)
#ifndef MASKBOOK_LINALG_PACK_BF16_H
#define MASKBOOK_LINALG_PACK_BF16_H

#include <stddef.h>

#include "core/linalg/bf16.h"

enum pack_case {
    PACK_INTERLEAVE, ///< right factor from B (k,n)
    PACK_TRANSPOSE,  ///< right factor from B^T (n,k)
    PACK_BOTH,       ///< left factor from A^T (k,m)
    PACK_CASES
};

/// out: 16 rows of 32 numbers, `row` numbers from row to row, zeros for what lies behind depth or across.
/// x: the block's corner in the stored matrix, ld numbers from row to row, of which depth = 1..32 of k by
/// across = 1..16 are read.
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

/// The same bits by each: plain C, AVX-512, and AVX-512 with the instruction that rounds (AVX512_BF16). The
/// latter two are empty in the double build.
extern const struct packers pack_portable, pack_avx512, pack_avx512_bf16;

#endif
