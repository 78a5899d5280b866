#include "core/model/mlp.h"

#include "core/model/gelu.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

/// The GELU of libm in double: value and slope.
static double gelu_value(double u)
{
    return u * 0.5 * erfc(-u / sqrt(2));
}

static double gelu_slope(double u)
{
    return 0.5 * erfc(-u / sqrt(2)) + u * exp(-u * u / 2) / sqrt(2 * acos(-1));
}

enum { GRID = 400001 };

/// The bounds that gelu.h states, every 1e-4 over [-20,20]; relative to the value where it is small and
/// negative, too, because there is no cancellation in the tail.
Test(mlp, gelu_keeps_its_bounds_over_a_dense_grid)
{
    struct arena arena;
    arena_open(&arena, "test", 3 * GRID * sizeof(real) + 4096);
    real *out = arena_reals(&arena, GRID), *slope = arena_reals(&arena, GRID);
    real *bias = arena_zeros(&arena, GRID);
    double worst_value = 0, worst_slope = 0, worst_tail = 0;
    for (size_t i = 0; i < GRID; ++i) slope[i] = (real)((double)i * 1e-4 - 20);
    real *u = malloc(GRID * sizeof *u);
    cr_assert(u);
    memcpy(u, slope, GRID * sizeof *u);
    gelu_forward(out, slope, bias, 1, GRID);
    for (size_t i = 0; i < GRID; ++i) {
        const double x = (double)u[i], want = gelu_value(x);
        const double value = fabs((double)out[i] - want) / fmax(1, fabs(x));
        const double tail = fabs((double)out[i] - want) / fabs(want);
        const double derivative = fabs((double)slope[i] - gelu_slope(x));
        if (!(value <= worst_value)) worst_value = value;
        if (!(derivative <= worst_slope)) worst_slope = derivative;
        if (x != 0 && x > -5 && !(tail <= worst_tail)) worst_tail = tail;
    }
    fprintf(stderr, "gelu: error %.2e, relative above -5 %.2e, slope %.2e\n",
            worst_value, worst_tail, worst_slope);
    cr_expect(worst_value <= 2e-7);
    cr_expect(worst_tail <= 2e-6);
    cr_expect(worst_slope <= 4e-7);
    free(u);
    arena_close(&arena);
}

Test(mlp, gelu_passes_on_what_is_not_a_number)
{
    real out, slope = (real)NAN, bias = 0;
    gelu_forward(&out, &slope, &bias, 1, 1);
    cr_expect(isnan(out) && isnan(slope));
}

/// A row's place in the array, hence body or tail of the vector loop, changes no bit.
Test(mlp, gelu_has_one_formula_for_body_and_tail)
{
    enum { WIDE = 67 };
    real wide_out[WIDE], wide[WIDE], bias[WIDE] = {0};
    for (size_t i = 0; i < WIDE; ++i) wide[i] = (real)((double)i * .11 - 3);
    real narrow[WIDE];
    memcpy(narrow, wide, sizeof wide);
    gelu_forward(wide_out, wide, bias, 1, WIDE);
    for (size_t i = 0; i < WIDE; ++i) {
        real out;
        gelu_forward(&out, &narrow[i], bias, 1, 1);
        cr_expect(out == wide_out[i] && narrow[i] == wide[i], "at %zu", i);
    }
}

enum { R = 5, D = 12, I = MLP_RATIO * D };

struct fixture {
    struct arena arena;
    struct mlp mlp, gradient;
    real *in, *out, *active, *slope, *c, *din, *dinner;
};

static struct fixture fixture_open(void)
{
    struct fixture f;
    arena_open(&f.arena, "test", 1 << 20);
    f.mlp.fc1.weight = normal_reals(&f.arena, I * D, .5, 1);
    f.mlp.fc1.bias = normal_reals(&f.arena, I, .5, 2);
    f.mlp.fc2.weight = normal_reals(&f.arena, D * I, .5, 3);
    f.mlp.fc2.bias = normal_reals(&f.arena, D, .5, 4);
    f.gradient.fc1.weight = arena_zeros(&f.arena, I * D);
    f.gradient.fc1.bias = arena_zeros(&f.arena, I);
    f.gradient.fc2.weight = arena_zeros(&f.arena, D * I);
    f.gradient.fc2.bias = arena_zeros(&f.arena, D);
    f.in = normal_reals(&f.arena, R * D, 1, 5);
    f.c = normal_reals(&f.arena, R * D, 1, 6);
    f.out = arena_zeros(&f.arena, R * D);
    f.din = arena_reals(&f.arena, R * D);
    f.active = arena_reals(&f.arena, R * I);
    f.slope = arena_reals(&f.arena, R * I);
    f.dinner = arena_reals(&f.arena, R * I);
    return f;
}

static void forward(struct fixture *f)
{
    mlp_forward(f->out, f->active, f->slope, f->in, &f->mlp, R, D);
}

Test(mlp, adds_to_the_residual_like_a_naive_loop)
{
    struct fixture f = fixture_open();
    double want[R * D], got[R * D];
    for (size_t i = 0; i < R * D; ++i) f.out[i] = (real)i;
    forward(&f);
    for (size_t r = 0; r < R; ++r) {
        double inner[I];
        for (size_t i = 0; i < I; ++i) {
            double u = (double)f.mlp.fc1.bias[i];
            for (size_t k = 0; k < D; ++k)
                u += (double)f.mlp.fc1.weight[i * D + k] * (double)f.in[r * D + k];
            inner[i] = gelu_value(u);
        }
        for (size_t k = 0; k < D; ++k) {
            double sum = (double)(r * D + k) + (double)f.mlp.fc2.bias[k];
            for (size_t i = 0; i < I; ++i)
                sum += (double)f.mlp.fc2.weight[k * I + i] * inner[i];
            want[r * D + k] = sum;
            got[r * D + k] = (double)f.out[r * D + k];
        }
    }
    expect_close((const double *)got, (const double *)want, R * D, 2e-6, 2e-6);
    arena_close(&f.arena);
}

static double loss(void *context)
{
    struct fixture *f = context;
    memset(f->out, 0, R * D * sizeof(real));
    forward(f);
    return projection(f->out, f->c, R * D);
}

Test(mlp, gradients_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f = fixture_open();
    forward(&f);
    mlp_backward(f.din, &f.gradient, f.dinner, f.c, f.active, f.slope, f.in, &f.mlp, R,
                 D);
    expect_gradient("mlp input", f.in, f.din, R * D, loss, &f);
    expect_gradient("mlp fc1 weight", f.mlp.fc1.weight, f.gradient.fc1.weight, I * D,
                    loss, &f);
    expect_gradient("mlp fc1 bias", f.mlp.fc1.bias, f.gradient.fc1.bias, I, loss, &f);
    expect_gradient("mlp fc2 weight", f.mlp.fc2.weight, f.gradient.fc2.weight, D * I,
                    loss, &f);
    expect_gradient("mlp fc2 bias", f.mlp.fc2.bias, f.gradient.fc2.bias, D, loss, &f);
    arena_close(&f.arena);
}
