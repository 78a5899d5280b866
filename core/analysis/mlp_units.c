#include "core/analysis/mlp_units.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/product.h"
#include "core/model/gelu.h"

enum { BATCH = 128, ARRAYS = 16, PIECE_FENCE = 256 };

// ====== Which units ======

static struct attention_shape pass_shape(const struct last_block *block)
{
    return (struct attention_shape){BATCH, block->tokens, block->width, block->heads};
}

size_t mlp_units_bytes(const struct last_block *block)
{
    const size_t inner = MLP_RATIO * block->width;
    const struct attention_shape shape = pass_shape(block);
    return last_block_rows_bytes(block, BATCH) + class_attention_bytes(&shape) +
           size_product(BATCH, 2 * sizeof(float *)) +
           inner * (1 + sizeof(uint32_t) + 3 * sizeof(double)) + ARRAYS * PIECE_FENCE;
}

/// The model as it is, batch by batch; places past the end repeat the last image.
struct pass {
    struct last_block_rows rows;
    struct class_attention attention;
    const float **features, **tokens; ///< (BATCH)
};

static void pass_open(struct pass *pass, const struct last_block *block,
                      struct arena *arena)
{
    const struct attention_shape shape = pass_shape(block);
    last_block_rows_open(&pass->rows, block, BATCH, arena);
    class_attention_open(&pass->attention, &shape, arena);
    pass->features = arena_take(arena, BATCH, sizeof *pass->features);
    pass->tokens = arena_take(arena, BATCH, sizeof *pass->tokens);
}

/// u, y and the units' activity for images `first` on. Returns how many there were.
static size_t pass_batch(struct pass *pass, const struct last_block *block,
                         const struct features *features, size_t first)
{
    const size_t D = block->width, rest = features->images - first;
    real *qkv = block->block.attn.qkv.weight;
    const struct class_projections projections = {qkv, qkv + D * D, qkv + 2 * D * D};
    for (size_t b = 0; b < BATCH; ++b) {
        pass->features[b] = features_image(features, first + (b < rest ? b : rest - 1));
        pass->tokens[b] = pass->features[b] + D;
    }
    class_attention_forward(pass->rows.attended, &pass->attention, &projections,
                            pass->tokens);
    last_block_activate(&pass->rows, block, pass->features);
    return rest < BATCH ? rest : BATCH;
}

/// contribution (4D) = Var(a_j) |w_2j|^2 over the images.
static void contributions(double *contribution, struct pass *pass,
                          const struct last_block *block,
                          const struct features *features, struct arena *arena)
{
    const size_t D = block->width, inner = MLP_RATIO * D, n = features->images;
    double *sum = arena_doubles(arena, inner), *square = arena_doubles(arena, inner);
    memset(sum, 0, inner * sizeof *sum);
    memset(square, 0, inner * sizeof *square);
    for (size_t first = 0; first < n; first += BATCH) {
        const size_t images = pass_batch(pass, block, features, first);
        for (size_t b = 0; b < images; ++b)
            for (size_t j = 0; j < inner; ++j) {
                const double activity = (double)pass->rows.active[b * inner + j];
                sum[j] += activity;
                square[j] += activity * activity;
            }
    }
    for (size_t j = 0; j < inner; ++j) {
        const double mean = sum[j] / (double)n;
        double norm = 0;
        for (size_t i = 0; i < D; ++i) {
            const double weight = (double)block->block.mlp.fc2.weight[i * inner + j];
            norm += weight * weight;
        }
        contribution[j] = (square[j] / (double)n - mean * mean) * norm;
    }
}

void mlp_units_choose(struct mlp_units *units, const struct last_block *block,
                      const struct features *features, struct arena *arena)
{
    const size_t D = block->width, inner = MLP_RATIO * D;
    require(D % 2 == 0 && features->width == D, "a width of %zu, features of %zu", D,
            features->width);
    *units = (struct mlp_units){.block = block, .count = 3 * D / 2};
    units->unit = arena_take(arena, units->count, sizeof *units->unit);

    const size_t mark = arena_mark(arena);
    struct pass pass;
    double *contribution = arena_doubles(arena, inner);
    pass_open(&pass, block, arena);
    contributions(contribution, &pass, block, features, arena);

    // Take the largest that is left, of equals the first.
    char *chosen = arena_take(arena, inner, 1);
    memset(chosen, 0, inner);
    for (size_t k = 0; k < units->count; ++k) {
        size_t best = inner;
        for (size_t j = 0; j < inner; ++j)
            if (!chosen[j] && (best == inner || contribution[j] > contribution[best]))
                best = j;
        chosen[best] = 1;
    }
    for (size_t j = 0, k = 0; j < inner; ++j)
        if (chosen[j]) units->unit[k++] = (uint32_t)j;
    arena_reset(arena, mark);
}

void mlp_units_features(float *out, const struct mlp_units *units,
                        const struct features *features, struct arena *arena)
{
    const struct last_block *block = units->block;
    const size_t D = block->width, inner = MLP_RATIO * D, mark = arena_mark(arena);
    struct pass pass;
    pass_open(&pass, block, arena);
    for (size_t first = 0; first < features->images; first += BATCH) {
        const size_t images = pass_batch(&pass, block, features, first);

        // base = y + b_2 + W_2 a without the chosen units
        for (size_t b = 0; b < BATCH; ++b)
            for (size_t k = 0; k < units->count; ++k)
                pass.rows.active[b * inner + units->unit[k]] = 0;
        linear_forward(pass.rows.y, left_reals(pass.rows.active, inner, PLAIN),
                       &block->block.mlp.fc2, FP32, BATCH, D, inner, 1);
        for (size_t b = 0; b < images; ++b)
            for (size_t i = 0; i < D; ++i) {
                float *row = out + (first + b) * MLP_UNITS_ROWS * D;
                row[i] = (float)pass.rows.u[b * D + i];
                row[D + i] = (float)pass.rows.y[b * D + i];
            }
    }
    arena_reset(arena, mark);
}

