/// Products of bfloat16 operands, in the two orders of summation that CPUs have instructions for:
/// with the instruction where the CPU has it, elsewhere by vectors or plain C that give the same
/// bits. core/linalg/bf16.h defines the bits and the layouts of the operands.
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

/// The sums of BF16 (AMX tiles) and of BF16_DOT (VDPBF16PS), by the kernel in force. The calling
/// thread's rounding and flushing mode neither matters nor changes.
gemm_bf16_function gemm_tile, gemm_dot;

/// The kernel in force for BF16: "AMX", "AVX-512", "AVX2" or "portable"; for BF16_DOT:
/// "AVX512-BF16", "AVX-512", "AVX2" or "portable". Chosen at the first product.
const char *gemm_bf16_path(enum arithmetic arithmetic);

/// For tests and benchmarks: products use the kernel of that name from now on, or with NULL the
/// choice by CPU. Returns 0, and changes nothing, when this CPU cannot. Not while products run.
int gemm_bf16_path_use(enum arithmetic arithmetic, const char *name);

/// Whether VDPBF16PS may compute BF16_DOT: the CPU has it, and in a trial, made once, it gives the
/// bits of the definition. (The order of its two multiply-adds is measured, not documented by all
/// who build it.) Threads may ask at the same time.
int dot_available(void);

/// The kernels. Those without the instruction compute as the calling thread's MXCSR says, which
/// must flush subnormals both ways and round to nearest.
gemm_bf16_function gemm_tile_amx, gemm_tile_avx512, gemm_tile_avx2, gemm_tile_portable;
gemm_bf16_function gemm_dot_avx512bf16, gemm_dot_avx512, gemm_dot_avx2,
    gemm_dot_portable;

#endif
