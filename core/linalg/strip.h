/// The inner kernel of FP32 products: C (m, n <= 32) = A (m,k) times a strip of B, as a grid of register
/// tiles. Compiled once for AVX2 and once, with STRIP_AVX512, for AVX-512, by the two files that include
/// it; there is one text so that there is one order of operations.
#ifndef MASKBOOK_LINALG_STRIP_H
#define MASKBOOK_LINALG_STRIP_H

#include <stddef.h>

/// Computes C = A B, or C += A B when `accumulate`, on a strip of n = 1..32 columns.
/// c (m,n), ldc from row to row. a: element (i,l) at a[i row + l step], row or step 1. b: element (l,j)
/// at b[l ldb + j]; no column from n on is read or written.
typedef void strip_function(float *c, size_t ldc, const float *a, size_t row,
                            size_t step, const float *b, size_t ldb, size_t m, size_t n,
                            size_t k, int accumulate);

strip_function strip_avx2, strip_avx512;

#endif
