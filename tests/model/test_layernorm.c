#include "core/model/layernorm.h"

#include "core/model/lanes.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

// Widths with no whole lane, with a tail, with whole lanes only.
static const size_t widths[] = {5, 24, 192};
enum { R = 6, WIDTHS = sizeof widths / sizeof *widths };

struct fixture {
    struct arena arena;
    size_t width;
    struct layernorm layer, gradient;
    real *x, *out, *normal, *rstd, *c, *dx;
};

static struct fixture fixture_open(size_t width)
{
    struct fixture f = {.width = width};
    arena_open(&f.arena, "test", 1 << 20);
    f.layer.weight = normal_reals(&f.arena, width, 1, 1);
    f.layer.bias = normal_reals(&f.arena, width, 1, 2);
    f.gradient.weight = arena_reals(&f.arena, width);
    f.gradient.bias = arena_reals(&f.arena, width);
    f.x = normal_reals(&f.arena, R * width, 2, 3);
    f.out = arena_reals(&f.arena, R * width);
    f.normal = arena_reals(&f.arena, R * width);
    f.rstd = arena_reals(&f.arena, R);
    f.c = normal_reals(&f.arena, R * width, 1, 4);
    f.dx = arena_zeros(&f.arena, R * width);
    return f;
}

static void forward(struct fixture *f)
{
    layernorm_forward(f->out, f->normal, f->rstd, f->x, &f->layer, R, f->width);
}

static void backward(struct fixture *f)
{
    layernorm_backward_begin(&f->gradient, f->width);
    layernorm_backward(f->dx, &f->gradient, f->c, f->normal, f->rstd, &f->layer, R,
                       f->width);
}

Test(layernorm, agrees_with_a_naive_loop)
{
    for (size_t w = 0; w < WIDTHS; ++w) {
        struct fixture f = fixture_open(widths[w]);
        const size_t D = f.width;
        double *want = arena_doubles(&f.arena, R * D),
               *got = arena_doubles(&f.arena, R * D);
        forward(&f);
        for (size_t r = 0; r < R; ++r) {
            double mean = 0, variance = 0;
            for (size_t i = 0; i < D; ++i) mean += (double)f.x[r * D + i] / (double)D;
            for (size_t i = 0; i < D; ++i)
                variance += pow((double)f.x[r * D + i] - mean, 2) / (double)D;
            for (size_t i = 0; i < D; ++i) {
                want[r * D + i] = ((double)f.x[r * D + i] - mean) /
                                      sqrt(variance + 1e-5) *
                                      (double)f.layer.weight[i] +
                                  (double)f.layer.bias[i];
                got[r * D + i] = (double)f.out[r * D + i];
            }
        }
        expect_close(got, want, R * D, 2e-6, 2e-6);
        arena_close(&f.arena);
    }
}

Test(layernorm, ignores_shift_and_scale_of_its_input)
{
    struct fixture f = fixture_open(192);
    const size_t n = R * f.width;
    forward(&f);
    real *before = arena_reals(&f.arena, n);
    memcpy(before, f.out, n * sizeof(real));
    for (size_t i = 0; i < n; ++i) f.x[i] = 8 * f.x[i] + 3;
    forward(&f);
    // The scale matters a little: eps 1e-5 is added to a variance of 4 or 256.
    expect_close(f.out, (const real *)before, n, 1e-5, 1e-5);
    arena_close(&f.arena);
}

Test(layernorm, survives_a_constant_row)
{
    struct fixture f = fixture_open(24);
    for (size_t i = 0; i < f.width; ++i) f.x[i] = 7;
    forward(&f);
    expect_close((const real *)f.out, (const real *)f.layer.bias, f.width, 1e-6, 1e-6);
    arena_close(&f.arena);
}

Test(layernorm, halves_sum_adds_every_lane_once)
{
    half_lanes half[2];
    for (size_t l = 0; l < LANES; ++l) half[l / HALF][l % HALF] = (real)(1u << l);
    cr_expect(halves_sum(half) == (real)((1u << LANES) - 1));
    cr_expect(lanes_stride(1) == 16 && lanes_stride(16) == 16 &&
              lanes_stride(17) == 32);
}

// Numbers of many magnitudes, whose sum shows its order.
Test(layernorm, halves_sum_adds_by_halves)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 5);
    size_t other = 0;
    for (int trial = 0; trial < 100; ++trial) {
        half_lanes half[2];
        lanes each[QUAD] = {0};
        real want[LANES], in_turn = 0;
        for (size_t l = 0; l < LANES; ++l) {
            want[l] = (real)(rng_normal(&rng) * exp2((int)rng_below(&rng, 20)));
            half[l / HALF][l % HALF] = want[l];
            each[trial % QUAD][l] = want[l];
            in_turn += want[l];
        }
        for (size_t n = LANES / 2; n; n /= 2)
            for (size_t l = 0; l < n; ++l) want[l] += want[l + n];
        cr_expect(halves_sum(half) == want[0]);
        lanes_sum_quad(each);
        cr_expect(each[0][4 * (trial % QUAD)] == want[0]);
        other += in_turn != want[0];
    }
    cr_expect(other > 0);
}

