#include "core/model/block.h"

#include "core/base/die.h"
#include "core/model/identity_mixing.h"

#include <string.h>

void block_list(struct parameters *parameters, const char *prefix, size_t base,
                size_t width)
{
    const size_t D = width, I = MLP_RATIO * width;
#define AT(member) offsetof(struct block, member)
    const struct parameter_entry entries[BLOCK_TENSORS] = {
        {"norm1.weight", AT(norm1.weight), 1, {D}, INITIAL_ONE, 0},
        {"norm1.bias", AT(norm1.bias), 1, {D}, INITIAL_ZERO, 0},
        {"attn.qkv.weight", AT(attn.qkv.weight), 2, {3 * D, D}, INITIAL_FAN_IN, D},
        {"attn.proj.weight", AT(attn.proj.weight), 2, {D, D}, INITIAL_FAN_IN, D},
        {"attn.proj.bias", AT(attn.proj.bias), 1, {D}, INITIAL_FAN_IN, D},
        {"norm2.weight", AT(norm2.weight), 1, {D}, INITIAL_ONE, 0},
        {"norm2.bias", AT(norm2.bias), 1, {D}, INITIAL_ZERO, 0},
        {"mlp.fc1.weight", AT(mlp.fc1.weight), 2, {I, D}, INITIAL_FAN_IN, D},
        {"mlp.fc1.bias", AT(mlp.fc1.bias), 1, {I}, INITIAL_FAN_IN, D},
        {"mlp.fc2.weight", AT(mlp.fc2.weight), 2, {D, I}, INITIAL_FAN_IN, I},
        {"mlp.fc2.bias", AT(mlp.fc2.bias), 1, {D}, INITIAL_FAN_IN, I},
    };
#undef AT
    parameters_list(parameters, prefix, base, entries, BLOCK_TENSORS);
}

void block_list_qkv_bias(struct parameters *parameters, const char *prefix, size_t base,
                         size_t width)
{
    const struct parameter_entry entry = {"attn.qkv.bias",
                                          offsetof(struct block, attn.qkv.bias),
                                          1,
                                          {3 * width},
                                          INITIAL_ZERO,
                                          0};
    parameters_list(parameters, prefix, base, &entry, 1);
}

void block_trace_open(struct block_trace *trace, enum arithmetic arithmetic,
                      const struct attention_shape *shape, struct reserve *reserve)
{
    const size_t rows = attention_rows(shape), D = shape->width;
    const size_t numbers = size_product(rows, D);
    // One a row, or one a feature of each image.
    const size_t scales = shape->images * (shape->tokens > D ? shape->tokens : D);
    trace->kind = (struct block_kind){0};
    trace->normal1 = reserve_reals(reserve, numbers);
    trace->rstd1 = reserve_reals(reserve, scales);
    activation_open(&trace->normed1, arithmetic, rows, D, reserve);
    activation_open(&trace->qkv, arithmetic, rows, 3 * D, reserve);
    trace->probs = reserve_reals(reserve, attention_probs(shape));
    activation_open(&trace->mixed, arithmetic, rows, D, reserve);
    trace->normal2 = reserve_reals(reserve, numbers);
    trace->rstd2 = reserve_reals(reserve, scales);
    activation_open(&trace->normed2, arithmetic, rows, D, reserve);
    activation_open_strided(&trace->mlp.active, arithmetic, rows, MLP_RATIO * D,
                            reserve);
    trace->mlp.slope = reserve_reals(reserve, MLP_RATIO * numbers);
}

void block_work_open(struct block_work *work, enum arithmetic arithmetic,
                     const struct attention_shape *shape, size_t columns,
                     struct reserve *reserve)
{
    const size_t rows = attention_rows(shape), D = shape->width, I = MLP_RATIO * D;
    work->arithmetic = arithmetic;
    work->dnormed_images = NULL;
    for (int c = 0; c < 2; ++c)
        work->chunk[c] = reserve_reals(reserve, BLOCK_PIECE * I);
    attention_work_open(&work->attention, arithmetic, shape, reserve);
    activation_open(&work->queries, arithmetic, rows, D, reserve);
    if (reserve->mode == INFER) return;
    work->dnormed = reserve_reals(reserve, BLOCK_PIECE * D);
    activation_open_from_reals(&work->dstream, arithmetic, rows, D, reserve);
    activation_open(&work->dmixed, arithmetic, rows, D, reserve);
    activation_open(&work->dqkv, arithmetic, rows, 3 * D, reserve);
    activation_open_strided(&work->dinner, arithmetic, rows, I, reserve);
    activation_open(&work->dqueries, arithmetic, rows, D, reserve);
    for (int f = 0; f < 2; ++f)
        work->storage[f] = reserve_bytes(
            reserve, linear_operand_bytes(arithmetic, columns > I ? columns : I));
}

