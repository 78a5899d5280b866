/// In what numbers the matrix products of a model are computed. Sums, statistics, master weights and
/// everything between the products are 32-bit floats in both.
#ifndef MASKBOOK_LINALG_ARITHMETIC_H
#define MASKBOOK_LINALG_ARITHMETIC_H

enum arithmetic {
    FP32, ///< factors are 32-bit floats (core/linalg/product.h; `real` in the double build)
    BF16, ///< factors are rounded to bfloat16, multiplied as AMX tiles do (core/linalg/bf16.h)
};

#endif
