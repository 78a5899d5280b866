/// Products of bfloat16 operands: on AMX tiles where the CPU has them, elsewhere by vectors or
/// plain C that give the same bits. core/linalg/bf16.h defines the bits and the layouts of the
/// operands.
#ifndef MASKBOOK_LINALG_GEMM_BF16_H
#define MASKBOOK_LINALG_GEMM_BF16_H

#include <stddef.h>

#include "core/linalg/bf16.h"

/// C = A B, or C += A B when `accumulate`.
/// c (m,n)  ldc numbers from row to row; overlaps neither operand
/// a (m,k)  operand A, `row` numbers from row to row
/// b (k,n)  operand B, `panel` numbers from 16 columns to the next 16
/// Requires m, n, k > 0; no allocation.
typedef void gemm_bf16_function(float *c, size_t ldc, const bf16 *a, size_t row,
                                const bf16 *b, size_t panel, size_t m, size_t n,
                                size_t k, int accumulate);

/// By the kernel in force. The calling thread's rounding and flushing mode neither matters nor
/// changes.
gemm_bf16_function gemm_bf16;

/// The kernel in force: "AMX", "AVX-512" or "portable"; chosen at the first product.
const char *gemm_bf16_path(void);

/// For tests and benchmarks: products use the kernel of that name from now on, or with NULL the
/// choice by CPU. Returns 0, and changes nothing, when this CPU cannot. Not while products run.
int gemm_bf16_path_use(const char *name);

/// The kernels. The two without tiles compute as the calling thread's MXCSR says, which must flush
/// subnormals both ways and round to nearest.
gemm_bf16_function gemm_bf16_amx, gemm_bf16_avx512, gemm_bf16_portable;

#endif
