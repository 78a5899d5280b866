#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "experiments/10-token-mixing/measures.h"

static const real *tensor(const struct mae *mae, const real *weights, const char *name)
{
    char full[PARAMETER_NAME];
    snprintf(full, sizeof full, "encoder.transformer.%d.%s",
             mae->shape.encoder_blocks - 1, name);
    const struct parameter *row = parameters_find(&mae->parameters, full);
    require(row, "no tensor %s", full);
    return weights + row->offset;
}

// out (D) = LN1 of one token.
static void normed_token(double *out, const float *x, const real *gamma,
                         const real *beta, size_t D)
{
    double centre = 0, square = 0;
    for (size_t d = 0; d < D; ++d) centre += (double)x[d] / (double)D;
    for (size_t d = 0; d < D; ++d) square += pow((double)x[d] - centre, 2) / (double)D;
    for (size_t d = 0; d < D; ++d)
        out[d] = ((double)x[d] - centre) / sqrt(square + 1e-5) * (double)gamma[d] +
                 (double)beta[d];
}

// out (count) = rows first..first+count-1 of the weight (n,D) times x (D).
static void project(double *out, const real *weight, size_t first, size_t count,
                    const double *x, size_t D)
{
    for (size_t r = 0; r < count; ++r) {
        out[r] = 0;
        for (size_t d = 0; d < D; ++d)
            out[r] += (double)weight[(first + r) * D + d] * x[d];
    }
}

size_t head_regions(uint8_t *heads, const struct mae *mae, const real *weights,
                    const float *tokens, const uint8_t *truth, size_t regions,
                    struct arena *arena)
{
    const size_t mark = arena_mark(arena), D = (size_t)mae->shape.width,
                 H = (size_t)mae->shape.encoder_heads, d = D / H,
                 T = shape_tokens(&mae->shape);
    const real *qkv = tensor(mae, weights, "attn.qkv.weight"),
               *gamma = tensor(mae, weights, "norm1.weight"),
               *beta = tensor(mae, weights, "norm1.bias");
    double *x = arena_doubles(arena, D), *query = arena_doubles(arena, D),
           *key = arena_doubles(arena, D), *share = arena_doubles(arena, H * regions);
    size_t found = 0;
    memset(share, 0, H * regions * sizeof *share);
    normed_token(x, tokens, gamma, beta, D);
    project(query, qkv, 0, D, x, D);
    for (size_t t = 0; t < T; ++t) {
        normed_token(x, tokens + (t + 1) * D, gamma, beta, D);
        project(key, qkv, D, D, x, D);
        for (size_t h = 0; h < H; ++h) {
            double score = 0;
            for (size_t i = h * d; i < (h + 1) * d; ++i) score += query[i] * key[i];
            share[h * regions + truth[t]] += exp(score / sqrt((double)d));
        }
    }
    uint8_t *chosen = arena_take(arena, regions, 1);
    memset(chosen, 0, regions);
    for (size_t h = 0; h < H; ++h) {
        double total = 0;
        heads[h] = (uint8_t)regions;
        for (size_t r = 0; r < regions; ++r) total += share[h * regions + r];
        for (size_t r = 0; r < regions; ++r)
            if (share[h * regions + r] > .5 * total) heads[h] = (uint8_t)r;
        if (heads[h] < regions) chosen[heads[h]] = 1;
    }
    for (size_t r = 0; r < regions; ++r) found += chosen[r];
    arena_reset(arena, mark);
    return found;
}
