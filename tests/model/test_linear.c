#include "core/model/linear.h"

#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { R = 7, N = 20, K = 13 };

struct fixture {
    struct arena arena;
    struct linear linear, gradient;
    real *in, *out, *c, *din;
    real beta;
};

static struct fixture fixture_open(real beta)
{
    struct fixture f = {.beta = beta};
    arena_open(&f.arena, "test", 1 << 20);
    f.linear.weight = normal_reals(&f.arena, N * K, .5, 1);
    f.linear.bias = normal_reals(&f.arena, N, 1, 2);
    f.gradient.weight = arena_zeros(&f.arena, N * K);
    f.gradient.bias = arena_zeros(&f.arena, N);
    f.in = normal_reals(&f.arena, R * K, 1, 3);
    f.c = normal_reals(&f.arena, R * N, 1, 4);
    f.out = arena_reals(&f.arena, R * N);
    f.din = arena_reals(&f.arena, R * K);
    return f;
}

/// out = beta base + in W^T + b in double, one number after the other.
static void naive(double *out, const struct fixture *f, const real *base)
{
    for (size_t r = 0; r < R; ++r)
        for (size_t n = 0; n < N; ++n) {
            double sum = (double)f->linear.bias[n];
            if (f->beta == 1) sum += (double)base[r * N + n];
            for (size_t k = 0; k < K; ++k)
                sum += (double)f->in[r * K + k] * (double)f->linear.weight[n * K + k];
            out[r * N + n] = sum;
        }
}

/// Sums of 13 products of size 1: float keeps 1e-6 of them.
static void forward_agrees(real beta)
{
    struct fixture f = fixture_open(beta);
    double want[R * N], got[R * N];
    real *base = normal_reals(&f.arena, R * N, 1, 5);
    naive(want, &f, base);
    memcpy(f.out, base, R * N * sizeof(real));
    linear_forward(f.out, f.in, &f.linear, R, N, K, f.beta);
    for (size_t i = 0; i < R * N; ++i) got[i] = (double)f.out[i];
    expect_close(got, want, R * N, 2e-6, 2e-6);
    arena_close(&f.arena);
}

Test(linear, overwrites_like_a_naive_loop)
{
    forward_agrees(0);
}

Test(linear, adds_to_a_residual_like_a_naive_loop)
{
    forward_agrees(1);
}

Test(linear, works_without_bias)
{
    struct fixture f = fixture_open(0);
    struct linear plain = {.weight = f.linear.weight};
    memset(f.linear.bias, 0, N * sizeof(real));
    double want[R * N], got[R * N];
    for (size_t i = 0; i < R * N; ++i) f.out[i] = (real)NAN;
    naive(want, &f, f.c);
    linear_forward(f.out, f.in, &plain, R, N, K, 0);
    for (size_t i = 0; i < R * N; ++i) got[i] = (double)f.out[i];
    expect_close(got, want, R * N, 2e-6, 2e-6);
    arena_close(&f.arena);
}

Test(linear, backward_adds_to_parameters_and_overwrites_activations)
{
    struct fixture f = fixture_open(0);
    linear_backward(f.din, &f.gradient, f.c, f.in, &f.linear, R, N, K);
    real once_weight[N * K], once_bias[N], once_din[R * K];
    memcpy(once_weight, f.gradient.weight, sizeof once_weight);
    memcpy(once_bias, f.gradient.bias, sizeof once_bias);
    memcpy(once_din, f.din, sizeof once_din);

    linear_backward(f.din, &f.gradient, f.c, f.in, &f.linear, R, N, K);
    for (size_t i = 0; i < N * K; ++i) once_weight[i] *= 2;
    for (size_t i = 0; i < N; ++i) once_bias[i] *= 2;
    expect_close(f.gradient.weight, (const real *)once_weight, N * K, 1e-5, 1e-5);
    expect_close(f.gradient.bias, (const real *)once_bias, N, 1e-5, 1e-5);
    expect_close(f.din, (const real *)once_din, R * K, 0, 0);
    arena_close(&f.arena);
}

static double loss(void *context)
{
    struct fixture *f = context;
    linear_forward(f->out, f->in, &f->linear, R, N, K, 0);
    return projection(f->out, f->c, R * N);
}

Test(linear, gradients_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f = fixture_open(0);
    linear_backward(f.din, &f.gradient, f.c, f.in, &f.linear, R, N, K);
    expect_gradient("linear weight", f.linear.weight, f.gradient.weight, N * K, loss,
                    &f);
    expect_gradient("linear bias", f.linear.bias, f.gradient.bias, N, loss, &f);
    expect_gradient("linear input", f.in, f.din, R * K, loss, &f);
    arena_close(&f.arena);
}
