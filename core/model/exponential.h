/// e^x for x <= 0, inlined into kernels: libm's exp neither vectorises nor gives the same bits on
/// every machine.
#ifndef MASKBOOK_MODEL_EXPONENTIAL_H
#define MASKBOOK_MODEL_EXPONENTIAL_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/base/real.h"

#ifdef REAL_DOUBLE

static inline real exp_negative(real x)
{
    return exp(x);
}

#else

/// e^x = 2^n e^r, n = round(x / ln 2), |r| <= ln 2 / 2, with the polynomial of Cephes expf
/// (Moshier) for e^r. Relative error at most 1.5e-7 on [-87,0] (tests/model/test_attention.c); 0
/// below -87, where 2^n would leave the normal range. NaN gives NaN. Requires x <= 0.
static inline float exp_negative(float x)
{
    // Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits.
    const float magic = 12582912.f;
    float shifted = x * 1.44269504f + magic;
    float n = shifted - magic;
    float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;

    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.f;

    // Build 2^n in the exponent field.
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + 0x3f800000u;
    float power;
    memcpy(&power, &bits, sizeof power);
    return x < -87.f ? 0.f : p * power;
}

#endif

#endif
