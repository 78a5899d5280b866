/// The two numbers of a pair of bfloat16 numbers, for the products in plain C.
#ifndef MASKBOOK_LINALG_PAIR_HALVES_H
#define MASKBOOK_LINALG_PAIR_HALVES_H

#include <stdint.h>
#include <string.h>

// Rounded once on every CPU: the builtin is an instruction or the library's exact fmaf.
#define FMA(a, b, c) __builtin_fmaf(a, b, c)

/// The number of odd k.
static inline float upper_half(uint32_t pair)
{
    uint32_t bits = pair & 0xffff0000;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// The number of even k.
static inline float lower_half(uint32_t pair)
{
    return upper_half(pair << 16);
}

#endif
