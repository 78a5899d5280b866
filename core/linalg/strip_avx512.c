#include "core/linalg/strip.h"

#ifndef REAL_DOUBLE

#define STRIP_AVX512
#include "core/linalg/strip_tile.h"

KERNEL_TARGET void strip_avx512(float *c, size_t ldc, const float *a, size_t row,
                                size_t step, const float *b, size_t ldb, size_t m,
                                size_t n, size_t k, int accumulate)
{
    strip_cover(c, ldc, a, row, step, b, ldb, m, n, k, accumulate);
}

#endif
