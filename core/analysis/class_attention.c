#include "core/analysis/class_attention.h"

#include <tgmath.h>

#include "core/analysis/token_rows.h"
#include "core/base/die.h"
#include "core/linalg/product.h"
#include "core/model/lanes.h"
#include "core/model/linear.h"
#include "core/model/softmax.h"

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
        .scores = arena_reals(arena, H * stride),
        .factor = arena_reals(arena, operand_b_size(D, D)),
    };
}

// Adds `row` (D) to each of B rows.
static void rows_add(real *rows, const real *row, size_t B, size_t D)
{
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) rows[b * D + i] += row[i];
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

    // q = (W_q x_0 + b_q) / sqrt(d),   r_h = W_k,h^T q_h
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) attention->first[b * D + i] = (real)tokens[b][i];
    product(q, D, operand_a(attention->first, D, PLAIN),
            operand_b_pack(attention->factor, projections->query, D, TRANSPOSED, D, D),
            FP32, B, D, D, 0);
    if (projections->query_bias) rows_add(q, projections->query_bias, B, D);
    for (size_t i = 0; i < B * D; ++i) q[i] *= scale;
    for (size_t h = 0; h < H; ++h)
        product(r + h * D, H * D, operand_a(q + h * d, D, PLAIN),
                operand_b(projections->key + h * d * D, D), FP32, B, D, d, 0);

    // p_h = softmax(X r_h),   z_h = X^T p_h
    for (size_t b = 0; b < B; ++b) {
        real *probs = attention->probs + b * H * stride;
        token_rows_dot(attention->scores, stride, r + b * H * D, tokens[b], n, D, H);
        softmax_rows(probs, attention->scores, H, n, stride, 1);
        token_rows_mix(z + b * H * D, probs, stride, tokens[b], n, D, H);
    }

    // out_h = W_v,h z_h + b_v,h
    for (size_t h = 0; h < H; ++h)
        product(out + h * d, D, operand_a(z + h * D, H * D, PLAIN),
                operand_b_pack(attention->factor, projections->value + h * d * D, D,
                               TRANSPOSED, D, d),
                FP32, B, d, D, 0);
    if (projections->value_bias) rows_add(out, projections->value_bias, B, D);
}

// From dr: dW_k,h = q_h^T dr_h,   dq_h = W_k,h dr_h / sqrt(d),   dW_q = dq^T x_0,   and db_q is the
// sum of dq.
static void absorbed_backward(const struct class_projections *dprojections,
                              struct class_attention *attention,
                              const struct class_projections *projections)
{
    const struct attention_shape *shape = &attention->shape;
    const size_t B = shape->images, D = shape->width, H = shape->heads, d = D / H;
    const real scale = 1 / sqrt((real)d), *dr = attention->dmixed;
    real *dq = attention->absorbed; // r is no longer needed
    if (dprojections->key)
        for (size_t h = 0; h < H; ++h)
            product(dprojections->key + h * d * D, D,
                    operand_a(attention->query + h * d, D, TRANSPOSED),
                    operand_b(dr + h * D, H * D), FP32, d, D, B, 0);
    if (!dprojections->query) return;
    for (size_t h = 0; h < H; ++h)
        product(dq + h * d, D, operand_a(dr + h * D, H * D, PLAIN),
                operand_b_pack(attention->factor, projections->key + h * d * D, D,
                               TRANSPOSED, D, d),
                FP32, B, d, D, 0);
    for (size_t i = 0; i < B * D; ++i) dq[i] *= scale;
    if (dprojections->query_bias)
        linear_backward_bias(dprojections->query_bias, dq, B, D);
    product(dprojections->query, D, operand_a(dq, D, TRANSPOSED),
            operand_b(attention->first, D), FP32, D, D, B, 0);
}

void class_attention_backward(const struct class_projections *dprojections,
                              const real *dout, struct class_attention *attention,
                              const struct class_projections *projections,
                              const float *const *tokens)
{
    const struct attention_shape *shape = &attention->shape;
    const size_t B = shape->images, D = shape->width, H = shape->heads, d = D / H,
                 n = shape->tokens, stride = lanes_stride(n);

    // out_h = W_v,h z_h + b_v,h
    if (dprojections->value_bias)
        linear_backward_bias(dprojections->value_bias, dout, B, D);
    if (dprojections->value)
        for (size_t h = 0; h < H; ++h)
            product(dprojections->value + h * d * D, D,
                    operand_a(dout + h * d, D, TRANSPOSED),
                    operand_b(attention->mixed + h * D, H * D), FP32, d, D, B, 0);
    if (!dprojections->query && !dprojections->key) return;
    for (size_t h = 0; h < H; ++h)
        product(attention->dmixed + h * D, H * D, operand_a(dout + h * d, D, PLAIN),
                operand_b(projections->value + h * d * D, D), FP32, B, D, d, 0);

    // z_h = X^T p_h,   p_h = softmax(X r_h); dr_h overwrites dz_h.
    for (size_t b = 0; b < B; ++b) {
        real *dmixed = attention->dmixed + b * H * D;
        token_rows_dot(attention->scores, stride, dmixed, tokens[b], n, D, H);
        softmax_rows_backward(attention->scores, attention->probs + b * H * stride, H,
                              n, stride, 1);
        token_rows_mix(dmixed, attention->scores, stride, tokens[b], n, D, H);
    }
    absorbed_backward(dprojections, attention, projections);
}
