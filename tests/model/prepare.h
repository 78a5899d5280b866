/// What layers take besides arrays: packed operands of products, and matrices as activations.
#ifndef MASKBOOK_TESTS_MODEL_PREPARE_H
#define MASKBOOK_TESTS_MODEL_PREPARE_H

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/model/activation.h"
#include "core/model/linear.h"
#include "core/model/reserve.h"

/// Whether a row of a product has the same bits next to any other rows (core/linalg/product.h).
static inline int rows_are_free(void)
{
    return strcmp(product_path(), "OpenBLAS") != 0;
}

/// Storage for an operand (rows,columns) or its transpose.
static inline void *operand_storage(struct arena *arena, size_t rows, size_t columns)
{
    return arena_take(arena, 1, operand_bytes(FP32, rows, columns));
}

/// Packs the present weight (n,k) of a layer both ways; storage: two of operand_storage(n, k).
static inline void linear_pack(struct linear *linear, void *const storage[2], size_t n,
                               size_t k)
{
    linear->forward =
        reals_operand_b(FP32, storage[0], linear->weight, k, TRANSPOSED, k, n);
    linear->backward =
        reals_operand_b(FP32, storage[1], linear->weight, k, PLAIN, n, k);
}

/// A matrix (rows,width), contents unspecified.
static inline struct activation activation_new(struct arena *arena, size_t rows,
                                               size_t width)
{
    struct reserve reserve = {.arena = arena};
    struct activation activation;
    activation_open(&activation, FP32, rows, width, &reserve);
    return activation;
}

/// Sets the matrix to x (rows,width).
static inline void activation_set(const struct activation *activation, const real *x,
                                  size_t rows)
{
    const size_t bytes = rows * activation->width * sizeof(real);
    memcpy(activation_rows(activation, NULL, 0), x, bytes);
}

/// The numbers of a matrix.
static inline real *activation_reals(const struct activation *activation)
{
    cr_assert(activation->arithmetic == FP32 &&
              activation->stride == activation->width);
    return activation->data;
}

#endif
