#include "core/analysis/token_rows.h"

#include <string.h>

#include "core/base/die.h"
#include "core/model/lanes.h"

// The most rows in a pass over the tokens.
enum { GROUP = 3 };

// *v = the eight floats at x, converted to real.
static inline __attribute__((always_inline)) void load_floats(half_lanes *v,
                                                              const float *x)
{
    typedef float floats __attribute__((vector_size(HALF * sizeof(float))));
    floats narrow;
    memcpy(&narrow, x, sizeof narrow);
    *v = __builtin_convertvector(narrow, half_lanes);
}

// Inlined with a constant `group`, so that the sums stay in registers.
static inline __attribute__((always_inline)) void
dot_group(real *restrict out, size_t stride, const real *restrict rows,
          const float *restrict tokens, size_t count, size_t width, size_t group)
{
    for (size_t t = 0; t < count; ++t) {
        const float *x = tokens + t * width;
        half_lanes sum[GROUP][2] = {{{0}}}, piece, row;
        for (size_t i = 0; i < width; i += LANES)
            for (size_t s = 0; s < 2; ++s) {
                load_floats(&piece, x + i + s * HALF);
                for (size_t g = 0; g < group; ++g) {
                    half_load(&row, rows + g * width + i + s * HALF);
                    sum[g][s] += piece * row;
                }
            }
        for (size_t g = 0; g < group; ++g) out[g * stride + t] = halves_sum(sum[g]);
    }
}

static inline __attribute__((always_inline)) void
mix_group(real *restrict out, const real *restrict shares, size_t stride,
          const float *restrict tokens, size_t count, size_t width, size_t group)
{
    for (size_t i = 0; i < width; i += LANES) {
        half_lanes sum[GROUP][2] = {{{0}}}, piece[2];
        for (size_t t = 0; t < count; ++t) {
            for (size_t s = 0; s < 2; ++s)
                load_floats(&piece[s], tokens + t * width + i + s * HALF);
            for (size_t g = 0; g < group; ++g)
                for (size_t s = 0; s < 2; ++s)
                    sum[g][s] += shares[g * stride + t] * piece[s];
        }
        for (size_t g = 0; g < group; ++g)
            memcpy(out + g * width + i, sum[g], sizeof sum[g]);
    }
}

static KERNEL void dot(real *out, size_t stride, const real *rows, const float *tokens,
                       size_t count, size_t width, size_t group)
{
    if (group == 3)
        dot_group(out, stride, rows, tokens, count, width, 3);
    else if (group == 2)
        dot_group(out, stride, rows, tokens, count, width, 2);
    else
        dot_group(out, stride, rows, tokens, count, width, 1);
}

static KERNEL void mix(real *out, const real *shares, size_t stride,
                       const float *tokens, size_t count, size_t width, size_t group)
{
    if (group == 3)
        mix_group(out, shares, stride, tokens, count, width, 3);
    else if (group == 2)
        mix_group(out, shares, stride, tokens, count, width, 2);
    else
        mix_group(out, shares, stride, tokens, count, width, 1);
}

void token_rows_dot(real *out, size_t stride, const real *rows, const float *tokens,
                    size_t count, size_t width, size_t heads)
{
    require(width % LANES == 0 && stride >= count,
            "width %zu, %zu tokens in rows of %zu", width, count, stride);
    for (size_t h = 0; h < heads; h += GROUP)
        dot(out + h * stride, stride, rows + h * width, tokens, count, width,
            heads - h < GROUP ? heads - h : GROUP);
}

void token_rows_mix(real *out, const real *shares, size_t stride, const float *tokens,
                    size_t count, size_t width, size_t heads)
{
    require(width % LANES == 0 && stride >= count,
            "width %zu, %zu tokens in rows of %zu", width, count, stride);
    for (size_t h = 0; h < heads; h += GROUP)
        mix(out + h * width, shares + h * stride, stride, tokens, count, width,
            heads - h < GROUP ? heads - h : GROUP);
}
