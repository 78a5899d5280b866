#include "core/model/packed_weights.h"

#include <signal.h>

#include "core/model/vit.h"
#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

// Two blocks: 8 of their 22 rows are operands, whose sides are not multiples of a panel.
enum { BLOCKS = 2, WIDTH = 20, OPERANDS = 8 };

struct fixture {
    struct arena arena;
    struct parameters parameters;
    real *weights;
    struct packed_weights packed;
};

static struct fixture *fixture_open(enum mode mode)
{
    static struct fixture f;
    arena_open(&f.arena, "test", 1 << 22);
    parameters_open(&f.parameters, BLOCKS * BLOCK_TENSORS, &f.arena);
    vit_list(&f.parameters, "", 0, BLOCKS, WIDTH);
    f.weights = normal_reals(&f.arena, f.parameters.count, 1, 1);
    packed_weights_open(&f.packed, &f.parameters, f.weights, FP32, mode, &f.arena);
    return &f;
}

// Outputs and inputs of the layer whose weight a row is.
static size_t outputs(const struct parameter *row)
{
    return row->shape[0];
}

static size_t inputs(const struct parameter *row)
{
    return row->count / row->shape[0];
}

// Whether `operand` is op(weight) (k,n), number by number, as core/linalg/product.h lays it out.
static int is_packed(struct operand_b operand, const real *weight, enum transpose op,
                     size_t k, size_t n)
{
    for (size_t l = 0; l < k; ++l)
        for (size_t j = 0; j < n; ++j) {
            const real *number = (const real *)operand.data +
                                 j / PANEL * operand.panel + l * operand.row +
                                 j % PANEL;
            if (*number != (op == PLAIN ? weight[l * n + j] : weight[j * k + l]))
                return 0;
        }
    return 1;
}

// Whether row r is packed from the present weights: forward as W^T, and in TRAIN backward as W.
static int row_is_packed(const struct fixture *f, size_t r)
{
    const struct parameter *row = &f->parameters.row[r];
    const struct packed_pair *pair = &f->packed.row[r];
    const real *weight = f->weights + row->offset;
    const size_t n = outputs(row), k = inputs(row);
    return is_packed(pair->forward, weight, TRANSPOSED, k, n) &&
           (f->packed.mode == INFER || is_packed(pair->backward, weight, PLAIN, n, k));
}

static void check_pack_all(enum mode mode)
{
    struct fixture *f = fixture_open(mode);
    size_t operands = 0;
    packed_weights_pack_all(&f->packed);
    for (size_t r = 0; r < f->parameters.rows; ++r)
        if (parameter_is_operand(&f->parameters.row[r])) {
            cr_expect(row_is_packed(f, r), "%s", f->parameters.row[r].name);
            ++operands;
        }
    cr_expect_eq(operands, OPERANDS);
    arena_close(&f->arena);
}

Test(packed_weights, packs_every_weight_and_its_transpose)
{
    check_pack_all(TRAIN);
}

Test(packed_weights, packs_only_what_forward_needs_in_infer_mode)
{
    check_pack_all(INFER);
}

// Fills the storage of all operands, and the rows that are not operands, with a pattern.
static void wipe(struct fixture *f)
{
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        const struct parameter *row = &f->parameters.row[r];
        struct packed_pair *pair = &f->packed.row[r];
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

// Whether nothing of row r has been written since wipe().
static int row_is_wiped(const struct fixture *f, size_t r)
{
    const struct parameter *row = &f->parameters.row[r];
    const struct packed_pair *pair = &f->packed.row[r];
    if (!parameter_is_operand(row)) return is_wiped(pair, sizeof *pair);
    const size_t bytes = operand_bytes(FP32, outputs(row), inputs(row));
    return is_wiped(pair->forward_storage, bytes) &&
           is_wiped(pair->backward_storage, bytes) &&
           is_wiped(&pair->forward, sizeof pair->forward) &&
           is_wiped(&pair->backward, sizeof pair->backward);
}

Test(packed_weights, packing_a_row_writes_no_other)
{
    struct fixture *f = fixture_open(TRAIN);
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        wipe(f);
        packed_weights_pack(&f->packed, r);
        for (size_t other = 0; other < f->parameters.rows; ++other)
            if (other == r && parameter_is_operand(&f->parameters.row[r]))
                cr_expect(row_is_packed(f, r), "%s", f->parameters.row[r].name);
            else
                cr_expect(row_is_wiped(f, other), "%s", f->parameters.row[other].name);
    }
    arena_close(&f->arena);
}

