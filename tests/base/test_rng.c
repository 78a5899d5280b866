#include "core/base/rng.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

// Known answers of philox4x32, 10 rounds, published with Random123 (tests/kat_vectors):
// counter, key, result.
static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

Test(rng, philox_gives_the_published_answers)
{
    for (int i = 0; i < 3; ++i) {
        uint32_t out[4];
        philox4x32(out, known[i].counter, known[i].key);
        cr_expect_arr_eq(out, known[i].out, sizeof out,
                         "vector %d: %08x %08x %08x %08x", i, out[0], out[1], out[2],
                         out[3]);
    }
}

Test(rng, a_stream_is_the_blocks_of_its_counter_in_order)
{
    struct rng rng = rng_open(0x299f31d0a4093822, PURPOSE_MASK, 17, 12345);
    uint32_t key[2] = {0xa4093822, 0x299f31d0}, out[4];
    for (uint32_t i = 0; i < 400; ++i) {
        uint32_t counter[4] = {i / 4, 12345, 17, 3};
        philox4x32(out, counter, key);
        cr_assert_eq(rng_bits(&rng), out[i % 4], "word %u", i);
    }
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(rng, no_two_streams_start_alike)
{
    enum { SIDE = 10, STREAMS = SIDE * SIDE * SIDE * SIDE };
    static uint64_t starts[STREAMS];
    for (uint32_t i = 0; i < STREAMS; ++i) {
        struct rng rng = rng_open(i % SIDE, (enum purpose)(1 + i / SIDE % SIDE),
                                  i / SIDE / SIDE % SIDE, i / SIDE / SIDE / SIDE);
        uint64_t high = rng_bits(&rng);
        starts[i] = high << 32 | rng_bits(&rng);
    }
    qsort(starts, STREAMS, sizeof *starts, compare_words);
    for (int i = 1; i < STREAMS; ++i) cr_assert_neq(starts[i], starts[i - 1]);
}

Test(rng, a_copied_stream_goes_on_alike)
{
    struct rng rng = rng_open(5, PURPOSE_TEST, 0, 0);
    for (int i = 0; i < 7; ++i) rng_bits(&rng);
    struct rng copy = rng;
    for (int i = 0; i < 100; ++i) cr_assert_eq(rng_bits(&rng), rng_bits(&copy));
}

BREAKS(rng, a_used_up_stream_aborts, "rng->counter[0] != UINT32_MAX")
{
    struct rng rng = rng_open(5, PURPOSE_TEST, 0, 0);
    rng.counter[0] = UINT32_MAX - 1;
    for (int i = 0; i < 4; ++i) rng_bits(&rng);
    rng_bits(&rng);
}

// |got - want| in standard errors of a frequency over n draws.
static double sigmas(double got, double p, double n)
{
    return fabs(got / n - p) / sqrt(p * (1 - p) / n);
}

static const uint32_t bounds[] = {1, 2, 3, 7, 10, 64, 100, 255};

Test(rng, below_is_in_range_and_even)
{
    enum { DRAWS = 200000 };
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 1);
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; ++b) {
        uint32_t n = bounds[b], counts[256] = {0};
        for (int i = 0; i < DRAWS; ++i) {
            uint32_t draw = rng_below(&rng, n);
            cr_assert_lt(draw, n);
            ++counts[draw];
        }
        for (uint32_t v = 0; v < n && n > 1; ++v)
            cr_expect_lt(sigmas(counts[v], 1. / n, DRAWS), 5, "n %u value %u: %u", n, v,
                         counts[v]);
    }
}

Test(rng, below_rejects_what_would_favour_some_values)
{
    // Without rejection, multiples of 3 below 3 * 2^30 are drawn half the time, not a third.
    enum { DRAWS = 100000 };
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 2);
    double counts[3] = {0};
    for (int i = 0; i < DRAWS; ++i) counts[rng_below(&rng, 3u << 30) % 3] += 1;
    for (int r = 0; r < 3; ++r) cr_expect_lt(sigmas(counts[r], 1. / 3, DRAWS), 5);
}

Test(rng, below_takes_the_largest_bound)
{
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 3);
    double high = 0;
    for (int i = 0; i < 10000; ++i) {
        uint32_t draw = rng_below(&rng, UINT32_MAX);
        cr_assert_lt(draw, UINT32_MAX);
        high += draw >= 1u << 31;
    }
    cr_expect_lt(sigmas(high, .5, 10000), 5);
}

BREAKS(rng, nothing_is_below_zero, "n > 0: no number is below 0")
{
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 0);
    rng_below(&rng, 0);
}

