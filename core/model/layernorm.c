#include "core/model/layernorm.h"

#include "core/model/lanes.h"

#include <tgmath.h>

#define EPSILON ((real)1e-5)

static inline real row_mean(const real *x, size_t n)
{
    real lane[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; ++l) lane[l] += x[i + l];
    for (size_t l = 0; l < n - whole; ++l) lane[l] += x[whole + l];
    return lanes_fold(lane) / (real)n;
}

// The mean of (x - centre)^2.
static inline real row_variance(const real *x, real centre, size_t n)
{
    real lane[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; ++l) {
            real difference = x[i + l] - centre;
            lane[l] += difference * difference;
        }
    for (size_t l = 0; l < n - whole; ++l) {
        real difference = x[whole + l] - centre;
        lane[l] += difference * difference;
    }
    return lanes_fold(lane) / (real)n;
}

KERNEL void layernorm_forward(real *restrict out, real *restrict normal,
                              real *restrict rstd, const real *restrict in,
                              const struct layernorm *layer, size_t rows, size_t width)
{
    const real *restrict gamma = layer->weight, *restrict beta = layer->bias;
    for (size_t r = 0; r < rows; ++r) {
        const real *x = in + r * width;
        real *restrict normal_r = normal + r * width, *restrict out_r = out + r * width;
        real mean = row_mean(x, width);
        real scale = 1 / sqrt(row_variance(x, mean, width) + EPSILON);
        for (size_t i = 0; i < width; ++i) {
            real value = (x[i] - mean) * scale;
            normal_r[i] = value;
            out_r[i] = gamma[i] * value + beta[i];
        }
        rstd[r] = scale;
    }
}

KERNEL void layernorm_scale(real *restrict out, const real *restrict normal,
                            const struct layernorm *layer, size_t rows, size_t width)
{
    const real *restrict gamma = layer->weight, *restrict beta = layer->bias;
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < width; ++i)
            out[r * width + i] = gamma[i] * normal[r * width + i] + beta[i];
}

// mean_g = mean(gamma dout), mean_gx = mean(gamma dout x^), in one pass.
static inline void row_moments(real *mean_g, real *mean_gx, const real *dout,
                               const real *normal, const real *gamma, size_t n)
{
    real lane_g[LANES] = {0}, lane_gx[LANES] = {0};
    size_t whole = n - n % LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t l = 0; l < LANES; ++l) {
            real g = dout[i + l] * gamma[i + l];
            lane_g[l] += g;
            lane_gx[l] += g * normal[i + l];
        }
    for (size_t l = 0; l < n - whole; ++l) {
        real g = dout[whole + l] * gamma[whole + l];
        lane_g[l] += g;
        lane_gx[l] += g * normal[whole + l];
    }
    *mean_g = lanes_fold(lane_g) / (real)n;
    *mean_gx = lanes_fold(lane_gx) / (real)n;
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
