#include "core/model/attention.h"

#include <signal.h>

#include "core/model/exponential.h"
#include "core/model/lanes.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

/// Below, at and above one register of 16 lanes; one head and several; the desk tier's sizes.
static const struct attention_shape shapes[] = {
    {2, 1, 8, 2}, {2, 16, 24, 3}, {3, 17, 24, 1}, {1, 65, 192, 3}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

struct fixture {
    struct arena arena;
    struct attention_shape shape;
    size_t rows, width, stride;
    real *qkv, *dqkv, *probs, *dscores, *out, *c;
};

static struct fixture fixture_open(struct attention_shape shape)
{
    struct fixture f = {.shape = shape,
                        .rows = attention_rows(&shape),
                        .width = shape.width,
                        .stride = lanes_stride(shape.tokens)};
    arena_open(&f.arena, "test", 1 << 24);
    f.qkv = normal_reals(&f.arena, f.rows * 3 * f.width, 1, 1);
    f.c = normal_reals(&f.arena, f.rows * f.width, 1, 2);
    f.dqkv = arena_reals(&f.arena, f.rows * 3 * f.width);
    f.probs = arena_reals(&f.arena, attention_probs(&shape));
    f.dscores = arena_reals(&f.arena, attention_work(&shape));
    f.out = arena_reals(&f.arena, f.rows * f.width);
    return f;
}

static void forward(struct fixture *f)
{
    attention_forward(f->out, f->probs, f->qkv, &f->shape);
}

/// Query, key or value (part 0, 1, 2) number i of head h at token t of image b.
static double packed(const struct fixture *f, size_t b, size_t t, size_t part, size_t h,
                     size_t i)
{
    const size_t D = f->width, d = D / f->shape.heads;
    return (double)f->qkv[((b * f->shape.tokens + t) * 3 + part) * D + h * d + i];
}

/// out (d) and weights (T) of one query, from the definition, in double.
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

/// Scores of size sqrt(d) sums carry 1e-6 in float, and the exponential hands that on.
Test(attention, agrees_with_the_definition)
{
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        const size_t T = f.shape.tokens, H = f.shape.heads, d = f.width / H;
        forward(&f);
        for (size_t b = 0; b < f.shape.images; ++b)
            for (size_t h = 0; h < H; ++h)
                for (size_t t = 0; t < T; ++t) {
                    double want_out[192], want_probs[65], out[192], probs[65];
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

/// Adding one vector to every key shifts a query's scores by the same number.
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

/// Reversing the tokens reverses the outputs; sums run in another order, hence a tolerance.
Test(attention, is_equivariant_to_a_permutation_of_tokens)
{
    struct fixture f = fixture_open((struct attention_shape){1, 17, 24, 3});
    const size_t T = f.shape.tokens, D = f.width;
    real *turned = arena_reals(&f.arena, T * D), *qkv = f.qkv;
    forward(&f);
    for (size_t t = 0; t < T; ++t)
        memcpy(turned + t * D, f.out + (T - 1 - t) * D, D * sizeof(real));
    f.qkv = arena_reals(&f.arena, T * 3 * D);
    for (size_t t = 0; t < T; ++t)
        memcpy(f.qkv + t * 3 * D, qkv + (T - 1 - t) * 3 * D, 3 * D * sizeof(real));
    forward(&f);
    expect_close(f.out, (const real *)turned, T * D, 1e-5, 1e-6);
    arena_close(&f.arena);
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

/// The bound that exponential.h states, on every sixteenth of a thousandth of [-87,0].
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

Test(attention, refuses_heads_that_do_not_divide_the_width, .signal = SIGABRT)
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
    for (size_t s = 0; s < SHAPES - 1; ++s) {
        struct fixture f = fixture_open(shapes[s]);
        forward(&f);
        attention_backward(f.dqkv, f.dscores, f.c, f.probs, f.qkv, &f.shape);
        expect_gradient("attention qkv", f.qkv, f.dqkv, f.rows * 3 * f.width, loss, &f);
        arena_close(&f.arena);
    }
}

/// The rows of P sum to 1 whatever the queries are, so a loss that is the same for all values of V
/// gives queries and keys no gradient, and each value its share of attention.
Test(attention, backward_gives_queries_nothing_when_values_are_equal)
{
    struct fixture f = fixture_open(shapes[2]);
    for (size_t r = 0; r < f.rows; ++r)
        for (size_t i = 0; i < f.width; ++i) f.qkv[(r * 3 + 2) * f.width + i] = 2;
    forward(&f);
    attention_backward(f.dqkv, f.dscores, f.c, f.probs, f.qkv, &f.shape);
    const real zeros[2 * 24] = {0};
    for (size_t r = 0; r < f.rows; ++r)
        expect_close((const real *)(f.dqkv + r * 3 * f.width), zeros, 2 * 24, 0, 2e-5);
    arena_close(&f.arena);
}
