#include "core/model/softmax.h"

#include "core/model/exponential.h"
#include "core/model/lanes.h"

// Far below any score: its exponential is exactly 0.
#define PADDING ((real)-1e30)

KERNEL void softmax_rows(real *restrict probs, real *restrict scores, size_t rows,
                         size_t n, size_t stride, real scale)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict row = scores + r * stride, *restrict p = probs + r * stride;
        for (size_t i = n; i < stride; ++i) row[i] = PADDING;

        // Find the largest score, so that no exponential overflows.
        lanes sum, x, maxima;
        lanes_load(&maxima, row);
        for (size_t i = LANES; i < stride; i += LANES) {
            lanes_load(&x, row + i);
            lanes_larger(&maxima, &x);
        }
        real largest = lanes_largest(&maxima);

        // Exponentials, their sum, and the share of each in it.
        for (size_t i = 0; i < stride; ++i)
            row[i] = exp_negative(scale * (row[i] - largest));
        lanes_load(&sum, row);
        for (size_t i = LANES; i < stride; i += LANES) {
            lanes_load(&x, row + i);
            sum += x;
        }
        real share = 1 / lanes_sum(&sum);
        for (size_t i = 0; i < stride; ++i) p[i] = row[i] * share;
    }
}

KERNEL void softmax_rows_backward(real *restrict dscores, const real *restrict probs,
                                  size_t rows, size_t n, size_t stride, real scale)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict ds = dscores + r * stride;
        const real *restrict p = probs + r * stride;
        for (size_t i = n; i < stride; ++i) ds[i] = 0;

        lanes products = {0}, x, y;
        for (size_t i = 0; i < stride; i += LANES) {
            lanes_load(&x, ds + i);
            lanes_load(&y, p + i);
            products += x * y;
        }
        real sum = lanes_sum(&products);
        for (size_t i = 0; i < stride; ++i) ds[i] = scale * p[i] * (ds[i] - sum);
    }
}
