/// Row-major matrix products by CBLAS. OpenBLAS may sum in another order for another shape, so
/// callers fix their shapes.
#ifndef MASKBOOK_LINALG_GEMM_H
#define MASKBOOK_LINALG_GEMM_H

#include <stddef.h>

#include "core/base/real.h"

enum transpose { PLAIN, TRANSPOSED };

/// C = op(A) op(B) + beta C, all row-major and densely packed.
/// c (m,n)   overwritten when beta = 0, added to when beta = 1
/// a (m,k), or (k,m) when TRANSPOSED
/// b (k,n), or (n,k) when TRANSPOSED
/// Requires m, n, k > 0; c overlaps neither a nor b. Work 2 m n k flops; no allocation.
void gemm(real *c, const real *a, enum transpose op_a, const real *b,
          enum transpose op_b, size_t m, size_t n, size_t k, real beta);

/// C = alpha op(A) op(B) + beta C on row-major pieces of larger matrices.
/// lda, ldb, ldc: numbers from stored row to row. Otherwise as gemm.
void gemm_strided(real *c, size_t ldc, real alpha, const real *a, size_t lda,
                  enum transpose op_a, const real *b, size_t ldb, enum transpose op_b,
                  size_t m, size_t n, size_t k, real beta);

/// gemm in double in every mode; for analysis.
void gemm_doubles(double *c, const double *a, enum transpose op_a, const double *b,
                  enum transpose op_b, size_t m, size_t n, size_t k, double beta);

/// gemm_strided in double in every mode; for analysis.
void gemm_doubles_strided(double *c, size_t ldc, double alpha, const double *a,
                          size_t lda, enum transpose op_a, const double *b, size_t ldb,
                          enum transpose op_b, size_t m, size_t n, size_t k,
                          double beta);

#endif