static size_t piece_rows(size_t first, size_t rows)
{
    return rows - first < BLOCK_PIECE ? rows - first : BLOCK_PIECE;
}

// qkv(LN1(x)) of all R rows.
static void qkv_forward(const real *x, struct block_trace *trace,
                        struct block_work *work, const struct block *block, size_t R,
                        size_t D)
{
    for (size_t r = 0; r < R; r += BLOCK_PIECE) {
        const size_t rows = piece_rows(r, R);
        real *normed = activation_rows(&trace->normed1, work->chunk[0], r);
        norm_forward(normed, trace->normal1 + r * D, trace->rstd1 + r, x + r * D,
                     &block->norm1, trace->kind.norm, rows, D);
        activation_commit(&trace->normed1, normed, r, rows);
        real *qkv = activation_rows(&trace->qkv, work->chunk[0], r);
        linear_forward(qkv, activation_operand_a(&trace->normed1, r, 0),
                       &block->attn.qkv, work->arithmetic, rows, 3 * D, D, 0);
        activation_commit(&trace->qkv, qkv, r, rows);
    }
}

// x += proj(what attention mixed) for rows r..r+rows-1.
static void add_mixed(real *x, const struct block_trace *trace,
                      const struct block_work *work, const struct block *block,
                      size_t r, size_t rows, size_t D)
{
    linear_forward(x + r * D, activation_operand_a(&trace->mixed, r, 0),
                   &block->attn.proj, work->arithmetic, rows, D, D, 1);
}

// x += proj(what attention mixed), then x += mlp(LN2(x)), for R rows. Of NORM_BATCH the second
// alone: it cannot begin before the first has ended.
static void add_branches(real *x, struct block_trace *trace, struct block_work *work,
                         const struct block *block, size_t R, size_t D)
{
    const enum norm norm = trace->kind.norm;
    for (size_t r = 0; r < R; r += BLOCK_PIECE) {
        const size_t rows = piece_rows(r, R);
        if (norm != NORM_BATCH) add_mixed(x, trace, work, block, r, rows, D);
        real *normed = activation_rows(&trace->normed2, work->chunk[0], r);
        norm_forward(normed, trace->normal2 + r * D, trace->rstd2 + r, x + r * D,
                     &block->norm2, norm, rows, D);
        activation_commit(&trace->normed2, normed, r, rows);
        mlp_forward(x + r * D, &trace->mlp, r, work->chunk,
                    activation_operand_a(&trace->normed2, r, 0), &block->mlp, rows, D);
    }
}

void block_forward(real *x, struct block_trace *trace, struct block_work *work,
                   const struct block *block, const struct attention_shape *shape)
{
    const size_t R = attention_rows(shape), D = shape->width, B = shape->images,
                 T = shape->tokens;
    const enum norm norm = trace->kind.norm;
    norm_begin(trace->normal1, trace->rstd1, x, norm, B, T, D);
    qkv_forward(x, trace, work, block, R, D);
    if (trace->kind.mixing == MIXING_IDENTITY)
        identity_mixing_forward(&trace->mixed, &trace->qkv, R);
    else
        attention_forward(&trace->mixed, trace->probs, &work->attention, &trace->qkv,
                          shape);
    for (size_t r = 0; norm == NORM_BATCH && r < R; r += BLOCK_PIECE)
        add_mixed(x, trace, work, block, r, piece_rows(r, R), D);
    norm_begin(trace->normal2, trace->rstd2, x, norm, B, T, D);
    add_branches(x, trace, work, block, R, D);
}

int block_leaves_out(struct block_kind kind)
{
    return kind.norm != NORM_BATCH && kind.mixing == MIXING_ATTENTION;
}

