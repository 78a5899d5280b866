#include "core/model/layernorm.h"

#include "core/model/lanes.h"

#include <string.h>
#include <tgmath.h>

const double LAYERNORM_PUBLISHED = 1e-6;

static real epsilon_of(const struct layernorm *layer)
{
    return layer->epsilon > 0 ? (real)layer->epsilon : (real)1e-5;
}

#define INLINE static inline __attribute__((always_inline))

INLINE real row_mean(const real *x, size_t n)
{
    lanes sum = {0}, x_i;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&x_i, x + i);
        sum += x_i;
    }
    if (i < n) {
        lanes_load_part(&x_i, x + i, n - i);
        sum += x_i;
    }
    return lanes_sum(&sum) / (real)n;
}

// The mean of (x - centre)^2.
INLINE real row_variance(const real *x, real centre, size_t n)
{
    lanes sum = {0}, x_i;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&x_i, x + i);
        x_i -= centre;
        sum += x_i * x_i;
    }
    x_i = (lanes){0};
    for (size_t l = 0; i + l < n; ++l) x_i[l] = x[i + l] - centre;
    sum += x_i * x_i;
    return lanes_sum(&sum) / (real)n;
}

KERNEL void layernorm_forward(real *restrict out, real *restrict normal,
                              real *restrict rstd, const real *restrict in,
                              const struct layernorm *layer, size_t rows, size_t width)
{
    const real *restrict gamma = layer->weight, *restrict beta = layer->bias;
    const real epsilon = epsilon_of(layer);
    for (size_t r = 0; r < rows; ++r) {
        const real *x = in + r * width;
        real *restrict normal_r = normal + r * width, *restrict out_r = out + r * width;
        real mean = row_mean(x, width);
        real scale = 1 / sqrt(row_variance(x, mean, width) + epsilon);
        for (size_t i = 0; i < width; ++i) {
            real value = (x[i] - mean) * scale;
            normal_r[i] = value;
            out_r[i] = gamma[i] * value + beta[i];
        }
        rstd[r] = scale;
    }
}

// mean_g = mean(gamma dout), mean_gx = mean(gamma dout x^), in one pass.
INLINE void row_moments(real *mean_g, real *mean_gx, const real *dout,
                        const real *normal, const real *gamma, size_t n)
{
    lanes sum_g = {0}, sum_gx = {0}, dout_i, normal_i, gamma_i;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        lanes_load(&dout_i, dout + i);
        lanes_load(&normal_i, normal + i);
        lanes_load(&gamma_i, gamma + i);
        dout_i *= gamma_i;
        sum_g += dout_i;
        sum_gx += dout_i * normal_i;
    }
    if (i < n) {
        lanes_load_part(&dout_i, dout + i, n - i);
        lanes_load_part(&normal_i, normal + i, n - i);
        lanes_load_part(&gamma_i, gamma + i, n - i);
        dout_i *= gamma_i;
        sum_g += dout_i;
        sum_gx += dout_i * normal_i;
    }
    *mean_g = lanes_sum(&sum_g) / (real)n;
    *mean_gx = lanes_sum(&sum_gx) / (real)n;
}

void layernorm_backward_begin(const struct layernorm *dlayer, size_t width)
{
    memset(dlayer->weight, 0, width * sizeof(real));
    memset(dlayer->bias, 0, width * sizeof(real));
}

KERNEL void layernorm_backward(real *restrict dx, const struct layernorm *dlayer,
                               const real *restrict dout, const real *restrict normal,
                               const real *restrict rstd, const struct layernorm *layer,
                               size_t rows, size_t width)
{
    const real *restrict gamma = layer->weight;
    real *restrict dgamma = dlayer->weight, *restrict dbeta = dlayer->bias;
    for (size_t r = 0; r < rows; ++r) {
        const real *restrict dy = dout + r * width, *restrict xn = normal + r * width;
        real *restrict dx_r = dx + r * width;
        real scale = rstd[r], mean_g, mean_gx;
        row_moments(&mean_g, &mean_gx, dy, xn, gamma, width);
        for (size_t i = 0; i < width; ++i) {
            dx_r[i] += scale * (dy[i] * gamma[i] - mean_g - xn[i] * mean_gx);
            dgamma[i] += dy[i] * xn[i];
            dbeta[i] += dy[i];
        }
    }
}
