#include "core/model/softmax.h"

#include "core/model/lanes.h"
#include "tests/model/gradient.h"

// Four rows that are treated together, and three that are not.
enum { ROWS = 7, MOST = 70 };

struct fixture {
    struct arena arena;
    size_t n, stride;
    real scale;
    real *scores, *work, *probs, *c; // (ROWS,stride)
};

static struct fixture fixture_open(size_t n)
{
    struct fixture f = {.n = n, .stride = lanes_stride(n), .scale = (real).7};
    arena_open(&f.arena, "test", 1 << 20);
    f.scores = normal_reals(&f.arena, ROWS * f.stride, 3, 1);
    f.work = arena_reals(&f.arena, ROWS * f.stride);
    f.probs = arena_reals(&f.arena, ROWS * f.stride);
    f.c = normal_reals(&f.arena, ROWS * f.stride, 1, 2);
    for (size_t r = 0; r < ROWS; ++r)
        for (size_t i = n; i < f.stride; ++i) f.c[r * f.stride + i] = 0;
    return f;
}

static void forward(struct fixture *f)
{
    memcpy(f->work, f->scores, ROWS * f->stride * sizeof(real));
    softmax_rows(f->probs, f->work, ROWS, f->n, f->stride, f->scale);
}

Test(softmax, is_its_definition_at_every_width)
{
    for (size_t n = 1; n <= MOST; ++n) {
        struct fixture f = fixture_open(n);
        forward(&f);
        for (size_t r = 0; r < ROWS; ++r) {
            const real *s = f.scores + r * f.stride, *p = f.probs + r * f.stride;
            double sum = 0;
            for (size_t i = 0; i < n; ++i) sum += exp((double)f.scale * (double)s[i]);
            for (size_t i = 0; i < f.stride; ++i) {
                double want = i < n ? exp((double)f.scale * (double)s[i]) / sum : 0;
                cr_assert(fabs((double)p[i] - want) <= 1e-6 * want,
                          "%zu columns, row %zu, column %zu: %g for %g", n, r, i,
                          (double)p[i], want);
            }
        }
        arena_close(&f.arena);
    }
}

// Past column n is what the memory held.
static void spoil(real *x, size_t rows, size_t n, size_t stride)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = n; i < stride; ++i) x[r * stride + i] = (real)NAN;
}

Test(softmax, a_row_has_the_same_bits_alone)
{
    for (size_t n = 1; n <= MOST; ++n) {
        struct fixture f = fixture_open(n);
        const size_t S = f.stride, bytes = ROWS * S * sizeof(real);
        spoil(f.scores, ROWS, n, S);
        forward(&f);
        real *dscores = arena_reals(&f.arena, ROWS * S), *probs = f.probs;
        memcpy(dscores, f.c, bytes);
        spoil(dscores, ROWS, n, S);
        softmax_rows_backward(dscores, probs, ROWS, n, S, f.scale);

        real *p = arena_reals(&f.arena, S), *d = arena_reals(&f.arena, S);
        for (size_t r = 0; r < ROWS; ++r) {
            memcpy(f.work, f.scores + r * S, S * sizeof(real));
            softmax_rows(p, f.work, 1, n, S, f.scale);
            memcpy(d, f.c + r * S, S * sizeof(real));
            softmax_rows_backward(d, p, 1, n, S, f.scale);
            cr_assert(!memcmp(p, probs + r * S, S * sizeof(real)),
                      "%zu columns, row %zu", n, r);
            cr_assert(!memcmp(d, dscores + r * S, S * sizeof(real)),
                      "%zu columns, row %zu", n, r);
            for (size_t i = n; i < S; ++i) cr_assert(p[i] == 0 && d[i] == 0);
        }
        arena_close(&f.arena);
    }
}

Test(softmax, does_not_overflow)
{
    struct fixture f = fixture_open(2);
    f.scores[0] = (real)1e30, f.scores[1] = (real)-1e30;
    forward(&f);
    cr_expect(f.probs[0] == 1 && f.probs[1] == 0);
    arena_close(&f.arena);
}

static double loss(void *context)
{
    struct fixture *f = context;
    forward(f);
    return projection(f->probs, f->c, ROWS * f->stride);
}

Test(softmax, gradients_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f = fixture_open(16); // whole lanes: every number is a score
    forward(&f);
    real *dscores = arena_reals(&f.arena, ROWS * f.stride);
    memcpy(dscores, f.c, ROWS * f.stride * sizeof(real));
    softmax_rows_backward(dscores, f.probs, ROWS, f.n, f.stride, f.scale);
    expect_gradient("scores", f.scores, dscores, ROWS * f.stride, loss, &f);
    arena_close(&f.arena);
}

Test(softmax, gradients_are_zero_past_the_scores)
{
    struct fixture f = fixture_open(5);
    forward(&f);
    for (size_t i = f.n; i < f.stride; ++i) f.c[i] = (real)NAN;
    softmax_rows_backward(f.c, f.probs, ROWS, f.n, f.stride, f.scale);
    for (size_t i = f.n; i < f.stride; ++i) cr_expect(f.c[i] == 0);
    arena_close(&f.arena);
}
