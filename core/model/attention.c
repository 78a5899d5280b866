#include "core/model/attention.h"

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/model/lanes.h"
#include "core/model/softmax.h"

#include <string.h>
#include <tgmath.h>

size_t attention_rows(const struct attention_shape *shape)
{
    return size_product(shape->images, shape->tokens);
}

size_t attention_probs(const struct attention_shape *shape)
{
    return size_product(size_product(shape->images, shape->heads),
                        size_product(shape->tokens, lanes_stride(shape->tokens)));
}

void attention_work_open(struct attention_work *work, enum arithmetic arithmetic,
                         const struct attention_shape *shape, struct reserve *reserve)
{
    const size_t T = shape->tokens, d = shape->width / shape->heads;
    work->scores = reserve_reals(reserve, ATTENTION_PIECE * lanes_stride(T));
    for (int c = 0; c < 3; ++c)
        work->head[c] =
            arithmetic == FP32 ? NULL : reserve_reals(reserve, size_product(T, d));
    for (int f = 0; f < 5; ++f)
        work->storage[f] = reserve_bytes(
            reserve,
            operand_bytes(arithmetic, T > ATTENTION_PIECE ? T : ATTENTION_PIECE,
                          T > d ? T : d));
}

static void shape_check(const struct attention_shape *shape)
{
    require(shape->images > 0 && shape->tokens > 0 && shape->heads > 0,
            "attention over %zu images, %zu tokens, %zu heads", shape->images,
            shape->tokens, shape->heads);
    require(shape->width % shape->heads == 0, "width %zu is not divided by %zu heads",
            shape->width, shape->heads);
}

// The queries, keys and values of a head are columns of the packed projection.
struct head {
    size_t first;   // row of the image's first token
    size_t query;   // row of its first query
    size_t q, k, v; // columns
    size_t out;     // column in the output
};

static struct head head_at(const struct attention_shape *shape, size_t count,
                           size_t image, size_t number)
{
    const size_t D = shape->width, column = number * (D / shape->heads);
    return (struct head){.first = image * shape->tokens,
                         .query = image * count,
                         .q = column,
                         .k = D + column,
                         .v = 2 * D + column,
                         .out = column};
}

void attention_forward(const struct activation *out, real *probs,
                       struct attention_work *work, const struct activation *qkv,
                       const struct attention_shape *shape)
{
    attention_forward_some(out, probs, work, qkv, shape->tokens, qkv, shape);
}

void attention_forward_some(const struct activation *out, real *probs,
                            struct attention_work *work,
                            const struct activation *queries, size_t count,
                            const struct activation *qkv,
                            const struct attention_shape *shape)
{
    shape_check(shape);
    enum phase before = phase_enter(PHASE_ATTENTION);
    const size_t T = shape->tokens, H = shape->heads, d = shape->width / H;
    const size_t stride = lanes_stride(T);
    const enum arithmetic arithmetic = qkv->arithmetic;
    const real scale = 1 / sqrt((real)d);
    for (size_t b = 0; b < shape->images; ++b)
        for (size_t h = 0; h < H; ++h) {
            const struct head at = head_at(shape, count, b, h);
            struct operand_b keys = activation_operand_b(
                qkv, work->storage[0], at.first, at.k, TRANSPOSED, d, T);
            struct operand_b values = activation_operand_b(qkv, work->storage[1],
                                                           at.first, at.v, PLAIN, T, d);
            for (size_t i = 0, rows; i < count; i += rows) {
                rows = count - i < ATTENTION_PIECE ? count - i : ATTENTION_PIECE;
                real *p = probs + ((b * H + h) * count + i) * stride;
                product(work->scores, stride,
                        activation_operand_a(queries, at.query + i, at.q), keys,
                        arithmetic, rows, T, d, 0);
                softmax_rows(p, work->scores, rows, T, stride, scale);

                size_t ld;
                real *o = activation_columns(&ld, out, work->head[0], at.query + i,
                                             at.out, d);
                product(o, ld,
                        reals_operand_a(arithmetic, work->storage[2], p, stride, PLAIN,
                                        rows, T),
                        values, arithmetic, rows, d, T, 0);
                activation_commit_columns(out, o, ld, at.query + i, rows, at.out, d);
            }
        }
    phase_enter(before);
}

void attention_backward(const struct activation *dqkv, struct attention_work *work,
                        const struct activation *dout, const real *probs,
                        const struct activation *qkv,
                        const struct attention_shape *shape)
{
    attention_backward_some(dqkv, dqkv, work, dout, probs, qkv, shape->tokens, qkv,
                            shape);
}

void attention_backward_some(const struct activation *dqueries,
                             const struct activation *dqkv, struct attention_work *work,
                             const struct activation *dout, const real *probs,
                             const struct activation *queries, size_t count,
                             const struct activation *qkv,
                             const struct attention_shape *shape)
{
    shape_check(shape);
    enum phase before = phase_enter(PHASE_ATTENTION);
    const size_t T = shape->tokens, H = shape->heads, d = shape->width / H;
    const size_t stride = lanes_stride(T);
    const enum arithmetic arithmetic = qkv->arithmetic;
    const real scale = 1 / sqrt((real)d);
    for (size_t b = 0; b < shape->images; ++b)
        for (size_t h = 0; h < H; ++h) {
            const struct head at = head_at(shape, count, b, h);
            struct operand_b keys = activation_operand_b(qkv, work->storage[0],
                                                         at.first, at.k, PLAIN, T, d);
            struct operand_b values = activation_operand_b(
                qkv, work->storage[1], at.first, at.v, TRANSPOSED, d, T);
            size_t ld, ldq;
            real *dq =
                activation_columns(&ldq, dqueries, work->head[0], at.query, at.q, d);
            real *dk = activation_columns(&ld, dqkv, work->head[1], at.first, at.k, d);
            real *dv = activation_columns(&ld, dqkv, work->head[2], at.first, at.v, d);
            for (size_t i = 0, rows; i < count; i += rows) {
                rows = count - i < ATTENTION_PIECE ? count - i : ATTENTION_PIECE;
                const real *p = probs + ((b * H + h) * count + i) * stride;
                real *ds = work->scores;
                struct operand_b douts = activation_operand_b(
                    dout, work->storage[2], at.query + i, at.out, PLAIN, rows, d);
                struct operand_b q = activation_operand_b(
                    queries, work->storage[3], at.query + i, at.q, PLAIN, rows, d);

                // out = P V
                product(dv, ld,
                        reals_operand_a(arithmetic, work->storage[4], p, stride,
                                        TRANSPOSED, T, rows),
                        douts, arithmetic, T, d, rows, i > 0);
                product(ds, stride, activation_operand_a(dout, at.query + i, at.out),
                        values, arithmetic, rows, T, d, 0);

                // P = softmax(scale Q K^T)
                softmax_rows_backward(ds, p, rows, T, stride, scale);
                product(dq + i * ldq, ldq,
                        reals_operand_a(arithmetic, work->storage[4], ds, stride, PLAIN,
                                        rows, T),
                        keys, arithmetic, rows, d, T, 0);
                product(dk, ld,
                        reals_operand_a(arithmetic, work->storage[4], ds, stride,
                                        TRANSPOSED, T, rows),
                        q, arithmetic, T, d, rows, i > 0);
            }
            activation_commit_columns(dqueries, dq, ldq, at.query, count, at.q, d);
            activation_commit_columns(dqkv, dk, ld, at.first, T, at.k, d);
            activation_commit_columns(dqkv, dv, ld, at.first, T, at.v, d);
        }
    phase_enter(before);
}
