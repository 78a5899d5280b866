#include "core/analysis/mlp_units.h"

#include <string.h>

#include "core/base/die.h"
#include "core/linalg/product.h"
#include "core/model/gelu.h"

enum { BATCH = 128 };

// ====== Which units ======

// The model as it is, batch by batch.
struct scan {
    struct last_block_pass pass;
    const float **features; // (BATCH)
};

static void scan_open(struct scan *scan, const struct last_block *block,
                      struct arena *arena)
{
    last_block_pass_open(&scan->pass, block, BATCH, arena);
    scan->features = arena_take(arena, BATCH, sizeof *scan->features);
}

// The block up to its GELU for the images from `first` on; a last batch that is not full repeats
// the last image. Returns how many images there were.
static size_t scan_batch(struct scan *scan, const struct features *features,
                         size_t first)
{
    const size_t rest = features->images - first;
    const struct class_projections own = last_block_projections(scan->pass.block);
    for (size_t b = 0; b < BATCH; ++b)
        scan->features[b] = features_image(features, first + (b < rest ? b : rest - 1));
    last_block_activate(&scan->pass, &own, scan->features);
    return rest < BATCH ? rest : BATCH;
}

// contribution (4D) = Var(a_j) |w_2j|^2 over the images.
static void contributions(double *contribution, struct scan *scan,
                          const struct features *features, struct arena *arena)
{
    const struct last_block *block = scan->pass.block;
    const size_t D = block->width, inner = MLP_RATIO * D, n = features->images;
    double *sum = arena_doubles(arena, inner), *square = arena_doubles(arena, inner);
    memset(sum, 0, inner * sizeof *sum);
    memset(square, 0, inner * sizeof *square);
    for (size_t first = 0; first < n; first += BATCH) {
        const size_t images = scan_batch(scan, features, first);
        for (size_t b = 0; b < images; ++b)
            for (size_t j = 0; j < inner; ++j) {
                const double activity = (double)scan->pass.active[b * inner + j];
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
    struct scan scan;
    double *contribution = arena_doubles(arena, inner);
    scan_open(&scan, block, arena);
    contributions(contribution, &scan, features, arena);

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
    struct scan scan;
    struct last_block_pass *pass = &scan.pass;
    scan_open(&scan, block, arena);
    for (size_t first = 0; first < features->images; first += BATCH) {
        const size_t images = scan_batch(&scan, features, first);

        // base = y + b_2 + W_2 a without the chosen units
        for (size_t b = 0; b < BATCH; ++b)
            for (size_t k = 0; k < units->count; ++k)
                pass->active[b * inner + units->unit[k]] = 0;
        linear_forward(pass->residual, operand_a(pass->active, inner, PLAIN),
                       &block->block.mlp.fc2, FP32, BATCH, D, inner, 1);
        for (size_t b = 0; b < images; ++b)
            for (size_t i = 0; i < D; ++i) {
                float *row = out + (first + b) * MLP_UNITS_ROWS * D;
                row[i] = (float)pass->normed2[b * D + i];
                row[D + i] = (float)pass->residual[b * D + i];
            }
    }
    arena_reset(arena, mark);
}

// ====== Training them ======

struct units_work {
    const struct mlp_units *units;
    size_t batch;
    real *bias;              // (K) of the chosen units
    real *normed, *residual; // (B,D) u; base, then y
    real *inner;             // (B,K) before the GELU, forward and backward
    real *active, *slope;    // (B,K)
    real *normal, *rstd;     // (B,D), (B) of the final norm
    real *dresidual;         // (B,D)
    real *factor;            // a matrix packed for products
    real *unused_grad;       // (2D+K) gradients of frozen parameters
};

static void *units_open(const struct adapter *adapter, size_t batch,
                        struct arena *arena)
{
    const struct mlp_units *units = adapter->frozen;
    const size_t D = units->block->width, K = units->count;
    const size_t first = operand_b_size(D, K), second = operand_b_size(K, D);
    struct units_work *work = arena_take(arena, 1, sizeof *work);
    *work = (struct units_work){
        .units = units,
        .batch = batch,
        .bias = arena_reals(arena, K),
        .normed = arena_reals(arena, batch * D),
        .residual = arena_reals(arena, batch * D),
        .inner = arena_reals(arena, batch * K),
        .active = arena_reals(arena, batch * K),
        .slope = arena_reals(arena, batch * K),
        .normal = arena_reals(arena, batch * D),
        .rstd = arena_reals(arena, batch),
        .dresidual = arena_reals(arena, batch * D),
        .factor = arena_reals(arena, first > second ? first : second),
        .unused_grad = arena_reals(arena, 2 * D + K),
    };
    for (size_t k = 0; k < K; ++k)
        work->bias[k] = units->block->block.mlp.fc1.bias[units->unit[k]];
    return work;
}

static void units_initial(real *weights, const struct adapter *adapter)
{
    const struct mlp_units *units = adapter->frozen;
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
                          void *workspace)
{
    struct units_work *work = workspace;
    const struct last_block *block = work->units->block;
    const size_t B = work->batch, D = block->width, K = work->units->count;
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) {
            work->normed[b * D + i] = (real)rows[b][i];
            work->residual[b * D + i] = (real)rows[b][D + i];
        }
    product(work->inner, K, operand_a(work->normed, D, PLAIN),
            operand_b_pack(work->factor, weights, D, TRANSPOSED, D, K), FP32, B, K, D,
            0);
    gelu_forward(work->active, K, work->slope, work->inner, work->bias, B, K);
    product(work->residual, D, operand_a(work->active, K, PLAIN),
            operand_b_pack(work->factor, weights + K * D, K, TRANSPOSED, K, D), FP32, B,
            D, K, 1);
    layernorm_forward(out, work->normal, work->rstd, work->residual, &block->norm, B,
                      D);
}

static void units_backward(real *gradient, const real *dout, const real *weights,
                           void *workspace)
{
    struct units_work *work = workspace;
    const struct last_block *block = work->units->block;
    const size_t B = work->batch, D = block->width, K = work->units->count;
    const struct layernorm dnorm = {.weight = work->unused_grad,
                                    .bias = work->unused_grad + D};
    memset(work->unused_grad, 0, (2 * D + K) * sizeof(real));
    memset(work->dresidual, 0, B * D * sizeof(real));
    layernorm_backward(work->dresidual, &dnorm, dout, work->normal, work->rstd,
                       &block->norm, B, D);
    product(gradient + K * D, K, operand_a(work->dresidual, D, TRANSPOSED),
            operand_b(work->active, K), FP32, D, K, B, 0);
    product(work->inner, K, operand_a(work->dresidual, D, PLAIN),
            operand_b(weights + K * D, K), FP32, B, K, D, 0);
    gelu_backward(work->inner, K, work->unused_grad + 2 * D, work->inner, work->slope,
                  B, K);
    product(gradient, D, operand_a(work->inner, K, TRANSPOSED),
            operand_b(work->normed, D), FP32, K, D, B, 0);
}

struct adapter mlp_units_adapter(const struct mlp_units *units)
{
    const size_t D = units->block->width;
    return (struct adapter){.width = D,
                            .count = 2 * units->count * D,
                            .frozen = units,
                            .open = units_open,
                            .initial = units_initial,
                            .forward = units_forward,
                            .backward = units_backward};
}
