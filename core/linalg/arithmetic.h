/// The numbers in which the matrix products of a model are computed. Sums, statistics, master
/// weights and everything between the products are 32-bit floats in all of them.
#ifndef MASKBOOK_LINALG_ARITHMETIC_H
#define MASKBOOK_LINALG_ARITHMETIC_H

enum arithmetic {
    FP32,     ///< 32-bit floats (core/linalg/product.h; `real` in the double build)
    BF16,     ///< rounded to bfloat16, multiplied as AMX tiles do (core/linalg/bf16.h)
    BF16_DOT, ///< rounded to bfloat16, multiplied as VDPBF16PS does (core/linalg/bf16.h)
};

/// What --arithmetic asks for: "fp32", "bf16", "bf16-dot", or "auto", the fastest by this CPU's
/// instructions: BF16 with AMX tiles, BF16_DOT with AVX512_BF16, FP32 elsewhere. Without its
/// instruction an arithmetic gives the same bits, not faster than FP32. Dies (EXIT_USAGE) for any
/// other text, and for bfloat16 in the double build.
enum arithmetic arithmetic_choose(const char *text);

/// "fp32", "bf16" or "bf16-dot"; "fp64" for FP32 in the double build. Static storage.
const char *arithmetic_name(enum arithmetic arithmetic);

/// Whether this CPU has the instruction for which BF16 or BF16_DOT is made; 1 for FP32.
int arithmetic_is_native(enum arithmetic arithmetic);

/// The kernel of its products, as product_path (core/linalg/product.h) or gemm_bf16_path
/// (core/linalg/gemm_bf16.h) call it: "AVX-512", "AMX", ...
const char *arithmetic_kernel(enum arithmetic arithmetic);

#endif
