#include "core/model/activation.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/bf16.h"
#include "core/linalg/blocking.h"

static size_t padded(size_t width)
{
    return (width + TILE_DEPTH - 1) / TILE_DEPTH * TILE_DEPTH;
}

static void matrix_open(struct activation *activation, enum arithmetic arithmetic,
                        size_t rows, size_t width, size_t stride,
                        struct reserve *reserve)
{
    *activation =
        (struct activation){.arithmetic = arithmetic, .width = width, .stride = stride};
    const size_t numbers = size_product(rows, stride);
    if (arithmetic == FP32) {
        activation->data = reserve_reals(reserve, numbers);
        return;
    }
    // A product reads whole tiles, so it reads a little past the last row's last columns.
    activation->data = reserve_bytes(reserve, (numbers + TILE_DEPTH) * sizeof(bf16));
    if (activation->data)
        memset((bf16 *)activation->data + numbers, 0, TILE_DEPTH * sizeof(bf16));
}

void activation_open(struct activation *activation, enum arithmetic arithmetic,
                     size_t rows, size_t width, struct reserve *reserve)
{
    matrix_open(activation, arithmetic, rows, width,
                arithmetic == FP32 ? width : padded(width), reserve);
}

void activation_open_strided(struct activation *activation, enum arithmetic arithmetic,
                             size_t rows, size_t width, struct reserve *reserve)
{
    const int apart = width * sizeof(real) % CONFLICT_BYTES;
    matrix_open(activation, arithmetic, rows, width,
                arithmetic != FP32 ? padded(width)
                : apart            ? width
                                   : width + LINE_BYTES / sizeof(real),
                reserve);
}

void activation_open_from_reals(struct activation *activation,
                                enum arithmetic arithmetic, size_t rows, size_t width,
                                struct reserve *reserve)
{
    if (arithmetic == FP32)
        *activation = (struct activation){FP32, NULL, width, width};
    else
        activation_open(activation, arithmetic, rows, width, reserve);
}

static real *reals_at(const struct activation *activation, size_t first, size_t column)
{
    return (real *)activation->data + first * activation->stride + column;
}

static bf16 *bf16_at(const struct activation *activation, size_t first, size_t column)
{
    return (bf16 *)activation->data + first * activation->stride + column;
}

struct activation activation_from_reals(const struct activation *target, const real *x,
                                        size_t rows)
{
    struct activation result = *target;
    if (target->arithmetic == FP32)
        result.data = (real *)x;
    else
        activation_commit(&result, x, 0, rows);
    return result;
}

real *activation_rows(const struct activation *activation, real *chunk, size_t first)
{
    return activation->arithmetic == FP32 ? reals_at(activation, first, 0) : chunk;
}

void activation_commit(const struct activation *activation, const real *written,
                       size_t first, size_t rows)
{
    activation_commit_columns(activation, written, activation->width, first, rows, 0,
                              activation->width);
}

real *activation_columns(size_t *stride, const struct activation *activation,
                         real *chunk, size_t first, size_t column, size_t columns)
{
    const int in_place = activation->arithmetic == FP32;
    *stride = in_place ? activation->stride : columns;
    return in_place ? reals_at(activation, first, column) : chunk;
}

void activation_commit_columns(const struct activation *activation, const real *written,
                               size_t stride, size_t first, size_t rows, size_t column,
                               size_t columns)
{
    if (activation->arithmetic == FP32) return;
    const int last = column + columns == activation->width;
    bf16_from_reals(bf16_at(activation, first, column), activation->stride, written,
                    stride, rows, columns,
                    last ? activation->stride - column : columns);
}

static size_t number_bytes(const struct activation *activation)
{
    return activation->arithmetic == FP32 ? sizeof(real) : sizeof(bf16);
}

static char *row_at(const struct activation *activation, size_t row)
{
    return (char *)activation->data +
           row * activation->stride * number_bytes(activation);
}

void activation_copy_row(const struct activation *to, size_t row,
                         const struct activation *from, size_t from_row, size_t columns)
{
    require(to->arithmetic == from->arithmetic && columns <= to->width &&
                columns <= from->width,
            "%zu columns of %zu to %zu", columns, from->width, to->width);
    const size_t bytes = number_bytes(to);
    char *x = row_at(to, row);
    memcpy(x, row_at(from, from_row), columns * bytes);
    if (columns == to->width)
        memset(x + columns * bytes, 0, (to->stride - to->width) * bytes);
}

void activation_clear_row(const struct activation *to, size_t row, size_t columns)
{
    memset(row_at(to, row), 0, columns * number_bytes(to));
}

void activation_end(const struct activation *activation, size_t rows)
{
    if (activation->arithmetic != FP32)
        memset(bf16_at(activation, rows, 0), 0, TILE_DEPTH * sizeof(bf16));
}

struct operand_a activation_operand_a(const struct activation *activation, size_t first,
                                      size_t column)
{
    return activation->arithmetic == FP32
               ? operand_a(reals_at(activation, first, column), activation->stride,
                           PLAIN)
               : operand_a_bf16(bf16_at(activation, first, column), activation->stride);
}

struct operand_a activation_operand_a_transposed(const struct activation *activation,
                                                 void *storage, size_t first,
                                                 size_t column, size_t m, size_t k)
{
    return activation->arithmetic == FP32
               ? operand_a(reals_at(activation, first, column), activation->stride,
                           TRANSPOSED)
               : operand_a_from_bf16(storage, bf16_at(activation, first, column),
                                     activation->stride, TRANSPOSED, m, k);
}

struct operand_b activation_operand_b(const struct activation *activation,
                                      void *storage, size_t first, size_t column,
                                      enum transpose op, size_t k, size_t n)
{
    const size_t stride = activation->stride;
    if (activation->arithmetic != FP32)
        return operand_b_from_bf16(storage, bf16_at(activation, first, column), stride,
                                   op, k, n);
    const real *x = reals_at(activation, first, column);
    return op == PLAIN ? operand_b(x, stride)
                       : operand_b_pack(storage, x, stride, op, k, n);
}

struct operand_a reals_operand_a(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t m,
                                 size_t k)
{
    return arithmetic == FP32 ? operand_a(x, ld, op)
                              : operand_a_from_reals(storage, x, ld, op, m, k);
}

struct operand_b reals_operand_b(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t k,
                                 size_t n)
{
    return arithmetic == FP32 ? operand_b_pack(storage, x, ld, op, k, n)
                              : operand_b_from_reals(storage, x, ld, op, k, n);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t operand_bytes(enum arithmetic arithmetic, size_t rows, size_t columns)
{
    if (arithmetic == FP32)
        return larger(operand_b_size(rows, columns), operand_b_size(columns, rows)) *
               sizeof(real);
    return larger(larger(operand_a_bf16_size(rows, columns),
                         operand_a_bf16_size(columns, rows)),
                  larger(operand_b_bf16_size(rows, columns),
                         operand_b_bf16_size(columns, rows))) *
           sizeof(bf16);
}
