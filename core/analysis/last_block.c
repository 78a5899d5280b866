#include "core/analysis/last_block.h"

#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/model/gelu.h"

enum { ARRAYS = 16, PIECE_FENCE = 256, NORM_TENSORS = 2 };

// The table of the block's tensors and the final norm's, under the names of the model's own.
static void table_open(struct parameters *parameters, const struct mae_shape *shape,
                       struct arena *arena)
{
    const size_t D = (size_t)shape->width;
    char prefix[PARAMETER_NAME];
    const struct parameter_entry norm[NORM_TENSORS] = {
        {"weight", offsetof(struct layernorm, weight), 1, {D}, INITIAL_ONE, 0},
        {"bias", offsetof(struct layernorm, bias), 1, {D}, INITIAL_ZERO, 0},
    };
    snprintf(prefix, sizeof prefix, "encoder.transformer.%d.",
             shape->encoder_blocks - 1);
    parameters_open(parameters, BLOCK_TENSORS + NORM_TENSORS, arena);
    block_list(parameters, prefix, offsetof(struct last_block, block), D);
    parameters_list(parameters, "encoder.layer_norm.",
                    offsetof(struct last_block, norm), norm, NORM_TENSORS);
}

size_t last_block_bytes(const struct mae *mae)
{
    // Two packed copies of the block's weights beside the weights; strips round columns up.
    const size_t D = (size_t)mae->shape.width;
    return 4 * size_product(13 * D + 1024, (D + STRIP) * sizeof(real)) +
           ARRAYS * sizeof(struct parameter) + 4096;
}

void last_block_open(struct last_block *block, const struct mae *mae,
                     const real *weights, struct arena *arena)
{
    *block = (struct last_block){.tokens = shape_tokens(&mae->shape) + 1,
                                 .width = (size_t)mae->shape.width,
                                 .heads = (size_t)mae->shape.encoder_heads};
    table_open(&block->parameters, &mae->shape, arena);
    real *slab = arena_reals(arena, block->parameters.count);
    for (size_t r = 0; r < block->parameters.rows; ++r) {
        const struct parameter *row = &block->parameters.row[r];
        const struct parameter *whole = parameters_find(&mae->parameters, row->name);
        require(whole && whole->count == row->count, "the model has no such %s",
                row->name);
        memcpy(slab + row->offset, weights + whole->offset, row->count * sizeof *slab);
    }
    prepared_open(&block->prepared, &block->parameters, slab, FP32,
                  FORWARD_AND_BACKWARD, arena);
    prepared_pack_all(&block->prepared);
    prepared_bind(block, &block->prepared);
}

static struct attention_shape shape_of(const struct last_block *block, size_t batch)
{
    return (struct attention_shape){batch, block->tokens, block->width, block->heads};
}

size_t last_block_rows_bytes(const struct last_block *block, size_t batch)
{
    const size_t D = block->width, inner = MLP_RATIO * D;
    return size_product(batch * (7 * D + 4 * inner + 2) + inner, sizeof(real)) +
           ARRAYS * PIECE_FENCE;
}

void last_block_rows_open(struct last_block_rows *rows, const struct last_block *block,
                          size_t batch, struct arena *arena)
{
    const size_t thin = size_product(batch, block->width), wide = MLP_RATIO * thin;
    *rows = (struct last_block_rows){
        .images = batch,
        .attended = arena_reals(arena, thin),
        .y = arena_reals(arena, thin),
        .u = arena_reals(arena, thin),
        .normal2 = arena_reals(arena, thin),
        .rstd2 = arena_reals(arena, batch),
        .inner = arena_reals(arena, wide),
        .active = arena_reals(arena, wide),
        .slope = arena_reals(arena, wide),
        .normal = arena_reals(arena, thin),
        .rstd = arena_reals(arena, batch),
        .dy = arena_reals(arena, thin),
        .thin = arena_reals(arena, thin),
        .wide = arena_reals(arena, wide),
        .sink = arena_reals(arena, MLP_RATIO * block->width),
    };
}

void last_block_activate(struct last_block_rows *rows, const struct last_block *block,
                         const float *const *features)
{
    const size_t B = rows->images, D = block->width, inner = MLP_RATIO * D;
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) rows->y[b * D + i] = (real)features[b][i];
    linear_forward(rows->y, left_reals(rows->attended, D, PLAIN),
                   &block->block.attn.proj, FP32, B, D, D, 1);
    layernorm_forward(rows->u, rows->normal2, rows->rstd2, rows->y, &block->block.norm2,
                      B, D);
    product(rows->inner, inner, left_reals(rows->u, D, PLAIN),
            block->block.mlp.fc1.forward, FP32, B, inner, D, 0);
    gelu_forward(rows->active, rows->slope, rows->inner, block->block.mlp.fc1.bias, B,
                 inner);
}

void last_block_finish(real *f, struct last_block_rows *rows,
                       const struct last_block *block)
{
    const size_t B = rows->images, D = block->width, inner = MLP_RATIO * D;
    linear_forward(rows->y, left_reals(rows->active, inner, PLAIN),
                   &block->block.mlp.fc2, FP32, B, D, inner, 1);
    layernorm_forward(f, rows->normal, rows->rstd, rows->y, &block->norm, B, D);
}

