#include "core/analysis/last_block.h"

#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/model/gelu.h"

enum { NORM_TENSORS = 2 };

// The table of the block's tensors and the final norm's, under the names of the model's own.
static void table_open(struct parameters *parameters, const struct mae *mae,
                       struct arena *arena)
{
    const struct mae_shape *shape = &mae->shape;
    const size_t D = (size_t)shape->width;
    char prefix[PARAMETER_NAME];
    const struct parameter_entry norm[NORM_TENSORS] = {
        {"weight", offsetof(struct layernorm, weight), 1, {D}, INITIAL_ONE, 0},
        {"bias", offsetof(struct layernorm, bias), 1, {D}, INITIAL_ZERO, 0},
    };
    snprintf(prefix, sizeof prefix, "encoder.transformer.%d.",
             shape->encoder_blocks - 1);
    parameters_open(parameters, BLOCK_TENSORS + 1 + NORM_TENSORS, arena);
    block_list(parameters, prefix, offsetof(struct last_block, block), D);
    parameters_list(parameters, "encoder.layer_norm.",
                    offsetof(struct last_block, norm), norm, NORM_TENSORS);
    if (mae->published)
        block_list_qkv_bias(parameters, prefix, offsetof(struct last_block, block), D);
}

void last_block_open(struct last_block *block, const struct mae *mae,
                     const real *weights, struct arena *arena)
{
    *block = (struct last_block){.tokens = shape_tokens(&mae->shape) + 1,
                                 .width = (size_t)mae->shape.width,
                                 .heads = (size_t)mae->shape.encoder_heads};
    table_open(&block->parameters, mae, arena);
    real *slab = arena_reals(arena, block->parameters.count);
    for (size_t r = 0; r < block->parameters.rows; ++r) {
        const struct parameter *row = &block->parameters.row[r];
        const struct parameter *whole = parameters_find(&mae->parameters, row->name);
        require(whole && whole->count == row->count, "the model has no such %s",
                row->name);
        memcpy(slab + row->offset, weights + whole->offset, row->count * sizeof *slab);
    }
    packed_weights_open(&block->packed, &block->parameters, slab, FP32, TRAIN, arena);
    packed_weights_pack_all(&block->packed);
    packed_weights_bind(block, &block->packed);
    if (mae->published)
        block->block.norm1.epsilon = block->block.norm2.epsilon = block->norm.epsilon =
            LAYERNORM_PUBLISHED;
}

struct class_projections last_block_projections(const struct last_block *block)
{
    const size_t third = block->width * block->width;
    real *qkv = block->block.attn.qkv.weight;
    real *bias = block->block.attn.qkv.bias;
    return (struct class_projections){.query = qkv,
                                      .key = qkv + third,
                                      .value = qkv + 2 * third,
                                      .query_bias = bias,
                                      .value_bias =
                                          bias ? bias + 2 * block->width : NULL};
}

void last_block_pass_open(struct last_block_pass *pass, const struct last_block *block,
                          size_t batch, struct arena *arena)
{
    const size_t narrow = size_product(batch, block->width), wide = MLP_RATIO * narrow;
    const struct attention_shape shape = {batch, block->tokens, block->width,
                                          block->heads};
    *pass = (struct last_block_pass){
        .block = block,
        .images = batch,
        .tokens = arena_take(arena, batch, sizeof *pass->tokens),
        .attended = arena_reals(arena, narrow),
        .residual = arena_reals(arena, narrow),
        .normed2 = arena_reals(arena, narrow),
        .normal2 = arena_reals(arena, narrow),
        .rstd2 = arena_reals(arena, batch),
        .inner = arena_reals(arena, wide),
        .active = arena_reals(arena, wide),
        .slope = arena_reals(arena, wide),
        .normal = arena_reals(arena, narrow),
        .rstd = arena_reals(arena, batch),
        .dresidual = arena_reals(arena, narrow),
        .dinner = arena_reals(arena, wide),
        .dattended = arena_reals(arena, narrow),
        .unused_grad = arena_reals(arena, MLP_RATIO * block->width),
    };
    class_attention_open(&pass->attention, &shape, arena);
}

