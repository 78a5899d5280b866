#include "core/base/rng.h"

#include <math.h>

#include "core/base/die.h"

// Multipliers and Weyl constants of Philox4x32: Salmon et al. 2011, sec. 3.3 and table 2.
void philox4x32(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
        uint64_t p0 = 0xD2511F53ull * c0, p1 = 0xCD9E8D57ull * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

struct rng rng_open(uint64_t seed, enum purpose purpose, uint32_t epoch, uint32_t index)
{
    return (struct rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, index, epoch, (uint32_t)purpose},
        .used = 4,
    };
}

uint32_t rng_bits(struct rng *rng)
{
    if (rng->used == 4) {
        require(rng->counter[0] != UINT32_MAX, "a stream of 2^34 words is used up");
        philox4x32(rng->block, rng->counter, rng->key);
        ++rng->counter[0];
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    require(n > 0, "no number is below 0");
    uint64_t product = (uint64_t)rng_bits(rng) * n;
    if ((uint32_t)product < n) {
        // Rejecting 2^32 mod n of the products makes all values equally likely.
        uint32_t surplus = -n % n;
        while ((uint32_t)product < surplus) product = (uint64_t)rng_bits(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

double rng_uniform(struct rng *rng)
{
    uint32_t high = rng_bits(rng) >> 5, low = rng_bits(rng) >> 6;
    return (high * 0x1p26 + low) * 0x1p-53;
}

// The C library's log and cos differ in the last bit between CPUs with and without fused
// multiply-add. The two below use only operations that IEEE 754 rounds correctly, so a seed gives
// the same numbers on every machine; their error is a few units in the last place.

// log x for 0 < x <= 1: x = m 2^e, log m = 2 artanh s, s = (m - 1) / (m + 1), |s| < .172.
static double log_portable(double x)
{
    int e;
    double m = frexp(x, &e);
    if (m < 0x1.6a09e667f3bcdp-1) m *= 2, --e; // sqrt(1/2)
    double s = (m - 1) / (m + 1), z = s * s, sum = 0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * z + 1. / k;
    return 2 * s * sum + e * 0x1.62e42fefa39efp-1; // log 2
}

// Coefficients of the Taylor series of cos x and sin x / x in z = x^2, highest power first.
static const double taylor[2][10] = {
    {-1 / 6402373705728000., 1 / 20922789888000., -1 / 87178291200., 1 / 479001600.,
     -1 / 3628800., 1 / 40320., -1 / 720., 1 / 24., -1 / 2., 1 / 1.},
    {-1 / 121645100408832000., 1 / 355687428096000., -1 / 1307674368000.,
     1 / 6227020800., -1 / 39916800., 1 / 362880., -1 / 5040., 1 / 120., -1 / 6.,
     1 / 1.},
};

// cos(2 pi v) for 0 <= v < 1: 4 v = quadrant + r exactly, |r| <= 1/2; x = r pi / 2.
static double cos_turns(double v)
{
    double nearest = floor(4 * v + .5), r = 4 * v - nearest;
    double x = r * 0x1.921fb54442d18p+0, z = x * x, sum = 0; // pi / 2
    int quadrant = (int)nearest % 4, odd = quadrant % 2;
    for (int k = 0; k < 10; ++k) sum = sum * z + taylor[odd][k];
    if (odd) sum *= x;
    return quadrant == 1 || quadrant == 2 ? -sum : sum;
}

double rng_normal(struct rng *rng)
{
    double radius = sqrt(-2 * log_portable(1 - rng_uniform(rng)));
    return radius * cos_turns(rng_uniform(rng));
}

void rng_shuffle(uint32_t *items, size_t n, struct rng *rng)
{
    for (size_t i = n; i > 1; --i) {
        const uint32_t j = rng_below(rng, (uint32_t)i), last = items[i - 1];
        items[i - 1] = items[j];
        items[j] = last;
    }
}

void rng_permutation(uint32_t *permutation, size_t n, struct rng *rng)
{
    require(n <= UINT32_MAX, "%zu numbers do not fit 32 bits", n);
    for (size_t i = 0; i < n; ++i) permutation[i] = (uint32_t)i;
    rng_shuffle(permutation, n, rng);
}
