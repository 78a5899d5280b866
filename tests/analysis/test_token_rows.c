#include "core/analysis/token_rows.h"

#include "tests/ending.h"
#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { T = 13, D = 48, H = 7, S = 16 };

// tokens (T,D) = random numbers.
static void random_tokens(float *tokens)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 1);
    for (size_t i = 0; i < T * D; ++i) tokens[i] = (float)rng_normal(&rng);
}

static double naive_dot(const real *rows, const float *tokens, size_t h, size_t t)
{
    double sum = 0;
    for (size_t i = 0; i < D; ++i)
        sum += (double)rows[h * D + i] * (double)tokens[t * D + i];
    return sum;
}

static double naive_mix(const real *shares, const float *tokens, size_t h, size_t i)
{
    double sum = 0;
    for (size_t t = 0; t < T; ++t)
        sum += (double)shares[h * S + t] * (double)tokens[t * D + i];
    return sum;
}

// Expects out (H,stride) to be naive(in, tokens, h, k) in the first `rows` rows and `columns`
// columns, and 77 elsewhere.
static void expect_rows(const real *out, size_t stride, size_t rows, size_t columns,
                        double (*naive)(const real *, const float *, size_t, size_t),
                        const real *in, const float *tokens)
{
    for (size_t h = 0; h < H; ++h)
        for (size_t k = 0; k < stride; ++k) {
            int written = h < rows && k < columns;
            double want = written ? naive(in, tokens, h, k) : 77;
            double got = (double)out[h * stride + k];
            expect_close(&got, &want, 1, 1e-5, 1e-5);
        }
}

// For 1 to 7 rows, so that passes of every size occur.
Test(token_rows, are_the_naive_products_and_touch_nothing_else)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 20);
    const real *rows = normal_reals(&arena, H * D, 1, 2);
    const real *shares = normal_reals(&arena, H * S, 1, 3);
    real dots[H * S], mixed[H * D];
    float tokens[T * D];
    random_tokens(tokens);
    for (size_t heads = 1; heads <= H; ++heads) {
        for (size_t i = 0; i < H * S; ++i) dots[i] = 77;
        for (size_t i = 0; i < H * D; ++i) mixed[i] = 77;
        token_rows_dot(dots, S, rows, tokens, T, D, heads);
        token_rows_mix(mixed, shares, S, tokens, T, D, heads);
        expect_rows(dots, S, heads, T, naive_dot, rows, tokens);
        expect_rows(mixed, D, heads, D, naive_mix, shares, tokens);
    }
    arena_close(&arena);
}

Test(token_rows, a_row_has_the_same_bits_among_any_others)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 20);
    real *rows = normal_reals(&arena, H * D, 1, 2), alone[S], together[H * S];
    float tokens[T * D];
    random_tokens(tokens);
    token_rows_dot(together, S, rows, tokens, T, D, H);
    for (size_t h = 0; h < H; ++h) {
        token_rows_dot(alone, S, rows + h * D, tokens, T, D, 1);
        cr_expect_arr_eq(alone, together + h * S, T * sizeof(real));
    }
    arena_close(&arena);
}

BREAKS(token_rows, a_width_of_broken_lanes_breaks_the_contract, "width % LANES == 0")
{
    real out[S], row[24] = {0};
    float tokens[24] = {0};
    token_rows_dot(out, S, row, tokens, 1, 24, 1);
}
