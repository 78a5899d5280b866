/// Arithmetic of 32-bit floats that flushes subnormal numbers to zero, inputs and results, in plain
/// C: what tiles do in any mode of the CPU. For oracles; expects the usual mode.
#ifndef MASKBOOK_TESTS_LINALG_FLUSHING_H
#define MASKBOOK_TESTS_LINALG_FLUSHING_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/// A bfloat16 number as a float.
static inline float float_of_half(uint16_t half)
{
    return float_of_bits((uint32_t)half << 16);
}

static inline float flushed(float x)
{
    return fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

/// a + b. A subnormal sum is exact, so it can be flushed.
static inline float add_flushed(float a, float b)
{
    return flushed(flushed(a) + flushed(b));
}

/// a*b + c, rounded once. It is tiny when it rounds to less than FLT_MIN with all its 24 bits; fmaf
/// has fewer there, and may round such a number up to FLT_MIN. So the sum is formed again, larger
/// by a power of two. (Where it comes near FLT_MIN without being 0, neither c nor the smaller
/// factor is large.)
static inline float fma_flushed(float a, float b, float c)
{
    a = flushed(a), b = flushed(b), c = flushed(c);
    float sum = fmaf(a, b, c);
    if (!(fabsf(sum) <= FLT_MIN) || sum == 0) return sum;
    float smaller = fabsf(a) < fabsf(b) ? a : b, larger = fabsf(a) < fabsf(b) ? b : a;
    float scaled = fmaf(smaller * 0x1p64f, larger, c * 0x1p64f);
    return fabsf(scaled) < FLT_MIN * 0x1p64f ? copysignf(0, sum) : sum;
}

#endif
