#include "core/analysis/mlp_units.h"

#include "tests/analysis/trained_block.h"
#include "tests/expect_close.h"

enum { OUT = WORLD_IMAGES * WORLD_WIDTH, UNITS = 3 * WORLD_WIDTH / 2 };

struct fixture {
    struct world world;
    struct features features;
    struct mlp_units units;
    float unit_features[WORLD_IMAGES * MLP_UNITS_ROWS * WORLD_WIDTH];
    const float *rows[WORLD_IMAGES];
    struct adapter adapter;
    void *workspace;
    real *weights, *gradient, *out, *c;
};

static void fixture_open(struct fixture *f)
{
    world_open(&f->world);
    struct arena *arena = &f->world.arena;
    f->features = (struct features){WORLD_IMAGES, WORLD_ROWS, WORLD_WIDTH,
                                    f->world.features, NULL};
    mlp_units_choose(&f->units, &f->world.block, &f->features, arena);
    mlp_units_features(f->unit_features, &f->units, &f->features, arena);
    for (size_t b = 0; b < WORLD_IMAGES; ++b)
        f->rows[b] = f->unit_features + b * MLP_UNITS_ROWS * WORLD_WIDTH;
    f->adapter = mlp_units_adapter(&f->units);
    f->workspace = f->adapter.open(&f->adapter, WORLD_IMAGES, arena);
    f->weights = arena_reals(arena, f->adapter.count);
    f->gradient = arena_reals(arena, f->adapter.count);
    f->out = arena_reals(arena, OUT);
    f->c = normal_reals(arena, OUT, 1, 5);
    f->adapter.initial(f->weights, &f->adapter);
}

static double loss(void *context)
{
    struct fixture *f = context;
    f->adapter.forward(f->out, f->weights, f->rows, f->workspace);
    return projection(f->out, f->c, OUT);
}

Test(mlp_units, starts_as_the_models_own_block_and_norm)
{
    struct fixture f;
    fixture_open(&f);
    real plain[OUT];
    loss(&f);
    world_plain(plain, &f.world);
    expect_close((const real *)f.out, (const real *)plain, OUT, 2e-4, 2e-4);
    world_close(&f.world);
}

Test(mlp_units, trains_exactly_as_many_numbers_as_qkv_has)
{
    struct fixture f;
    fixture_open(&f);
    cr_expect_eq(f.units.count, UNITS);
    cr_expect_eq(f.adapter.count, 3 * WORLD_WIDTH * WORLD_WIDTH);
    world_close(&f.world);
}

// No unit left out contributes more than one taken: Var(a_j) |w_2j|^2 by hand.
Test(mlp_units, takes_those_that_contribute_most)
{
    struct fixture f;
    fixture_open(&f);
    enum { INNER = 4 * WORLD_WIDTH };
    const struct mlp *mlp = &f.world.block.block.mlp;
    double contribution[INNER], least = INFINITY, most = 0;
    for (size_t j = 0; j < INNER; ++j) {
        double sum = 0, square = 0, norm = 0;
        for (size_t b = 0; b < WORLD_IMAGES; ++b) {
            double inner = (double)mlp->fc1.bias[j];
            for (size_t i = 0; i < WORLD_WIDTH; ++i)
                inner +=
                    (double)mlp->fc1.weight[j * WORLD_WIDTH + i] * (double)f.rows[b][i];
            double active = .5 * inner * erfc(-inner / sqrt(2));
            sum += active / WORLD_IMAGES;
            square += active * active / WORLD_IMAGES;
        }
        for (size_t i = 0; i < WORLD_WIDTH; ++i)
            norm += pow((double)mlp->fc2.weight[i * INNER + j], 2);
        contribution[j] = (square - sum * sum) * norm;
    }
    for (size_t j = 0, k = 0; j < INNER; ++j) {
        if (k < UNITS && f.units.unit[k] == j) {
            ++k;
            least = fmin(least, contribution[j]);
        } else
            most = fmax(most, contribution[j]);
    }
    cr_expect_geq(least, most * (1 - 1e-4), "%g left out, %g taken", most, least);
    world_close(&f.world);
}

Test(mlp_units, gradients_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f;
    fixture_open(&f);
    const size_t half = UNITS * WORLD_WIDTH;
    loss(&f);
    f.adapter.backward(f.gradient, f.c, f.weights, f.workspace);
    expect_gradient("W_1S", f.weights, f.gradient, half, loss, &f);
    expect_gradient("W_2S", f.weights + half, f.gradient + half, half, loss, &f);
    world_close(&f.world);
}
