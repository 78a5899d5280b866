#include "core/model/norm.h"

#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { B = 2, T = 9, D = 10, R = B * T };

struct fixture {
    struct arena arena;
    enum norm norm;
    struct layernorm layer, gradient;
    real *x, *out, *normal, *rstd, *c, *dx;
};

static void fixture_open(struct fixture *f, enum norm norm)
{
    *f = (struct fixture){.norm = norm};
    arena_open(&f->arena, "test", 1 << 20);
    f->layer.weight = normal_reals(&f->arena, D, 1, 1);
    f->layer.bias = normal_reals(&f->arena, D, 1, 2);
    f->gradient.weight = arena_reals(&f->arena, D);
    f->gradient.bias = arena_reals(&f->arena, D);
    f->x = normal_reals(&f->arena, R * D, 2, 3);
    f->out = arena_reals(&f->arena, R * D);
    f->normal = arena_reals(&f->arena, R * D);
    f->rstd = arena_reals(&f->arena, R > B * D ? R : B * D);
    f->c = normal_reals(&f->arena, R * D, 1, 4);
    f->dx = arena_zeros(&f->arena, R * D);
}

// In pieces that end within an image.
enum { PIECE = 5 };

static size_t piece(size_t first)
{
    return R - first < PIECE ? R - first : PIECE;
}

static double loss(void *context)
{
    struct fixture *f = context;
    norm_begin(f->normal, f->rstd, f->x, f->norm, B, T, D);
    for (size_t r = 0; r < R; r += PIECE)
        norm_forward(f->out + r * D, f->normal + r * D, f->rstd + r, f->x + r * D,
                     &f->layer, f->norm, piece(r), D);
    return projection(f->out, f->c, R * D);
}

static void backward(struct fixture *f)
{
    layernorm_backward_begin(&f->gradient, D);
    if (f->norm == NORM_BATCH)
        norm_backward_images(f->dx, &f->gradient, f->c, f->normal, f->rstd, &f->layer,
                             B, T, D);
    for (size_t r = 0; r < R && f->norm != NORM_BATCH; r += PIECE)
        norm_backward(f->dx + r * D, &f->gradient, f->c + r * D, f->normal + r * D,
                      f->rstd + r, &f->layer, f->norm, piece(r), D);
}

Test(norm, gradients_agree_with_central_differences)
{
    gradient_skip();
    for (int n = NORM_LAYER; n <= NORM_BATCH; ++n) {
        struct fixture f;
        fixture_open(&f, (enum norm)n);
        loss(&f);
        backward(&f);
        expect_gradient(norm_name(f.norm), f.x, f.dx, R * D, loss, &f);
        expect_gradient("weight", f.layer.weight, f.gradient.weight, D, loss, &f);
        expect_gradient("bias", f.layer.bias, f.gradient.bias, D, loss, &f);
        arena_close(&f.arena);
    }
}

Test(norm, gradients_are_added_to_the_residual_path)
{
    for (int n = NORM_NONE; n <= NORM_BATCH; ++n) {
        struct fixture f;
        fixture_open(&f, (enum norm)n);
        real once[R * D];
        loss(&f);
        backward(&f);
        memcpy(once, f.dx, sizeof once);
        for (size_t i = 0; i < R * D; ++i) f.dx[i] = 1;
        backward(&f);
        for (size_t i = 0; i < R * D; ++i) once[i] += 1;
        expect_close(f.dx, (const real *)once, R * D, 1e-5, 1e-5);
        arena_close(&f.arena);
    }
}

Test(norm, none_is_the_affine_map_alone)
{
    struct fixture f;
    fixture_open(&f, NORM_NONE);
    loss(&f);
    for (size_t i = 0; i < R * D; ++i)
        cr_expect(f.out[i] == f.layer.weight[i % D] * f.x[i] + f.layer.bias[i % D]);
    arena_close(&f.arena);
}

Test(norm, batch_gives_each_feature_of_an_image_mean_0_and_variance_1)
{
    struct fixture f;
    fixture_open(&f, NORM_BATCH);
    loss(&f);
    for (size_t b = 0; b < B; ++b)
        for (size_t i = 0; i < D; ++i) {
            double sum = 0, square = 0;
            for (size_t t = 0; t < T; ++t) {
                const double x = (double)f.normal[(b * T + t) * D + i];
                sum += x;
                square += x * x;
            }
            cr_expect(fabs(sum) < 1e-4 && fabs(square / T - 1) < 1e-3, "%g %g", sum,
                      square);
        }
    arena_close(&f.arena);
}

// What Remark 4.7 takes for one: layer normalisation ignores a token's scale and not a feature's,
// batch normalisation a feature's and not a token's.
Test(norm, batch_ignores_a_features_scale_and_layer_a_tokens)
{
    for (int n = NORM_LAYER; n <= NORM_BATCH; n += NORM_BATCH - NORM_LAYER)
        for (int token = 0; token < 2; ++token) {
            struct fixture f;
            fixture_open(&f, (enum norm)n);
            real before[R * D];
            loss(&f);
            memcpy(before, f.out, sizeof before);
            for (size_t k = 0; k < (token ? D : T); ++k)
                f.x[token ? 3 * D + k : k * D + 3] *= 8;
            loss(&f);
            double worst = 0;
            for (size_t i = 0; i < T * D; ++i)
                worst = fmax(worst, fabs((double)(f.out[i] - before[i])));
            cr_expect((worst < 1e-4) == (token == (n == NORM_LAYER)), "%s, %s: %g",
                      norm_name(f.norm), token ? "token" : "feature", worst);
            arena_close(&f.arena);
        }
}

Test(norm, a_batch_is_one_image)
{
    struct fixture f;
    fixture_open(&f, NORM_BATCH);
    real before[R * D];
    loss(&f);
    memcpy(before, f.out, sizeof before);
    for (size_t i = 0; i < T * D; ++i) f.x[i] *= f.x[i];
    loss(&f);
    cr_expect(memcmp(before, f.out, T * D * sizeof(real)));
    cr_expect(!memcmp(before + T * D, f.out + T * D, T * D * sizeof(real)));
    arena_close(&f.arena);
}

Test(variant, every_word_is_found_and_no_other)
{
    enum norm norm;
    enum mixing mixing;
    for (int n = NORM_LAYER; n <= NORM_BATCH; ++n)
        cr_expect(norm_find(&norm, norm_name((enum norm)n)) && norm == (enum norm)n);
    for (int m = MIXING_ATTENTION; m <= MIXING_IDENTITY; ++m)
        cr_expect(mixing_find(&mixing, mixing_name((enum mixing)m)) &&
                  mixing == (enum mixing)m);
    cr_expect(!norm_find(&norm, "layers") && !mixing_find(&mixing, ""));
}
