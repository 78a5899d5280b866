#include "core/model/attention.h"

#include "core/model/exponential.h"
#include "core/model/lanes.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// Below, at and above one register of 16 lanes, and one piece of queries; one head and several;
// the desk tier's sizes.
enum { TOKENS = 2 * ATTENTION_PIECE + 2 };
static const struct attention_shape shapes[] = {{2, 1, 8, 2},
                                                {2, 16, 24, 3},
                                                {3, 17, 24, 1},
                                                {2, ATTENTION_PIECE, 8, 2},
                                                {1, ATTENTION_PIECE + 1, 24, 3},
                                                {2, TOKENS, 8, 1},
                                                {1, 65, 192, 3}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

struct fixture {
    struct arena arena;
    struct attention_shape shape;
    size_t rows, width, stride;
    struct activation packed, dpacked, mixed, dout;
    struct attention_work work;
    real *qkv, *dqkv, *probs, *out, *c;
};

static struct fixture fixture_open(struct attention_shape shape)
{
    struct fixture f = {.shape = shape,
                        .rows = attention_rows(&shape),
                        .width = shape.width,
                        .stride = lanes_stride(shape.tokens)};
    struct reserve reserve = {.arena = &f.arena};
    arena_open(&f.arena, "test", 1 << 24);
    f.packed = activation_new(&f.arena, f.rows, 3 * f.width);
    f.dpacked = activation_new(&f.arena, f.rows, 3 * f.width);
    f.mixed = activation_new(&f.arena, f.rows, f.width);
    f.dout = activation_new(&f.arena, f.rows, f.width);
    attention_work_open(&f.work, FP32, &shape, &reserve);
    activation_set(&f.packed, normal_reals(&f.arena, f.rows * 3 * f.width, 1, 1),
                   f.rows);
    activation_set(&f.dout, normal_reals(&f.arena, f.rows * f.width, 1, 2), f.rows);
    f.qkv = activation_reals(&f.packed);
    f.dqkv = activation_reals(&f.dpacked);
    f.out = activation_reals(&f.mixed);
    f.c = activation_reals(&f.dout);
    f.probs = arena_reals(&f.arena, attention_probs(&shape));
    return f;
}

static void forward(struct fixture *f)
{
    attention_forward(&f->mixed, f->probs, &f->work, &f->packed, &f->shape);
}

static void backward(struct fixture *f)
{
    attention_backward(&f->dpacked, &f->work, &f->dout, f->probs, &f->packed,
                       &f->shape);
}

// Query, key or value (part 0, 1, 2) number i of head h at token t of image b.
static double packed(const struct fixture *f, size_t b, size_t t, size_t part, size_t h,
                     size_t i)
{
    const size_t D = f->width, d = D / f->shape.heads;
    return (double)f->qkv[((b * f->shape.tokens + t) * 3 + part) * D + h * d + i];
}

// out (d) and weights (T) of one query, from the definition, in double.
static void naive_row(double *out, double *weights, const struct fixture *f, size_t b,
                      size_t h, size_t t)
{
    const size_t T = f->shape.tokens, d = f->width / f->shape.heads;
    double total = 0;
    for (size_t s = 0; s < T; ++s) {
        double score = 0;
        for (size_t i = 0; i < d; ++i)
            score += packed(f, b, t, 0, h, i) * packed(f, b, s, 1, h, i);
        weights[s] = exp(score / sqrt((double)d));
        total += weights[s];
    }
    for (size_t s = 0; s < T; ++s) weights[s] /= total;
    for (size_t i = 0; i < d; ++i) {
        out[i] = 0;
        for (size_t s = 0; s < T; ++s) out[i] += weights[s] * packed(f, b, s, 2, h, i);
    }
}

// Scores, sums of size sqrt(d), err by 1e-6 in float, and the exponential passes that on.
Test(attention, agrees_with_the_definition)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        const size_t T = f.shape.tokens, H = f.shape.heads, d = f.width / H;
        forward(&f);
        for (size_t b = 0; b < f.shape.images; ++b)
            for (size_t h = 0; h < H; ++h)
                for (size_t t = 0; t < T; ++t) {
                    double want_out[192], want_probs[TOKENS], out[192], probs[TOKENS];
                    naive_row(want_out, want_probs, &f, b, h, t);
                    for (size_t i = 0; i < d; ++i)
                        out[i] = (double)f.out[(b * T + t) * f.width + h * d + i];
                    for (size_t i = 0; i < T; ++i)
                        probs[i] =
                            (double)f.probs[((b * H + h) * T + t) * f.stride + i];
                    expect_close((const double *)out, (const double *)want_out, d, 5e-6,
                                 5e-6);
                    expect_close((const double *)probs, (const double *)want_probs, T,
                                 1e-5, 1e-7);
                }
        arena_close(&f.arena);
    }
}

