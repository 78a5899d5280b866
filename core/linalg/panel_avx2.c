#include "core/linalg/panel_kernel.h"

#ifndef REAL_DOUBLE

#include "core/linalg/panel_tile.h"

KERNEL_TARGET void panel_avx2(float *c, size_t ldc, const float *a, size_t row,
                              size_t step, const float *b, size_t ldb, size_t m,
                              size_t n, size_t k, int accumulate)
{
    panel_cover(c, ldc, a, row, step, b, ldb, m, n, k, accumulate);
}

#endif