void last_block_backward(struct last_block_rows *rows, const real *df,
                         const struct last_block *block)
{
    const size_t B = rows->images, D = block->width, inner = MLP_RATIO * D;
    const struct layernorm dnorm = {rows->sink, rows->sink + D};
    memset(rows->sink, 0, inner * sizeof(real));

    // f = LN(y)
    memset(rows->dy, 0, B * D * sizeof(real));
    layernorm_backward(rows->dy, &dnorm, df, rows->normal, rows->rstd, &block->norm, B,
                       D);

    // y += W_2 gelu(W_1 u + b_1) + b_2,   u = LN2(y)
    linear_backward_input(rows->wide, left_reals(rows->dy, D, PLAIN),
                          &block->block.mlp.fc2, FP32, B, D, inner);
    gelu_backward(rows->wide, rows->sink, rows->wide, rows->slope, B, inner);
    linear_backward_input(rows->thin, left_reals(rows->wide, inner, PLAIN),
                          &block->block.mlp.fc1, FP32, B, inner, D);
    layernorm_backward(rows->dy, &dnorm, rows->thin, rows->normal2, rows->rstd2,
                       &block->block.norm2, B, D);

    // y = x + proj(attended)
    linear_backward_input(rows->thin, left_reals(rows->dy, D, PLAIN),
                          &block->block.attn.proj, FP32, B, D, D);
}

struct tuning {
    const struct last_block *block;
    unsigned trained;
    struct last_block_rows rows;
    struct class_attention attention;
    const float **tokens; // (B)
};

// The projections in force: the slab's where trained, else the model's; NULL as gradients of those.
static struct class_projections bind(const struct tuning *tuning, const real *slab,
                                     int gradients)
{
    const size_t size = tuning->block->width * tuning->block->width;
    real *third[3];
    for (size_t i = 0; i < 3; ++i) {
        const int trained = (tuning->trained >> i & 1) != 0;
        third[i] = trained     ? (real *)slab
                   : gradients ? NULL
                               : tuning->block->block.attn.qkv.weight + i * size;
        if (trained) slab += size;
    }
    return (struct class_projections){third[0], third[1], third[2]};
}

static void tuning_initial(real *weights, const void *context)
{
    const struct tuning *tuning = context;
    const size_t size = tuning->block->width * tuning->block->width;
    for (size_t i = 0; i < 3; ++i)
        if (tuning->trained >> i & 1) {
            memcpy(weights, tuning->block->block.attn.qkv.weight + i * size,
                   size * sizeof *weights);
            weights += size;
        }
}

static void tuning_forward(real *out, const real *weights, const float *const *rows,
                           void *context)
{
    struct tuning *tuning = context;
    const struct class_projections projections = bind(tuning, weights, 0);
    for (size_t b = 0; b < tuning->rows.images; ++b)
        tuning->tokens[b] = rows[b] + tuning->block->width;
    class_attention_forward(tuning->rows.attended, &tuning->attention, &projections,
                            tuning->tokens);
    last_block_activate(&tuning->rows, tuning->block, rows);
    last_block_finish(out, &tuning->rows, tuning->block);
}

static void tuning_backward(real *gradient, const real *dout, const real *weights,
                            const float *const *rows, void *context)
{
    (void)rows;
    struct tuning *tuning = context;
    const struct class_projections projections = bind(tuning, weights, 0),
                                   dprojections = bind(tuning, gradient, 1);
    last_block_backward(&tuning->rows, dout, tuning->block);
    class_attention_backward(&dprojections, tuning->rows.thin, &tuning->attention,
                             &projections, tuning->tokens);
}

size_t last_block_stage_bytes(const struct last_block *block, size_t batch)
{
    const struct attention_shape shape = shape_of(block, batch);
    return sizeof(struct tuning) + class_attention_bytes(&shape) +
           last_block_rows_bytes(block, batch) + size_product(batch, sizeof(float *)) +
           2 * PIECE_FENCE;
}

struct stage last_block_stage(const struct last_block *block, unsigned trained,
                              size_t batch, struct arena *arena)
{
    require(trained <= (PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE),
            "projections %u", trained);
    const struct attention_shape shape = shape_of(block, batch);
    struct tuning *tuning = arena_take(arena, 1, sizeof *tuning);
    *tuning = (struct tuning){.block = block, .trained = trained};
    last_block_rows_open(&tuning->rows, block, batch, arena);
    class_attention_open(&tuning->attention, &shape, arena);
    tuning->tokens = arena_take(arena, batch, sizeof *tuning->tokens);
    const size_t thirds = (trained & 1) + (trained >> 1 & 1) + (trained >> 2 & 1);
    return (struct stage){.batch = batch,
                          .width = block->width,
                          .count = thirds * block->width * block->width,
                          .context = tuning,
                          .initial = thirds ? tuning_initial : NULL,
                          .forward = tuning_forward,
                          .backward = thirds ? tuning_backward : NULL};
}
