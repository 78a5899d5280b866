#include "core/analysis/last_block.h"

#include "tests/analysis/trained_block.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

enum { QKV = PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE };
enum { OUT = WORLD_IMAGES * WORLD_WIDTH, THIRD = WORLD_WIDTH * WORLD_WIDTH };

struct fixture {
    struct world world;
    struct adapter adapter;
    void *workspace;
    real *weights, *gradient, *out, *c;
};

static void fixture_open(struct fixture *f, unsigned trained)
{
    world_open(&f->world);
    struct arena *arena = &f->world.arena;
    f->adapter = last_block_adapter(&f->world.block, trained);
    f->workspace = f->adapter.open(&f->adapter, WORLD_IMAGES, arena);
    f->weights = arena_reals(arena, f->adapter.count + 1);
    f->gradient = arena_reals(arena, f->adapter.count + 1);
    f->out = arena_reals(arena, OUT);
    f->c = normal_reals(arena, OUT, 1, 5);
    if (f->adapter.initial) f->adapter.initial(f->weights, &f->adapter);
}

static double loss(void *context)
{
    struct fixture *f = context;
    f->adapter.forward(f->out, f->weights, f->world.rows, f->workspace);
    return projection(f->out, f->c, OUT);
}

// Before training a probe sees what the model itself shows, for any choice of what is trained.
Test(last_block, starts_as_the_models_own_block_and_norm)
{
    for (unsigned trained = 0; trained <= QKV; ++trained) {
        struct fixture f;
        fixture_open(&f, trained);
        real plain[OUT];
        loss(&f);
        world_plain(plain, &f.world);
        expect_close((const real *)f.out, (const real *)plain, OUT, 2e-4, 2e-4);
        world_close(&f.world);
    }
}

Test(last_block, trains_as_many_numbers_as_its_projections_have)
{
    struct fixture f;
    fixture_open(&f, QKV);
    cr_expect_eq(f.adapter.count, 3 * THIRD);
    cr_expect_arr_eq(f.weights, f.world.block.block.attn.qkv.weight,
                     3 * THIRD * sizeof(real));
    world_close(&f.world);
    fixture_open(&f, PROJECTION_VALUE);
    cr_expect_eq(f.adapter.count, THIRD);
    cr_expect_arr_eq(f.weights, f.world.block.block.attn.qkv.weight + 2 * THIRD,
                     THIRD * sizeof(real));
    world_close(&f.world);
}

static void check_gradient(unsigned trained)
{
    struct fixture f;
    fixture_open(&f, trained);
    loss(&f);
    f.adapter.backward(f.gradient, f.c, f.weights, f.workspace);
    for (size_t third = 0; third < f.adapter.count / THIRD; ++third) {
        char name[48];
        snprintf(name, sizeof name, "projections %u, third %zu", trained, third);
        expect_gradient(name, f.weights + third * THIRD, f.gradient + third * THIRD,
                        THIRD, loss, &f);
    }
    world_close(&f.world);
}

Test(last_block, gradients_agree_with_central_differences)
{
    gradient_skip();
    check_gradient(QKV);
    check_gradient(PROJECTION_QUERY | PROJECTION_KEY);
    check_gradient(PROJECTION_VALUE);
}

// Trained weights are used, not the model's.
Test(last_block, answers_by_the_slab)
{
    struct fixture f;
    fixture_open(&f, PROJECTION_KEY);
    double before = loss(&f);
    for (size_t i = 0; i < f.adapter.count; ++i) f.weights[i] = 0;
    double after = loss(&f);
    cr_expect_neq(before, after);
    world_close(&f.world);
}

Test(last_block, an_adapter_that_trains_nothing_has_no_backward)
{
    struct fixture f;
    fixture_open(&f, 0);
    cr_expect(f.adapter.count == 0 && !f.adapter.initial && !f.adapter.backward);
    world_close(&f.world);
}

BREAKS(last_block, a_fourth_projection_breaks_the_contract,
       "trained <= (PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE)")
{
    struct fixture f;
    fixture_open(&f, 8);
}
