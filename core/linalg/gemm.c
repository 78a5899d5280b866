#include "core/linalg/gemm.h"

#include <cblas.h>
#include <limits.h>

#include "core/base/die.h"

#ifdef REAL_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

static CBLAS_TRANSPOSE blas_op(enum transpose op)
{
    return op == TRANSPOSED ? CblasTrans : CblasNoTrans;
}

// Stored row length of an operand that op turns into (rows, columns).
static size_t stored_columns(enum transpose op, size_t rows, size_t columns)
{
    return op == TRANSPOSED ? rows : columns;
}

static void sizes_check(size_t m, size_t n, size_t k, size_t lda, enum transpose op_a,
                        size_t ldb, enum transpose op_b, size_t ldc)
{
    require(m > 0 && n > 0 && k > 0, "empty product %zu x %zu x %zu", m, n, k);
    require(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX,
            "product %zu x %zu x %zu exceeds BLAS's 32-bit sizes", m, n, k);
    require(ldc >= n && lda >= stored_columns(op_a, m, k) &&
                ldb >= stored_columns(op_b, k, n),
            "a stride is shorter than its row: lda %zu, ldb %zu, ldc %zu", lda, ldb,
            ldc);
    require(lda <= INT_MAX && ldb <= INT_MAX && ldc <= INT_MAX,
            "a stride exceeds BLAS's 32-bit sizes");
}

void gemm_strided(real *c, size_t ldc, real alpha, const real *a, size_t lda,
                  enum transpose op_a, const real *b, size_t ldb, enum transpose op_b,
                  size_t m, size_t n, size_t k, real beta)
{
    sizes_check(m, n, k, lda, op_a, ldb, op_b, ldc);
    CBLAS_GEMM(CblasRowMajor, blas_op(op_a), blas_op(op_b), (int)m, (int)n, (int)k,
               alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void gemm(real *c, const real *a, enum transpose op_a, const real *b,
          enum transpose op_b, size_t m, size_t n, size_t k, real beta)
{
    gemm_strided(c, n, 1, a, stored_columns(op_a, m, k), op_a, b,
                 stored_columns(op_b, k, n), op_b, m, n, k, beta);
}

void gemm_doubles_strided(double *c, size_t ldc, double alpha, const double *a,
                          size_t lda, enum transpose op_a, const double *b, size_t ldb,
                          enum transpose op_b, size_t m, size_t n, size_t k,
                          double beta)
{
    sizes_check(m, n, k, lda, op_a, ldb, op_b, ldc);
    cblas_dgemm(CblasRowMajor, blas_op(op_a), blas_op(op_b), (int)m, (int)n, (int)k,
                alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
}

void gemm_doubles(double *c, const double *a, enum transpose op_a, const double *b,
                  enum transpose op_b, size_t m, size_t n, size_t k, double beta)
{
    gemm_doubles_strided(c, n, 1, a, stored_columns(op_a, m, k), op_a, b,
                         stored_columns(op_b, k, n), op_b, m, n, k, beta);
}
