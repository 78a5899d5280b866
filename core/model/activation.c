#include "core/model/activation.h"

#include "core/base/die.h"

void activation_open(struct activation *activation, enum arithmetic arithmetic,
                     size_t rows, size_t width, struct reserve *reserve)
{
    require(arithmetic == FP32, "only fp32 so far");
    *activation = (struct activation){
        .arithmetic = arithmetic,
        .data = reserve_reals(reserve, size_product(rows, width)),
        .width = width,
        .stride = width,
    };
}

void activation_open_room(struct activation *room, enum arithmetic arithmetic,
                          size_t rows, size_t width, struct reserve *reserve)
{
    if (arithmetic == FP32)
        *room = (struct activation){FP32, NULL, width, width};
    else
        activation_open(room, arithmetic, rows, width, reserve);
}

static real *reals_at(const struct activation *activation, size_t first, size_t column)
{
    return (real *)activation->data + first * activation->stride + column;
}

struct activation activation_of(const struct activation *room, const real *x,
                                size_t rows)
{
    (void)rows;
    struct activation alias = *room;
    alias.data = (real *)x;
    return alias;
}

real *activation_target(const struct activation *activation, real *chunk, size_t first)
{
    (void)chunk;
    return reals_at(activation, first, 0);
}

void activation_keep(const struct activation *activation, const real *source,
                     size_t first, size_t rows)
{
    (void)activation, (void)source, (void)first, (void)rows;
}

real *activation_target_columns(size_t *stride, const struct activation *activation,
                                real *chunk, size_t first, size_t column,
                                size_t columns)
{
    (void)chunk, (void)columns;
    *stride = activation->stride;
    return reals_at(activation, first, column);
}

void activation_keep_columns(const struct activation *activation, const real *source,
                             size_t stride, size_t first, size_t rows, size_t column,
                             size_t columns)
{
    (void)activation, (void)source, (void)stride, (void)first, (void)rows;
    (void)column, (void)columns;
}

struct left activation_left(const struct activation *activation, size_t first,
                            size_t column)
{
    return left_reals(reals_at(activation, first, column), activation->stride, PLAIN);
}

struct left activation_left_transposed(const struct activation *activation,
                                       void *storage, size_t first, size_t column,
                                       size_t m, size_t k)
{
    (void)storage, (void)m, (void)k;
    return left_reals(reals_at(activation, first, column), activation->stride,
                      TRANSPOSED);
}

struct right activation_right(const struct activation *activation, void *storage,
                              size_t first, size_t column, enum transpose op, size_t k,
                              size_t n)
{
    const real *x = reals_at(activation, first, column);
    return op == PLAIN ? right_reals(x, activation->stride)
                       : right_pack(storage, x, activation->stride, op, k, n);
}

struct left reals_left(enum arithmetic arithmetic, void *storage, const real *x,
                       size_t ld, enum transpose op, size_t m, size_t k)
{
    (void)arithmetic, (void)storage, (void)m, (void)k;
    return left_reals(x, ld, op);
}

struct right reals_right(enum arithmetic arithmetic, void *storage, const real *x,
                         size_t ld, enum transpose op, size_t k, size_t n)
{
    (void)arithmetic;
    return right_pack(storage, x, ld, op, k, n);
}

size_t factor_bytes(enum arithmetic arithmetic, size_t rows, size_t columns)
{
    (void)arithmetic;
    size_t one = right_reals_size(rows, columns),
           other = right_reals_size(columns, rows);
    return (one > other ? one : other) * sizeof(real);
}
