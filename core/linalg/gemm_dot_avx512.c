#include "core/linalg/dot_tile.h"

void gemm_dot_avx512(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                     size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    tiles_cover(tile_table, ROWS, PRODUCT_ROWS, c, ldc, a, row, b, panel, m, n, k,
                accumulate);
}
