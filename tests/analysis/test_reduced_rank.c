#include "core/analysis/reduced_rank.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/expect_close.h"

enum { N = 50, P = 6, Q = 4 };

static struct arena arena;
static double x[N * P], y[N * Q];
static struct moments moments;

// y = (x_0, x_1 / 2, 0, 0) + noise.
static void open_samples(void)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open_growing(&arena, "test");
    for (size_t i = 0; i < N; ++i) {
        for (size_t j = 0; j < P; ++j) x[i * P + j] = rng_normal(&rng);
        for (size_t j = 0; j < Q; ++j)
            y[i * Q + j] =
                .2 * rng_normal(&rng) + (j < 2 ? x[i * P + j] / (double)(1 + j) : 0);
    }
    moments = moments_of(x, y, N, P, Q, &arena);
}

static void close_samples(void)
{
    arena_close(&arena);
}

TestSuite(reduced_rank, .init = open_samples, .fini = close_samples);

// The loss from moments is that of the samples; at the optimum it is the closed form.
Test(reduced_rank, the_closed_form_is_the_loss_of_its_map)
{
    double map[Q * P], squares[Q], naive = 0, closed = 0;
    cr_assert_eq(reduced_rank_solve(map, squares, &moments, 2, &arena), 0);
    for (size_t i = 0; i < N; ++i)
        for (size_t q = 0; q < Q; ++q) {
            double rest = y[i * Q + q];
            for (size_t p = 0; p < P; ++p) rest -= map[q * P + p] * x[i * P + p];
            naive += rest * rest / N;
        }
    for (size_t q = 0; q < Q; ++q) closed += moments.yy[q * Q + q];
    closed -= squares[0] + squares[1];
    const double loss = reduced_rank_loss(map, &moments, &arena);
    expect_close(&loss, &naive, 1, 1e-12, 0);
    expect_close(&closed, &naive, 1, 1e-12, 0);
    cr_expect(squares[0] > squares[1] && squares[1] > squares[2]);
}

Test(reduced_rank, alternating_least_squares_ends_there_plain_and_whitened)
{
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    double map[Q * P], other[Q * P], start[2 * P], squares[Q];
    for (size_t i = 0; i < 2 * P; ++i) start[i] = rng_normal(&rng);
    for (int whitened = 0; whitened < 2; ++whitened) {
        if (whitened) cr_assert_eq(moments_whiten(&moments, &arena), 0);
        cr_assert_eq(reduced_rank_solve(map, squares, &moments, 2, &arena), 0);
        cr_assert_eq(reduced_rank_alternate(other, start, &moments, 2, 200, &arena), 0);
        expect_close((const double *)other, (const double *)map, Q * P, 1e-10, 1e-12);
        cr_expect_lt(reduced_rank_distance(map, other, &moments, &arena), 1e-22);
    }
    cr_expect(squares[0] < 1 && squares[1] > .5, "canonical correlations");
}

Test(reduced_rank, the_condition_is_that_of_the_visible_part)
{
    for (size_t i = 0; i < P * P; ++i) moments.xx[i] = i % (P + 1) ? 0 : 1;
    moments.xx[0] = 10;
    cr_expect_float_eq(moments_condition(&moments, &arena), 10, 1e-12);
}

// Two inputs matter, at much more than the noise: the widest gap is after the second.
Test(reduced_rank, the_widest_gap_is_found_and_solved_at)
{
    double map[Q * P], squares[Q], want[Q * P], same[Q];
    size_t rank = 0;
    cr_assert_eq(reduced_rank_solve_at_gap(map, squares, &rank, &moments, &arena), 0);
    cr_expect_eq(rank, 2);
    cr_assert_eq(reduced_rank_solve(want, same, &moments, 2, &arena), 0);
    expect_close((const double *)map, (const double *)want, Q * P, 0, 0);
    expect_close((const double *)squares, (const double *)same, Q, 0, 0);
}