Test(attention, rows_sum_to_one_and_padding_is_zero)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        forward(&f);
        const size_t rows = attention_probs(&f.shape) / f.stride;
        for (size_t r = 0; r < rows; ++r) {
            double sum = 0;
            for (size_t i = 0; i < f.stride; ++i) {
                const real p = f.probs[r * f.stride + i];
                cr_assert(i < f.shape.tokens ? p >= 0 : p == 0);
                sum += (double)p;
            }
            cr_assert(fabs(sum - 1) <= 1e-6, "row %zu sums to %.9g", r, sum);
        }
        arena_close(&f.arena);
    }
}

// Adding one vector to every key shifts a query's scores by the same number.
Test(attention, does_not_see_a_shift_of_all_scores)
{
    struct fixture f = fixture_open(shapes[1]);
    const size_t n = f.rows * f.width;
    real *before = arena_reals(&f.arena, n), *shift = normal_reals(&f.arena, 24, 1, 9);
    forward(&f);
    memcpy(before, f.out, n * sizeof(real));
    for (size_t r = 0; r < f.rows; ++r)
        for (size_t i = 0; i < f.width; ++i)
            f.qkv[(r * 3 + 1) * f.width + i] += shift[i];
    forward(&f);
    expect_close(f.out, (const real *)before, n, 1e-5, 1e-5);
    arena_close(&f.arena);
}

Test(attention, stays_finite_at_enormous_scores)
{
    struct fixture f = fixture_open(shapes[2]);
    for (size_t i = 0; i < f.rows * 3 * f.width; ++i) f.qkv[i] *= 1000;
    forward(&f);
    for (size_t i = 0; i < f.rows * f.width; ++i) cr_assert(isfinite(f.out[i]));
    arena_close(&f.arena);
}

Test(attention, a_token_that_is_not_a_number_shows_in_the_output)
{
    struct fixture f = fixture_open(shapes[1]);
    f.qkv[0] = (real)NAN;
    forward(&f);
    cr_expect(isnan(f.out[0]));
    arena_close(&f.arena);
}

// Reversing the tokens reverses the outputs; sums run in another order, so within a tolerance.
static void check_permutation(struct attention_shape shape)
{
    struct fixture f = fixture_open(shape);
    const size_t T = f.shape.tokens, D = f.width;
    real *reversed = arena_reals(&f.arena, T * D);
    real *qkv = arena_reals(&f.arena, T * 3 * D);
    forward(&f);
    for (size_t t = 0; t < T; ++t)
        memcpy(reversed + t * D, f.out + (T - 1 - t) * D, D * sizeof(real));
    memcpy(qkv, f.qkv, T * 3 * D * sizeof(real));
    for (size_t t = 0; t < T; ++t)
        memcpy(f.qkv + t * 3 * D, qkv + (T - 1 - t) * 3 * D, 3 * D * sizeof(real));
    forward(&f);
    expect_close(f.out, (const real *)reversed, T * D, 1e-5, 1e-6);
    arena_close(&f.arena);
}

Test(attention, is_equivariant_to_a_permutation_of_tokens)
{
    check_permutation((struct attention_shape){1, 17, 24, 3});
    check_permutation((struct attention_shape){1, TOKENS, 24, 3});
}

Test(attention, images_do_not_see_each_other)
{
    struct fixture f = fixture_open(shapes[2]);
    const size_t one = f.shape.tokens * f.width;
    real *before = arena_reals(&f.arena, one);
    forward(&f);
    memcpy(before, f.out + one, one * sizeof(real));
    for (size_t i = 0; i < 3 * one; ++i) f.qkv[i] = 1;
    forward(&f);
    expect_close((const real *)(f.out + one), (const real *)before, one, 0, 0);
    arena_close(&f.arena);
}

// The bound that exponential.h states, on every sixteenth of a thousandth of [-87,0].
Test(attention, exponential_keeps_its_bound)
{
    double worst = 0;
    for (int i = 0; i <= 87 * 16000; ++i) {
        const real x = (real)(-i / 16000.);
        const double want = exp((double)x);
        const double error = fabs((double)exp_negative(x) - want) / want;
        if (!(error <= worst)) worst = error;
    }
    fprintf(stderr, "exponential: relative error %.2e\n", worst);
    cr_expect(worst <= 1.5e-7, "relative error %g", worst);
    cr_expect(exp_negative(0) == 1 && exp_negative((real)-1e30) == 0 &&
              exp_negative((real)-INFINITY) == 0);
    cr_expect(isnan(exp_negative((real)NAN)));
}

