/// How much of a computation is treated at a time, so that it stays in a cache: all such sizes in
/// one place. Made for cores with 32 to 48 KB of first-level and 1 MB or more of second-level
/// cache. They change no bits: sums over k are cut between the blocks of 32 of BF16
/// (core/linalg/bf16.h) and between the pairs of BF16_DOT, and FP32's are chains.
#ifndef MASKBOOK_LINALG_BLOCKING_H
#define MASKBOOK_LINALG_BLOCKING_H

enum {
    /// First level: rows of A that are multiplied with a panel of B before the next one. A tile of
    /// 14 rows and the panel of 32 columns stay there, 35 KB at k = 192; the 56 rows come from the
    /// second level. A multiple of those 14.
    PRODUCT_ROWS = 56,

    /// First level: the same for BF16 by vectors, whose tiles have 6 rows.
    TILE_PRODUCT_ROWS = 54,

    /// First level: steps of k that a row of A^T, or of a B that is not packed, is fetched ahead.
    PREFETCH_AHEAD = 24,

    /// First level: numbers a multiple of this many bytes apart share 4 of 64 sets, 32 to 48 lines,
    /// where a product with A^T reads a line from each of GRADIENT_ROWS rows. Another line between
    /// rows spreads them: on a Zen 3, gradients of fc1 and fc2 at width 192 ran at 66 % of the peak
    /// without it and at 89 % with it, alone on a core.
    CONFLICT_BYTES = 1024,
    LINE_BYTES = 64,

    /// Second level: rows that pass through LN -> GEMM -> GELU -> GEMM at a time, so that they stay
    /// there from one layer to the next, where whole matrices (B,T,4D) would travel to memory and
    /// back. At width 192 the widest of them take 172 KB, the weights they meet 1.2 MB (FP32) or
    /// .6 MB.
    BLOCK_PIECE = PRODUCT_ROWS,

    /// Second level: rows of both operands of a weight gradient, packed and multiplied at a time:
    /// 288 x 960 numbers at width 192. A multiple of 32.
    GRADIENT_ROWS = 288,

    /// Second level: queries whose scores are treated at a time, 98 KB with 257 keys. A multiple
    /// of 32.
    ATTENTION_PIECE = 96,
};

#endif
