#include "core/analysis/class_attention.h"

#include <tgmath.h>

#include "core/analysis/token_rows.h"
#include "core/base/die.h"
#include "core/linalg/product.h"
#include "core/model/exponential.h"
#include "core/model/lanes.h"

void class_attention_open(struct class_attention *attention,
                          const struct attention_shape *shape, struct arena *arena)
{
    const size_t B = shape->images, D = shape->width, H = shape->heads;
    const size_t stride = lanes_stride(shape->tokens);
    require(B > 0 && H > 0 && D % H == 0 && shape->tokens > 0,
            "%zu images, %zu heads of a width of %zu, %zu tokens", B, H, D,
            shape->tokens);
    *attention = (struct class_attention){
        .shape = *shape,
        .first = arena_reals(arena, B * D),
        .query = arena_reals(arena, B * D),
        .absorbed = arena_reals(arena, B * H * D),
        .probs = arena_reals(arena, B * H * stride),
        .mixed = arena_reals(arena, B * H * D),
        .dmixed = arena_reals(arena, B * H * D),
        .dscores = arena_reals(arena, H * stride),
        .factor = arena_reals(arena, right_reals_size(D, D)),
    };
}

// Far below any score: its exponential is exactly 0.
#define PADDING ((real)-1e30)

// Each row of `stride` numbers, the first n of them scores, becomes a distribution with zeros behind it.
static KERNEL void rows_softmax(real *scores, size_t rows, size_t n, size_t stride)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict row = scores + r * stride;
        for (size_t i = n; i < stride; ++i) row[i] = PADDING;
        lanes most, sum = {0}, x;
        lanes_load(&most, row);
        for (size_t i = LANES; i < stride; i += LANES) {
            lanes_load(&x, row + i);
            lanes_larger(&most, &x);
        }
        const real largest = lanes_largest(&most);
        for (size_t i = 0; i < stride; ++i) row[i] = exp_negative(row[i] - largest);
        for (size_t i = 0; i < stride; i += LANES) {
            lanes_load(&x, row + i);
            sum += x;
        }
        const real share = 1 / lanes_fold(&sum);
        for (size_t i = 0; i < stride; ++i) row[i] *= share;
    }
}

// dscores (rows,S), on entry dP in the first n columns, becomes P (dP - sum of P dP).
static KERNEL void rows_softmax_backward(real *restrict dscores,
                                         const real *restrict probs, size_t rows,
                                         size_t n, size_t stride)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict ds = dscores + r * stride;
        const real *restrict p = probs + r * stride;
        for (size_t i = n; i < stride; ++i) ds[i] = 0;
        lanes sum = {0}, x, y;
        for (size_t i = 0; i < stride; i += LANES) {
            lanes_load(&x, ds + i);
            lanes_load(&y, p + i);
            sum += x * y;
        }
        const real mean = lanes_fold(&sum);
        for (size_t i = 0; i < stride; ++i) ds[i] = p[i] * (ds[i] - mean);
    }
}

