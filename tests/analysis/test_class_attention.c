#include "core/analysis/class_attention.h"

#include "core/model/lanes.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { B = 3, T = 9, D = 48, H = 3 };

struct fixture {
    struct arena arena;
    struct class_attention attention;
    struct class_projections projections, gradients;
    const float *tokens[B];
    real *out, *c;
};

static void fixture_open(struct fixture *f)
{
    arena_open_growing(&f->arena, "test");
    const struct attention_shape shape = {B, T, D, H};
    class_attention_open(&f->attention, &shape, &f->arena);
    f->projections =
        (struct class_projections){.query = normal_reals(&f->arena, D * D, .2, 1),
                                   .key = normal_reals(&f->arena, D * D, .2, 2),
                                   .value = normal_reals(&f->arena, D * D, .2, 3)};
    f->gradients = (struct class_projections){.query = arena_reals(&f->arena, D * D),
                                              .key = arena_reals(&f->arena, D * D),
                                              .value = arena_reals(&f->arena, D * D)};
    for (size_t b = 0; b < B; ++b) {
        float *x = arena_take(&f->arena, T * D, sizeof *x);
        struct rng rng = rng_open(1, PURPOSE_TEST, 1, (uint32_t)b);
        for (size_t i = 0; i < T * D; ++i) x[i] = (float)rng_normal(&rng);
        f->tokens[b] = x;
    }
    f->out = arena_reals(&f->arena, B * D);
    f->c = normal_reals(&f->arena, B * D, 1, 5);
}

// Keys and values of every token, written out.
static void naive(double *out, const struct fixture *f, size_t b)
{
    const size_t d = D / H;
    const float *x = f->tokens[b];
    for (size_t h = 0; h < H; ++h) {
        double score[T], most = -1e30, sum = 0;
        for (size_t t = 0; t < T; ++t) {
            score[t] = 0;
            for (size_t i = h * d; i < (h + 1) * d; ++i) {
                double q = 0, k = 0;
                for (size_t j = 0; j < D; ++j) {
                    q += (double)f->projections.query[i * D + j] * (double)x[j];
                    k += (double)f->projections.key[i * D + j] * (double)x[t * D + j];
                }
                score[t] += q * k / sqrt((double)d);
            }
            most = fmax(most, score[t]);
        }
        for (size_t t = 0; t < T; ++t) sum += score[t] = exp(score[t] - most);
        for (size_t i = h * d; i < (h + 1) * d; ++i) {
            out[i] = 0;
            for (size_t t = 0; t < T; ++t) {
                double v = 0;
                for (size_t j = 0; j < D; ++j)
                    v += (double)f->projections.value[i * D + j] * (double)x[t * D + j];
                out[i] += score[t] / sum * v;
            }
        }
    }
}

Test(class_attention, absorbed_is_the_same_as_with_keys_and_values)
{
    struct fixture f;
    fixture_open(&f);
    class_attention_forward(f.out, &f.attention, &f.projections, f.tokens);
    for (size_t b = 0; b < B; ++b) {
        double want[D], got[D];
        naive(want, &f, b);
        for (size_t i = 0; i < D; ++i) got[i] = (double)f.out[b * D + i];
        expect_close((const double *)got, (const double *)want, D, 1e-4, 1e-4);
    }
    arena_close(&f.arena);
}

Test(class_attention, shares_sum_to_one)
{
    struct fixture f;
    fixture_open(&f);
    class_attention_forward(f.out, &f.attention, &f.projections, f.tokens);
    const size_t stride = lanes_stride(T);
    for (size_t r = 0; r < B * H; ++r) {
        double sum = 0, one = 1;
        for (size_t t = 0; t < stride; ++t) {
            const real share = f.attention.probs[r * stride + t];
            cr_expect(share >= 0 && (t < T || share == 0));
            sum += (double)share;
        }
        expect_close((const double *)&sum, (const double *)&one, 1, 0, 1e-6);
    }
    arena_close(&f.arena);
}

static double loss(void *context)
{
    struct fixture *f = context;
    class_attention_forward(f->out, &f->attention, &f->projections, f->tokens);
    return projection(f->out, f->c, B * D);
}

Test(class_attention, gradients_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f;
    fixture_open(&f);
    loss(&f);
    class_attention_backward(&f.gradients, f.c, &f.attention, &f.projections, f.tokens);
    expect_gradient("query", f.projections.query, f.gradients.query, D * D, loss, &f);
    expect_gradient("key", f.projections.key, f.gradients.key, D * D, loss, &f);
    expect_gradient("value", f.projections.value, f.gradients.value, D * D, loss, &f);
    arena_close(&f.arena);
}

Test(class_attention, what_is_not_asked_for_does_not_change_the_rest)
{
    struct fixture f;
    fixture_open(&f);
    const size_t bytes = D * D * sizeof(real);
    real *all[3] = {f.gradients.query, f.gradients.key, f.gradients.value};
    loss(&f);
    class_attention_backward(&f.gradients, f.c, &f.attention, &f.projections, f.tokens);
    for (unsigned asked = 0; asked < 8; ++asked) {
        real *one[3];
        for (size_t i = 0; i < 3; ++i)
            one[i] = asked >> i & 1 ? arena_reals(&f.arena, D * D) : NULL;
        const struct class_projections some = {
            .query = one[0], .key = one[1], .value = one[2]};
        loss(&f);
        class_attention_backward(&some, f.c, &f.attention, &f.projections, f.tokens);
        for (size_t i = 0; i < 3; ++i)
            if (one[i]) cr_expect_arr_eq(one[i], all[i], bytes);
    }
    arena_close(&f.arena);
}