void last_block_activate(struct last_block_pass *pass,
                         const struct class_projections *projections,
                         const float *const *features)
{
    const struct block *block = &pass->block->block;
    const size_t B = pass->images, D = pass->block->width, inner = MLP_RATIO * D;
    for (size_t b = 0; b < B; ++b) pass->tokens[b] = features[b] + D;
    class_attention_forward(pass->attended, &pass->attention, projections,
                            pass->tokens);

    // y = x + proj(attended)
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) pass->residual[b * D + i] = (real)features[b][i];
    linear_forward(pass->residual, operand_a(pass->attended, D, PLAIN),
                   &block->attn.proj, FP32, B, D, D, 1);

    // active = gelu(W_1 LN2(y) + b_1)
    layernorm_forward(pass->normed2, pass->normal2, pass->rstd2, pass->residual,
                      &block->norm2, B, D);
    product(pass->inner, inner, operand_a(pass->normed2, D, PLAIN),
            block->mlp.fc1.forward, FP32, B, inner, D, 0);
    gelu_forward(pass->active, inner, pass->slope, pass->inner, block->mlp.fc1.bias, B,
                 inner);
}

// y += W_2 active + b_2,   f (B,D) = LN(y).
static void finish(real *f, struct last_block_pass *pass)
{
    const size_t B = pass->images, D = pass->block->width, inner = MLP_RATIO * D;
    linear_forward(pass->residual, operand_a(pass->active, inner, PLAIN),
                   &pass->block->block.mlp.fc2, FP32, B, D, inner, 1);
    layernorm_forward(f, pass->normal, pass->rstd, pass->residual, &pass->block->norm,
                      B, D);
}

// pass->dattended = the gradient with respect to attention's output, from df (B,D), that with
// respect to f.
static void backward(struct last_block_pass *pass, const real *df)
{
    const struct block *block = &pass->block->block;
    const size_t B = pass->images, D = pass->block->width, inner = MLP_RATIO * D;
    const struct layernorm dnorm = {.weight = pass->unused_grad,
                                    .bias = pass->unused_grad + D};
    real *dnormed2 = pass->dattended; // done with before dattended is written
    memset(pass->unused_grad, 0, inner * sizeof(real));

    // f = LN(y)
    memset(pass->dresidual, 0, B * D * sizeof(real));
    layernorm_backward(pass->dresidual, &dnorm, df, pass->normal, pass->rstd,
                       &pass->block->norm, B, D);

    // y += W_2 gelu(W_1 LN2(y) + b_1)
    linear_backward_input(pass->dinner, operand_a(pass->dresidual, D, PLAIN),
                          &block->mlp.fc2, FP32, B, D, inner);
    gelu_backward(pass->dinner, inner, pass->unused_grad, pass->dinner, pass->slope, B,
                  inner);
    linear_backward_input(dnormed2, operand_a(pass->dinner, inner, PLAIN),
                          &block->mlp.fc1, FP32, B, inner, D);
    layernorm_backward(pass->dresidual, &dnorm, dnormed2, pass->normal2, pass->rstd2,
                       &block->norm2, B, D);

    // y = x + proj(attended)
    linear_backward_input(pass->dattended, operand_a(pass->dresidual, D, PLAIN),
                          &block->attn.proj, FP32, B, D, D);
}

// ====== Partial finetuning ======

enum { THIRDS = 3 };

struct tuning {
    unsigned trained; // a sum of enum projection
    struct last_block_pass pass;
};

// Third i (query, key, value) within a slab of the trained thirds; NULL when it is not among them.
static real *slab_third(const real *slab, unsigned trained, unsigned i, size_t width)
{
    const unsigned earlier = trained & ((1u << i) - 1);
    if (!(trained >> i & 1)) return NULL;
    return (real *)slab + (size_t)__builtin_popcount(earlier) * width * width;
}

// Which thirds have a bias that is trained with them.
static unsigned trained_biases(const struct last_block *block, unsigned trained)
{
    return block->block.attn.qkv.bias ? trained & (PROJECTION_QUERY | PROJECTION_VALUE)
                                      : 0;
}