// ====== Training them ======

struct units_stage {
    const struct mlp_units *units;
    size_t batch;
    real *bias;           ///< (K) of the chosen units
    real *u, *y;          ///< (B,D)
    real *inner;          ///< (B,K) before the GELU, forward and backward
    real *active, *slope; ///< (B,K)
    real *normal, *rstd;  ///< (B,D), (B)
    real *dy;             ///< (B,D)
    real *factor;         ///< a matrix packed for products
    real *sink;           ///< (2D+K) gradients of what is frozen
};

static void units_initial(real *weights, const void *context)
{
    const struct mlp_units *units = ((const struct units_stage *)context)->units;
    const struct mlp *mlp = &units->block->block.mlp;
    const size_t D = units->block->width, K = units->count, inner = MLP_RATIO * D;
    for (size_t k = 0; k < K; ++k) {
        memcpy(weights + k * D, mlp->fc1.weight + units->unit[k] * D,
               D * sizeof *weights);
        for (size_t i = 0; i < D; ++i)
            weights[K * D + i * K + k] = mlp->fc2.weight[i * inner + units->unit[k]];
    }
}

static void units_forward(real *out, const real *weights, const float *const *rows,
                          void *context)
{
    struct units_stage *stage = context;
    const size_t B = stage->batch, D = stage->units->block->width,
                 K = stage->units->count;
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) {
            stage->u[b * D + i] = (real)rows[b][i];
            stage->y[b * D + i] = (real)rows[b][D + i];
        }
    product(stage->inner, K, left_reals(stage->u, D, PLAIN),
            right_pack(stage->factor, weights, D, TRANSPOSED, D, K), FP32, B, K, D, 0);
    gelu_forward(stage->active, stage->slope, stage->inner, stage->bias, B, K);
    product(stage->y, D, left_reals(stage->active, K, PLAIN),
            right_pack(stage->factor, weights + K * D, K, TRANSPOSED, K, D), FP32, B, D,
            K, 1);
    layernorm_forward(out, stage->normal, stage->rstd, stage->y,
                      &stage->units->block->norm, B, D);
}

static void units_backward(real *gradient, const real *dout, const real *weights,
                           const float *const *rows, void *context)
{
    (void)rows;
    struct units_stage *stage = context;
    const size_t B = stage->batch, D = stage->units->block->width,
                 K = stage->units->count;
    const struct layernorm dnorm = {stage->sink, stage->sink + D};
    memset(stage->sink, 0, (2 * D + K) * sizeof(real));
    memset(stage->dy, 0, B * D * sizeof(real));
    layernorm_backward(stage->dy, &dnorm, dout, stage->normal, stage->rstd,
                       &stage->units->block->norm, B, D);
    product(gradient + K * D, K, left_reals(stage->dy, D, TRANSPOSED),
            right_reals(stage->active, K), FP32, D, K, B, 0);
    product(stage->inner, K, left_reals(stage->dy, D, PLAIN),
            right_reals(weights + K * D, K), FP32, B, K, D, 0);
    gelu_backward(stage->inner, stage->sink + 2 * D, stage->inner, stage->slope, B, K);
    product(gradient, D, left_reals(stage->inner, K, TRANSPOSED),
            right_reals(stage->u, D), FP32, K, D, B, 0);
}

// Numbers of the larger of W_1S^T and W_2S^T, packed.
static size_t factor_size(const struct mlp_units *units)
{
    const size_t D = units->block->width, K = units->count;
    const size_t first = right_reals_size(D, K), second = right_reals_size(K, D);
    return first > second ? first : second;
}

size_t mlp_units_stage_bytes(const struct mlp_units *units, size_t batch)
{
    const size_t D = units->block->width, K = units->count;
    const size_t numbers =
        batch * (4 * D + 3 * K + 1) + 2 * D + 2 * K + factor_size(units);
    return sizeof(struct units_stage) + size_product(numbers, sizeof(real)) +
           ARRAYS * PIECE_FENCE;
}

struct stage mlp_units_stage(const struct mlp_units *units, size_t batch,
                             struct arena *arena)
{
    const size_t D = units->block->width, K = units->count;
    struct units_stage *stage = arena_take(arena, 1, sizeof *stage);
    *stage = (struct units_stage){
        .units = units,
        .batch = batch,
        .bias = arena_reals(arena, K),
        .u = arena_reals(arena, batch * D),
        .y = arena_reals(arena, batch * D),
        .inner = arena_reals(arena, batch * K),
        .active = arena_reals(arena, batch * K),
        .slope = arena_reals(arena, batch * K),
        .normal = arena_reals(arena, batch * D),
        .rstd = arena_reals(arena, batch),
        .dy = arena_reals(arena, batch * D),
        .factor = arena_reals(arena, factor_size(units)),
        .sink = arena_reals(arena, 2 * D + K),
    };
    for (size_t k = 0; k < K; ++k)
        stage->bias[k] = units->block->block.mlp.fc1.bias[units->unit[k]];
    return (struct stage){.batch = batch,
                          .width = D,
                          .count = 2 * K * D,
                          .context = stage,
                          .initial = units_initial,
                          .forward = units_forward,
                          .backward = units_backward};
}
