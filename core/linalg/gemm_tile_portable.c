#include "core/base/real.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/pair_halves.h"

// sum (16) = S_even + S_odd of one block: the pairs of a row of A times those of a tile of B.
static inline void block_sum(float sum[TILE_SIDE], const bf16 *a, const bf16 *b)
{
    float even[TILE_SIDE] = {0}, odd[TILE_SIDE] = {0};
    for (size_t p = 0; p < TILE_DEPTH / 2; ++p) {
        uint32_t a_p, b_p[TILE_SIDE];
        memcpy(&a_p, a + 2 * p, sizeof a_p);
        memcpy(b_p, b + p * TILE_DEPTH, sizeof b_p);
        float a_even = lower_half(a_p), a_odd = upper_half(a_p);
        for (size_t j = 0; j < TILE_SIDE; ++j) {
            even[j] = FMA(a_even, lower_half(b_p[j]), even[j]);
            odd[j] = FMA(a_odd, upper_half(b_p[j]), odd[j]);
        }
    }
    for (size_t j = 0; j < TILE_SIDE; ++j) sum[j] = even[j] + odd[j];
}

KERNEL void gemm_tile_portable(float *c, size_t ldc, const bf16 *a, size_t row,
                               const bf16 *b, size_t panel, size_t m, size_t n,
                               size_t k, int accumulate)
{
    for (size_t first = 0; first < n; first += TILE_SIDE, b += panel) {
        size_t columns = n - first < TILE_SIDE ? n - first : TILE_SIDE;
        for (size_t i = 0; i < m; ++i) {
            float *c_i = c + i * ldc + first, total[TILE_SIDE] = {0}, sum[TILE_SIDE];
            if (accumulate) memcpy(total, c_i, columns * sizeof *c_i);
            for (size_t l = 0; l < k; l += TILE_DEPTH) {
                block_sum(sum, a + i * row + l, b + l * TILE_SIDE);
                for (size_t j = 0; j < TILE_SIDE; ++j) total[j] += sum[j];
            }
            memcpy(c_i, total, columns * sizeof *c_i);
        }
    }
}
