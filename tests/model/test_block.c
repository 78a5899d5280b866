#include "core/model/block.h"

#include "core/model/lanes.h"
#include "core/model/vit.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

/// A stack of three blocks; test_block's single block is its depth 1.
struct fixture {
    struct arena arena;
    struct attention_shape shape;
    int blocks;
    struct parameters parameters;
    real *weights, *gradients, *in, *x, *c;
    struct vit vit, gradient;
    struct vit_trace trace;
    struct block_work work;
};

static void fixture_open(struct fixture *f, int blocks)
{
    *f = (struct fixture){.shape = {3, 7, 24, 3}, .blocks = blocks};
    arena_open(&f->arena, "test", 1 << 23);
    parameters_open(&f->parameters, (size_t)blocks * BLOCK_TENSORS, &f->arena);
    vit_list(&f->parameters, "", 0, blocks, f->shape.width);
    f->weights = normal_reals(&f->arena, f->parameters.count, .3, 1);
    f->gradients = arena_zeros(&f->arena, f->parameters.count);
    parameters_bind(&f->vit, &f->parameters, f->weights);
    parameters_bind(&f->gradient, &f->parameters, f->gradients);

    struct reserve reserve = {.arena = &f->arena};
    vit_trace_open(&f->trace, blocks, &f->shape, &reserve);
    block_work_open(&f->work, &f->shape, &reserve);
    const size_t n = attention_rows(&f->shape) * f->shape.width;
    f->in = normal_reals(&f->arena, n, 1, 2);
    f->c = normal_reals(&f->arena, n, 1, 3);
    f->x = arena_reals(&f->arena, n);
}

static size_t size(const struct fixture *f)
{
    return attention_rows(&f->shape) * f->shape.width;
}

static void forward(struct fixture *f)
{
    memcpy(f->x, f->in, size(f) * sizeof(real));
    vit_forward(f->x, &f->trace, &f->work, &f->vit, f->blocks, &f->shape);
}

static double loss(void *context)
{
    struct fixture *f = context;
    forward(f);
    return projection(f->x, f->c, size(f));
}

static void check_gradients(int blocks)
{
    struct fixture f;
    fixture_open(&f, blocks);
    real *dx = arena_reals(&f.arena, size(&f));
    forward(&f);
    memcpy(dx, f.c, size(&f) * sizeof(real));
    vit_backward(dx, &f.gradient, &f.trace, &f.work, &f.vit, blocks, &f.shape);
    expect_gradient("block input", f.in, dx, size(&f), loss, &f);
    for (size_t i = 0; i < f.parameters.rows; ++i) {
        const struct parameter *row = &f.parameters.row[i];
        expect_gradient(row->name, f.weights + row->offset, f.gradients + row->offset,
                        row->count, loss, &f);
    }
    arena_close(&f.arena);
}

Test(block, gradients_of_one_block_agree_with_central_differences)
{
    gradient_skip();
    check_gradients(1);
}

Test(block, gradients_of_a_stack_agree_with_central_differences)
{
    gradient_skip();
    check_gradients(3);
}

/// Pieces composed by hand, each proven by its own test: what remains is the wiring of the residual.
Test(block, is_two_residual_branches_around_its_layers)
{
    struct fixture f;
    fixture_open(&f, 1);
    const struct block *block = &f.vit.block[0];
    const size_t R = attention_rows(&f.shape), D = f.shape.width;
    real *normed = arena_reals(&f.arena, R * D), *normal = arena_reals(&f.arena, R * D);
    real *rstd = arena_reals(&f.arena, R), *qkv = arena_reals(&f.arena, R * 3 * D);
    real *mixed = arena_reals(&f.arena, R * D), *y = arena_reals(&f.arena, R * D);
    real *probs = arena_reals(&f.arena, attention_probs(&f.shape));
    real *active = arena_reals(&f.arena, R * 4 * D);
    real *slope = arena_reals(&f.arena, R * 4 * D),
         *branch = arena_zeros(&f.arena, R * D);

    layernorm_forward(normed, normal, rstd, f.in, &block->norm1, R, D);
    linear_forward(qkv, normed, &block->attn.qkv, R, 3 * D, D, 0);
    attention_forward(mixed, probs, qkv, &f.shape);
    linear_forward(y, mixed, &block->attn.proj, R, D, D, 0);
    for (size_t i = 0; i < R * D; ++i) y[i] += f.in[i];
    layernorm_forward(normed, normal, rstd, y, &block->norm2, R, D);
    mlp_forward(branch, active, slope, normed, &block->mlp, R, D);
    for (size_t i = 0; i < R * D; ++i) y[i] += branch[i];

    forward(&f);
    // Sums start from the residual in one and end with it in the other: a few roundings apart.
    expect_close(f.x, (const real *)y, R * D, 1e-5, 1e-5);
    arena_close(&f.arena);
}

Test(block, tokens_permuted_give_outputs_permuted)
{
    struct fixture f;
    fixture_open(&f, 2);
    const size_t B = f.shape.images, T = f.shape.tokens, D = f.shape.width;
    real *turned = arena_reals(&f.arena, size(&f)), *in = f.in;
    forward(&f);
    for (size_t b = 0; b < B; ++b)
        for (size_t t = 0; t < T; ++t)
            memcpy(turned + (b * T + t) * D, f.x + (b * T + T - 1 - t) * D,
                   D * sizeof(real));
    f.in = arena_reals(&f.arena, size(&f));
    for (size_t b = 0; b < B; ++b)
        for (size_t t = 0; t < T; ++t)
            memcpy(f.in + (b * T + t) * D, in + (b * T + T - 1 - t) * D,
                   D * sizeof(real));
    forward(&f);
    expect_close(f.x, (const real *)turned, size(&f), 1e-4, 1e-5);
    arena_close(&f.arena);
}

Test(block, counts_444288_parameters_at_width_192)
{
    struct arena arena;
    struct parameters parameters;
    arena_open(&arena, "test", 1 << 20);
    parameters_open(&parameters, BLOCK_TENSORS, &arena);
    block_list(&parameters, "", 0, 192);
    cr_expect(parameters.count == 444288, "%zu", parameters.count);
    arena_close(&arena);
}

/// What counting says is what taking takes.
Test(block, reserve_counts_what_it_takes)
{
    struct fixture f;
    fixture_open(&f, 1);
    struct block_trace trace;
    struct reserve counted = {0}, taken = {.arena = &f.arena};
    const size_t before = arena_mark(&f.arena);
    block_trace_open(&trace, &f.shape, &counted);
    cr_expect(!trace.qkv && arena_mark(&f.arena) == before);
    block_trace_open(&trace, &f.shape, &taken);
    cr_expect(trace.qkv && counted.bytes == taken.bytes);
    cr_expect(arena_mark(&f.arena) - before <= counted.bytes);
    arena_close(&f.arena);
}