// The row of all B T where entry i of the list is.
static size_t listed_row(struct token_list some, size_t i, size_t tokens)
{
    return i / some.count * tokens + (size_t)some.token[i];
}

static void queries_gather(struct block_work *work, const struct block_trace *trace,
                           const struct attention_shape *shape, struct token_list some)
{
    require(some.count > 0 && some.count <= shape->tokens, "%zu of %zu tokens",
            some.count, shape->tokens);
    for (size_t i = 0; i < shape->images * some.count; ++i)
        activation_copy_row(&work->queries, i, &trace->qkv,
                            listed_row(some, i, shape->tokens), shape->width);
    activation_end(&work->queries, shape->images * some.count);
}

void block_forward_some(real *y, const real *x, struct block_trace *trace,
                        struct block_work *work, const struct block *block,
                        const struct attention_shape *shape, struct token_list some)
{
    const size_t D = shape->width, R = shape->images * some.count;
    require(block_leaves_out(trace->kind), "a block that needs all of its tokens");
    qkv_forward(x, trace, work, block, attention_rows(shape), D);
    queries_gather(work, trace, shape, some);
    attention_forward_some(&trace->mixed, trace->probs, &work->attention,
                           &work->queries, some.count, &trace->qkv, shape);
    for (size_t i = 0; i < R; ++i)
        memcpy(y + i * D, x + listed_row(some, i, shape->tokens) * D, D * sizeof(real));
    add_branches(y, trace, work, block, R, D);
}

// dW = dout^T in, over all rows.
static void weight_gradient(const struct linear *dlinear, const struct activation *dout,
                            const struct activation *in, struct block_work *work,
                            size_t rows, size_t n, size_t k)
{
    linear_backward_weight(dlinear->weight, dout, 0, in, 0, work->storage, rows, n, k,
                           0);
}

// Where the gradient by a norm's output goes for the rows from r on: NORM_BATCH needs all of it.
static real *dnormed_rows(const struct block_work *work, enum norm norm, size_t r,
                          size_t D)
{
    return norm == NORM_BATCH ? work->dnormed_images + r * D : work->dnormed;
}

// Backward through x += mlp(LN2(x)); of NORM_BATCH up to work->dnormed_images.
static void perceptron_branch_backward(real *dx, const struct block *dblock,
                                       const struct block_trace *trace,
                                       struct block_work *work,
                                       const struct block *block, size_t R, size_t D)
{
    const size_t I = MLP_RATIO * D;
    const enum norm norm = trace->kind.norm;
    const struct activation dout = activation_from_reals(&work->dstream, dx, R);
    weight_gradient(&dblock->mlp.fc2, &dout, &trace->mlp.active, work, R, D, I);
    linear_backward_bias(dblock->mlp.fc2.bias, dx, R, D);
    memset(dblock->mlp.fc1.bias, 0, I * sizeof(real));
    layernorm_backward_begin(&dblock->norm2, D);
    for (size_t r = 0; r < R; r += BLOCK_PIECE) {
        const size_t rows = piece_rows(r, R);
        real *dnormed = dnormed_rows(work, norm, r, D);
        mlp_backward_input(dnormed, &work->dinner, dblock->mlp.fc1.bias, work->chunk,
                           activation_operand_a(&dout, r, 0), &trace->mlp, r,
                           &block->mlp, rows, D);
        if (norm != NORM_BATCH)
            norm_backward(dx + r * D, &dblock->norm2, dnormed, trace->normal2 + r * D,
                          trace->rstd2 + r, &block->norm2, norm, rows, D);
    }
    weight_gradient(&dblock->mlp.fc1, &work->dinner, &trace->normed2, work, R, I, D);
}

// Backward through x += proj(mixed), up to work->dmixed, for R rows.
static void proj_backward(const real *dx, const struct block *dblock,
                          const struct block_trace *trace, struct block_work *work,
                          const struct block *block, size_t R, size_t D)
{
    const struct activation dout = activation_from_reals(&work->dstream, dx, R);
    weight_gradient(&dblock->attn.proj, &dout, &trace->mixed, work, R, D, D);
    linear_backward_bias(dblock->attn.proj.bias, dx, R, D);
    for (size_t r = 0; r < R; r += BLOCK_PIECE) {
        const size_t rows = piece_rows(r, R);
        real *dmixed = activation_rows(&work->dmixed, work->chunk[0], r);
        linear_backward_input(dmixed, activation_operand_a(&dout, r, 0),
                              &block->attn.proj, work->arithmetic, rows, D, D);
        activation_commit(&work->dmixed, dmixed, r, rows);
    }
    activation_end(&work->dmixed, R);
}

