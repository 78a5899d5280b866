/// The matrix products of a model, C = A B, on factors that are prepared once and used often.
///
/// FP32: every c_ij is one chain of fused multiply-adds in ascending k, fma(a_i,K-1, b_K-1,j, ...
/// fma(a_i1, b_1j, fma(a_i0, b_0j, start))), start = 0 or the old c_ij. So its bits depend neither on
/// how rows, columns or k are cut into pieces nor on the CPU, as long as it has fused multiply-adds:
/// AVX-512 and AVX2 give the same. Older CPUs, CPUs whose OpenBLAS core type was set to one without
/// fused multiply-adds, and the double build compute through OpenBLAS, whose order is its own.
/// BF16: core/linalg/bf16.h.
#ifndef MASKBOOK_LINALG_PRODUCT_H
#define MASKBOOK_LINALG_PRODUCT_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/linalg/arithmetic.h"
#include "core/linalg/gemm.h"

enum {
    STRIP = 32, ///< columns of B that a kernel takes at a time
    FACTOR_ALIGNMENT =
        64 ///< bytes; what storage for prepared factors must be aligned to
};

/// The left factor A (m,k), borrowed. FP32: element (i,l) is the real data[i row + l step], one of row
/// and step being 1; thus a row-major matrix or the transpose of one. BF16: as bf16.h says.
struct left {
    const void *data;
    size_t row, step;
};

/// The right factor B (k,n), borrowed. FP32: element (l,j) is the real data[(j / STRIP) strip + l row +
/// j % STRIP]: packed in strips, row = STRIP and strip = k STRIP, or a row-major matrix with `row`
/// numbers to a row, strip = STRIP. BF16: as bf16.h says.
struct right {
    const void *data;
    size_t row, strip;
};

/// C = A B, or C += A B when `accumulate`.
/// c (m,n), ldc numbers from row to row; overlaps neither factor
/// Requires m, n, k > 0 and factors prepared for `arithmetic`. Work 2 m n k flops; no allocation.
void product(real *c, size_t ldc, struct left a, struct right b,
             enum arithmetic arithmetic, size_t m, size_t n, size_t k, int accumulate);

/// FP32: a matrix where it lies, as left factor op(A) (m,k); lda numbers from stored row to row.
struct left left_reals(const real *a, size_t lda, enum transpose op);

/// The factor without its first `rows` rows.
struct left left_skip(struct left a, size_t rows, enum arithmetic arithmetic);

/// FP32: a row-major matrix (k,n) where it lies, as right factor; ldb numbers from row to row. Good for
/// products of few rows; a factor of many is better packed.
struct right right_reals(const real *b, size_t ldb);

/// FP32: numbers that right_pack needs for a factor (k,n): k times n rounded up to STRIP.
size_t right_reals_size(size_t k, size_t n);

/// FP32: op(B) (k,n) packed into strips, zeros behind column n, in `storage` (right_reals_size(k, n)
/// numbers, FACTOR_ALIGNMENT, kept by the caller as long as the result).
struct right right_pack(real *storage, const real *b, size_t ldb, enum transpose op,
                        size_t k, size_t n);

/// How FP32 products are computed in this process: "AVX-512", "AVX2" (the same bits) or "OpenBLAS".
/// Decided at the first product, after coretype_open.
const char *product_path(void);

/// For tests and benchmarks: from now on FP32 products take the path of that name. Returns 0 when
/// this CPU, or this build, cannot; NULL goes back to the choice by CPU. Not while products run.
int product_path_use(const char *name);

#endif
