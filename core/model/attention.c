#include "core/model/attention.h"

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/model/exponential.h"
#include "core/model/lanes.h"

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
    work->head = reserve_reals(reserve, 3 * size_product(T, d));
    for (int f = 0; f < 5; ++f)
        work->factor[f] = reserve_bytes(
            reserve, factor_bytes(arithmetic, T > ATTENTION_PIECE ? T : ATTENTION_PIECE,
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

// Far below any score: its exponential is exactly 0.
#define PADDING ((real)-1e30)

// Each row of probs becomes the distribution softmax(scale scores), scale > 0, of n scores, with zeros
// behind it. Rows have `stride` numbers, whole lanes, so that there is no tail with a different
// formula; scores is destroyed.
static KERNEL void softmax_forward(real *restrict probs, real *restrict scores,
                                   size_t rows, size_t n, size_t stride, real scale)
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

        // Exponentials, their sum, their share of it.
        for (size_t i = 0; i < stride; ++i)
            row[i] = exp_negative(scale * (row[i] - largest));
        lanes_load(&sum, row);
        for (size_t i = LANES; i < stride; i += LANES) {
            lanes_load(&x, row + i);
            sum += x;
        }
        real share = 1 / lanes_fold(&sum);
        for (size_t i = 0; i < stride; ++i) p[i] = row[i] * share;
    }
}

// dscores (rows, stride), on entry dP in the first n columns, becomes
// scale P (dP - sum of dP P), the gradient by Q K^T.
static KERNEL void softmax_backward(real *restrict dscores, const real *restrict probs,
                                    size_t rows, size_t n, size_t stride, real scale)
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
        real mean = lanes_fold(&sum);
        for (size_t i = 0; i < stride; ++i) ds[i] = scale * p[i] * (ds[i] - mean);
    }
}

// The queries, keys and values of a head are columns of the packed projection.
struct head {
    size_t first;   // row of the image's first token
    size_t q, k, v; // columns
    size_t out;     // column in the output
};

static struct head head_at(const struct attention_shape *shape, size_t image,
                           size_t number)
{
    const size_t D = shape->width, column = number * (D / shape->heads);
    return (struct head){image * shape->tokens, column, D + column, 2 * D + column,
                         column};
}

void attention_forward(const struct activation *out, real *probs,
                       struct attention_work *work, const struct activation *qkv,
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
            const struct head at = head_at(shape, b, h);
            struct right keys = activation_right(qkv, work->factor[0], at.first, at.k,
                                                 TRANSPOSED, d, T);
            struct right values =
                activation_right(qkv, work->factor[1], at.first, at.v, PLAIN, T, d);
            for (size_t i = 0, rows; i < T; i += rows) {
                rows = T - i < ATTENTION_PIECE ? T - i : ATTENTION_PIECE;
                real *p = probs + ((b * H + h) * T + i) * stride;
                product(work->scores, stride, activation_left(qkv, at.first + i, at.q),
                        keys, arithmetic, rows, T, d, 0);
                softmax_forward(p, work->scores, rows, T, stride, scale);

                size_t ld;
                real *o = activation_target_columns(&ld, out, work->head, at.first + i,
                                                    at.out, d);
                product(
                    o, ld,
                    reals_left(arithmetic, work->factor[2], p, stride, PLAIN, rows, T),
                    values, arithmetic, rows, d, T, 0);
                activation_keep_columns(out, o, ld, at.first + i, rows, at.out, d);
            }
        }
    phase_enter(before);
}

void attention_backward(const struct activation *dqkv, struct attention_work *work,
                        const struct activation *dout, const real *probs,
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
            const struct head at = head_at(shape, b, h);
            struct right keys =
                activation_right(qkv, work->factor[0], at.first, at.k, PLAIN, T, d);
            struct right values = activation_right(qkv, work->factor[1], at.first, at.v,
                                                   TRANSPOSED, d, T);
            size_t ld;
            real *dq =
                activation_target_columns(&ld, dqkv, work->head, at.first, at.q, d);
            real *dk = activation_target_columns(&ld, dqkv, work->head + T * d,
                                                 at.first, at.k, d);
            real *dv = activation_target_columns(&ld, dqkv, work->head + 2 * T * d,
                                                 at.first, at.v, d);
            for (size_t i = 0, rows; i < T; i += rows) {
                rows = T - i < ATTENTION_PIECE ? T - i : ATTENTION_PIECE;
                const real *p = probs + ((b * H + h) * T + i) * stride;
                real *ds = work->scores;
                struct right douts = activation_right(
                    dout, work->factor[2], at.first + i, at.out, PLAIN, rows, d);
                struct right queries = activation_right(
                    qkv, work->factor[3], at.first + i, at.q, PLAIN, rows, d);

                // out = P V
                product(dv, ld,
                        reals_left(arithmetic, work->factor[4], p, stride, TRANSPOSED,
                                   T, rows),
                        douts, arithmetic, T, d, rows, i > 0);
                product(ds, stride, activation_left(dout, at.first + i, at.out), values,
                        arithmetic, rows, T, d, 0);

                // P = softmax(scale Q K^T)
                softmax_backward(ds, p, rows, T, stride, scale);
                product(
                    dq + i * ld, ld,
                    reals_left(arithmetic, work->factor[4], ds, stride, PLAIN, rows, T),
                    keys, arithmetic, rows, d, T, 0);
                product(dk, ld,
                        reals_left(arithmetic, work->factor[4], ds, stride, TRANSPOSED,
                                   T, rows),
                        queries, arithmetic, T, d, rows, i > 0);
            }
            activation_keep_columns(dqkv, dq, ld, at.first, T, at.q, d);
            activation_keep_columns(dqkv, dk, ld, at.first, T, at.k, d);
            activation_keep_columns(dqkv, dv, ld, at.first, T, at.v, d);
        }
    phase_enter(before);
}
