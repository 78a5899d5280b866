#include "core/base/hash.h"
#include "core/model/attention.h"
#include "core/model/gelu.h"
#include "core/model/lanes.h"
#include "core/model/layernorm.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// Digests of what the vector kernels compute from fixed inputs, recorded from the AVX-512 clones.
// Every other clone, and the unvectorised sanitizer build, must give the same bits: that is the
// purpose of fixed lanes and of arithmetic without contraction. Inputs come from integers, because
// libm's logarithm may differ between machines.
enum { R = 33, D = 200 };

// n multiples of 2^-16 in [-span, span).
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
    static real slope[R * D];
    fill(x, R * D, 6, 1);
    fill(b, D, 1, 2);
    fill(z, R * D, 2, 3);
    gelu_forward(y, D, slope, x, b, R, D);
    gelu_backward(z, D, db, z, slope, R, D);
    expect_digest("value", y, R * D, "f547ff0275b91cfc");
    expect_digest("slope", slope, R * D, "ae17b8b2cfa073bc");
    expect_digest("gradient", z, R * D, "812cf6d465f74d97");
    expect_digest("bias gradient", db, D, "b5b945ecae8877b2");
}

// A width with a tail after its whole lanes, and the model's.
static void check_layernorm(size_t width, const char *const digests[4])
{
    struct layernorm layer = {.weight = w, .bias = b},
                     gradient = {.weight = dw, .bias = db};
    static real normal[R * D];
    fill(x, R * width, 3, 4);
    fill(w, width, 2, 5);
    fill(b, width, 1, 6);
    memset(z, 0, R * width * sizeof *z);
    layernorm_forward(y, normal, rstd, x, &layer, R, width);
    layernorm_backward_begin(&gradient, width);
    layernorm_backward(z, &gradient, x, normal, rstd, &layer, R, width);
    expect_digest("output", y, R * width, digests[0]);
    expect_digest("input gradient", z, R * width, digests[1]);
    expect_digest("weight gradient", dw, width, digests[2]);
    expect_digest("bias gradient", db, width, digests[3]);
}

Test(kernels, layernorm_has_the_same_bits_everywhere)
{
    static const char *const tail[] = {"028bbc48a30187af", "56ce4b018107a303",
                                       "d99d026d1d59a99c", "54a26bd5cfcd871d"};
    static const char *const whole[] = {"b1626b828c117d42", "32e118d65f0fc350",
                                        "09f0249f7cf31f2a", "8b28dbc21e00d0a7"};
    float_only();
    check_layernorm(200, tail);
    check_layernorm(192, whole);
}

// Heads of width 1: a score and its gradient are one product, which every BLAS rounds alike, so
// that the digests are of the softmax alone.
static real qkv[2 * 65 * 12], probs[2 * 4 * 65 * 80], dout[2 * 65 * 4];

// Attention forward over `tokens` tokens an image, and backward; returns the workspace's scores.
static real *attend(struct attention_shape *shape, size_t tokens, struct arena *arena)
{
    struct reserve reserve = {.arena = arena};
    struct attention_work work;
    *shape = (struct attention_shape){2, tokens, 4, 4};
    arena_open(arena, "test", 1 << 20);
    attention_work_open(&work, FP32, shape, &reserve);
    const size_t rows = attention_rows(shape);
    const struct activation in = activation_new(arena, rows, 12),
                            din = activation_new(arena, rows, 12),
                            out = activation_new(arena, rows, 4),
                            gradient = activation_new(arena, rows, 4);
    fill(qkv, rows * 12, 4, 7);
    fill(dout, rows * 4, 1, 8);
    activation_set(&in, qkv, rows);
    activation_set(&gradient, dout, rows);
    cr_assert(attention_probs(shape) <= sizeof probs / sizeof *probs);
    attention_forward(&out, probs, &work, &in, shape);
    attention_backward(&din, &work, &gradient, probs, &in, shape);
    return work.scores;
}

Test(kernels, softmax_has_the_same_bits_everywhere)
{
    float_only();
    struct attention_shape shape;
    struct arena arena;
    attend(&shape, 65, &arena);
    expect_digest("probabilities", probs, attention_probs(&shape), "2c0d6930dee8ca9c");
    arena_close(&arena);

    // No more tokens than one piece of queries, so that the whole of the last head's scores is
    // left.
    const real *scores = attend(&shape, 50, &arena);
    expect_digest("the last head's score gradient", scores, 50 * 64,
                  "23e5a1a2e0b7be95");
    arena_close(&arena);
}
