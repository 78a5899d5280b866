#include "core/model/packed_weights.h"

#include <signal.h>

#include "core/model/vit.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

/// Two blocks, of which 8 rows of 22 are factors; their sides are no multiples of a panel.
enum { BLOCKS = 2, WIDTH = 20, FACTORS = 8 };

struct fixture {
    struct arena arena;
    struct parameters parameters;
    real *weights;
    struct packed_weights prepared;
};

static struct fixture *fixture_open(enum mode mode)
{
    static struct fixture f;
    arena_open(&f.arena, "test", 1 << 22);
    parameters_open(&f.parameters, BLOCKS * BLOCK_TENSORS, &f.arena);
    vit_list(&f.parameters, "", 0, BLOCKS, WIDTH);
    f.weights = normal_reals(&f.arena, f.parameters.count, 1, 1);
    packed_weights_open(&f.prepared, &f.parameters, f.weights, FP32, mode, &f.arena);
    return &f;
}

/// Outputs and inputs of the layer whose weight a row is.
static size_t outputs(const struct parameter *row)
{
    return row->shape[0];
}

static size_t inputs(const struct parameter *row)
{
    return row->count / row->shape[0];
}

/// Whether `factor` is op(weight) (k,n), number by number where core/linalg/product.h says.
static int is_packed(struct operand_b factor, const real *weight, enum transpose op,
                     size_t k, size_t n)
{
    for (size_t l = 0; l < k; ++l)
        for (size_t j = 0; j < n; ++j) {
            const real *place = (const real *)factor.data + j / PANEL * factor.panel +
                                l * factor.row + j % PANEL;
            if (*place != (op == PLAIN ? weight[l * n + j] : weight[j * k + l]))
                return 0;
        }
    return 1;
}

/// Whether row r is packed as the weights are now: forward as W^T, backward as W where there is
/// one.
static int row_is_packed(const struct fixture *f, size_t r)
{
    const struct parameter *row = &f->parameters.row[r];
    const struct packed_pair *pair = &f->prepared.row[r];
    const real *weight = f->weights + row->offset;
    const size_t n = outputs(row), k = inputs(row);
    return is_packed(pair->forward, weight, TRANSPOSED, k, n) &&
           (f->prepared.mode == INFER ||
            is_packed(pair->backward, weight, PLAIN, n, k));
}

static void check_pack_all(enum mode mode)
{
    struct fixture *f = fixture_open(mode);
    size_t factors = 0;
    packed_weights_pack_all(&f->prepared);
    for (size_t r = 0; r < f->parameters.rows; ++r)
        if (parameter_is_operand(&f->parameters.row[r])) {
            cr_expect(row_is_packed(f, r), "%s", f->parameters.row[r].name);
            ++factors;
        }
    cr_expect_eq(factors, FACTORS);
    arena_close(&f->arena);
}

Test(prepared, packs_every_weight_and_its_transpose)
{
    check_pack_all(TRAIN);
}

Test(prepared, packs_what_forward_needs_alone)
{
    check_pack_all(INFER);
}

/// Fills every factor's storage, and the rows that have none, with a pattern.
static void wipe(struct fixture *f)
{
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        const struct parameter *row = &f->parameters.row[r];
        struct packed_pair *pair = &f->prepared.row[r];
        if (parameter_is_operand(row)) {
            const size_t bytes = operand_bytes(FP32, outputs(row), inputs(row));
            memset(pair->forward_storage, 0xe5, bytes);
            memset(pair->backward_storage, 0xe5, bytes);
            memset(&pair->forward, 0xe5, sizeof pair->forward);
            memset(&pair->backward, 0xe5, sizeof pair->backward);
        } else
            memset(pair, 0xe5, sizeof *pair);
    }
}

static int is_wiped(const void *memory, size_t bytes)
{
    const unsigned char *byte = memory;
    for (size_t i = 0; i < bytes; ++i)
        if (byte[i] != 0xe5) return 0;
    return 1;
}

/// Whether nothing of row r has been written since.
static int row_is_wiped(const struct fixture *f, size_t r)
{
    const struct parameter *row = &f->parameters.row[r];
    const struct packed_pair *pair = &f->prepared.row[r];
    if (!parameter_is_operand(row)) return is_wiped(pair, sizeof *pair);
    const size_t bytes = operand_bytes(FP32, outputs(row), inputs(row));
    return is_wiped(pair->forward_storage, bytes) &&
           is_wiped(pair->backward_storage, bytes) &&
           is_wiped(&pair->forward, sizeof pair->forward) &&
           is_wiped(&pair->backward, sizeof pair->backward);
}

Test(prepared, packing_a_row_touches_no_other)
{
    struct fixture *f = fixture_open(TRAIN);
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        wipe(f);
        packed_weights_pack(&f->prepared, r);
        for (size_t other = 0; other < f->parameters.rows; ++other)
            if (other == r && parameter_is_operand(&f->parameters.row[r]))
                cr_expect(row_is_packed(f, r), "%s", f->parameters.row[r].name);
            else
                cr_expect(row_is_wiped(f, other), "%s", f->parameters.row[other].name);
    }
    arena_close(&f->arena);
}