// What is packed are the weights at the time of packing.
Test(packed_weights, follows_the_weights_when_packed_again)
{
    struct fixture *f = fixture_open(TRAIN);
    packed_weights_pack_all(&f->packed);
    for (size_t i = 0; i < f->parameters.count; ++i) f->weights[i] += 1;
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        if (!parameter_is_operand(&f->parameters.row[r])) continue;
        cr_expect(!row_is_packed(f, r));
        packed_weights_pack(&f->packed, r);
        cr_expect(row_is_packed(f, r));
    }
    arena_close(&f->arena);
}

Test(packed_weights, points_layers_to_their_weights_and_packed_operands)
{
    struct fixture *f = fixture_open(TRAIN);
    static struct vit vit;
    packed_weights_pack_all(&f->packed);
    packed_weights_bind(&vit, &f->packed);
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
            const struct packed_pair *pair = &f->packed.row[row - f->parameters.row];
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

Test(packed_weights, packs_nothing_for_backward_in_infer_mode)
{
    struct fixture *f = fixture_open(INFER);
    static struct vit vit;
    packed_weights_pack_all(&f->packed);
    packed_weights_bind(&vit, &f->packed);
    cr_expect(vit.block[0].attn.qkv.forward.data &&
              !vit.block[0].attn.qkv.backward.data);
    arena_close(&f->arena);
}

// y = W x and dx = W^T dy, within the rounding of 80 terms.
Test(packed_weights, multiply_like_the_weights)
{
    struct fixture *f = fixture_open(TRAIN);
    packed_weights_pack_all(&f->packed);
    for (size_t r = 0; r < f->parameters.rows; ++r) {
        const struct parameter *row = &f->parameters.row[r];
        if (!parameter_is_operand(row)) continue;
        const size_t n = outputs(row), k = inputs(row);
        const real *w = f->weights + row->offset;
        const real *x = normal_reals(&f->arena, k, 1, 2),
                   *dy = normal_reals(&f->arena, n, 1, 3);
        real got_y[80], got_dx[80], y[80], dx[80];
        product(got_y, n, operand_a(x, k, PLAIN), f->packed.row[r].forward, FP32, 1, n,
                k, 0);
        product(got_dx, k, operand_a(dy, n, PLAIN), f->packed.row[r].backward, FP32, 1,
                k, n, 0);
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

Test(packed_weights, take_the_bytes_that_they_say)
{
    struct fixture *f = fixture_open(TRAIN);
    size_t size[2];
    for (int mode = TRAIN; mode <= INFER; ++mode) {
        struct packed_weights packed;
        struct arena exact;
        size[mode] = packed_weights_bytes(&f->parameters, FP32, (enum mode)mode);
        arena_open(&exact, "exact", size[mode]);
        packed_weights_open(&packed, &f->parameters, f->weights, FP32, (enum mode)mode,
                            &exact);
        packed_weights_pack_all(&packed);
        cr_expect(arena_mark(&exact) <= size[mode] &&
                  arena_mark(&exact) > size[mode] * 9 / 10);
        arena_close(&exact);
    }
    cr_expect_lt(size[INFER], size[TRAIN]);
    arena_close(&f->arena);
}

static void pack_beyond(const void *argument)
{
    struct packed_weights packed = *(const struct packed_weights *)argument;
    packed_weights_pack(&packed, BLOCKS * BLOCK_TENSORS);
}

Test(packed_weights, refuses_a_row_beyond_the_table)
{
    struct fixture *f = fixture_open(INFER);
    expect_death(__LINE__, pack_beyond, &f->packed, -SIGABRT, "row 22 of 22");
    arena_close(&f->arena);
}