BREAKS(attention, refuses_heads_that_do_not_divide_the_width,
       "shape->width % shape->heads == 0")
{
    struct fixture f = fixture_open((struct attention_shape){1, 2, 8, 3});
    forward(&f);
}

static double loss(void *context)
{
    struct fixture *f = context;
    forward(f);
    return projection(f->out, f->c, f->rows * f->width);
}

Test(attention, gradients_agree_with_central_differences)
{
    gradient_skip();
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        forward(&f);
        backward(&f);
        expect_gradient("attention qkv", f.qkv, f.dqkv, f.rows * 3 * f.width, loss, &f);
        arena_close(&f.arena);
    }
}

// dqkv (T,3D) of one image in double, from the definition: dV = P^T dO, dS = P (dP - sum dP P) /
// sqrt(d), dP = dO V^T, dQ = dS K, dK = dS^T Q.
static void naive_backward(double *dqkv, const struct fixture *f, size_t b)
{
    const size_t T = f->shape.tokens, D = f->width, H = f->shape.heads, d = D / H;
    memset(dqkv, 0, T * 3 * D * sizeof *dqkv);
    for (size_t h = 0; h < H; ++h)
        for (size_t t = 0; t < T; ++t) {
            double out[192], p[TOKENS], dp[TOKENS], mean = 0;
            naive_row(out, p, f, b, h, t);
            const real *dout = f->c + (b * T + t) * D + h * d;
            for (size_t s = 0; s < T; ++s) {
                dp[s] = 0;
                for (size_t i = 0; i < d; ++i) {
                    dp[s] += (double)dout[i] * packed(f, b, s, 2, h, i);
                    dqkv[(s * 3 + 2) * D + h * d + i] += p[s] * (double)dout[i];
                }
                mean += p[s] * dp[s];
            }
            for (size_t s = 0; s < T; ++s) {
                const double ds = p[s] * (dp[s] - mean) / sqrt((double)d);
                for (size_t i = 0; i < d; ++i) {
                    dqkv[t * 3 * D + h * d + i] += ds * packed(f, b, s, 1, h, i);
                    dqkv[(s * 3 + 1) * D + h * d + i] += ds * packed(f, b, t, 0, h, i);
                }
            }
        }
}

Test(attention, gradients_agree_with_the_definition)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        const size_t n = f.shape.tokens * 3 * f.width;
        double *want = arena_doubles(&f.arena, n), *got = arena_doubles(&f.arena, n);
        forward(&f);
        backward(&f);
        for (size_t b = 0; b < f.shape.images; ++b) {
            naive_backward(want, &f, b);
            for (size_t i = 0; i < n; ++i) got[i] = (double)f.dqkv[b * n + i];
            expect_close((const double *)got, (const double *)want, n, 1e-5, 1e-5);
        }
        arena_close(&f.arena);
    }
}

Test(attention, backward_overwrites_what_the_memory_held)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        const size_t n = f.rows * 3 * f.width;
        real *once = arena_reals(&f.arena, n);
        forward(&f);
        backward(&f);
        memcpy(once, f.dqkv, n * sizeof(real));
        for (size_t i = 0; i < n; ++i) f.dqkv[i] = (real)NAN;
        backward(&f);
        cr_expect(!memcmp(once, f.dqkv, n * sizeof(real)), "shape %zu", s);
        arena_close(&f.arena);
    }
}

// The rows of P sum to 1 for any queries, so a loss that is the same for all values of V
// gives queries and keys no gradient, and each value its share of attention.
Test(attention, backward_gives_queries_nothing_when_values_are_equal)
{
    struct fixture f = fixture_open(shapes[2]);
    for (size_t r = 0; r < f.rows; ++r)
        for (size_t i = 0; i < f.width; ++i) f.qkv[(r * 3 + 2) * f.width + i] = 2;
    forward(&f);
    backward(&f);
    const real zeros[2 * 24] = {0};
    for (size_t r = 0; r < f.rows; ++r)
        expect_close((const real *)(f.dqkv + r * 3 * f.width), zeros, 2 * 24, 0, 2e-5);
    arena_close(&f.arena);
}
