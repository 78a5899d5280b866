/// The numbers in which the matrix products of a model are computed. Sums, statistics, master
/// weights and everything between the products are 32-bit floats in both.
#ifndef MASKBOOK_LINALG_ARITHMETIC_H
#define MASKBOOK_LINALG_ARITHMETIC_H

enum arithmetic {
    FP32, ///< 32-bit floats (core/linalg/product.h; `real` in the double build)
    BF16, ///< rounded to bfloat16, multiplied as AMX tiles do (core/linalg/bf16.h)
};

/// What --arithmetic asks for: "fp32", "bf16", or "auto", which is BF16 on CPUs with AMX tiles,
/// where it is faster, and FP32 elsewhere. Without tiles BF16 gives the same bits, slower than
/// FP32. Dies (EXIT_USAGE) for any other text, and for "bf16" in the double build.
enum arithmetic arithmetic_choose(const char *text);

/// "fp32" or "bf16"; "fp64" for FP32 in the double build. Static storage.
const char *arithmetic_name(enum arithmetic arithmetic);

#endif
