#include "core/analysis/batch_norm.h"

#include <tgmath.h>

#include "core/base/die.h"

const double BATCH_NORM_EPSILON = 1e-6, BATCH_NORM_MOMENTUM = .1;

static KERNEL void column_sums(real *restrict sum, const real *restrict in, size_t rows,
                               size_t width)
{
    for (size_t j = 0; j < width; ++j) sum[j] = 0;
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) sum[j] += in[r * width + j];
}

// sum (D) = sum over rows of (in - mean)^2, and out = in - mean.
static KERNEL void column_squares(real *restrict sum, real *restrict out,
                                  const real *restrict in, const real *restrict mean,
                                  size_t rows, size_t width)
{
    for (size_t j = 0; j < width; ++j) sum[j] = 0;
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) {
            real difference = in[r * width + j] - mean[j];
            out[r * width + j] = difference;
            sum[j] += difference * difference;
        }
}

void batch_norm_train(real *out, struct batch_norm *norm, const real *in, size_t rows,
                      size_t width)
{
    require(rows > 1 && width <= BATCH_NORM_WIDEST, "a batch of %zu rows of %zu", rows,
            width);
    const real share = 1 / (real)rows, unbiased = 1 / (real)(rows - 1),
               epsilon = (real)BATCH_NORM_EPSILON, gain = (real)BATCH_NORM_MOMENTUM;
    real mean[BATCH_NORM_WIDEST], square[BATCH_NORM_WIDEST];
    column_sums(mean, in, rows, width);
    for (size_t j = 0; j < width; ++j) mean[j] *= share;
    column_squares(square, out, in, mean, rows, width);
    for (size_t j = 0; j < width; ++j) {
        norm->mean[j] += gain * (mean[j] - norm->mean[j]);
        norm->variance[j] += gain * (square[j] * unbiased - norm->variance[j]);
        square[j] = 1 / sqrt(square[j] * share + epsilon);
    }
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) out[r * width + j] *= square[j];
}

void batch_norm_apply(real *out, const struct batch_norm *norm, const real *in,
                      size_t rows, size_t width)
{
    const real epsilon = (real)BATCH_NORM_EPSILON;
    require(width <= BATCH_NORM_WIDEST, "rows of %zu", width);
    real scale[BATCH_NORM_WIDEST];
    for (size_t j = 0; j < width; ++j) scale[j] = 1 / sqrt(norm->variance[j] + epsilon);
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j)
            out[r * width + j] = (in[r * width + j] - norm->mean[j]) * scale[j];
}

void batch_norm_fuse(double *fused_weight, double *fused_bias,
                     const struct batch_norm *norm, const real *weight,
                     const real *bias, size_t classes, size_t width)
{
    for (size_t c = 0; c < classes; ++c) {
        fused_bias[c] = (double)bias[c];
        for (size_t j = 0; j < width; ++j) {
            double scale = 1 / sqrt((double)norm->variance[j] + BATCH_NORM_EPSILON);
            fused_weight[c * width + j] = (double)weight[c * width + j] * scale;
            fused_bias[c] -= fused_weight[c * width + j] * (double)norm->mean[j];
        }
    }
}

struct batch_norm_fusion
batch_norm_compare(const uint16_t *answers, const struct batch_norm *norm,
                   const real *weight, const real *bias, size_t classes,
                   const struct features *features, size_t row, struct arena *arena)
{
    const size_t n = features->images, C = classes, D = features->width,
                 mark = arena_mark(arena);
    double *fused = arena_doubles(arena, C * D), *offset = arena_doubles(arena, C),
           *two = arena_doubles(arena, C), *one = arena_doubles(arena, C);
    double largest = 0, worst = 0;
    size_t same = 0;
    batch_norm_fuse(fused, offset, norm, weight, bias, C, D);
    for (size_t i = 0; i < n; ++i) {
        const float *x = features_image(features, i) + row * D;
        size_t best = 0;
        for (size_t c = 0; c < C; ++c) {
            two[c] = (double)bias[c];
            one[c] = offset[c];
            for (size_t j = 0; j < D; ++j) {
                two[c] += (double)weight[c * D + j] *
                          (((double)x[j] - (double)norm->mean[j]) /
                           sqrt((double)norm->variance[j] + BATCH_NORM_EPSILON));
                one[c] += fused[c * D + j] * (double)x[j];
            }
            largest = fmax(largest, fabs(two[c]));
            worst = fmax(worst, fabs(two[c] - one[c]));
            if (one[c] > one[best]) best = c;
        }
        same += best == answers[i];
    }
    arena_reset(arena, mark);
    return (struct batch_norm_fusion){worst / largest, (double)same / (double)n};
}
