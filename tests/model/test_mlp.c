#include "core/model/mlp.h"

#include "core/model/gelu.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// The GELU of libm in double: value and slope.
static double gelu_value(double u)
{
    return u * 0.5 * erfc(-u / sqrt(2));
}

static double gelu_slope(double u)
{
    return 0.5 * erfc(-u / sqrt(2)) + u * exp(-u * u / 2) / sqrt(2 * acos(-1));
}

enum { GRID = 400001 };

// The bounds that gelu.h states, every 1e-4 over [-20,20]; relative to the value where it is small
// and negative, too, because there is no cancellation in the tail.
Test(mlp, gelu_keeps_its_bounds_over_a_dense_grid)
{
    struct arena arena;
    arena_open(&arena, "test", 4 * GRID * sizeof(real) + 4096);
    real *out = arena_reals(&arena, GRID), *slope = arena_reals(&arena, GRID);
    real *u = arena_reals(&arena, GRID), *bias = arena_zeros(&arena, GRID);
    double worst_value = 0, worst_slope = 0, worst_tail = 0;
    for (size_t i = 0; i < GRID; ++i) u[i] = (real)((double)i * 1e-4 - 20);
    gelu_forward(out, GRID, slope, u, bias, 1, GRID);
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
    arena_close(&arena);
}

Test(mlp, gelu_passes_on_what_is_not_a_number)
{
    real out, slope, bias = 0;
    const real in = (real)NAN;
    gelu_forward(&out, 1, &slope, &in, &bias, 1, 1);
    cr_expect(isnan(out) && isnan(slope));
}

// A row's index, and so whether the vector loop's body or tail computes it, changes no bit.
Test(mlp, gelu_has_one_formula_for_body_and_tail)
{
    enum { WIDE = 67 };
    real wide_out[WIDE], wide_slope[WIDE], in[WIDE], bias[WIDE] = {0};
    for (size_t i = 0; i < WIDE; ++i) in[i] = (real)((double)i * .11 - 3);
    gelu_forward(wide_out, WIDE, wide_slope, in, bias, 1, WIDE);
    for (size_t i = 0; i < WIDE; ++i) {
        real out, slope;
        gelu_forward(&out, 1, &slope, &in[i], bias, 1, 1);
        cr_expect(out == wide_out[i] && slope == wide_slope[i], "at %zu", i);
    }
}

// The derivative may overwrite its input; that by the bias is added to.
Test(mlp, gelu_backward_works_in_place_and_adds_to_the_bias)
{
    enum { ROWS = 3, WIDE = 19 };
    struct arena arena;
    arena_open(&arena, "test", 1 << 16);
    real *dout = normal_reals(&arena, ROWS * WIDE, 1, 1), du[ROWS * WIDE];
    const real *slope = normal_reals(&arena, ROWS * WIDE, 1, 2);
    real dbias[WIDE], added[WIDE], again[WIDE] = {0};
    for (size_t i = 0; i < WIDE; ++i) dbias[i] = added[i] = (real)i;
    gelu_backward(du, WIDE, dbias, dout, slope, ROWS, WIDE);
    for (size_t r = 0; r < ROWS; ++r)
        for (size_t i = 0; i < WIDE; ++i) {
            cr_expect(du[r * WIDE + i] == dout[r * WIDE + i] * slope[r * WIDE + i]);
            added[i] += du[r * WIDE + i];
        }
    expect_close((const real *)dbias, (const real *)added, WIDE, 0, 0);
    gelu_backward(dout, WIDE, again, dout, slope, ROWS, WIDE);
    cr_expect(!memcmp(dout, du, sizeof du));
    arena_close(&arena);
}

// Rows of the trace before and after those of a call.
enum {
    BEFORE = 2,
    R = 5,
    BEHIND = 3,
    ROWS = BEFORE + R + BEHIND,
    D = 12,
    I = MLP_RATIO * D
};

struct fixture {
    struct arena arena;
    struct mlp mlp, gradient;
    void *storage[4], *depth[2];
    struct mlp_trace trace;
    struct activation inputs, dout, dinner; // (ROWS,D), (ROWS,D), (ROWS,I)
    real *in, *out, *c, *din, *work[2];
};