Test(rng, uniforms_have_53_bits_and_the_moments_of_the_uniform)
{
    enum { DRAWS = 1000000 };
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 4);
    double mean = 0, square = 0, odd = 0;
    for (int i = 0; i < DRAWS; ++i) {
        double u = rng_uniform(&rng);
        cr_assert(u >= 0 && u < 1);
        odd += fmod(u * 0x1p53, 2);
        mean += u / DRAWS;
        square += u * u / DRAWS;
    }
    // Variances of u and u^2: 1/12 and 4/45.
    cr_expect_lt(fabs(mean - .5), 5 * sqrt(1. / 12 / DRAWS));
    cr_expect_lt(fabs(square - 1. / 3), 5 * sqrt(4. / 45 / DRAWS));
    cr_expect_lt(sigmas(odd, .5, DRAWS), 5);
}

Test(rng, normals_have_the_moments_of_the_normal)
{
    enum { DRAWS = 1000000 };
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 5);
    // Moments 1 to 4, the product of successive draws, and the share within one sigma, each with
    // the variance of a term.
    static const double want[] = {0, 1, 0, 3, 0, .6826894921370859},
                        variance[] = {1, 2, 15, 96, 1, .2166245491};
    double sums[6] = {0}, last = 0;
    for (int i = 0; i < DRAWS; ++i) {
        double x = rng_normal(&rng), power = 1;
        for (int k = 0; k < 4; ++k) sums[k] += power *= x;
        sums[4] += x * last;
        sums[5] += fabs(x) < 1;
        last = x;
    }
    for (int k = 0; k < 6; ++k)
        cr_expect_lt(fabs(sums[k] / DRAWS - want[k]), 5 * sqrt(variance[k] / DRAWS),
                     "statistic %d: %g", k, sums[k] / DRAWS);
}

Test(rng, normals_are_box_muller_of_the_same_stream)
{
    enum { DRAWS = 100000 };
    static double got[DRAWS], want[DRAWS];
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 6), same = rng;
    for (int i = 0; i < DRAWS; ++i) {
        got[i] = rng_normal(&rng);
        double u = rng_uniform(&same), v = rng_uniform(&same);
        want[i] = sqrt(-2 * log1p(-u)) * cos(2 * acos(-1) * v);
    }
    // Near its zeros the C library's cosine is off by the rounding of 2*pi*v, and ours is not, so
    // the bound is absolute: that rounding times the largest radius here.
    expect_close(got, want, DRAWS, 2e-15, 5e-15);
}

Test(rng, normals_have_the_same_bits_on_every_machine)
{
    // Printed by this code: checks that compilers, CPUs and modes agree.
    enum { DRAWS = 100000 };
    static double draws[DRAWS];
    char hex[HASH_HEX];
    struct rng rng = rng_open(2026, PURPOSE_TEST, 0, 7);
    for (int i = 0; i < DRAWS; ++i) draws[i] = rng_normal(&rng);
    hash_bytes(hex, draws, sizeof draws);
    cr_expect_str_eq(
        hex, "4c6b12b1c3ad1f9f4af2502bee21705d5bd725fe11719425e367720d60b35562");
}

static const size_t lengths[] = {0, 1, 2, 3, 64, 10000};

ParameterizedTestParameters(rng, a_permutation_holds_each_number_once)
{
    static int index[] = {0, 1, 2, 3, 4, 5};
    return cr_make_param_array(int, index, 6);
}

ParameterizedTest(int *index, rng, a_permutation_holds_each_number_once)
{
    static uint32_t permutation[10000];
    static char seen[10000];
    size_t n = lengths[*index];
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 8);
    rng_permutation(permutation, n, &rng);
    for (size_t i = 0; i < n; ++i) {
        cr_assert_lt(permutation[i], n);
        cr_assert_eq(seen[permutation[i]]++, 0);
    }
}

Test(rng, a_shuffle_moves_the_items_as_a_permutation_does)
{
    enum { N = 100 };
    uint32_t permutation[N], items[N];
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 10), again = rng;
    rng_permutation(permutation, N, &rng);
    for (uint32_t i = 0; i < N; ++i) items[i] = 1000 - 3 * i;
    rng_shuffle(items, N, &again);
    for (size_t i = 0; i < N; ++i)
        cr_expect_eq(items[i], 1000 - 3 * permutation[i], "item %zu", i);
}

Test(rng, all_permutations_come_equally_often)
{
    enum { DRAWS = 240000 };
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 9);
    static int counts[256];
    for (int i = 0; i < DRAWS; ++i) {
        uint32_t p[4];
        rng_permutation(p, 4, &rng);
        ++counts[p[0] << 6 | p[1] << 4 | p[2] << 2 | p[3]];
    }
    int kinds = 0;
    for (int code = 0; code < 256; ++code) {
        if (!counts[code]) continue;
        ++kinds;
        cr_expect_lt(sigmas(counts[code], 1. / 24, DRAWS), 5, "code %x: %d",
                     (unsigned)code, counts[code]);
    }
    cr_expect_eq(kinds, 24);
}
