#include "core/base/hash.h"
#include "core/model/attention.h"
#include "core/model/gelu.h"
#include "core/model/lanes.h"
#include "core/model/layernorm.h"
#include "tests/model/gradient.h"

/// Digests of what the vector kernels compute from fixed inputs, recorded from the AVX-512 clones.
/// Every other clone, and the unvectorised sanitizer build, must give the same bits: that is what
/// fixed lanes and uncontracted arithmetic are for. Inputs come from integers, because libm's
/// logarithm may differ between machines.
enum { R = 33, D = 200 };

/// n multiples of 2^-16 in [-span, span).
static void fill(real *x, size_t n, uint32_t span, uint32_t stream)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, stream);
    for (size_t i = 0; i < n; ++i)
        x[i] =
            (real)((int32_t)rng_below(&rng, 2 * span << 16) - (int32_t)(span << 16)) /
            65536;
}

static void expect_digest(const char *name, const real *x, size_t n, const char *want)
{
    char got[HASH_HEX];
    hash_bytes(got, x, n * sizeof *x);
    cr_expect(!strncmp(got, want, strlen(want)), "%s: digest %.16s, want %s", name, got,
              want);
}

#define float_only()                                                                   \
    do                                                                                 \
        if (sizeof(real) != sizeof(float))                                             \
            cr_skip_test("digests are of float kernels");                              \
    while (0)

static real x[R * D], y[R * D], z[R * D], w[D], b[D], dw[D], db[D], rstd[R];

Test(kernels, gelu_has_the_same_bits_everywhere)
{
    float_only();
    fill(x, R * D, 6, 1);
    fill(b, D, 1, 2);
    fill(z, R * D, 2, 3);
    gelu_forward(y, x, b, R, D);
    gelu_backward(z, db, x, R, D);
    expect_digest("value", y, R * D, "f547ff0275b91cfc");
    expect_digest("slope", x, R * D, "ae17b8b2cfa073bc");
    expect_digest("gradient", z, R * D, "812cf6d465f74d97");
    expect_digest("bias gradient", db, D, "b5b945ecae8877b2");
}

Test(kernels, layernorm_has_the_same_bits_everywhere)
{
    float_only();
    struct layernorm layer = {w, b}, gradient = {dw, db};
    static real normal[R * D];
    fill(x, R * D, 3, 4);
    fill(w, D, 2, 5);
    fill(b, D, 1, 6);
    layernorm_forward(y, normal, rstd, x, &layer, R, D);
    layernorm_backward(z, &gradient, x, normal, rstd, &layer, R, D);
    expect_digest("output", y, R * D, "028bbc48a30187af");
    expect_digest("input gradient", z, R * D, "56ce4b018107a303");
    expect_digest("weight gradient", dw, D, "d99d026d1d59a99c");
    expect_digest("bias gradient", db, D, "54a26bd5cfcd871d");
}

/// Heads of width 1: a score and its gradient are one product, which every BLAS rounds alike, so that
/// the digests are of the softmax alone.
Test(kernels, softmax_has_the_same_bits_everywhere)
{
    float_only();
    const struct attention_shape shape = {2, 65, 4, 4};
    static real qkv[2 * 65 * 12], probs[2 * 4 * 65 * 80], out[2 * 65 * 4];
    static real dqkv[2 * 65 * 12], dscores[65 * 80], dout[2 * 65 * 4];
    fill(qkv, 2 * 65 * 12, 4, 7);
    fill(dout, 2 * 65 * 4, 1, 8);
    cr_assert(attention_probs(&shape) == sizeof probs / sizeof *probs);
    cr_assert(attention_work(&shape) == sizeof dscores / sizeof *dscores);
    attention_forward(out, probs, qkv, &shape);
    expect_digest("probabilities", probs, attention_probs(&shape), "2c0d6930dee8ca9c");
    attention_backward(dqkv, dscores, dout, probs, qkv, &shape);
    expect_digest("the last head's score gradient", dscores, attention_work(&shape),
                  "af25d4f7e47c00a4");
}