static struct fixture fixture_open(void)
{
    struct fixture f;
    arena_open(&f.arena, "test", 1 << 20);
    f.mlp.fc1.weight = normal_reals(&f.arena, I * D, .5, 1);
    f.mlp.fc1.bias = normal_reals(&f.arena, I, .5, 2);
    f.mlp.fc2.weight = normal_reals(&f.arena, D * I, .5, 3);
    f.mlp.fc2.bias = normal_reals(&f.arena, D, .5, 4);
    f.gradient.fc1.weight = arena_reals(&f.arena, I * D);
    f.gradient.fc1.bias = arena_zeros(&f.arena, I);
    f.gradient.fc2.weight = arena_reals(&f.arena, D * I);
    f.gradient.fc2.bias = arena_reals(&f.arena, D);
    f.inputs = activation_new(&f.arena, ROWS, D);
    f.dout = activation_new(&f.arena, ROWS, D);
    f.dinner = activation_new(&f.arena, ROWS, I);
    activation_set(&f.inputs, normal_reals(&f.arena, ROWS * D, 1, 5), ROWS);
    activation_set(&f.dout, normal_reals(&f.arena, ROWS * D, 1, 6), ROWS);
    f.trace.active = activation_new(&f.arena, ROWS, I);
    f.trace.slope = arena_reals(&f.arena, ROWS * I);
    f.in = activation_reals(&f.inputs) + BEFORE * D;
    f.c = activation_reals(&f.dout) + BEFORE * D;
    f.out = arena_zeros(&f.arena, R * D);
    f.din = arena_reals(&f.arena, R * D);
    for (int w = 0; w < 2; ++w) f.work[w] = arena_reals(&f.arena, R * I);
    for (int s = 0; s < 4; ++s) f.storage[s] = operand_storage(&f.arena, I, D);
    for (int s = 0; s < 2; ++s) f.depth[s] = operand_storage(&f.arena, R, I);
    return f;
}

static void forward_rows(struct fixture *f, size_t first, size_t rows)
{
    mlp_forward(f->out + first * D, &f->trace, BEFORE + first, f->work,
                activation_operand_a(&f->inputs, BEFORE + first, 0), &f->mlp, rows, D);
}

static void backward_rows(struct fixture *f, size_t first, size_t rows)
{
    mlp_backward_input(f->din + first * D, &f->dinner, f->gradient.fc1.bias, f->work,
                       activation_operand_a(&f->dout, BEFORE + first, 0), &f->trace,
                       BEFORE + first, &f->mlp, rows, D);
}

