#include "core/base/real.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/pair_halves.h"

KERNEL void gemm_dot_portable(float *c, size_t ldc, const bf16 *a, size_t row,
                              const bf16 *b, size_t panel, size_t m, size_t n, size_t k,
                              int accumulate)
{
    for (size_t first = 0; first < n; first += TILE_SIDE, b += panel) {
        size_t columns = n - first < TILE_SIDE ? n - first : TILE_SIDE;
        for (size_t i = 0; i < m; ++i) {
            float *c_i = c + i * ldc + first, sum[TILE_SIDE] = {0};
            if (accumulate) memcpy(sum, c_i, columns * sizeof *c_i);
            for (size_t l = 0; l < k; l += 2) {
                uint32_t a_l, b_l[TILE_SIDE];
                memcpy(&a_l, a + i * row + l, sizeof a_l);
                memcpy(b_l, b + l * TILE_SIDE, sizeof b_l);
                float a_even = lower_half(a_l), a_odd = upper_half(a_l);
                for (size_t j = 0; j < TILE_SIDE; ++j)
                    sum[j] = FMA(a_even, lower_half(b_l[j]),
                                 FMA(a_odd, upper_half(b_l[j]), sum[j]));
            }
            memcpy(c_i, sum, columns * sizeof *c_i);
        }
    }
}
