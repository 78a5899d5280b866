/// A layer's output in the format that the next product reads: FP32 in place, or rounded once to
/// bfloat16 when it is written.
///
/// Kernels compute rows as reals. activation_rows says where to write some of them: in place
/// (FP32), or in a small chunk that stays in the cache (BF16). activation_commit then rounds a
/// chunk into place.
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
    size_t stride; ///< numbers from row to row; BF16 has zeros past `width`
};

/// Takes a matrix (rows,width), contents unspecified.
void activation_open(struct activation *activation, enum arithmetic arithmetic,
                     size_t rows, size_t width, struct reserve *reserve);

/// activation_open for a matrix that is written by activation_columns alone: in FP32 its rows may
/// lie further apart than `width`, so that a weight gradient, which reads a few columns of many
/// rows, finds them in different sets of the cache.
void activation_open_strided(struct activation *activation, enum arithmetic arithmetic,
                             size_t rows, size_t width, struct reserve *reserve);

/// Takes what activation_from_reals needs for that size: memory in BF16 only.
void activation_open_from_reals(struct activation *activation,
                                enum arithmetic arithmetic, size_t rows, size_t width,
                                struct reserve *reserve);

/// x (rows,width) as an activation: x itself (FP32, borrowed), or rounded into `target` (BF16).
/// target  from activation_open_from_reals, for that width and at least as many rows
struct activation activation_from_reals(const struct activation *target, const real *x,
                                        size_t rows);

/// Where to write the rows from `first` on: in the activation itself, or in `chunk`. Either has
/// `width` numbers from row to row. Not for a matrix of activation_open_strided.
real *activation_rows(const struct activation *activation, real *chunk, size_t first);

/// Rows first..first+rows-1 are complete.
/// written (rows,width)  what activation_rows returned
void activation_commit(const struct activation *activation, const real *written,
                       size_t first, size_t rows);

/// activation_rows for the columns column..column+columns-1 alone.
/// *stride = numbers from row to row
real *activation_columns(size_t *stride, const struct activation *activation,
                         real *chunk, size_t first, size_t column, size_t columns);

/// activation_commit for those columns.
/// written (rows,columns)  what activation_columns returned, `stride` numbers from row to row
void activation_commit_columns(const struct activation *activation, const real *written,
                               size_t stride, size_t first, size_t rows, size_t column,
                               size_t columns);

/// Row `row` of `to` = row `from_row` of `from`, the first `columns` columns.
/// Requires the same arithmetic, and that neither has fewer columns.
void activation_copy_row(const struct activation *to, size_t row,
                         const struct activation *from, size_t from_row,
                         size_t columns);

/// The first `columns` columns of that row = 0.
void activation_clear_row(const struct activation *to, size_t row, size_t columns);

/// Only the first `rows` rows are in use: products of a head's columns read a little past the last
/// one, where numbers have to be finite.
void activation_end(const struct activation *activation, size_t rows);

/// The rows from `first` on and columns from `column` on, as operand A.
struct operand_a activation_operand_a(const struct activation *activation, size_t first,
                                      size_t column);

/// The transpose of rows first..first+k-1, columns column..column+m-1, as operand A (m,k).
/// storage (operand_bytes(k,m))  used in BF16 only, borrowed by the result
struct operand_a activation_operand_a_transposed(const struct activation *activation,
                                                 void *storage, size_t first,
                                                 size_t column, size_t m, size_t k);

/// op(X) as operand B (k,n); X is the k rows (PLAIN) or n rows (TRANSPOSED) from `first` on,
/// columns from `column` on.
/// storage (operand_bytes(k,n))  borrowed by the result
struct operand_b activation_operand_b(const struct activation *activation,
                                      void *storage, size_t first, size_t column,
                                      enum transpose op, size_t k, size_t n);

/// op(X) (m,k) as operand A, from reals; ld numbers from stored row to row.
/// storage (operand_bytes(m,k))  used in BF16 only, borrowed by the result
struct operand_a reals_operand_a(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t m,
                                 size_t k);

/// op(X) (k,n) as operand B, always packed, from reals; ld numbers from stored row to row.
/// storage (operand_bytes(k,n))  borrowed by the result
struct operand_b reals_operand_b(enum arithmetic arithmetic, void *storage,
                                 const real *x, size_t ld, enum transpose op, size_t k,
                                 size_t n);

/// Bytes of storage, aligned to OPERAND_ALIGNMENT, that are enough for an operand A or B of shape
/// (rows,columns) or (columns,rows).
size_t operand_bytes(enum arithmetic arithmetic, size_t rows, size_t columns);

#endif