/// Factors are of the weights when they were packed.
Test(prepared, follows_the_weights_when_packed_again)
{
    struct fixture *f = fixture_open(TRAIN);
    packed_weights_pack_all(&f->prepared);
    for (size_t i = 0; i < f->parameters.count; ++i) f->weights[i] += 1;
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        if (!parameter_is_operand(&f->parameters.row[r])) continue;
        cr_expect(!row_is_packed(f, r));
        packed_weights_pack(&f->prepared, r);
        cr_expect(row_is_packed(f, r));
    }
    arena_close(&f->arena);
}

Test(prepared, binds_weights_and_factors_to_their_layers)
{
    struct fixture *f = fixture_open(TRAIN);
    static struct vit vit;
    packed_weights_pack_all(&f->prepared);
    packed_weights_bind(&vit, &f->prepared);
    for (size_t b = 0; b < BLOCKS; ++b) {
        const struct block *block = &vit.block[b];
        const struct linear *const layers[] = {&block->attn.qkv, &block->attn.proj,
                                               &block->mlp.fc1, &block->mlp.fc2};
        static const char *const names[] = {"attn.qkv", "attn.proj", "mlp.fc1",
                                            "mlp.fc2"};
        for (int l = 0; l < 4; ++l) {
            char name[PARAMETER_NAME];
            snprintf(name, sizeof name, "transformer.%zu.%s.weight", b, names[l]);
            const struct parameter *row = parameters_find(&f->parameters, name);
            const struct packed_pair *pair = &f->prepared.row[row - f->parameters.row];
            cr_expect(layers[l]->weight == f->weights + row->offset, "%s", name);
            cr_expect(layers[l]->forward.data == pair->forward.data, "%s", name);
            cr_expect(layers[l]->backward.data == pair->backward.data, "%s", name);
            cr_expect(layers[l]->forward.data != layers[l]->backward.data, "%s", name);
        }
        cr_expect(block->norm1.weight == f->weights + b * f->parameters.count / BLOCKS);
        cr_expect(!block->attn.qkv.bias && block->attn.proj.bias);
    }
    cr_expect(!vit.block[BLOCKS].norm1.weight);
    arena_close(&f->arena);
}

Test(prepared, binds_no_backward_factor_that_was_not_asked_for)
{
    struct fixture *f = fixture_open(INFER);
    static struct vit vit;
    packed_weights_pack_all(&f->prepared);
    packed_weights_bind(&vit, &f->prepared);
    cr_expect(vit.block[0].attn.qkv.forward.data &&
              !vit.block[0].attn.qkv.backward.data);
    arena_close(&f->arena);
}

/// The factors do what they are for: y = W x and dx = W^T dy, within the rounding of 80 terms.
Test(prepared, its_factors_multiply_like_the_weights)
{
    struct fixture *f = fixture_open(TRAIN);
    packed_weights_pack_all(&f->prepared);
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        const struct parameter *row = &f->parameters.row[r];
        if (!parameter_is_operand(row)) continue;
        const size_t n = outputs(row), k = inputs(row);
        const real *w = f->weights + row->offset;
        const real *x = normal_reals(&f->arena, k, 1, 2),
                   *dy = normal_reals(&f->arena, n, 1, 3);
        real got_y[80], got_dx[80], y[80], dx[80];
        product(got_y, n, operand_a(x, k, PLAIN), f->prepared.row[r].forward, FP32, 1,
                n, k, 0);
        product(got_dx, k, operand_a(dy, n, PLAIN), f->prepared.row[r].backward, FP32,
                1, k, n, 0);
        for (size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (size_t l = 0; l < k; ++l) sum += (double)x[l] * (double)w[j * k + l];
            y[j] = (real)sum;
        }
        for (size_t l = 0; l < k; ++l) {
            double sum = 0;
            for (size_t j = 0; j < n; ++j) sum += (double)dy[j] * (double)w[j * k + l];
            dx[l] = (real)sum;
        }
        expect_close((const real *)got_y, (const real *)y, n, 1e-5, 1e-5);
        expect_close((const real *)got_dx, (const real *)dx, k, 1e-5, 1e-5);
    }
    arena_close(&f->arena);
}

Test(prepared, fits_where_its_size_says)
{
    struct fixture *f = fixture_open(TRAIN);
    size_t size[2];
    for (int mode = TRAIN; mode <= INFER; ++mode) {
        struct packed_weights prepared;
        struct arena exact;
        size[mode] = packed_weights_bytes(&f->parameters, FP32, (enum mode)mode);
        arena_open(&exact, "exact", size[mode]);
        packed_weights_open(&prepared, &f->parameters, f->weights, FP32,
                            (enum mode)mode, &exact);
        packed_weights_pack_all(&prepared);
        cr_expect(arena_mark(&exact) <= size[mode] &&
                  arena_mark(&exact) > size[mode] * 9 / 10);
        arena_close(&exact);
    }
    cr_expect_lt(size[INFER], size[TRAIN]);
    arena_close(&f->arena);
}

static void pack_beyond(const void *argument)
{
    struct packed_weights prepared = *(const struct packed_weights *)argument;
    packed_weights_pack(&prepared, BLOCKS * BLOCK_TENSORS);
}

Test(prepared, refuses_a_row_beyond_the_table)
{
    struct fixture *f = fixture_open(INFER);
    expect_death(__LINE__, pack_beyond, &f->prepared, -SIGABRT, "row 22 of 22");
    arena_close(&f->arena);
}
