#include "core/model/activation.h"

#include "tests/expect_close.h"
#include "tests/model/gradient.h"
#include "tests/model/prepare.h"

enum { ROWS = 40, WIDTH = 70 };

struct fixture {
    struct arena arena;
    struct activation activation;
    real *x; // (ROWS,WIDTH)
};

static struct fixture fixture_open(void)
{
    struct fixture f;
    arena_open(&f.arena, "test", 1 << 22);
    f.activation = activation_new(&f.arena, ROWS, WIDTH);
    f.x = normal_reals(&f.arena, ROWS * WIDTH, 1, 1);
    activation_set(&f.activation, f.x, ROWS);
    return f;
}

Test(activation, reals_are_written_in_place)
{
    struct fixture f = fixture_open();
    real chunk[WIDTH];
    size_t stride;
    cr_expect(f.activation.width == WIDTH && f.activation.stride == WIDTH);
    real *data = activation_reals(&f.activation);
    cr_expect(activation_rows(&f.activation, chunk, 3) == data + 3 * WIDTH);
    cr_expect(activation_columns(&stride, &f.activation, chunk, 3, 16, 16) ==
              data + 3 * WIDTH + 16);
    cr_expect(stride == WIDTH);
    activation_commit(&f.activation, data + 3 * WIDTH, 3, 1);
    activation_commit_columns(&f.activation, data + 3 * WIDTH + 16, stride, 3, 1, 16,
                              16);
    cr_expect(!memcmp(data, f.x, ROWS * WIDTH * sizeof(real)));
    arena_close(&f.arena);
}

// Rows 1 KB apart, or a multiple of it, are kept a cache line further apart; others are not.
Test(activation, strided_rows_avoid_sharing_sets)
{
    struct fixture f = fixture_open();
    struct reserve reserve = {.arena = &f.arena};
    const size_t line = 64 / sizeof(real), kilobyte = 1024 / sizeof(real);
    const size_t widths[] = {kilobyte, 3 * kilobyte, kilobyte + line, WIDTH};
    for (size_t i = 0; i < 4; ++i) {
        struct activation x;
        activation_open_strided(&x, FP32, ROWS, widths[i], &reserve);
        cr_expect_eq(x.width, widths[i]);
        cr_expect_eq(x.stride, widths[i] + (i < 2 ? line : 0));
    }
    struct activation rounded;
    activation_open_strided(&rounded, BF16, ROWS, kilobyte, &reserve);
    cr_expect_eq(rounded.stride, kilobyte);
    arena_close(&f.arena);
}

Test(activation, reals_are_borrowed_and_take_no_memory)
{
    struct fixture f = fixture_open();
    struct reserve reserve = {.arena = &f.arena};
    struct activation target;
    const size_t before = arena_mark(&f.arena);
    activation_open_from_reals(&target, FP32, ROWS, WIDTH, &reserve);
    cr_expect_eq(arena_mark(&f.arena), before);
    const struct activation alias = activation_from_reals(&target, f.x, ROWS);
    cr_expect(alias.data == f.x && alias.width == WIDTH && alias.stride == WIDTH);
    cr_expect(alias.arithmetic == FP32);
    arena_close(&f.arena);
}

// Element (i,l) of operand A and (l,j) of operand B, as core/linalg/product.h lays them out.
static real a_at(struct operand_a operand, size_t i, size_t l)
{
    return ((const real *)operand.data)[i * operand.row + l * operand.step];
}

static real b_at(struct operand_b operand, size_t l, size_t j)
{
    return ((const real *)
                operand.data)[j / PANEL * operand.panel + l * operand.row + j % PANEL];
}

// A piece of the matrix, in every orientation.
enum { FIRST = 3, COLUMN = 16, HIGH = 33, WIDE = 37 };

static real piece_at(const struct fixture *f, size_t r, size_t c)
{
    return f->x[(FIRST + r) * WIDTH + COLUMN + c];
}

