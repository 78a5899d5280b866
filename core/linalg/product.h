/// The matrix products of a model, C = A B, on operands that are packed once and used often.
///
/// FP32: every c_ij is one chain of fused multiply-adds in ascending l,
///
///     c_ij = fma(a_i(k-1), b_(k-1)j, ... fma(a_i1, b_1j, fma(a_i0, b_0j, start)))
///
/// with start = 0 or the old c_ij. Its bits depend neither on how rows, columns or k are cut into
/// pieces nor on the CPU, provided that it has fused multiply-adds: AVX-512 and AVX2 give the same
/// bits. Older CPUs, an OPENBLAS_CORETYPE without fused multiply-adds and the double build use
/// OpenBLAS, whose order of summation differs.
/// BF16 and BF16_DOT: core/linalg/bf16.h.
#ifndef MASKBOOK_LINALG_PRODUCT_H
#define MASKBOOK_LINALG_PRODUCT_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/linalg/arithmetic.h"
#include "core/linalg/blocking.h"
#include "core/linalg/gemm.h"

enum {
    PANEL = 32,             ///< columns of B that a kernel takes at a time
    OPERAND_ALIGNMENT = 64, ///< bytes; alignment of storage for packed operands
};

/// Operand A (m,k); the numbers are borrowed.
/// FP32: element (i,l) is the real data[i*row + l*step]. step == 1: row-major; row == 1: the
/// transpose of a row-major matrix. Others: core/linalg/bf16.h.
struct operand_a {
    const void *data;
    size_t row, step;
};

/// Operand B (k,n); the numbers are borrowed.
/// FP32: element (l,j) is the real data[j/PANEL*panel + l*row + j%PANEL]. Packed in panels: row =
/// PANEL, panel = k*PANEL. A row-major matrix where it lies: row = ldb, panel = PANEL.
/// Others: core/linalg/bf16.h.
struct operand_b {
    const void *data;
    size_t row, panel;
};

/// C = A B, or C += A B when `accumulate`.
/// c (m,n)  ldc numbers from row to row; overlaps neither operand
/// Requires m, n, k > 0, ldc >= n and operands made for `arithmetic`. Work 2 m n k flops; no
/// allocation.
void product(real *c, size_t ldc, struct operand_a a, struct operand_b b,
             enum arithmetic arithmetic, size_t m, size_t n, size_t k, int accumulate);

/// FP32: op(A) (m,k) where it lies, lda numbers from stored row to row.
struct operand_a operand_a(const real *a, size_t lda, enum transpose op);

/// A without its first `rows` rows.
struct operand_a operand_a_skip(struct operand_a a, size_t rows,
                                enum arithmetic arithmetic);

/// FP32: a row-major matrix (k,n) where it lies, ldb numbers from row to row. Good for products of
/// few rows; for many, pack it.
struct operand_b operand_b(const real *b, size_t ldb);

/// FP32: numbers of storage that operand_b_pack needs for (k,n): k times n rounded up to PANEL.
size_t operand_b_size(size_t k, size_t n);

/// FP32: op(B) (k,n) packed in panels, with zeros from column n on.
/// storage (operand_b_size(k,n))  overwritten, borrowed by the result
/// b       (k,n), or (n,k) when TRANSPOSED; ldb numbers from stored row to row
/// Requires k, n > 0 and storage aligned to OPERAND_ALIGNMENT.
struct operand_b operand_b_pack(real *storage, const real *b, size_t ldb,
                                enum transpose op, size_t k, size_t n);

/// The FP32 kernel in force: "AVX-512", "AVX2" (the same bits) or "OpenBLAS". Chosen at the first
/// product; call coretype_open before.
const char *product_path(void);

/// For tests and benchmarks: FP32 products use the kernel of that name from now on, or with NULL
/// the choice by CPU. Returns 0, and changes nothing, when this CPU or this build cannot. Not while
/// products run.
int product_path_use(const char *name);

#endif
