// Tokens that tests plant something in.
#ifndef MASKBOOK_TESTS_UNRELATED_H
#define MASKBOOK_TESTS_UNRELATED_H

#include "core/base/rng.h"
#include "experiments/08-visible-tokens/tokens.h"

enum { N = 30, V = 4, M = 6, F = 6, D = 7, PAIRS = M * V };

static double encoded[N * V * D], decoded[N * V * D], predicted[N * M * D],
    painted[N * V * F], seen[N * V * F], truth[N * M * F], attention[N * PAIRS],
    nearness[N * PAIRS], region[N * PAIRS], guessed[N * M * F];
static int32_t place[N * V];

static inline void normals(double *x, size_t count, uint32_t stream)
{
    struct rng rng = rng_open(8, PURPOSE_TEST, 0, stream);
    for (size_t i = 0; i < count; ++i) x[i] = rng_normal(&rng);
}

// Tokens in which nothing has to do with anything.
static inline struct tokens unrelated(void)
{
    double *const arrays[] = {encoded, decoded,   predicted, painted, seen,
                              truth,   attention, nearness,  region,  guessed};
    const size_t counts[] = {N * V * D, N * V * D, N * M * D, N * V * F, N * V * F,
                             N * M * F, N * PAIRS, N * PAIRS, N * PAIRS, N * M * F};
    for (uint32_t a = 0; a < 10; ++a) normals(arrays[a], counts[a], a);
    for (size_t r = 0; r < N * V; ++r) place[r] = (int32_t)(r % V);
    return (struct tokens){.images = N,
                           .visible = V,
                           .hidden = M,
                           .features = F,
                           .width = D,
                           .blocks = 1,
                           .encoded = encoded,
                           .decoded = decoded,
                           .predicted = predicted,
                           .painted = painted,
                           .guessed = guessed,
                           .seen = seen,
                           .truth = truth,
                           .attention = attention,
                           .nearness = nearness,
                           .region = region,
                           .place = place};
}

// By what an attention follows similarity: the inner product of the pixels of pair p.
static inline double pixel_product(size_t p)
{
    const size_t i = p / PAIRS, a = p % PAIRS / V, b = p % V;
    double product = 0;
    for (size_t f = 0; f < F; ++f)
        product += truth[(i * M + a) * F + f] * seen[(i * V + b) * F + f];
    return product;
}

// Each hidden token becomes a combination of its image's visible ones, whose weights are drawn.
static inline void combine(void)
{
    double weight[V];
    for (size_t r = 0; r < N * M; ++r) {
        normals(weight, V, 100 + (uint32_t)r);
        for (size_t d = 0; d < D; ++d) predicted[r * D + d] = 0;
        for (size_t j = 0; j < V; ++j)
            for (size_t d = 0; d < D; ++d)
                predicted[r * D + d] += weight[j] * encoded[(r / M * V + j) * D + d];
    }
}

#endif
