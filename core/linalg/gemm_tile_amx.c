#include <string.h>

#include "core/linalg/amx.h"
#include "core/linalg/gemm_bf16.h"

enum { BLOCK = 2 * TILE_SIDE };

// The arguments of gemm_tile_amx.
struct task {
    float *c;
    const bf16 *a, *b;
    size_t ldc, row, panel, m, n, k;
    int accumulate;
};

// A tile of C, `rows` by 16, and where it is summed: in C, or in `buffer` when C's edge cuts it.
struct sums {
    float *c, *at;
    size_t skip; // first rows that belong to the tile before
    size_t rows, columns, ldc, stride;
    float buffer[TILE_SIDE * TILE_SIDE] __attribute__((aligned(64)));
};

// The first row of the tile that holds the rows from `first` on. All rows of a tile are rows of A,
// so the last tile overlaps the one before.
static size_t tile_start(size_t first, size_t m)
{
    return m < TILE_SIDE ? 0 : first + TILE_SIDE > m ? m - TILE_SIDE : first;
}

static void sums_open(struct sums *tile, const struct task *it, size_t i, size_t j)
{
    size_t start = tile_start(i, it->m), columns = it->n - j;
    int whole = start == i && columns >= TILE_SIDE;
    tile->c = it->c + start * it->ldc + j;
    tile->ldc = it->ldc, tile->skip = i - start;
    tile->rows = it->m < TILE_SIDE ? it->m : TILE_SIDE;
    tile->columns = columns < TILE_SIDE ? columns : TILE_SIDE;
    tile->at = whole ? tile->c : tile->buffer;
    tile->stride = (whole ? it->ldc : TILE_SIDE) * sizeof(float);
    if (whole || !it->accumulate) return;
    memset(tile->buffer, 0, sizeof tile->buffer);
    for (size_t y = tile->skip; y < tile->rows; ++y)
        memcpy(tile->buffer + y * TILE_SIDE, tile->c + y * tile->ldc,
               tile->columns * sizeof(float));
}

static void sums_close(const struct sums *tile)
{
    if (tile->at == tile->c) return;
    for (size_t y = tile->skip; y < tile->rows; ++y)
        memcpy(tile->c + y * tile->ldc, tile->buffer + y * TILE_SIDE,
               tile->columns * sizeof(float));
}

#define SUMS_START(t, tile)                                                            \
    do {                                                                               \
        if (it->accumulate)                                                            \
            AMX_LOAD(t, (tile).at, (tile).stride);                                     \
        else                                                                           \
            AMX_ZERO(t);                                                               \
    } while (0)

// Up to 2 x 2 tiles of C from row i and column j on, over all of k; each tile of A and of B is used
// twice. Registers: 0..3 C, 4 and 5 A, 6 and 7 B.
static void block(const struct task *it, size_t i, size_t j)
{
    // Whether there is a second row, and a second column, of tiles.
    int low = it->m - i > TILE_SIDE, right = it->n - j > TILE_SIDE;
    const bf16 *a = it->a + tile_start(i, it->m) * it->row;
    const bf16 *a_low = it->a + tile_start(i + TILE_SIDE, it->m) * it->row;
    const bf16 *b = it->b + j / TILE_SIDE * it->panel, *b_right = b + it->panel;
    size_t a_stride = it->row * sizeof *a, b_stride = TILE_DEPTH * sizeof *b;
    struct sums tile[2][2];
    for (size_t y = 0; y <= (size_t)low; ++y)
        for (size_t x = 0; x <= (size_t)right; ++x)
            sums_open(&tile[y][x], it, i + y * TILE_SIDE, j + x * TILE_SIDE);

    SUMS_START(0, tile[0][0]);
    if (right) SUMS_START(1, tile[0][1]);
    if (low) SUMS_START(2, tile[1][0]);
    if (low && right) SUMS_START(3, tile[1][1]);
    for (size_t l = 0; l < it->k; l += TILE_DEPTH) {
        AMX_LOAD(4, a + l, a_stride);
        AMX_LOAD(6, b + l * TILE_SIDE, b_stride);
        AMX_MULTIPLY(0, 4, 6);
        if (right) {
            AMX_LOAD(7, b_right + l * TILE_SIDE, b_stride);
            AMX_MULTIPLY(1, 4, 7);
        }
        if (low) {
            AMX_LOAD(5, a_low + l, a_stride);
            AMX_MULTIPLY(2, 5, 6);
            if (right) AMX_MULTIPLY(3, 5, 7);
        }
    }
    AMX_STORE(tile[0][0].at, tile[0][0].stride, 0);
    if (right) AMX_STORE(tile[0][1].at, tile[0][1].stride, 1);
    if (low) AMX_STORE(tile[1][0].at, tile[1][0].stride, 2);
    if (low && right) AMX_STORE(tile[1][1].at, tile[1][1].stride, 3);

    for (size_t y = 0; y <= (size_t)low; ++y)
        for (size_t x = 0; x <= (size_t)right; ++x) sums_close(&tile[y][x]);
}

// 32 rows of A stay in the first-level cache while B streams from the second-level one.
void gemm_tile_amx(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
                   size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    struct task task = {.a = a, .b = b, .ldc = ldc, .row = row, .panel = panel};
    task.c = c, task.m = m, task.n = n, task.k = k, task.accumulate = accumulate;
    amx_configure_rows(m < TILE_SIDE ? m : TILE_SIDE);
    for (size_t i = 0; i < m; i += BLOCK)
        for (size_t j = 0; j < n; j += BLOCK) block(&task, i, j);
}