Test(layernorm, lanes_find_the_largest_wherever_it_is)
{
    for (size_t place = 0; place < LANES; ++place) {
        lanes x, y;
        for (size_t l = 0; l < LANES; ++l) x[l] = -2 - (real)l, y[l] = -3;
        y[place] = (real)-1.5;
        lanes_larger(&x, &y);
        for (size_t l = 0; l < LANES; ++l)
            cr_expect(x[l] == (l == place ? (real)-1.5 : l ? -3 : -2));
        lanes each[QUAD] = {y, y, y, y};
        for (size_t q = 0; q < QUAD; ++q) each[q][(place + q) % LANES] = (real)q;
        lanes_largest_quad(each);
        for (size_t q = 0; q < QUAD; ++q) cr_expect(each[0][4 * q] == (real)q);
    }
}

Test(layernorm, lanes_load_and_store_sixteen_numbers)
{
    real from[LANES], to[LANES];
    for (size_t l = 0; l < LANES; ++l) from[l] = (real)l + 1;
    lanes whole;
    lanes_load(&whole, from);
    lanes_store(to, &whole);
    cr_expect(!memcmp(from, to, sizeof to));
}

Test(layernorm, halves_find_the_larger_lane_by_lane)
{
    for (size_t place = 0; place < HALF; ++place) {
        half_lanes x, y;
        for (size_t l = 0; l < HALF; ++l) x[l] = -2 - (real)l, y[l] = -3;
        y[place] = (real)-1.5;
        half_larger(&x, &y);
        for (size_t l = 0; l < HALF; ++l)
            cr_expect(x[l] == (l == place ? (real)-1.5 : l ? -3 : -2));
    }
}

static double loss(void *context)
{
    struct fixture *f = context;
    forward(f);
    return projection(f->out, f->c, R * f->width);
}

Test(layernorm, gradients_agree_with_central_differences)
{
    gradient_skip();
    for (size_t w = 0; w < WIDTHS; ++w) {
        struct fixture f = fixture_open(widths[w]);
        forward(&f);
        backward(&f);
        expect_gradient("layernorm input", f.x, f.dx, R * f.width, loss, &f);
        expect_gradient("layernorm weight", f.layer.weight, f.gradient.weight, f.width,
                        loss, &f);
        expect_gradient("layernorm bias", f.layer.bias, f.gradient.bias, f.width, loss,
                        &f);
        arena_close(&f.arena);
    }
}

Test(layernorm, backward_adds_to_the_residual_gradient)
{
    struct fixture f = fixture_open(24);
    const size_t n = R * f.width;
    real alone[R * 24];
    forward(&f);
    backward(&f);
    memcpy(alone, f.dx, sizeof alone);
    for (size_t i = 0; i < n; ++i) f.dx[i] = 100;
    backward(&f);
    for (size_t i = 0; i < n; ++i) f.dx[i] -= 100;
    expect_close((const real *)f.dx, (const real *)alone, n, 0, 4e-5);
    arena_close(&f.arena);
}

Test(layernorm, backward_begins_with_zeros_and_goes_on_in_pieces)
{
    struct fixture f = fixture_open(24);
    real weight[24], bias[24], dx[R * 24];
    forward(&f);
    for (size_t i = 0; i < 24; ++i)
        f.gradient.weight[i] = f.gradient.bias[i] = (real)NAN;
    backward(&f);
    memcpy(weight, f.gradient.weight, sizeof weight);
    memcpy(bias, f.gradient.bias, sizeof bias);
    memcpy(dx, f.dx, sizeof dx);

    memset(f.dx, 0, sizeof dx);
    layernorm_backward_begin(&f.gradient, 24);
    for (size_t r = 0, rows; r < R; r += rows) {
        rows = r ? R - r : 2;
        layernorm_backward(f.dx + r * 24, &f.gradient, f.c + r * 24, f.normal + r * 24,
                           f.rstd + r, &f.layer, rows, 24);
    }
    cr_expect(!memcmp(weight, f.gradient.weight, sizeof weight));
    cr_expect(!memcmp(bias, f.gradient.bias, sizeof bias));
    cr_expect(!memcmp(dx, f.dx, sizeof dx));
    arena_close(&f.arena);
}
