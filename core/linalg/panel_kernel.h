/// The inner kernels of FP32 products: C (m, n <= PANEL) = A (m,k) times one panel of B. Those for
/// AVX2 and AVX-512 are one text (panel_tile.h), compiled twice, so that there is one order of
/// operations.
#ifndef MASKBOOK_LINALG_PANEL_KERNEL_H
#define MASKBOOK_LINALG_PANEL_KERNEL_H

#include <stddef.h>

#include "core/base/real.h"

/// C = A B, or C += A B when `accumulate`.
/// c (m,n)  n = 1..PANEL; ldc numbers from row to row
/// a        element (i,l) is a[i*row + l*step]; row or step is 1
/// b        element (l,j) is b[l*ldb + j]; columns from n on are not read
typedef void panel_function(real *c, size_t ldc, const real *a, size_t row, size_t step,
                            const real *b, size_t ldb, size_t m, size_t n, size_t k,
                            int accumulate);

#ifndef REAL_DOUBLE
panel_function panel_avx2, panel_avx512;
#endif

#endif