// Backward through qkv(LN1(x)), from work->dqkv; of NORM_BATCH up to work->dnormed_images.
static void qkv_backward(real *dx, const struct block *dblock,
                         const struct block_trace *trace, struct block_work *work,
                         const struct block *block, size_t R, size_t D)
{
    const enum norm norm = trace->kind.norm;
    weight_gradient(&dblock->attn.qkv, &work->dqkv, &trace->normed1, work, R, 3 * D, D);
    layernorm_backward_begin(&dblock->norm1, D);
    for (size_t r = 0; r < R; r += BLOCK_PIECE) {
        const size_t rows = piece_rows(r, R);
        real *dnormed = dnormed_rows(work, norm, r, D);
        linear_backward_input(dnormed, activation_operand_a(&work->dqkv, r, 0),
                              &block->attn.qkv, work->arithmetic, rows, 3 * D, D);
        if (norm != NORM_BATCH)
            norm_backward(dx + r * D, &dblock->norm1, dnormed, trace->normal1 + r * D,
                          trace->rstd1 + r, &block->norm1, norm, rows, D);
    }
}

void block_backward(real *dx, const struct block *dblock,
                    const struct block_trace *trace, struct block_work *work,
                    const struct block *block, const struct attention_shape *shape)
{
    const size_t R = attention_rows(shape), D = shape->width, B = shape->images,
                 T = shape->tokens;
    const int batch = trace->kind.norm == NORM_BATCH;
    require(!batch || work->dnormed_images,
            "a workspace without room for batch normalisation's gradient");
    perceptron_branch_backward(dx, dblock, trace, work, block, R, D);
    if (batch)
        norm_backward_images(dx, &dblock->norm2, work->dnormed_images, trace->normal2,
                             trace->rstd2, &block->norm2, B, T, D);
    proj_backward(dx, dblock, trace, work, block, R, D);
    if (trace->kind.mixing == MIXING_IDENTITY)
        identity_mixing_backward(&work->dqkv, &work->dmixed, R);
    else
        attention_backward(&work->dqkv, &work->attention, &work->dmixed, trace->probs,
                           &trace->qkv, shape);
    qkv_backward(dx, dblock, trace, work, block, R, D);
    if (batch)
        norm_backward_images(dx, &dblock->norm1, work->dnormed_images, trace->normal1,
                             trace->rstd1, &block->norm1, B, T, D);
}

// Rows of the list go where they come from, in dx and in the queries' columns of dqkv; other rows
// become zeros.
static void scatter(real *dx, const real *dy, struct block_work *work,
                    const struct attention_shape *shape, struct token_list some)
{
    const size_t T = shape->tokens, D = shape->width;
    for (size_t r = 0, i = 0; r < attention_rows(shape); ++r) {
        if (i < shape->images * some.count && listed_row(some, i, T) == r) {
            memcpy(dx + r * D, dy + i * D, D * sizeof(real));
            activation_copy_row(&work->dqkv, r, &work->dqueries, i, D);
            ++i;
        } else {
            memset(dx + r * D, 0, D * sizeof(real));
            activation_clear_row(&work->dqkv, r, D);
        }
    }
}

void block_backward_some(real *dx, real *dy, const struct block *dblock,
                         const struct block_trace *trace, struct block_work *work,
                         const struct block *block, const struct attention_shape *shape,
                         struct token_list some)
{
    const size_t D = shape->width, R = shape->images * some.count;
    perceptron_branch_backward(dy, dblock, trace, work, block, R, D);
    proj_backward(dy, dblock, trace, work, block, R, D);
    queries_gather(work, trace, shape, some);
    attention_backward_some(&work->dqueries, &work->dqkv, &work->attention,
                            &work->dmixed, trace->probs, &work->queries, some.count,
                            &trace->qkv, shape);
    scatter(dx, dy, work, shape, some);
    qkv_backward(dx, dblock, trace, work, block, attention_rows(shape), D);
}
