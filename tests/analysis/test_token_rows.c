#include "core/analysis/token_rows.h"

#include <signal.h>

#include "tests/expect_close.h"
#include "tests/model/gradient.h"

enum { T = 13, D = 48, H = 7, S = 16 };

/// Random tokens (T,D) as floats.
static void random_tokens(float *tokens)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 1);
    for (size_t i = 0; i < T * D; ++i) tokens[i] = (float)rng_normal(&rng);
}

/// For 1 .. 7 rows, so that every size of a group occurs.
Test(token_rows, dot_is_the_naive_product_and_touches_nothing_else)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 20);
    real *rows = normal_reals(&arena, H * D, 1, 2), out[H * S];
    float tokens[T * D];
    random_tokens(tokens);
    for (size_t heads = 1; heads <= H; ++heads) {
        for (size_t i = 0; i < H * S; ++i) out[i] = 77;
        token_rows_dot(out, S, rows, tokens, T, D, heads);
        for (size_t h = 0; h < H; ++h)
            for (size_t t = 0; t < S; ++t) {
                double want = 77;
                if (h < heads && t < T) {
                    want = 0;
                    for (size_t i = 0; i < D; ++i)
                        want += (double)rows[h * D + i] * (double)tokens[t * D + i];
                }
                double got = (double)out[h * S + t];
                expect_close((const double *)&got, (const double *)&want, 1, 1e-5,
                             1e-5);
            }
    }
    arena_close(&arena);
}

Test(token_rows, mix_is_the_naive_product_and_touches_nothing_else)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 20);
    real *shares = normal_reals(&arena, H * S, 1, 3), out[H * D];
    float tokens[T * D];
    random_tokens(tokens);
    for (size_t heads = 1; heads <= H; ++heads) {
        for (size_t i = 0; i < H * D; ++i) out[i] = 77;
        token_rows_mix(out, shares, S, tokens, T, D, heads);
        for (size_t h = 0; h < H; ++h)
            for (size_t i = 0; i < D; ++i) {
                double want = h < heads ? 0 : 77;
                for (size_t t = 0; h < heads && t < T; ++t)
                    want += (double)shares[h * S + t] * (double)tokens[t * D + i];
                double got = (double)out[h * D + i];
                expect_close((const double *)&got, (const double *)&want, 1, 1e-5,
                             1e-5);
            }
    }
    arena_close(&arena);
}

Test(token_rows, a_row_has_the_same_bits_in_any_company)
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

Test(token_rows, a_width_of_broken_lanes_breaks_the_contract, .signal = SIGABRT)
{
    real out[S], row[24] = {0};
    float tokens[24] = {0};
    token_rows_dot(out, S, row, tokens, 1, 24, 1);
}
