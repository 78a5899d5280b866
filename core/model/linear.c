#include "core/model/linear.h"

#include "core/linalg/gemm.h"

static KERNEL void rows_set(real *restrict out, const real *restrict bias, size_t rows,
                            size_t n)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i) out[r * n + i] = bias[i];
}

static KERNEL void rows_add(real *restrict out, const real *restrict bias, size_t rows,
                            size_t n)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i) out[r * n + i] += bias[i];
}

static KERNEL void rows_sum(real *restrict dbias, const real *restrict dout,
                            size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i) dbias[i] += dout[r * n + i];
}

void linear_forward(real *out, const real *in, const struct linear *linear, size_t rows,
                    size_t n, size_t k, real beta)
{
    if (linear->bias && beta == 0) rows_set(out, linear->bias, rows, n);
    if (linear->bias && beta != 0) rows_add(out, linear->bias, rows, n);
    gemm(out, in, PLAIN, linear->weight, TRANSPOSED, rows, n, k,
         linear->bias ? 1 : beta);
}

void linear_backward(real *din, const struct linear *dlinear, const real *dout,
                     const real *in, const struct linear *linear, size_t rows, size_t n,
                     size_t k)
{
    gemm(dlinear->weight, dout, TRANSPOSED, in, PLAIN, n, k, rows, 1);
    if (linear->bias) rows_sum(dlinear->bias, dout, rows, n);
    if (din) gemm(din, dout, PLAIN, linear->weight, PLAIN, rows, k, n, 0);
}
