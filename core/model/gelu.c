#include "core/model/gelu.h"

#include "core/model/exponential.h"

// 1 / sqrt(2 pi), the density's height.
#define DENSITY ((real)0.398942280401432678)

#ifdef REAL_DOUBLE

// Phi(-a) for a >= 0; does not need `exponential` = e^(-a*a/2).
static inline real lower_tail(real a, real exponential)
{
    (void)exponential;
    return 0.5 * erfc(a * 0.707106781186547524);
}

#else

// Phi(-a) for a >= 0, given e^(-a*a/2). Phi(-a) e^(a*a/2) is smooth: a polynomial of degree 8 in
// t = 1 / (1 + .3 a) fits it with a relative error of 5.7e-8 on [0, 13.2] (minimax, by iteratively
// reweighted least squares), and past 13.2 the exponential is 0. Written around t = 1/2, where the
// coefficients are small and of similar size.
static inline float lower_tail(float a, float exponential)
{
    float s = 1.f / (1.f + 0.3f * a) - 0.5f;
    float p = 0.0382990651f;
    p = p * s - 0.0155841392f;
    p = p * s - 0.0947761014f;
    p = p * s - 0.01000976f;
    p = p * s + 0.236549124f;
    p = p * s + 0.457250088f;
    p = p * s + 0.502259851f;
    p = p * s + 0.386550009f;
    p = p * s + 0.110985301f;
    return p * exponential;
}

#endif

KERNEL void gelu_forward(real *restrict out, size_t ldo, real *restrict slope,
                         const real *restrict in, const real *restrict bias,
                         size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; ++r) {
        real *restrict out_r = out + r * ldo, *restrict slope_r = slope + r * n;
        const real *restrict in_r = in + r * n;
        for (size_t i = 0; i < n; ++i) {
            real u = in_r[i] + bias[i];
            real magnitude = u < 0 ? -u : u;
            real exponential = exp_negative((real)-0.5 * u * u);
            real tail = lower_tail(magnitude, exponential);
            real phi = u < 0 ? tail : 1 - tail;
            out_r[i] = u * phi;
            slope_r[i] = phi + u * (DENSITY * exponential);
        }
    }
}

KERNEL void gelu_backward(real *du, size_t ldu, real *restrict dbias, const real *dout,
                          const real *restrict slope, size_t rows, size_t n)
{
    for (size_t r = 0; r < rows; ++r)
#pragma GCC ivdep
        for (size_t i = 0; i < n; ++i) {
            real value = dout[r * n + i] * slope[r * n + i];
            du[r * ldu + i] = value;
            dbias[i] += value;
        }
}
