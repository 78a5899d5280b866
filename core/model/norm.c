#include "core/model/norm.h"

#include <string.h>
#include <tgmath.h>

#define EPSILON ((real)1e-5)

// Rows are added in order, so that a column's sum is the same in any vectors.
KERNEL static void image_normalise(real *normal, real *restrict rstd,
                                   const real *restrict in, size_t tokens, size_t width)
{
    const real count = (real)tokens;
    // The last row of `normal` holds the means until its own turn.
    real *mean = normal + (tokens - 1) * width;
    memset(mean, 0, width * sizeof *mean);
    for (size_t t = 0; t < tokens; ++t)
        for (size_t i = 0; i < width; ++i) mean[i] += in[t * width + i];
    for (size_t i = 0; i < width; ++i) mean[i] /= count;
    memset(rstd, 0, width * sizeof *rstd);
    for (size_t t = 0; t < tokens; ++t)
        for (size_t i = 0; i < width; ++i) {
            const real centred = in[t * width + i] - mean[i];
            rstd[i] += centred * centred;
        }
    for (size_t i = 0; i < width; ++i) rstd[i] = 1 / sqrt(rstd[i] / count + EPSILON);
    for (size_t t = 0; t < tokens; ++t)
        for (size_t i = 0; i < width; ++i)
            normal[t * width + i] = (in[t * width + i] - mean[i]) * rstd[i];
}

void norm_begin(real *normal, real *rstd, const real *in, enum norm norm, size_t images,
                size_t tokens, size_t width)
{
    if (norm != NORM_BATCH) return;
    const size_t image = tokens * width;
    for (size_t b = 0; b < images; ++b)
        image_normalise(normal + b * image, rstd + b * width, in + b * image, tokens,
                        width);
}

KERNEL static void affine(real *restrict out, const real *restrict normal,
                          const struct layernorm *layer, size_t rows, size_t width)
{
    const real *restrict gamma = layer->weight, *restrict beta = layer->bias;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < width; ++i)
            out[r * width + i] = gamma[i] * normal[r * width + i] + beta[i];
}

void norm_forward(real *out, real *normal, real *rstd, const real *in,
                  const struct layernorm *layer, enum norm norm, size_t rows,
                  size_t width)
{
    if (norm == NORM_LAYER) {
        layernorm_forward(out, normal, rstd, in, layer, rows, width);
        return;
    }
    if (norm == NORM_NONE) memcpy(normal, in, rows * width * sizeof *normal);
    affine(out, normal, layer, rows, width);
}

// dgamma and dbeta, rows in order.
KERNEL static void affine_backward(const struct layernorm *dlayer,
                                   const real *restrict dout,
                                   const real *restrict normal, size_t rows,
                                   size_t width)
{
    real *restrict dgamma = dlayer->weight, *restrict dbeta = dlayer->bias;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < width; ++i) {
            dgamma[i] += dout[r * width + i] * normal[r * width + i];
            dbeta[i] += dout[r * width + i];
        }
}

KERNEL static void scale_backward(real *restrict dx, const real *restrict dout,
                                  const struct layernorm *layer, size_t rows,
                                  size_t width)
{
    const real *restrict gamma = layer->weight;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < width; ++i)
            dx[r * width + i] += gamma[i] * dout[r * width + i];
}

void norm_backward(real *dx, const struct layernorm *dlayer, const real *dout,
                   const real *normal, const real *rstd, const struct layernorm *layer,
                   enum norm norm, size_t rows, size_t width)
{
    if (norm == NORM_LAYER) {
        layernorm_backward(dx, dlayer, dout, normal, rstd, layer, rows, width);
        return;
    }
    affine_backward(dlayer, dout, normal, rows, width);
    scale_backward(dx, dout, layer, rows, width);
}

// One feature at a time, because its two sums come before its gradients.
static void feature_backward(real *dx, const real *dout, const real *normal, real scale,
                             size_t tokens, size_t width)
{
    real sum = 0, sum_x = 0;
    for (size_t t = 0; t < tokens; ++t) {
        sum += dout[t * width];
        sum_x += dout[t * width] * normal[t * width];
    }
    for (size_t t = 0; t < tokens; ++t)
        dx[t * width] += scale * (dout[t * width] - sum / (real)tokens -
                                  normal[t * width] * sum_x / (real)tokens);
}

void norm_backward_images(real *dx, const struct layernorm *dlayer, const real *dout,
                          const real *normal, const real *rstd,
                          const struct layernorm *layer, size_t images, size_t tokens,
                          size_t width)
{
    affine_backward(dlayer, dout, normal, images * tokens, width);
    for (size_t b = 0; b < images; ++b)
        for (size_t i = 0; i < width; ++i) {
            const size_t first = b * tokens * width + i;
            feature_backward(dx + first, dout + first, normal + first,
                             layer->weight[i] * rstd[b * width + i], tokens, width);
        }
}
