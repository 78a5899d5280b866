#include "core/model/block.h"

#include "core/model/lanes.h"
#include "core/model/packed_weights.h"
#include "core/model/vit.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// Less than a piece of rows; pieces that end within an image; more tokens than a piece of queries.
static const struct attention_shape shapes[] = {
    {3, 7, 24, 3}, {3, 41, 24, 3}, {2, ATTENTION_PIECE + 4, 24, 3}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

// A stack of three blocks; test_block's single block is its depth 1.
struct fixture {
    struct arena arena;
    struct attention_shape shape;
    int blocks;
    struct parameters parameters;
    real *weights, *gradients, *in, *x, *c, *dx;
    struct packed_weights packed;
    struct vit vit, gradient;
    struct vit_trace trace;
    struct block_work work;
};

static void fixture_open(struct fixture *f, int blocks, struct attention_shape shape)
{
    *f = (struct fixture){.shape = shape, .blocks = blocks};
    arena_open(&f->arena, "test", 1 << 24);
    parameters_open(&f->parameters, (size_t)blocks * BLOCK_TENSORS, &f->arena);
    vit_list(&f->parameters, "", 0, blocks, f->shape.width);
    f->weights = normal_reals(&f->arena, f->parameters.count, .3, 1);
    f->gradients = arena_reals(&f->arena, f->parameters.count);
    packed_weights_open(&f->packed, &f->parameters, f->weights, FP32, TRAIN, &f->arena);
    parameters_bind(&f->gradient, &f->parameters, f->gradients);

    struct reserve reserve = {.arena = &f->arena};
    vit_trace_open(&f->trace, blocks, FP32, &f->shape, &reserve);
    block_work_open(&f->work, FP32, &f->shape, 0, &reserve);
    const size_t n = attention_rows(&f->shape) * f->shape.width;
    f->in = normal_reals(&f->arena, n, 1, 2);
    f->c = normal_reals(&f->arena, n, 1, 3);
    f->x = arena_reals(&f->arena, n);
    f->dx = arena_reals(&f->arena, n);
}

static size_t size(const struct fixture *f)
{
    return attention_rows(&f->shape) * f->shape.width;
}

static void forward(struct fixture *f)
{
    packed_weights_pack_all(&f->packed);
    packed_weights_bind(&f->vit, &f->packed);
    memcpy(f->x, f->in, size(f) * sizeof(real));
    vit_forward(f->x, &f->trace, &f->work, &f->vit, f->blocks, &f->shape);
}

static void backward(struct fixture *f)
{
    memcpy(f->dx, f->c, size(f) * sizeof(real));
    vit_backward(f->dx, &f->gradient, &f->trace, &f->work, &f->vit, f->blocks,
                 &f->shape);
}

static double loss(void *context)
{
    struct fixture *f = context;
    forward(f);
    return projection(f->x, f->c, size(f));
}

// The fixture's blocks of another kind.
static void vary(struct fixture *f, struct block_kind kind)
{
    vit_trace_vary(&f->trace, f->blocks, kind);
    f->work.dnormed_images = arena_reals(&f->arena, size(f));
}

static void check_gradients(int blocks, struct attention_shape shape,
                            struct block_kind kind)
{
    struct fixture f;
    fixture_open(&f, blocks, shape);
    vary(&f, kind);
    forward(&f);
    backward(&f);
    expect_gradient("block input", f.in, f.dx, size(&f), loss, &f);
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
    for (size_t s = 0; s < SHAPES; ++s)
        check_gradients(1, shapes[s], (struct block_kind){0});
}

Test(block, gradients_of_a_stack_agree_with_central_differences)
{
    gradient_skip();
    check_gradients(3, shapes[0], (struct block_kind){0});
}

Test(block, gradients_of_other_norms_agree_with_central_differences)
{
    gradient_skip();
    for (size_t s = 0; s < 2; ++s)
        for (int norm = NORM_NONE; norm <= NORM_BATCH; ++norm)
            check_gradients(2, shapes[s], (struct block_kind){.norm = (enum norm)norm});
}

// Queries and keys have no effect, so their weights have no gradient.
Test(block, gradients_without_mixing_agree_with_central_differences)
{
    gradient_skip();
    struct fixture f;
    fixture_open(&f, 2, shapes[1]);
    vary(&f, (struct block_kind){NORM_BATCH, MIXING_IDENTITY});
    forward(&f);
    backward(&f);
    const size_t D = f.shape.width;
    expect_gradient("block input", f.in, f.dx, size(&f), loss, &f);
    for (size_t i = 0; i < f.parameters.rows; ++i) {
        const struct parameter *row = &f.parameters.row[i];
        const size_t unused = strstr(row->name, "qkv") ? 2 * D * D : 0;
        for (size_t n = 0; n < unused; ++n)
            cr_expect(f.gradients[row->offset + n] == 0, "%s", row->name);
        expect_gradient(row->name, f.weights + row->offset + unused,
                        f.gradients + row->offset + unused, row->count - unused, loss,
                        &f);
    }
    arena_close(&f.arena);
}

Test(block, without_mixing_no_token_sees_another)
{
    struct fixture f;
    fixture_open(&f, 2, shapes[1]);
    vary(&f, (struct block_kind){NORM_LAYER, MIXING_IDENTITY});
    const size_t D = f.shape.width;
    forward(&f);
    real *before = arena_reals(&f.arena, size(&f));
    memcpy(before, f.x, size(&f) * sizeof(real));
    for (size_t i = 0; i < D; ++i) f.in[3 * D + i] += 1;
    forward(&f);
    for (size_t r = 0; r < attention_rows(&f.shape); ++r)
        cr_expect_eq(!memcmp(f.x + r * D, before + r * D, D * sizeof(real)), r != 3,
                     "row %zu", r);
    arena_close(&f.arena);
}

BREAKS(block, batch_normalisation_needs_its_workspace, "!batch || work->dnormed_images")
{
    struct fixture f;
    fixture_open(&f, 1, shapes[0]);
    vit_trace_vary(&f.trace, 1, (struct block_kind){.norm = NORM_BATCH});
    forward(&f);
    backward(&f);
}

Test(block, backward_overwrites_what_the_memory_held)
{
    struct fixture f;
    fixture_open(&f, 2, shapes[1]);
    const size_t n = f.parameters.count;
    real *once = arena_reals(&f.arena, n), *dx = arena_reals(&f.arena, size(&f));
    forward(&f);
    backward(&f);
    memcpy(once, f.gradients, n * sizeof(real));
    memcpy(dx, f.dx, size(&f) * sizeof(real));
    for (size_t i = 0; i < n; ++i) f.gradients[i] = (real)NAN;
    backward(&f);
    cr_expect(!memcmp(once, f.gradients, n * sizeof(real)));
    cr_expect(!memcmp(dx, f.dx, size(&f) * sizeof(real)));
    arena_close(&f.arena);
}

// Rows are treated in pieces, which begin and end elsewhere when an image comes alone.
Test(block, an_image_has_the_same_bits_alone)
{
    if (!rows_are_free()) cr_skip_test("OpenBLAS sums as the shape has it");
    for (size_t s = 0; s < SHAPES; ++s) {
        struct fixture f, one;
        struct attention_shape single = shapes[s];
        single.images = 1;
        fixture_open(&f, 2, shapes[s]);
        fixture_open(&one, 2, single);
        const size_t n = size(&one);
        forward(&f);
        backward(&f);
        for (size_t b = 0; b < shapes[s].images; ++b) {
            memcpy(one.in, f.in + b * n, n * sizeof(real));
            memcpy(one.c, f.c + b * n, n * sizeof(real));
            forward(&one);
            backward(&one);
            cr_expect(!memcmp(one.x, f.x + b * n, n * sizeof(real)), "image %zu", b);
            cr_expect(!memcmp(one.dx, f.dx + b * n, n * sizeof(real)), "image %zu", b);
        }
        arena_close(&one.arena);
        arena_close(&f.arena);
    }
}

// Layers composed by hand, each tested elsewhere: this tests the residual path and the pieces.
static void check_composition(struct attention_shape shape)
{
    struct fixture f;
    fixture_open(&f, 1, shape);
    forward(&f);
    const struct block *block = &f.vit.block[0];
    const size_t R = attention_rows(&f.shape), D = f.shape.width, I = 4 * D;
    struct activation normed = activation_new(&f.arena, R, D),
                      qkv = activation_new(&f.arena, R, 3 * D),
                      mixed = activation_new(&f.arena, R, D);
    const struct mlp_trace trace = {activation_new(&f.arena, R, I),
                                    arena_reals(&f.arena, R * I)};
    real *normal = arena_reals(&f.arena, R * D), *rstd = arena_reals(&f.arena, R);
    real *y = arena_reals(&f.arena, R * D), *branch = arena_zeros(&f.arena, R * D);
    real *probs = arena_reals(&f.arena, attention_probs(&f.shape));
    real *const work[2] = {arena_reals(&f.arena, R * I), arena_reals(&f.arena, R * I)};

    layernorm_forward(activation_reals(&normed), normal, rstd, f.in, &block->norm1, R,
                      D);
    linear_forward(activation_reals(&qkv), activation_operand_a(&normed, 0, 0),
                   &block->attn.qkv, FP32, R, 3 * D, D, 0);
    attention_forward(&mixed, probs, &f.work.attention, &qkv, &f.shape);
    linear_forward(y, activation_operand_a(&mixed, 0, 0), &block->attn.proj, FP32, R, D,
                   D, 0);
    for (size_t i = 0; i < R * D; ++i) y[i] += f.in[i];
    layernorm_forward(activation_reals(&normed), normal, rstd, y, &block->norm2, R, D);
    mlp_forward(branch, &trace, 0, work, activation_operand_a(&normed, 0, 0),
                &block->mlp, R, D);
    for (size_t i = 0; i < R * D; ++i) y[i] += branch[i];

    // Sums start from the residual in one and end with it in the other: a few roundings apart.
    expect_close(f.x, (const real *)y, R * D, 1e-5, 1e-5);
    arena_close(&f.arena);
}

Test(block, is_two_residual_branches_around_its_layers)
{
    for (size_t s = 0; s < SHAPES; ++s) check_composition(shapes[s]);
}

Test(block, tokens_permuted_give_outputs_permuted)
{
    struct fixture f;
    fixture_open(&f, 2, shapes[0]);
    const size_t B = f.shape.images, T = f.shape.tokens, D = f.shape.width;
    real *reversed = arena_reals(&f.arena, size(&f)), *in = f.in;
    forward(&f);
    for (size_t b = 0; b < B; ++b)
        for (size_t t = 0; t < T; ++t)
            memcpy(reversed + (b * T + t) * D, f.x + (b * T + T - 1 - t) * D,
                   D * sizeof(real));
    f.in = arena_reals(&f.arena, size(&f));
    for (size_t b = 0; b < B; ++b)
        for (size_t t = 0; t < T; ++t)
            memcpy(f.in + (b * T + t) * D, in + (b * T + T - 1 - t) * D,
                   D * sizeof(real));
    forward(&f);
    expect_close(f.x, (const real *)reversed, size(&f), 1e-4, 1e-5);
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

// In INFER mode all blocks use one trace.
Test(block, a_pass_without_a_backward_changes_no_bit)
{
    struct fixture f;
    fixture_open(&f, 3, shapes[1]);
    struct reserve reserve = {.arena = &f.arena, .mode = INFER};
    real *x = arena_reals(&f.arena, size(&f));
    forward(&f);
    memcpy(x, f.x, size(&f) * sizeof(real));
    vit_trace_open(&f.trace, 3, FP32, &f.shape, &reserve);
    block_work_open(&f.work, FP32, &f.shape, 0, &reserve);
    cr_expect(f.trace.block[2].probs == f.trace.block[0].probs);
    forward(&f);
    cr_expect(!memcmp(x, f.x, size(&f) * sizeof(real)));
    arena_close(&f.arena);
}

// A workspace is enough for any shape with fewer images or tokens.
Test(block, a_larger_workspace_changes_no_bit)
{
    struct fixture f, large;
    fixture_open(&f, 1, shapes[0]);
    fixture_open(&large, 1, shapes[2]);
    forward(&f);
    backward(&f);
    real *x = arena_reals(&f.arena, size(&f)), *dx = arena_reals(&f.arena, size(&f));
    real *gradients = arena_reals(&f.arena, f.parameters.count);
    memcpy(x, f.x, size(&f) * sizeof(real));
    memcpy(dx, f.dx, size(&f) * sizeof(real));
    memcpy(gradients, f.gradients, f.parameters.count * sizeof(real));
    f.work = large.work;
    forward(&f);
    backward(&f);
    cr_expect(!memcmp(x, f.x, size(&f) * sizeof(real)));
    cr_expect(!memcmp(dx, f.dx, size(&f) * sizeof(real)));
    cr_expect(!memcmp(gradients, f.gradients, f.parameters.count * sizeof(real)));
    arena_close(&large.arena);
    arena_close(&f.arena);
}