void class_attention_forward(real *out, struct class_attention *attention,
                             const struct class_projections *projections,
                             const float *const *tokens)
{
    const struct attention_shape *shape = &attention->shape;
    const size_t B = shape->images, D = shape->width, H = shape->heads, d = D / H,
                 n = shape->tokens, stride = lanes_stride(n);
    const real scale = 1 / sqrt((real)d);
    real *q = attention->query, *r = attention->absorbed, *z = attention->mixed;

    // q = W_q x_0 / sqrt(d),   r_h = W_k,h^T q_h
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) attention->first[b * D + i] = (real)tokens[b][i];
    product(q, D, left_reals(attention->first, D, PLAIN),
            right_pack(attention->factor, projections->query, D, TRANSPOSED, D, D),
            FP32, B, D, D, 0);
    for (size_t i = 0; i < B * D; ++i) q[i] *= scale;
    for (size_t h = 0; h < H; ++h)
        product(r + h * D, H * D, left_reals(q + h * d, D, PLAIN),
                right_reals(projections->key + h * d * D, D), FP32, B, D, d, 0);

    // p_h = softmax(X r_h),   z_h = X^T p_h
    for (size_t b = 0; b < B; ++b) {
        real *probs = attention->probs + b * H * stride;
        token_rows_dot(probs, stride, r + b * H * D, tokens[b], n, D, H);
        rows_softmax(probs, H, n, stride);
        token_rows_mix(z + b * H * D, probs, stride, tokens[b], n, D, H);
    }

    // out_h = W_v,h z_h
    for (size_t h = 0; h < H; ++h)
        product(out + h * d, D, left_reals(z + h * D, H * D, PLAIN),
                right_pack(attention->factor, projections->value + h * d * D, D,
                           TRANSPOSED, D, d),
                FP32, B, d, D, 0);
}

// From dr: dW_k,h = q_h^T dr_h,   dq_h = W_k,h dr_h / sqrt(d),   dW_q = dq^T x_0.
static void absorbed_backward(const struct class_projections *dprojections,
                              struct class_attention *attention,
                              const struct class_projections *projections)
{
    const struct attention_shape *shape = &attention->shape;
    const size_t B = shape->images, D = shape->width, H = shape->heads, d = D / H;
    const real scale = 1 / sqrt((real)d), *dr = attention->dmixed;
    real *dq = attention->absorbed; // r has done its work
    if (dprojections->key)
        for (size_t h = 0; h < H; ++h)
            product(dprojections->key + h * d * D, D,
                    left_reals(attention->query + h * d, D, TRANSPOSED),
                    right_reals(dr + h * D, H * D), FP32, d, D, B, 0);
    if (!dprojections->query) return;
    for (size_t h = 0; h < H; ++h)
        product(dq + h * d, D, left_reals(dr + h * D, H * D, PLAIN),
                right_pack(attention->factor, projections->key + h * d * D, D,
                           TRANSPOSED, D, d),
                FP32, B, d, D, 0);
    for (size_t i = 0; i < B * D; ++i) dq[i] *= scale;
    product(dprojections->query, D, left_reals(dq, D, TRANSPOSED),
            right_reals(attention->first, D), FP32, D, D, B, 0);
}

void class_attention_backward(const struct class_projections *dprojections,
                              const real *dout, struct class_attention *attention,
                              const struct class_projections *projections,
                              const float *const *tokens)
{
    const struct attention_shape *shape = &attention->shape;
    const size_t B = shape->images, D = shape->width, H = shape->heads, d = D / H,
                 n = shape->tokens, stride = lanes_stride(n);

    // out_h = W_v,h z_h
    if (dprojections->value)
        for (size_t h = 0; h < H; ++h)
            product(dprojections->value + h * d * D, D,
                    left_reals(dout + h * d, D, TRANSPOSED),
                    right_reals(attention->mixed + h * D, H * D), FP32, d, D, B, 0);
    if (!dprojections->query && !dprojections->key) return;
    for (size_t h = 0; h < H; ++h)
        product(attention->dmixed + h * D, H * D, left_reals(dout + h * d, D, PLAIN),
                right_reals(projections->value + h * d * D, D), FP32, B, D, d, 0);

    // z_h = X^T p_h,   p_h = softmax(X r_h); dr_h takes the place of dz_h.
    for (size_t b = 0; b < B; ++b) {
        real *dmixed = attention->dmixed + b * H * D;
        token_rows_dot(attention->dscores, stride, dmixed, tokens[b], n, D, H);
        rows_softmax_backward(attention->dscores, attention->probs + b * H * stride, H,
                              n, stride);
        token_rows_mix(dmixed, attention->dscores, stride, tokens[b], n, D, H);
    }
    absorbed_backward(dprojections, attention, projections);
}
