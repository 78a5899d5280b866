#include "core/linalg/pack_bf16.h"

static KERNEL void round_reals(bf16 *restrict y, const real *restrict x, size_t n)
{
    for (size_t i = 0; i < n; ++i) y[i] = bf16_round((float)x[i]);
}

// A block as pairs of steps of k: number 2p in the lower half, number 2p + 1 in the upper. Where
// stored rows run along k (IN_ROWS), pairs[x] is row x; elsewhere pairs[p] is rows 2p and 2p + 1.
typedef uint32_t pairs[TILE_SIDE][TILE_SIDE];

static void pairs_put(bf16 *out, size_t row, pairs block, int transposed)
{
    for (size_t y = 0; y < TILE_SIDE; ++y) {
        uint32_t line[TILE_SIDE];
        for (size_t x = 0; x < TILE_SIDE; ++x)
            line[x] = transposed ? block[x][y] : block[y][x];
        memcpy(out + y * row, line, sizeof line);
    }
}

// The sources differ in how a number is read, the cases in where it goes.
#define PACKER(NAME, TYPE, NUMBER, IN_ROWS, TRANSPOSE)                                 \
    static void NAME(bf16 *out, size_t row, const TYPE *x, size_t ld, size_t depth,    \
                     size_t across)                                                    \
    {                                                                                  \
        pairs block = {{0}};                                                           \
        for (size_t l = 0; l < depth; ++l)                                             \
            for (size_t i = 0; i < across; ++i) {                                      \
                uint32_t number = NUMBER(x[(IN_ROWS) ? i * ld + l : l * ld + i]);      \
                block[(IN_ROWS) ? i : l / 2][(IN_ROWS) ? l / 2 : i] |= number          \
                                                                       << l % 2 * 16;  \
            }                                                                          \
        pairs_put(out, row, block, TRANSPOSE);                                         \
    }
#define ROUNDED(x) bf16_round((float)(x))
#define ITSELF(x)  (x)
PACKER(interleave_reals, real, ROUNDED, 0, 0)
PACKER(transpose_reals, real, ROUNDED, 1, 1)
PACKER(both_reals, real, ROUNDED, 0, 1)
PACKER(interleave_bf16, bf16, ITSELF, 0, 0)
PACKER(transpose_bf16, bf16, ITSELF, 1, 1)
PACKER(both_bf16, bf16, ITSELF, 0, 1)

const struct packers pack_portable = {
    .round = round_reals,
    .reals = {interleave_reals, transpose_reals, both_reals},
    .bf16 = {interleave_bf16, transpose_bf16, both_bf16},
};
