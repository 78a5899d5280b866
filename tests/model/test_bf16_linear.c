#include "core/model/linear.h"

#include <criterion/criterion.h>

// In the double build a model in bfloat16 is a broken contract (tests/linalg/test_gemm_bf16.c).
#ifndef REAL_DOUBLE

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/model/gradient.h"

// bfloat16 has 8 significant bits: rounding to nearest gives x (1 + d), |d| <= u = 2^-8.
static const double U = 0x1p-8;
// The same for the 32-bit floats that sums are made of.
static const double U_FLOAT = 0x1p-24;

// Layer, input and gradients of it, in both arithmetics.
struct layer {
    struct arena arena;
    size_t rows, n, k;
    real *weight, *bias, *in, *dout;
    real *out, *din, *dweight; // in one arithmetic
};

static void layer_open(struct layer *l, size_t rows, size_t n, size_t k)
{
    *l = (struct layer){.rows = rows, .n = n, .k = k};
    arena_open(&l->arena, "test", 16 << 20);
    l->weight = normal_reals(&l->arena, n * k, 1, 1);
    l->bias = normal_reals(&l->arena, n, 1, 2);
    l->in = normal_reals(&l->arena, rows * k, 1, 3);
    l->dout = normal_reals(&l->arena, rows * n, 1, 4);
    l->out = arena_reals(&l->arena, rows * n);
    l->din = arena_reals(&l->arena, rows * k);
    l->dweight = arena_reals(&l->arena, n * k);
}

static void *storage(struct arena *arena, enum arithmetic arithmetic, size_t rows,
                     size_t columns)
{
    return arena_take(arena, 1, operand_bytes(arithmetic, rows, columns));
}

static void layer_pass(struct layer *l, enum arithmetic arithmetic)
{
    const size_t R = l->rows, N = l->n, K = l->k;
    struct reserve reserve = {.arena = &l->arena};
    struct activation room_in, room_dout;
    activation_open_from_reals(&room_in, arithmetic, R, K, &reserve);
    activation_open_from_reals(&room_dout, arithmetic, R, N, &reserve);
    const struct activation in = activation_from_reals(&room_in, l->in, R),
                            dout = activation_from_reals(&room_dout, l->dout, R);
    const struct linear linear = {
        l->weight, l->bias,
        reals_operand_b(arithmetic, storage(&l->arena, arithmetic, N, K), l->weight, K,
                        TRANSPOSED, K, N),
        reals_operand_b(arithmetic, storage(&l->arena, arithmetic, N, K), l->weight, K,
                        PLAIN, N, K)};
    void *const operands[2] = {storage(&l->arena, arithmetic, R, N),
                               storage(&l->arena, arithmetic, R, K)};
    linear_forward(l->out, activation_operand_a(&in, 0, 0), &linear, arithmetic, R, N,
                   K, 0);
    linear_backward_input(l->din, activation_operand_a(&dout, 0, 0), &linear,
                          arithmetic, R, N, K);
    linear_backward_weight(l->dweight, &dout, 0, &in, 0, operands, R, N, K, 0);
}

// Expects |got - sum of a_l b_l - bias| <= ((1 + u)^2 - 1 + (terms + 2) 2^-24) sum of |a_l b_l|
// (and a rounding of the bias's sum), where a_l = a[l step_a] and b_l = b[l step_b]: two rounded
// operands, and the sum in floats. Returns that error over u sum |a_l b_l|.
static double product_error(real got, const real *a, size_t step_a, const real *b,
                            size_t step_b, size_t terms, real bias)
{
    double sum = (double)bias, size = 0;
    for (size_t l = 0; l < terms; ++l) {
        const double term = (double)a[l * step_a] * (double)b[l * step_b];
        sum += term, size += fabs(term);
    }
    const double error = fabs((double)got - sum);
    const double bound = (2 * U + U * U + (double)(terms + 2) * U_FLOAT) * size +
                         U_FLOAT * (fabs(sum) + fabs((double)bias));
    cr_expect(error <= bound, "error %g, at most %g", error, bound);
    return error / (U * size);
}

static void layer_check(size_t rows, size_t n, size_t k)
{
    struct layer l;
    double worst = 0;
    layer_open(&l, rows, n, k);
    layer_pass(&l, BF16);
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < n; ++i)
            worst = fmax(worst, product_error(l.out[r * n + i], l.in + r * k, 1,
                                              l.weight + i * k, 1, k, l.bias[i]));
    for (size_t r = 0; r < rows; ++r)
        for (size_t i = 0; i < k; ++i)
            worst = fmax(worst, product_error(l.din[r * k + i], l.dout + r * n, 1,
                                              l.weight + i, k, n, 0));
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < k; ++j)
            worst = fmax(worst, product_error(l.dweight[i * k + j], l.dout + i, n,
                                              l.in + j, k, rows, 0));
    // With a single term the two roundings cannot cancel in every number.
    cr_expect(worst > .01, "nothing was rounded: %g u", worst);
    fprintf(stderr, "bf16 linear %zux%zux%zu: at most %.2f u of the sum of |terms|\n",
            rows, n, k, worst);
    arena_close(&l.arena);
}

Test(bf16_linear, every_number_is_within_two_roundings)
{
    layer_check(1, 1, 1);
    layer_check(3, 5, 7);
    layer_check(33, 17, 31);
    layer_check(70, 48, 65);
    layer_check(300, 33, 40);
}

// Numbers that bfloat16 holds exactly, few enough that every sum is exact: nothing is rounded.
Test(bf16_linear, small_integers_lose_nothing)
{
    struct layer l;
    layer_open(&l, 37, 19, 45);
    real *const arrays[] = {l.weight, l.bias, l.in, l.dout};
    const size_t counts[] = {19 * 45, 19, 37 * 45, 37 * 19};
    for (int a = 0; a < 4; ++a)
        for (size_t i = 0; i < counts[a]; ++i)
            arrays[a][i] = (real)floor((double)(arrays[a][i] * 20));
    layer_pass(&l, FP32);
    const size_t out = 37 * 19 * sizeof(real), din = 37 * 45 * sizeof(real),
                 dweight = 19 * 45 * sizeof(real);
    real *first[3] = {arena_reals(&l.arena, 37 * 19), arena_reals(&l.arena, 37 * 45),
                      arena_reals(&l.arena, 19 * 45)};
    memcpy(first[0], l.out, out);
    memcpy(first[1], l.din, din);
    memcpy(first[2], l.dweight, dweight);
    layer_pass(&l, BF16);
    cr_expect(!memcmp(l.out, first[0], out));
    cr_expect(!memcmp(l.din, first[1], din));
    cr_expect(!memcmp(l.dweight, first[2], dweight));
    arena_close(&l.arena);
}

#endif
