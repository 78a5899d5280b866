#include "core/linalg/bf16.h"

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/linalg/pack_bf16.h"

// ====== Numbers ======

// The packing kernels of this CPU.
static const struct packers *packers_now(void)
{
#ifndef REAL_DOUBLE
    if (cpu_has_avx512())
        return cpu_has_avx512_bf16() ? &pack_avx512_bf16 : &pack_avx512;
#endif
    return &pack_portable;
}

void bf16_from_reals(bf16 *y, size_t ldy, const real *x, size_t ldx, size_t rows,
                     size_t columns, size_t padded)
{
    require(columns <= padded && padded <= ldy && (columns <= ldx || rows <= 1),
            "%zu columns of %zu, padded to %zu of %zu", columns, ldx, padded, ldy);
    const struct packers *packers = packers_now();
    for (size_t i = 0; i < rows; ++i) {
        packers->round(y + i * ldy, x + i * ldx, columns);
        memset(y + i * ldy + columns, 0, (padded - columns) * sizeof *y);
    }
}

// ====== Operands ======

static size_t round_up(size_t n, size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

size_t operand_a_bf16_row(size_t k)
{
    return round_up(k, TILE_DEPTH);
}

size_t operand_a_bf16_size(size_t m, size_t k)
{
    return round_up(m, TILE_SIDE) * operand_a_bf16_row(k);
}

size_t operand_b_bf16_size(size_t k, size_t n)
{
    return round_up(n, (size_t)2 * TILE_SIDE) * round_up(k, TILE_DEPTH);
}

struct operand_a operand_a_bf16(const bf16 *a, size_t row)
{
    return (struct operand_a){a, row, 1};
}

// A stored matrix of reals or of bfloat16 numbers; the other pointer is NULL.
struct stored {
    const real *reals;
    const bf16 *bf16;
    size_t ld;
};

// Where the blocks of a packed operand lie: numbers from a block to the next one along the columns
// of B (or the rows of A), to the next one along k, and from row to row within a block.
struct layout {
    bf16 *storage;
    size_t along, deeper, row;
};

// Packs the blocks of an operand of `length` columns (or rows) by k, in the order of storage.
static void blocks_pack(struct layout to, struct stored x, enum pack_case how,
                        size_t length, size_t k)
{
    const struct packers *packers = packers_now();
    size_t first_step = how == PACK_TRANSPOSE ? x.ld : 1; // from column to column
    size_t l_step = how == PACK_TRANSPOSE ? 1 : x.ld;
    for (size_t j = 0; j < length; j += TILE_SIDE)
        for (size_t l = 0; l < k; l += TILE_DEPTH) {
            bf16 *out =
                to.storage + j / TILE_SIDE * to.along + l / TILE_DEPTH * to.deeper;
            size_t depth = k - l < TILE_DEPTH ? k - l : TILE_DEPTH;
            size_t across = length - j < TILE_SIDE ? length - j : TILE_SIDE;
            size_t corner = j * first_step + l * l_step;
            if (x.reals)
                packers->reals[how](out, to.row, x.reals + corner, x.ld, depth, across);
            else
                packers->bf16[how](out, to.row, x.bf16 + corner, x.ld, depth, across);
        }
}

static void storage_check(const bf16 *storage, size_t rows, size_t columns)
{
    require(rows > 0 && columns > 0 && (uintptr_t)storage % OPERAND_ALIGNMENT == 0,
            "an operand %zu x %zu at %p", rows, columns, (const void *)storage);
}

static struct operand_a a_from(bf16 *storage, struct stored a, enum transpose op,
                               size_t m, size_t k)
{
    storage_check(storage, m, k);
    size_t row = operand_a_bf16_row(k);
    if (op == TRANSPOSED) {
        struct layout to = {storage, TILE_SIDE * row, TILE_DEPTH, row};
        blocks_pack(to, a, PACK_BOTH, m, k);
        return operand_a_bf16(storage, row);
    }
    if (a.reals)
        bf16_from_reals(storage, row, a.reals, a.ld, m, k, row);
    else
        for (size_t i = 0; i < m; ++i) {
            memcpy(storage + i * row, a.bf16 + i * a.ld, k * sizeof *storage);
            memset(storage + i * row + k, 0, (row - k) * sizeof *storage);
        }
    memset(storage + m * row, 0,
           (operand_a_bf16_size(m, k) - m * row) * sizeof *storage);
    return operand_a_bf16(storage, row);
}

struct operand_a operand_a_from_reals(bf16 *storage, const real *a, size_t lda,
                                      enum transpose op, size_t m, size_t k)
{
    return a_from(storage, (struct stored){a, NULL, lda}, op, m, k);
}

struct operand_a operand_a_from_bf16(bf16 *storage, const bf16 *a, size_t lda,
                                     enum transpose op, size_t m, size_t k)
{
    return a_from(storage, (struct stored){NULL, a, lda}, op, m, k);
}

static struct operand_b b_from(bf16 *storage, struct stored b, enum transpose op,
                               size_t k, size_t n)
{
    storage_check(storage, k, n);
    size_t panel = round_up(k, TILE_DEPTH) * TILE_SIDE;
    struct layout to = {storage, panel, TILE_NUMBERS, TILE_DEPTH};
    blocks_pack(to, b, op == PLAIN ? PACK_INTERLEAVE : PACK_TRANSPOSE, n, k);
    size_t packed = round_up(n, TILE_SIDE) / TILE_SIDE * panel;
    memset(storage + packed, 0, (operand_b_bf16_size(k, n) - packed) * sizeof *storage);
    return (struct operand_b){storage, TILE_DEPTH, panel};
}

struct operand_b operand_b_from_reals(bf16 *storage, const real *b, size_t ldb,
                                      enum transpose op, size_t k, size_t n)
{
    return b_from(storage, (struct stored){b, NULL, ldb}, op, k, n);
}

struct operand_b operand_b_from_bf16(bf16 *storage, const bf16 *b, size_t ldb,
                                     enum transpose op, size_t k, size_t n)
{
    return b_from(storage, (struct stored){NULL, b, ldb}, op, k, n);
}
