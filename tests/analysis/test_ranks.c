#include "core/analysis/ranks.h"

#include <criterion/criterion.h>
#include <math.h>

#include "tests/expect_close.h"

Test(ranks, a_threshold_counts_what_is_above_it)
{
    const double s[] = {10, 1, 1e-3, 1e-9, 0};
    cr_expect_eq(rank_at(s, 5, .5), 1);
    cr_expect_eq(rank_at(s, 5, 1e-2), 2);
    cr_expect_eq(rank_at(s, 5, 1e-4), 2, "equal to the threshold is not above it");
    cr_expect_eq(rank_at(s, 5, 1e-6), 3);
    cr_expect_eq(rank_at(s, 5, 1e-15), 4);
    cr_expect_eq(rank_at(s + 4, 1, 1e-6), 0, "a zero matrix has rank 0");
}

// Equal values count fully; one of share p and one of 1 - p have exp(h(p)).
Test(ranks, the_effective_rank_is_the_exponential_of_an_entropy)
{
    const double equal[] = {3, 3, 3, 0}, zero[] = {0, 0}, two[] = {.75, .25},
                 expected[] = {3, 0, exp(-.75 * log(.75) - .25 * log(.25))};
    const double found[] = {effective_rank(equal, 4), effective_rank(zero, 2),
                            effective_rank(two, 2)};
    expect_close(found, expected, 3, 1e-14, 0);
    const double scaled[] = {7.5, 2.5};
    const double same = effective_rank(scaled, 2);
    expect_close(&same, &expected[2], 1, 1e-14, 0);
}

// diag(3, 4) in a plane of a 3 x 2 matrix.
Test(ranks, singular_values_leave_the_matrix_as_it_is)
{
    const double a[] = {0, 4, 3, 0, 0, 0}, expected[] = {4, 3};
    double s[2];
    struct arena arena;
    arena_open_growing(&arena, "test");
    const size_t mark = arena_mark(&arena);
    cr_assert_eq(singular_values(s, a, 3, 2, &arena), 0);
    expect_close(s, expected, 2, 1e-14, 0);
    cr_expect_eq(a[1], 4);
    cr_expect_eq(arena_mark(&arena), mark);
    const double tails[] = {rank_tail(s, 2, 0), rank_tail(s, 2, 1), rank_tail(s, 2, 2)},
                 missed[] = {25, 9, 0};
    expect_close(tails, missed, 3, 1e-14, 0);
    arena_close(&arena);
}

// The rank-one part of diag(3, 4) in a 2 x 3 matrix is the 4 alone; nothing of rank 0 is left.
Test(ranks, a_truncation_keeps_the_largest_components)
{
    const double a[] = {3, 0, 0, 0, 0, 4}, one[] = {0, 0, 0, 0, 0, 4}, none[6] = {0},
                 values[] = {4, 3};
    double low[6], s[2];
    struct arena arena;
    arena_open_growing(&arena, "test");
    cr_assert_eq(truncate_rank(low, s, a, 2, 3, 1, &arena), 0);
    expect_close(low, one, 6, 1e-14, 1e-14);
    expect_close(s, values, 2, 1e-14, 0);
    cr_assert_eq(truncate_rank(low, NULL, a, 2, 3, 2, &arena), 0);
    expect_close(low, a, 6, 1e-14, 1e-14);
    cr_assert_eq(truncate_rank(low, NULL, a, 2, 3, 0, &arena), 0);
    expect_close(low, none, 6, 0, 0);
    arena_close(&arena);
}