// The bias of third i within such a slab, after the thirds; NULL when it is not among them.
static real *slab_bias(const real *slab, const struct last_block *block,
                       unsigned trained, unsigned i)
{
    const unsigned biases = trained_biases(block, trained),
                   earlier = biases & ((1u << i) - 1);
    const size_t D = block->width;
    if (!(biases >> i & 1)) return NULL;
    return (real *)slab + (size_t)__builtin_popcount(trained) * D * D +
           (size_t)__builtin_popcount(earlier) * D;
}

// The projections within the slab; the others are NULL.
static struct class_projections trained_projections(const struct tuning *tuning,
                                                    const real *slab)
{
    const struct last_block *block = tuning->pass.block;
    const unsigned trained = tuning->trained;
    return (struct class_projections){
        .query = slab_third(slab, trained, 0, block->width),
        .key = slab_third(slab, trained, 1, block->width),
        .value = slab_third(slab, trained, 2, block->width),
        .query_bias = slab_bias(slab, block, trained, 0),
        .value_bias = slab_bias(slab, block, trained, 2)};
}

// The projections in force: trained, or else the model's.
static struct class_projections all_projections(const struct tuning *tuning,
                                                const real *slab)
{
    const struct class_projections model = last_block_projections(tuning->pass.block);
    struct class_projections all = trained_projections(tuning, slab);
    if (!all.query) all.query = model.query;
    if (!all.key) all.key = model.key;
    if (!all.value) all.value = model.value;
    if (!all.query_bias) all.query_bias = model.query_bias;
    if (!all.value_bias) all.value_bias = model.value_bias;
    return all;
}

static void *tuning_open(const struct adapter *adapter, size_t batch,
                         struct arena *arena)
{
    struct tuning *tuning = arena_take(arena, 1, sizeof *tuning);
    tuning->trained = (unsigned)adapter->choice;
    last_block_pass_open(&tuning->pass, adapter->frozen, batch, arena);
    return tuning;
}

static void tuning_initial(real *weights, const struct adapter *adapter)
{
    const struct last_block *block = adapter->frozen;
    const size_t D = block->width, third = D * D;
    const unsigned trained = (unsigned)adapter->choice;
    for (unsigned i = 0; i < THIRDS; ++i) {
        real *to = slab_third(weights, trained, i, D),
             *bias = slab_bias(weights, block, trained, i);
        if (to)
            memcpy(to, block->block.attn.qkv.weight + i * third, third * sizeof *to);
        if (bias) memcpy(bias, block->block.attn.qkv.bias + i * D, D * sizeof *bias);
    }
}

static void tuning_forward(real *out, const real *weights, const float *const *rows,
                           void *workspace)
{
    struct tuning *tuning = workspace;
    const struct class_projections projections = all_projections(tuning, weights);
    last_block_activate(&tuning->pass, &projections, rows);
    finish(out, &tuning->pass);
}

static void tuning_backward(real *gradient, const real *dout, const real *weights,
                            void *workspace)
{
    struct tuning *tuning = workspace;
    struct last_block_pass *pass = &tuning->pass;
    const struct class_projections projections = all_projections(tuning, weights),
                                   gradients = trained_projections(tuning, gradient);
    backward(pass, dout);
    class_attention_backward(&gradients, pass->dattended, &pass->attention,
                             &projections, pass->tokens);
}

struct adapter last_block_adapter(const struct last_block *block, unsigned trained)
{
    require(trained <= (PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE),
            "projections %u", trained);
    const size_t thirds = (size_t)__builtin_popcount(trained), D = block->width,
                 biases = (size_t)__builtin_popcount(trained_biases(block, trained));
    return (struct adapter){.width = block->width,
                            .count = thirds * D * D + biases * D,
                            .frozen = block,
                            .choice = trained,
                            .open = tuning_open,
                            .initial = thirds ? tuning_initial : NULL,
                            .forward = tuning_forward,
                            .backward = thirds ? tuning_backward : NULL};
}
