/// A matrix between two products: what a layer leaves for a product to read, in the numbers that the
/// product wants. FP32: reals where they are. BF16: rounded once, when they are written, and kept so.
///
/// Kernels compute rows in reals. They ask where to write some rows (activation_rows: in place, or a
/// small chunk that stays in the cache), and say when the rows are complete (activation_commit).
#ifndef MASKBOOK_MODEL_ACTIVATION_H
#define MASKBOOK_MODEL_ACTIVATION_H

#include <stddef.h>

#include "core/base/real.h"
#include "core/linalg/product.h"
#include "core/model/reserve.h"

struct activation {
    enum arithmetic arithmetic;
    void *data;    ///< (rows,stride) of real (FP32) or bf16
    size_t width;  ///< columns in use
    size_t stride; ///< numbers from row to row; behind `width` BF16 has zeros
};

/// Takes a matrix (rows,width), contents unspecified.
void activation_open(struct activation *activation, enum arithmetic arithmetic,
                     size_t rows, size_t width, struct reserve *reserve);

/// As activation_open, for a room to be used by activation_from_reals alone: FP32 needs no memory for it.
void activation_open_from_reals(struct activation *room, enum arithmetic arithmetic,
                                size_t rows, size_t width, struct reserve *reserve);

/// x (rows,width) as an activation: where it is (FP32), or rounded into `room` (BF16), opened for at
/// least as many rows of that width.
struct activation activation_from_reals(const struct activation *room, const real *x,
                                        size_t rows);

/// Where a kernel writes rows from `first` on: the activation itself, or `chunk`; either has
/// `width` numbers to a row.
real *activation_rows(const struct activation *activation, real *chunk, size_t first);

/// The rows (rows,width) at `source`, which activation_rows named, are complete.
void activation_commit(const struct activation *activation, const real *source,
                       size_t first, size_t rows);

/// As activation_commit for the columns column..column+columns-1 only, written at `source` (rows,columns)
/// with `stride` numbers to a row; column and columns are multiples of 16 or end the row.
void activation_commit_columns(const struct activation *activation, const real *source,
                               size_t stride, size_t first, size_t rows, size_t column,
                               size_t columns);

/// As activation_rows for those columns; *stride: numbers from row to row there.
real *activation_columns(size_t *stride, const struct activation *activation,
                         real *chunk, size_t first, size_t column, size_t columns);

/// Rows from `first` on, columns from `column` on, as left factor.
struct operand_a activation_operand_a(const struct activation *activation, size_t first,
                                      size_t column);

/// The transpose of rows first..first+k-1, columns column..column+m-1, as left factor (m,k).
/// storage: operand_bytes(k, m), used by BF16 only and borrowed by the result.
struct operand_a activation_operand_a_transposed(const struct activation *activation,
                                                 void *storage, size_t first,
                                                 size_t column, size_t m, size_t k);

/// As right factor op(X) (k,n), X being k rows (PLAIN) or n rows (TRANSPOSED) from `first` on and the
/// columns from `column` on. storage: operand_bytes(k, n), borrowed by the result.
struct operand_b activation_operand_b(const struct activation *activation,
                                      void *storage, size_t first, size_t column,
                                      enum transpose op, size_t k, size_t n);

/// op(X) (m,k) as left factor from reals, ld from stored row to row. storage: operand_bytes(m, k), for
/// BF16 only.
struct operand_a reals_operand_a(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t m,
                                 size_t k);

/// op(X) (k,n) as right factor from reals, ld from stored row to row, always packed. storage:
/// operand_bytes(k, n), borrowed by the result.
struct operand_b reals_operand_b(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t k,
                                 size_t n);

/// Bytes of storage, OPERAND_ALIGNMENT, that a factor of (rows,columns) or its transpose needs at most.
size_t operand_bytes(enum arithmetic arithmetic, size_t rows, size_t columns);

#endif
