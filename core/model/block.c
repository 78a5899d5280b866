#include "core/model/block.h"

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

void block_trace_open(struct block_trace *trace, const struct attention_shape *shape,
                      struct reserve *reserve)
{
    const size_t rows = attention_rows(shape), thin = size_product(rows, shape->width);
    *trace = (struct block_trace){
        .normal1 = reserve_reals(reserve, thin),
        .rstd1 = reserve_reals(reserve, rows),
        .qkv = reserve_reals(reserve, 3 * thin),
        .probs = reserve_reals(reserve, attention_probs(shape)),
        .mixed = reserve_reals(reserve, thin),
        .normal2 = reserve_reals(reserve, thin),
        .rstd2 = reserve_reals(reserve, rows),
        .active = reserve_reals(reserve, MLP_RATIO * thin),
        .slope = reserve_reals(reserve, MLP_RATIO * thin),
    };
}

void block_work_open(struct block_work *work, const struct attention_shape *shape,
                     struct reserve *reserve)
{
    const size_t thin = size_product(attention_rows(shape), shape->width);
    *work = (struct block_work){
        .normed = reserve_reals(reserve, thin),
        .thin = reserve_reals(reserve, thin),
        .wide = reserve_reals(reserve, MLP_RATIO * thin),
        .dscores = reserve_reals(reserve, attention_work(shape)),
    };
}

void block_forward(real *x, struct block_trace *trace, struct block_work *work,
                   const struct block *block, const struct attention_shape *shape)
{
    const size_t R = attention_rows(shape), D = shape->width;

    // x += proj(attention(qkv(LN1(x))))
    layernorm_forward(work->normed, trace->normal1, trace->rstd1, x, &block->norm1, R,
                      D);
    linear_forward(trace->qkv, work->normed, &block->attn.qkv, R, 3 * D, D, 0);
    attention_forward(trace->mixed, trace->probs, trace->qkv, shape);
    linear_forward(x, trace->mixed, &block->attn.proj, R, D, D, 1);

    // x += mlp(LN2(x))
    layernorm_forward(work->normed, trace->normal2, trace->rstd2, x, &block->norm2, R,
                      D);
    mlp_forward(x, trace->active, trace->slope, work->normed, &block->mlp, R, D);
}

void block_backward(real *dx, const struct block *dblock,
                    const struct block_trace *trace, struct block_work *work,
                    const struct block *block, const struct attention_shape *shape)
{
    const size_t R = attention_rows(shape), D = shape->width;

    // x += mlp(LN2(x))
    layernorm_scale(work->normed, trace->normal2, &block->norm2, R, D);
    mlp_backward(work->thin, &dblock->mlp, work->wide, dx, trace->active, trace->slope,
                 work->normed, &block->mlp, R, D);
    layernorm_backward(dx, &dblock->norm2, work->thin, trace->normal2, trace->rstd2,
                       &block->norm2, R, D);

    // x += proj(attention(qkv(LN1(x))))
    linear_backward(work->thin, &dblock->attn.proj, dx, trace->mixed, &block->attn.proj,
                    R, D, D);
    attention_backward(work->wide, work->dscores, work->thin, trace->probs, trace->qkv,
                       shape);
    layernorm_scale(work->normed, trace->normal1, &block->norm1, R, D);
    linear_backward(work->thin, &dblock->attn.qkv, work->wide, work->normed,
                    &block->attn.qkv, R, 3 * D, D);
    layernorm_backward(dx, &dblock->norm1, work->thin, trace->normal1, trace->rstd1,
                       &block->norm1, R, D);
}
