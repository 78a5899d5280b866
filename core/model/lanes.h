/// Sums in a fixed order that every CPU can compute in vectors: sixteen partial sums, element i in
/// lane i % 16, which are then added by halves. The order is written out, so every clone of a
/// kernel gives the same bits.
#ifndef MASKBOOK_MODEL_LANES_H
#define MASKBOOK_MODEL_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/real.h"

enum { LANES = 16 };

/// Sixteen numbers, in the vector registers of the target. Functions take them by pointer: by value
/// the ABI would depend on the target.
typedef real lanes __attribute__((vector_size(LANES * sizeof(real))));

/// *v = the sixteen numbers at x, of any alignment.
static inline __attribute__((always_inline)) void lanes_load(lanes *v, const real *x)
{
    memcpy(v, x, sizeof *v);
}

/// The sixteen numbers at x = *v.
static inline __attribute__((always_inline)) void lanes_store(real *x, const lanes *v)
{
    memcpy(x, v, sizeof *v);
}

#ifdef REAL_DOUBLE
typedef int64_t lane_index;
#else
typedef int32_t lane_index;
#endif
typedef lane_index lanes_mask __attribute__((vector_size(LANES * sizeof(lane_index))));

/// *x = the larger of *x and *y, lane by lane.
static inline __attribute__((always_inline)) void lanes_larger(lanes *x, const lanes *y)
{
    lanes_mask larger = *y > *x;
    *x = (lanes)(((lanes_mask)*y & larger) | ((lanes_mask)*x & ~larger));
}

enum { HALF = LANES / 2 };

/// Half of the sixteen. A vector of AVX2 holds as many floats, and gcc 12 moves wider vectors
/// through memory there, which takes longer than the sums: long ones are written in halves.
typedef real half_lanes __attribute__((vector_size(HALF * sizeof(real))));

/// *v = the eight numbers at x, of any alignment.
static inline __attribute__((always_inline)) void half_load(half_lanes *v,
                                                            const real *x)
{
    memcpy(v, x, sizeof *v);
}

typedef lane_index half_mask __attribute__((vector_size(HALF * sizeof(lane_index))));

/// *x = the larger of *x and *y, lane by lane.
static inline __attribute__((always_inline)) void half_larger(half_lanes *x,
                                                              const half_lanes *y)
{
    half_mask larger = *y > *x;
    *x = (half_lanes)(((half_mask)*y & larger) | ((half_mask)*x & ~larger));
}

/// ((0+8) + (4+12)) + ...: the sum of the sixteen lanes whose halves are v[0] and v[1].
static inline __attribute__((always_inline)) real halves_sum(const half_lanes v[2])
{
    half_lanes x = v[0] + v[1];
    x += __builtin_shufflevector(x, x, 4, 5, 6, 7, 4, 5, 6, 7);
    x += __builtin_shufflevector(x, x, 2, 3, 2, 3, 4, 5, 6, 7);
    return x[0] + x[1];
}

enum { QUAD = 4 };

// Sums or maxima of four vectors at a time, each in the order of halves_sum: halves of two
// vectors that are added share a vector, so four rows cost little more than one.
#define LANES_HALVES(a, b, AT)                                                         \
    __builtin_shufflevector(a, b, AT, (AT) + 1, (AT) + 2, (AT) + 3, (AT) + 4,          \
                            (AT) + 5, (AT) + 6, (AT) + 7, (AT) + 16, (AT) + 17,        \
                            (AT) + 18, (AT) + 19, (AT) + 20, (AT) + 21, (AT) + 22,     \
                            (AT) + 23)
#define LANES_QUARTERS(a, b, AT)                                                       \
    __builtin_shufflevector(a, b, AT, (AT) + 1, (AT) + 2, (AT) + 3, (AT) + 8,          \
                            (AT) + 9, (AT) + 10, (AT) + 11, (AT) + 16, (AT) + 17,      \
                            (AT) + 18, (AT) + 19, (AT) + 24, (AT) + 25, (AT) + 26,     \
                            (AT) + 27)
#define LANES_WITHIN(x, HALF)                                                          \
    __builtin_shufflevector(x, x, HALF, (HALF) + 1, 2, 3, (HALF) + 4, (HALF) + 5, 6,   \
                            7, (HALF) + 8, (HALF) + 9, 10, 11, (HALF) + 12,            \
                            (HALF) + 13, 14, 15)

/// v[0]'s lanes 0, 4, 8, 12 = halves_sum of v[0] to v[3]; destroys v.
static inline __attribute__((always_inline)) void lanes_sum_quad(lanes v[QUAD])
{
    lanes ab = LANES_HALVES(v[0], v[1], 0), cd = LANES_HALVES(v[2], v[3], 0);
    ab += LANES_HALVES(v[0], v[1], 8);
    cd += LANES_HALVES(v[2], v[3], 8);
    lanes x = LANES_QUARTERS(ab, cd, 0);
    x += LANES_QUARTERS(ab, cd, 4);
    x += LANES_WITHIN(x, 2);
    x += LANES_WITHIN(x, 1);
    v[0] = x;
}

/// v[0]'s lanes 0, 4, 8, 12 = the largest lane of v[0] to v[3]; destroys v.
static inline __attribute__((always_inline)) void lanes_largest_quad(lanes v[QUAD])
{
    lanes ab = LANES_HALVES(v[0], v[1], 0), cd = LANES_HALVES(v[2], v[3], 0);
    lanes ab_upper = LANES_HALVES(v[0], v[1], 8),
          cd_upper = LANES_HALVES(v[2], v[3], 8);
    lanes_larger(&ab, &ab_upper);
    lanes_larger(&cd, &cd_upper);
    lanes x = LANES_QUARTERS(ab, cd, 0), y = LANES_QUARTERS(ab, cd, 4);
    lanes_larger(&x, &y);
    y = LANES_WITHIN(x, 2);
    lanes_larger(&x, &y);
    y = LANES_WITHIN(x, 1);
    lanes_larger(&x, &y);
    v[0] = x;
}

/// n rounded up to whole lanes: the stride of rows that kernels treat without a tail.
static inline size_t lanes_stride(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

#endif