static void forward(struct fixture *f)
{
    linear_pack(&f->mlp.fc1, f->storage, I, D);
    linear_pack(&f->mlp.fc2, f->storage + 2, D, I);
    forward_rows(f, 0, R);
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

// Everything that a pass over some rows writes besides its sums: rows of the trace and of dinner.
static real *rows_written(struct fixture *f)
{
    real *x = arena_reals(&f->arena, 3 * ROWS * I);
    memcpy(x, f->trace.slope, ROWS * I * sizeof *x);
    memcpy(x + ROWS * I, activation_reals(&f->trace.active), ROWS * I * sizeof *x);
    memcpy(x + 2 * ROWS * I, activation_reals(&f->dinner), ROWS * I * sizeof *x);
    return x;
}

Test(mlp, spares_the_other_rows_of_the_trace)
{
    struct fixture f = fixture_open();
    for (size_t i = 0; i < ROWS * I; ++i)
        f.trace.slope[i] = activation_reals(&f.trace.active)[i] =
            activation_reals(&f.dinner)[i] = 7;
    forward(&f);
    backward_rows(&f, 0, R);
    const real *x = rows_written(&f);
    for (size_t i = 0; i < 3 * ROWS * I; ++i) {
        const size_t row = i / I % ROWS;
        cr_expect((x[i] == 7) == (row < BEFORE || row >= BEFORE + R), "%zu", i);
    }
    arena_close(&f.arena);
}

Test(mlp, rows_in_two_passes_have_the_bits_of_one)
{
    struct fixture f = fixture_open();
    if (!rows_are_free()) cr_skip_test("OpenBLAS sums as the shape has it");
    real out[R * D], din[R * D], bias[I];
    memset(activation_reals(&f.trace.active), 0, ROWS * I * sizeof(real));
    memset(activation_reals(&f.dinner), 0, ROWS * I * sizeof(real));
    memset(f.trace.slope, 0, ROWS * I * sizeof(real));
    forward(&f);
    backward_rows(&f, 0, R);
    const real *once = rows_written(&f);
    memcpy(out, f.out, sizeof out);
    memcpy(din, f.din, sizeof din);
    memcpy(bias, f.gradient.fc1.bias, sizeof bias);

    memset(f.out, 0, sizeof out);
    memset(f.gradient.fc1.bias, 0, sizeof bias);
    forward_rows(&f, 0, 2), forward_rows(&f, 2, R - 2);
    backward_rows(&f, 0, 2), backward_rows(&f, 2, R - 2);
    cr_expect(!memcmp(out, f.out, sizeof out));
    cr_expect(!memcmp(din, f.din, sizeof din));
    cr_expect(!memcmp(bias, f.gradient.fc1.bias, sizeof bias));
    cr_expect(!memcmp(once, rows_written(&f), 3 * ROWS * I * sizeof(real)));
    arena_close(&f.arena);
}

// A width at which activation_open_strided keeps rows further apart.
enum { SPREAD_D = 64, SPREAD_I = MLP_RATIO * SPREAD_D, SPREAD_ROWS = 9 };

struct spread {
    real out[SPREAD_ROWS * SPREAD_D], din[SPREAD_ROWS * SPREAD_D], bias[SPREAD_I];
    real dweight[2][SPREAD_I * SPREAD_D]; // of fc1, fc2
};

static void spread_compute(struct spread *result, struct arena *arena, int strided)
{
    struct reserve reserve = {.arena = arena};
    void (*open)(struct activation *, enum arithmetic, size_t, size_t,
                 struct reserve *) =
        strided ? activation_open_strided : activation_open;
    const size_t n = SPREAD_ROWS, D2 = SPREAD_D, I2 = SPREAD_I;
    struct mlp mlp = {.fc1 = {.weight = normal_reals(arena, I2 * D2, .5, 1),
                              .bias = normal_reals(arena, I2, .5, 2)},
                      .fc2 = {.weight = normal_reals(arena, D2 * I2, .5, 3),
                              .bias = normal_reals(arena, D2, .5, 4)}};
    void *storage[4], *depth[2];
    for (int s = 0; s < 4; ++s) storage[s] = operand_storage(arena, I2, D2);
    for (int s = 0; s < 2; ++s) depth[s] = operand_storage(arena, n, I2);
    linear_pack(&mlp.fc1, storage, I2, D2);
    linear_pack(&mlp.fc2, storage + 2, D2, I2);
    struct mlp_trace trace = {.slope = arena_reals(arena, n * I2)};
    struct activation dinner;
    open(&trace.active, FP32, n, I2, &reserve);
    open(&dinner, FP32, n, I2, &reserve);
    cr_assert_eq(trace.active.stride > I2, strided);
    real *work[2] = {arena_reals(arena, n * I2), arena_reals(arena, n * I2)};
    const struct activation in = activation_new(arena, n, D2),
                            dout = activation_new(arena, n, D2);
    activation_set(&in, normal_reals(arena, n * D2, 1, 5), n);
    activation_set(&dout, normal_reals(arena, n * D2, 1, 6), n);
    *result = (struct spread){0};
    mlp_forward(result->out, &trace, 0, work, activation_operand_a(&in, 0, 0), &mlp, n,
                D2);
    mlp_backward_input(result->din, &dinner, result->bias, work,
                       activation_operand_a(&dout, 0, 0), &trace, 0, &mlp, n, D2);
    linear_backward_weight(result->dweight[0], &dinner, 0, &in, 0, depth, n, I2, D2, 0);
    linear_backward_weight(result->dweight[1], &dout, 0, &trace.active, 0, depth, n, D2,
                           I2, 0);
}

Test(mlp, rows_further_apart_change_no_bit)
{
    if (!rows_are_free()) cr_skip_test("OpenBLAS sums as the shape has it");
    struct arena arena;
    arena_open(&arena, "test", 1 << 23);
    struct spread *close = arena_take(&arena, 1, sizeof *close),
                  *apart = arena_take(&arena, 1, sizeof *apart);
    spread_compute(close, &arena, 0);
    spread_compute(apart, &arena, 1);
    cr_expect(!memcmp(close, apart, sizeof *close));
    arena_close(&arena);
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
    backward_rows(&f, 0, R);
    linear_backward_weight(f.gradient.fc2.weight, &f.dout, BEFORE, &f.trace.active,
                           BEFORE, f.depth, R, D, I, 0);
    linear_backward_bias(f.gradient.fc2.bias, f.c, R, D);
    linear_backward_weight(f.gradient.fc1.weight, &f.dinner, BEFORE, &f.inputs, BEFORE,
                           f.depth, R, I, D, 0);
    expect_gradient("mlp input", f.in, f.din, R * D, loss, &f);
    expect_gradient("mlp fc1 weight", f.mlp.fc1.weight, f.gradient.fc1.weight, I * D,
                    loss, &f);
    expect_gradient("mlp fc1 bias", f.mlp.fc1.bias, f.gradient.fc1.bias, I, loss, &f);
    expect_gradient("mlp fc2 weight", f.mlp.fc2.weight, f.gradient.fc2.weight, D * I,
                    loss, &f);
    expect_gradient("mlp fc2 bias", f.mlp.fc2.bias, f.gradient.fc2.bias, D, loss, &f);
    arena_close(&f.arena);
}
