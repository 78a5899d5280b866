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

// out[0..LANES-1] = the first n < LANES numbers at x, then zeros.
INLINE void copy_part(real *out, const real *x, size_t n)
{
    memset(out, 0, LANES * sizeof *out);
    memcpy(out, x, n * sizeof *out);
}

INLINE void add_values(half_lanes sum[2], const real *x)
{
    for (size_t s = 0; s < 2; ++s) {
        half_lanes x_i;
        half_load(&x_i, x + s * HALF);
        sum[s] += x_i;
    }
}

INLINE real row_mean(const real *x, size_t n)
{
    half_lanes sum[2] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) add_values(sum, x + i);
    if (i < n) {
        real part[LANES];
        copy_part(part, x + i, n - i);
        add_values(sum, part);
    }
    return halves_sum(sum) / (real)n;
}

INLINE void add_squares(half_lanes sum[2], const real *x, real centre)
{
    for (size_t s = 0; s < 2; ++s) {
        half_lanes x_i;
        half_load(&x_i, x + s * HALF);
        x_i -= centre;
        sum[s] += x_i * x_i;
    }
}

// The mean of (x - centre)^2.
INLINE real row_variance(const real *x, real centre, size_t n)
{
    half_lanes sum[2] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) add_squares(sum, x + i, centre);
    if (i < n) {
        real part[LANES];
        for (size_t l = 0; l < LANES; ++l) part[l] = i + l < n ? x[i + l] : centre;
        add_squares(sum, part, centre);
    }
    return halves_sum(sum) / (real)n;
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

INLINE void add_moments(half_lanes sum_g[2], half_lanes sum_gx[2], const real *dout,
                        const real *normal, const real *gamma)
{
    for (size_t s = 0; s < 2; ++s) {
        half_lanes g, normal_i, gamma_i;
        half_load(&g, dout + s * HALF);
        half_load(&normal_i, normal + s * HALF);
        half_load(&gamma_i, gamma + s * HALF);
        g *= gamma_i;
        sum_g[s] += g;
        sum_gx[s] += g * normal_i;
    }
}

// mean_g = mean(gamma dout), mean_gx = mean(gamma dout x^), in one pass.
INLINE void row_moments(real *mean_g, real *mean_gx, const real *dout,
                        const real *normal, const real *gamma, size_t n)
{
    half_lanes sum_g[2] = {{0}}, sum_gx[2] = {{0}};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        add_moments(sum_g, sum_gx, dout + i, normal + i, gamma + i);
    if (i < n) {
        real dout_part[LANES], normal_part[LANES], gamma_part[LANES];
        copy_part(dout_part, dout + i, n - i);
        copy_part(normal_part, normal + i, n - i);
        copy_part(gamma_part, gamma + i, n - i);
        add_moments(sum_g, sum_gx, dout_part, normal_part, gamma_part);
    }
    *mean_g = halves_sum(sum_g) / (real)n;
    *mean_gx = halves_sum(sum_gx) / (real)n;
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
