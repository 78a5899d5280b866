#include "core/model/softmax.h"

#include "core/model/exponential.h"
#include "core/model/lanes.h"

// Far below any score: its exponential is exactly 0.
#define PADDING ((real)-1e30)

#define INLINE static inline __attribute__((always_inline))

// The lanes of a row's last vector from column n on = `padding`. A whole vector is stored: one that
// is put together from parts would have to wait for them when it is loaded.
INLINE void pad(real *row, size_t n, size_t stride, real padding)
{
    static const lane_index number[LANES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                             8, 9, 10, 11, 12, 13, 14, 15};
    lanes x, fill = padding - (lanes){0};
    lanes_mask at;
    memcpy(&at, number, sizeof at);
    at = at < (lane_index)(n + LANES - stride);
    lanes_load(&x, row + stride - LANES);
    x = (lanes)(((lanes_mask)x & at) | ((lanes_mask)fill & ~at));
    lanes_store(row + stride - LANES, &x);
}

// `count` rows, 1 or QUAD: the sums across a vector wait for each other less when four are taken at
// a time.
INLINE void forward(real *restrict probs, real *restrict scores, size_t n,
                    size_t stride, real scale, const int count)
{
    lanes each[QUAD] = {0};
    for (int r = 0; r < count; ++r) {
        real *restrict row = scores + (size_t)r * stride;
        pad(row, n, stride, PADDING);
        half_lanes most[2], x;
        for (size_t s = 0; s < 2; ++s) half_load(&most[s], row + s * HALF);
        for (size_t i = LANES; i < stride; i += LANES)
            for (size_t s = 0; s < 2; ++s) {
                half_load(&x, row + i + s * HALF);
                half_larger(&most[s], &x);
            }
        memcpy(&each[r], most, sizeof most);
    }
    // Subtract the largest score, so that no exponential overflows.
    lanes_largest_quad(each);
    const lanes largest = each[0];
    for (int r = 0; r < count; ++r) {
        const real *restrict row = scores + (size_t)r * stride;
        real *restrict p = probs + (size_t)r * stride;
        const real most = largest[4 * r];
        half_lanes sum[2] = {{0}}, x;
        for (size_t i = 0; i < stride; i += LANES) {
            for (size_t l = 0; l < LANES; ++l)
                p[i + l] = exp_negative(scale * (row[i + l] - most));
            for (size_t s = 0; s < 2; ++s) {
                half_load(&x, p + i + s * HALF);
                sum[s] += x;
            }
        }
        memcpy(&each[r], sum, sizeof sum);
    }
    lanes_sum_quad(each);
    const lanes share = 1 / each[0];
    for (int r = 0; r < count; ++r) {
        real *restrict p = probs + (size_t)r * stride;
        const real part = share[4 * r];
        for (size_t i = 0; i < stride; i += LANES)
            for (size_t l = 0; l < LANES; ++l) p[i + l] *= part;
    }
}

KERNEL void softmax_rows(real *restrict probs, real *restrict scores, size_t rows,
                         size_t n, size_t stride, real scale)
{
    size_t r = 0;
    for (; r + QUAD <= rows; r += QUAD)
        forward(probs + r * stride, scores + r * stride, n, stride, scale, QUAD);
    for (; r < rows; ++r)
        forward(probs + r * stride, scores + r * stride, n, stride, scale, 1);
}

INLINE void backward(real *restrict dscores, const real *restrict probs, size_t n,
                     size_t stride, real scale, const int count)
{
    lanes each[QUAD] = {0};
    for (int r = 0; r < count; ++r) {
        real *restrict ds = dscores + (size_t)r * stride;
        const real *restrict p = probs + (size_t)r * stride;
        pad(ds, n, stride, 0);
        half_lanes sum[2] = {{0}}, x, y;
        for (size_t i = 0; i < stride; i += LANES)
            for (size_t s = 0; s < 2; ++s) {
                half_load(&x, ds + i + s * HALF);
                half_load(&y, p + i + s * HALF);
                sum[s] += x * y;
            }
        memcpy(&each[r], sum, sizeof sum);
    }
    lanes_sum_quad(each);
    const lanes sums = each[0];
    for (int r = 0; r < count; ++r) {
        real *restrict ds = dscores + (size_t)r * stride;
        const real *restrict p = probs + (size_t)r * stride;
        const real sum = sums[4 * r];
        for (size_t i = 0; i < stride; i += LANES)
            for (size_t l = 0; l < LANES; ++l)
                ds[i + l] = scale * p[i + l] * (ds[i + l] - sum);
    }
}

KERNEL void softmax_rows_backward(real *restrict dscores, const real *restrict probs,
                                  size_t rows, size_t n, size_t stride, real scale)
{
    size_t r = 0;
    for (; r + QUAD <= rows; r += QUAD)
        backward(dscores + r * stride, probs + r * stride, n, stride, scale, QUAD);
    for (; r < rows; ++r)
        backward(dscores + r * stride, probs + r * stride, n, stride, scale, 1);
}
