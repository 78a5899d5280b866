#include "core/model/linear.h"

#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

enum { N = 20, K = 13 };

// Fewer rows than are treated at a time, whole pieces, one row more, several pieces of weight
// gradients.
static const size_t row_counts[] = {7, 56, 57, 600};
enum { COUNTS = sizeof row_counts / sizeof *row_counts };

// Rows before the layer's own in its activations.
enum { BEFORE_OUT = 2, BEFORE_IN = 5 };

struct fixture {
    struct arena arena;
    size_t rows;
    struct linear linear, gradient;
    real *in, *out, *c, *din;
    struct activation dout, inputs; // c and in, after other rows
    void *storage[2], *depth[2];
};

static struct fixture fixture_open(size_t rows)
{
    struct fixture f = {.rows = rows};
    arena_open(&f.arena, "test", 1 << 21);
    f.linear.weight = normal_reals(&f.arena, N * K, .5, 1);
    f.linear.bias = normal_reals(&f.arena, N, 1, 2);
    f.gradient.weight = arena_reals(&f.arena, N * K);
    f.gradient.bias = arena_reals(&f.arena, N);
    real *in = normal_reals(&f.arena, (BEFORE_IN + rows) * K, 1, 3);
    real *c = normal_reals(&f.arena, (BEFORE_OUT + rows) * N, 1, 4);
    f.inputs = activation_new(&f.arena, BEFORE_IN + rows, K);
    f.dout = activation_new(&f.arena, BEFORE_OUT + rows, N);
    activation_set(&f.inputs, in, BEFORE_IN + rows);
    activation_set(&f.dout, c, BEFORE_OUT + rows);
    f.in = activation_reals(&f.inputs) + BEFORE_IN * K;
    f.c = c + BEFORE_OUT * N;
    f.out = arena_reals(&f.arena, rows * N);
    f.din = arena_reals(&f.arena, rows * K);
    for (int s = 0; s < 2; ++s) {
        f.storage[s] = operand_storage(&f.arena, N, K);
        f.depth[s] = operand_storage(&f.arena, rows, s ? K : N);
    }
    linear_pack(&f.linear, f.storage, N, K);
    return f;
}

static void forward(struct fixture *f, const struct linear *linear, int accumulate)
{
    linear_forward(f->out, activation_operand_a(&f->inputs, BEFORE_IN, 0), linear, FP32,
                   f->rows, N, K, accumulate);
}

static void weight_backward(struct fixture *f, int accumulate)
{
    linear_backward_weight(f->gradient.weight, &f->dout, BEFORE_OUT, &f->inputs,
                           BEFORE_IN, f->depth, f->rows, N, K, accumulate);
}

static void backward(struct fixture *f)
{
    linear_backward_input(f->din, activation_operand_a(&f->dout, BEFORE_OUT, 0),
                          &f->linear, FP32, f->rows, N, K);
    weight_backward(f, 0);
    linear_backward_bias(f->gradient.bias, f->c, f->rows, N);
}

// Compares n reals with doubles; sums of some dozen products of size 1 err by 1e-6 in float.
static void expect_reals(const real *got, const double *want, size_t n,
                         double tolerance)
{
    double *doubles = malloc(n * sizeof *doubles);
    cr_assert(doubles);
    for (size_t i = 0; i < n; ++i) doubles[i] = (double)got[i];
    expect_close((const double *)doubles, want, n, tolerance, tolerance);
    free(doubles);
}

// out = base + in W^T + b in double, one number after the other; base NULL: 0.
static double *naive(struct fixture *f, const real *base)
{
    double *out = arena_doubles(&f->arena, f->rows * N);
    for (size_t r = 0; r < f->rows; ++r)
        for (size_t n = 0; n < N; ++n) {
            double sum = (double)f->linear.bias[n];
            if (base) sum += (double)base[r * N + n];
            for (size_t k = 0; k < K; ++k)
                sum += (double)f->in[r * K + k] * (double)f->linear.weight[n * K + k];
            out[r * N + n] = sum;
        }
    return out;
}

static void fill_nan(real *x, size_t n)
{
    for (size_t i = 0; i < n; ++i) x[i] = (real)NAN;
}

Test(linear, overwrites_like_a_naive_loop)
{
    for (size_t c = 0; c < COUNTS; ++c) {
        struct fixture f = fixture_open(row_counts[c]);
        fill_nan(f.out, f.rows * N);
        forward(&f, &f.linear, 0);
        expect_reals(f.out, naive(&f, NULL), f.rows * N, 2e-6);
        arena_close(&f.arena);
    }
}

Test(linear, adds_to_a_residual_like_a_naive_loop)
{
    for (size_t c = 0; c < COUNTS; ++c) {
        struct fixture f = fixture_open(row_counts[c]);
        real *base = normal_reals(&f.arena, f.rows * N, 1, 5);
        memcpy(f.out, base, f.rows * N * sizeof(real));
        forward(&f, &f.linear, 1);
        expect_reals(f.out, naive(&f, base), f.rows * N, 2e-6);
        arena_close(&f.arena);
    }
}