Test(activation, pieces_are_operands_a)
{
    struct fixture f = fixture_open();
    void *storage = operand_storage(&f.arena, HIGH, WIDE);
    const struct operand_a plain = activation_operand_a(&f.activation, FIRST, COLUMN);
    const struct operand_a transposed = activation_operand_a_transposed(
        &f.activation, storage, FIRST, COLUMN, WIDE, HIGH);
    const real *from = f.x + FIRST * WIDTH + COLUMN;
    const struct operand_a reals =
        reals_operand_a(FP32, storage, from, WIDTH, PLAIN, HIGH, WIDE);
    const struct operand_a reals_transposed =
        reals_operand_a(FP32, storage, from, WIDTH, TRANSPOSED, WIDE, HIGH);
    for (size_t r = 0; r < HIGH; ++r)
        for (size_t c = 0; c < WIDE; ++c) {
            const real want = piece_at(&f, r, c);
            cr_assert(a_at(plain, r, c) == want && a_at(transposed, c, r) == want);
            cr_assert(a_at(reals, r, c) == want &&
                      a_at(reals_transposed, c, r) == want);
        }
    arena_close(&f.arena);
}

Test(activation, pieces_are_operands_b)
{
    struct fixture f = fixture_open();
    void *storage[4];
    for (int s = 0; s < 4; ++s) storage[s] = operand_storage(&f.arena, HIGH, WIDE);
    const real *from = f.x + FIRST * WIDTH + COLUMN;
    const struct operand_b plain = activation_operand_b(
        &f.activation, storage[0], FIRST, COLUMN, PLAIN, HIGH, WIDE);
    const struct operand_b transposed = activation_operand_b(
        &f.activation, storage[1], FIRST, COLUMN, TRANSPOSED, WIDE, HIGH);
    const struct operand_b reals =
        reals_operand_b(FP32, storage[2], from, WIDTH, PLAIN, HIGH, WIDE);
    const struct operand_b reals_transposed =
        reals_operand_b(FP32, storage[3], from, WIDTH, TRANSPOSED, WIDE, HIGH);
    cr_expect(reals.data == storage[2] && reals_transposed.data == storage[3],
              "packed");
    for (size_t r = 0; r < HIGH; ++r)
        for (size_t c = 0; c < WIDE; ++c) {
            const real want = piece_at(&f, r, c);
            cr_assert(b_at(plain, r, c) == want && b_at(transposed, c, r) == want);
            cr_assert(b_at(reals, r, c) == want &&
                      b_at(reals_transposed, c, r) == want);
        }
    arena_close(&f.arena);
}

// The sanitizers see an operand that does not fit.
Test(activation, operand_bytes_are_enough_for_either_orientation)
{
    struct fixture f = fixture_open();
    const size_t mark = arena_mark(&f.arena);
    for (size_t rows = 1; rows <= ROWS; ++rows)
        for (size_t columns = 1; columns <= WIDTH; columns += 3) {
            void *storage = operand_storage(&f.arena, rows, columns);
            const size_t bytes = operand_bytes(FP32, rows, columns);
            cr_assert(bytes == operand_bytes(FP32, columns, rows) &&
                      bytes >= operand_b_size(rows, columns) * sizeof(real) &&
                      bytes >= operand_b_size(columns, rows) * sizeof(real));
            activation_operand_a_transposed(&f.activation, storage, 0, 0, columns,
                                            rows);
            for (int op = PLAIN; op <= TRANSPOSED; ++op) {
                const size_t k = op == PLAIN ? rows : columns;
                const size_t n = op == PLAIN ? columns : rows;
                reals_operand_b(FP32, storage, f.x, WIDTH, (enum transpose)op, k, n);
                activation_operand_b(&f.activation, storage, 0, 0, (enum transpose)op,
                                     k, n);
            }
            arena_reset(&f.arena, mark);
        }
    arena_close(&f.arena);
}
