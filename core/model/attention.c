#include "core/model/attention.h"

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/linalg/gemm.h"
#include "core/model/exponential.h"
#include "core/model/lanes.h"

#include <tgmath.h>

size_t attention_rows(const struct attention_shape *shape)
{
    return size_product(shape->images, shape->tokens);
}

size_t attention_work(const struct attention_shape *shape)
{
    return size_product(shape->tokens, lanes_stride(shape->tokens));
}

size_t attention_probs(const struct attention_shape *shape)
{
    return size_product(size_product(shape->images, shape->heads),
                        attention_work(shape));
}

static void shape_check(const struct attention_shape *shape)
{
    require(shape->images > 0 && shape->tokens > 0 && shape->heads > 0,
            "attention over %zu images, %zu tokens, %zu heads", shape->images,
            shape->tokens, shape->heads);
    require(shape->width % shape->heads == 0, "width %zu is not divided by %zu heads",
            shape->width, shape->heads);
}

// Far below any score: its exponential is exactly 0.
#define PADDING ((real)-1e30)

// Each of `rows` rows of `stride` numbers, the first n of them scores, becomes a distribution with
// zeros behind it. The padding makes every row whole lanes, so that there is no tail with a
// different formula.
static KERNEL void softmax_forward(real *scores, size_t rows, size_t n, size_t stride)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict row = scores + r * stride;
        for (size_t i = n; i < stride; ++i) row[i] = PADDING;

        // Find the largest score, so that no exponential overflows.
        real lane[LANES];
        for (size_t l = 0; l < LANES; ++l) lane[l] = row[l];
        for (size_t i = LANES; i < stride; i += LANES)
            for (size_t l = 0; l < LANES; ++l)
                lane[l] = row[i + l] > lane[l] ? row[i + l] : lane[l];
        real largest = lane[0];
        for (size_t l = 1; l < LANES; ++l)
            largest = lane[l] > largest ? lane[l] : largest;

        // Exponentials, their sum, their share of it.
        for (size_t i = 0; i < stride; ++i) row[i] = exp_negative(row[i] - largest);
        for (size_t l = 0; l < LANES; ++l) lane[l] = row[l];
        for (size_t i = LANES; i < stride; i += LANES)
            for (size_t l = 0; l < LANES; ++l) lane[l] += row[i + l];
        real share = 1 / lanes_fold(lane);
        for (size_t i = 0; i < stride; ++i) row[i] *= share;
    }
}

// dscores (rows, stride), on entry dP in the first n columns, becomes P (dP - sum of dP P).
static KERNEL void softmax_backward(real *restrict dscores, const real *restrict probs,
                                    size_t rows, size_t n, size_t stride)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict ds = dscores + r * stride;
        const real *restrict p = probs + r * stride;
        for (size_t i = n; i < stride; ++i) ds[i] = 0;

        real lane[LANES] = {0};
        for (size_t i = 0; i < stride; i += LANES)
            for (size_t l = 0; l < LANES; ++l) lane[l] += ds[i + l] * p[i + l];
        real mean = lanes_fold(lane);
        for (size_t i = 0; i < stride; ++i) ds[i] = p[i] * (ds[i] - mean);
    }
}

void attention_forward(real *out, real *probs, const real *qkv,
                       const struct attention_shape *shape)
{
    shape_check(shape);
    const size_t T = shape->tokens, D = shape->width, H = shape->heads, d = D / H;
    const size_t stride = lanes_stride(T);
    const real scale = 1 / sqrt((real)d);
    for (size_t b = 0; b < shape->images; ++b)
        for (size_t h = 0; h < H; ++h) {
            const real *q = qkv + b * T * 3 * D + h * d, *k = q + D, *v = k + D;
            real *p = probs + (b * H + h) * T * stride, *o = out + b * T * D + h * d;
            gemm_strided(p, stride, scale, q, 3 * D, PLAIN, k, 3 * D, TRANSPOSED, T, T,
                         d, 0);
            softmax_forward(p, T, T, stride);
            gemm_strided(o, D, 1, p, stride, PLAIN, v, 3 * D, PLAIN, T, d, T, 0);
        }
}

void attention_backward(real *dqkv, real *dscores, const real *dout, const real *probs,
                        const real *qkv, const struct attention_shape *shape)
{
    shape_check(shape);
    const size_t T = shape->tokens, D = shape->width, H = shape->heads, d = D / H;
    const size_t stride = lanes_stride(T);
    const real scale = 1 / sqrt((real)d);
    for (size_t b = 0; b < shape->images; ++b)
        for (size_t h = 0; h < H; ++h) {
            const real *q = qkv + b * T * 3 * D + h * d, *k = q + D, *v = k + D;
            real *dq = dqkv + b * T * 3 * D + h * d, *dk = dq + D, *dv = dk + D;
            const real *p = probs + (b * H + h) * T * stride;
            const real *o = dout + b * T * D + h * d;

            // out = P V
            gemm_strided(dv, 3 * D, 1, p, stride, TRANSPOSED, o, D, PLAIN, T, d, T, 0);
            gemm_strided(dscores, stride, 1, o, D, PLAIN, v, 3 * D, TRANSPOSED, T, T, d,
                         0);

            // P = softmax(scale Q K^T)
            softmax_backward(dscores, p, T, T, stride);
            gemm_strided(dq, 3 * D, scale, dscores, stride, PLAIN, k, 3 * D, PLAIN, T,
                         d, T, 0);
            gemm_strided(dk, 3 * D, scale, dscores, stride, TRANSPOSED, q, 3 * D, PLAIN,
                         T, d, T, 0);
        }
}