Test(linear, works_without_bias)
{
    struct fixture f = fixture_open(7);
    struct linear plain = f.linear;
    plain.bias = NULL;
    memset(f.linear.bias, 0, N * sizeof(real));
    fill_nan(f.out, f.rows * N);
    forward(&f, &plain, 0);
    expect_reals(f.out, naive(&f, NULL), f.rows * N, 2e-6);
    arena_close(&f.arena);
}

Test(linear, a_row_has_the_same_bits_alone)
{
    struct fixture f = fixture_open(57);
    if (!rows_are_free()) cr_skip_test("OpenBLAS sums as the shape has it");
    real out[N], din[K];
    forward(&f, &f.linear, 0);
    backward(&f);
    for (size_t r = 0; r < f.rows; ++r) {
        linear_forward(out, activation_operand_a(&f.inputs, BEFORE_IN + r, 0),
                       &f.linear, FP32, 1, N, K, 0);
        linear_backward_input(din, activation_operand_a(&f.dout, BEFORE_OUT + r, 0),
                              &f.linear, FP32, 1, N, K);
        cr_expect(!memcmp(out, f.out + r * N, sizeof out), "row %zu", r);
        cr_expect(!memcmp(din, f.din + r * K, sizeof din), "row %zu", r);
    }
    arena_close(&f.arena);
}

// Sums over 600 rows: float is exact to 1e-5 of them.
Test(linear, gradients_agree_with_naive_loops)
{
    for (size_t c = 0; c < COUNTS; ++c) {
        struct fixture f = fixture_open(row_counts[c]);
        double weight[N * K] = {0}, bias[N] = {0};
        double *din = arena_doubles(&f.arena, f.rows * K);
        memset(din, 0, f.rows * K * sizeof *din);
        for (size_t r = 0; r < f.rows; ++r)
            for (size_t n = 0; n < N; ++n) {
                const double dout = (double)f.c[r * N + n];
                bias[n] += dout;
                for (size_t k = 0; k < K; ++k) {
                    weight[n * K + k] += dout * (double)f.in[r * K + k];
                    din[r * K + k] += dout * (double)f.linear.weight[n * K + k];
                }
            }
        backward(&f);
        expect_reals(f.din, din, f.rows * K, 2e-6);
        expect_reals(f.gradient.weight, weight, N * K, 1e-5);
        expect_reals(f.gradient.bias, bias, N, 1e-5);
        arena_close(&f.arena);
    }
}

Test(linear, backward_overwrites_what_the_memory_held)
{
    struct fixture f = fixture_open(600);
    real weight[N * K], bias[N];
    backward(&f);
    memcpy(weight, f.gradient.weight, sizeof weight);
    memcpy(bias, f.gradient.bias, sizeof bias);
    real *din = arena_reals(&f.arena, f.rows * K);
    memcpy(din, f.din, f.rows * K * sizeof *din);

    fill_nan(f.gradient.weight, N * K);
    fill_nan(f.gradient.bias, N);
    fill_nan(f.din, f.rows * K);
    backward(&f);
    cr_expect(!memcmp(f.gradient.weight, weight, sizeof weight));
    cr_expect(!memcmp(f.gradient.bias, bias, sizeof bias));
    cr_expect(!memcmp(f.din, din, f.rows * K * sizeof *din));
    arena_close(&f.arena);
}

// Adding a pass to a gradient doubles it; the second pass adds its terms to sums that are not 0.
Test(linear, a_weight_gradient_adds_when_asked)
{
    struct fixture f = fixture_open(57);
    real twice[N * K];
    weight_backward(&f, 0);
    for (size_t i = 0; i < N * K; ++i) twice[i] = 2 * f.gradient.weight[i];
    weight_backward(&f, 1);
    expect_close(f.gradient.weight, (const real *)twice, N * K, 1e-5, 1e-5);
    arena_close(&f.arena);
}

static double loss(void *context)
{
    struct fixture *f = context;
    linear_pack(&f->linear, f->storage, N, K);
    forward(f, &f->linear, 0);
    return projection(f->out, f->c, f->rows * N);
}

Test(linear, gradients_agree_with_central_differences)
{
    gradient_skip();
    for (size_t c = 0; c < COUNTS; ++c) {
        struct fixture f = fixture_open(row_counts[c]);
        backward(&f);
        expect_gradient("linear weight", f.linear.weight, f.gradient.weight, N * K,
                        loss, &f);
        expect_gradient("linear bias", f.linear.bias, f.gradient.bias, N, loss, &f);
        expect_gradient("linear input", f.in, f.din, f.rows * K, loss, &f);
        arena_close(&f.arena);
    }
}
