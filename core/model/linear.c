#include "core/model/linear.h"

#include "core/base/phase.h"

static KERNEL void rows_add(real *restrict out, const real *restrict bias, size_t rows,
                            size_t n)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i) out[r * n + i] += bias[i];
}

void linear_forward(real *out, struct operand_a in, const struct linear *linear,
                    enum arithmetic arithmetic, size_t rows, size_t n, size_t k,
                    int accumulate)
{
    enum phase before = phase_enter(PHASE_PRODUCT);
    // A few rows at a time, so that their sums are still in the cache when the bias is added.
    for (size_t first = 0; first < rows; first += PRODUCT_ROWS) {
        size_t count = rows - first < PRODUCT_ROWS ? rows - first : PRODUCT_ROWS;
        product(out + first * n, n, operand_a_skip(in, first, arithmetic),
                linear->forward, arithmetic, count, n, k, accumulate);
        if (linear->bias) rows_add(out + first * n, linear->bias, count, n);
    }
    phase_enter(before);
}

void linear_backward_input(real *din, struct operand_a dout,
                           const struct linear *linear, enum arithmetic arithmetic,
                           size_t rows, size_t n, size_t k)
{
    enum phase before = phase_enter(PHASE_PRODUCT);
    product(din, k, dout, linear->backward, arithmetic, rows, k, n, 0);
    phase_enter(before);
}

size_t linear_operand_bytes(enum arithmetic arithmetic, size_t columns)
{
    return arithmetic == FP32 ? 0 : operand_bytes(arithmetic, GRADIENT_ROWS, columns);
}

void linear_backward_weight(real *dweight, const struct activation *dout,
                            size_t dout_first, const struct activation *in,
                            size_t in_first, void *const storage[2], size_t rows,
                            size_t n, size_t k, int accumulate)
{
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < GRADIENT_ROWS ? rows - first : GRADIENT_ROWS;
        enum phase before = phase_enter(PHASE_PACK);
        struct operand_a left = activation_operand_a_transposed(
            dout, storage[0], dout_first + first, 0, n, count);
        struct operand_b right =
            activation_operand_b(in, storage[1], in_first + first, 0, PLAIN, count, k);
        phase_enter(PHASE_PRODUCT);
        product(dweight, k, left, right, dout->arithmetic, n, k, count,
                accumulate || first > 0);
        phase_enter(before);
    }
}

KERNEL void linear_backward_bias(real *restrict dbias, const real *restrict dout,
                                 size_t rows, size_t n)
{
    for (size_t i = 0; i < n; ++i) dbias[i] = 0;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i) dbias[i] += dout[r * n + i];
}
