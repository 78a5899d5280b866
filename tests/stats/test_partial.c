#include "core/stats/partial.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "tests/ending.h"

enum { N = 4000 };

static double x[N], y[N], z[N];
static const double *const columns[] = {x, y, z};

// z causes both x and y; y also causes x by `share`.
static void draw(double share)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < N; ++i) {
        z[i] = rng_normal(&rng);
        y[i] = z[i] + rng_normal(&rng);
        x[i] = z[i] + share * y[i] + rng_normal(&rng);
    }
}

// Of 4,000 pairs a correlation of 0 has a standard error of .016.
Test(partial, what_a_common_cause_explains_is_taken_away)
{
    double partial[2], plain[2];
    draw(0);
    partial_correlations(partial, plain, columns, 3, N);
    cr_expect_float_eq(plain[0], .5, .05);
    cr_expect_float_eq(partial[0], 0, .05);
    cr_expect_float_eq(partial[1], 1 / sqrt(3), .05);
}

// cov(x,y|z) = 1/2 share, var(y|z) = 1: share / sqrt(share^2 + 1).
Test(partial, what_remains_is_the_cause_of_its_own)
{
    double partial[2];
    draw(.5);
    partial_correlations(partial, NULL, columns, 3, N);
    cr_expect_float_eq(partial[0], .5 / sqrt(1.25), .05);
}

// By hand: with two variables nothing is taken away.
Test(partial, of_two_variables_it_is_the_correlation)
{
    const double a[] = {1, 2, 4}, b[] = {1, 3, 2}, *const both[] = {a, b};
    double partial, plain;
    partial_correlations(&partial, &plain, both, 2, 3);
    // Centred: (-4,-1,5)/3 and (-1,1,0): product 1, squares 14/3 and 2.
    cr_expect_float_eq(plain, 1 / sqrt(28. / 3), 1e-15);
    cr_expect_float_eq(partial, plain, 1e-15);
}

Test(partial, a_constant_column_is_left_out)
{
    const double a[] = {1, 2, 4}, same[] = {7, 7, 7}, b[] = {1, 3, 2},
                 *const three[] = {a, same, b}, *const none[] = {same, a};
    double partial[2], plain[2];
    partial_correlations(partial, plain, three, 3, 3);
    cr_expect_eq(partial[0], 0);
    cr_expect_eq(plain[0], 0);
    cr_expect_float_eq(partial[1], 1 / sqrt(28. / 3), 1e-15);
    partial_correlations(partial, NULL, none, 2, 3);
    cr_expect(isnan(partial[0]));
}

Test(partial, columns_that_determine_one_another_have_none)
{
    const double *const twice[] = {x, y, y};
    double partial[2];
    draw(1);
    partial_correlations(partial, NULL, twice, 3, N);
    cr_expect(isnan(partial[0]) && isnan(partial[1]));
}

Test(partial, rows_are_standardised_and_constant_ones_become_zero)
{
    double rows[] = {1, 3, 5, 5};
    rows_standardise(rows, 2, 2);
    cr_expect_eq(rows[0], -1);
    cr_expect_eq(rows[1], 1);
    cr_expect_eq(rows[2], 0);
    cr_expect_eq(rows[3], 0);
    // The mean of three times .1 is the next number above .1.
    double tenths[] = {.1, .1, .1};
    rows_standardise(tenths, 1, 3);
    for (size_t i = 0; i < 3; ++i) cr_expect_eq(tenths[i], 0);
}

BREAKS(partial, refuses_one_number, "variables >= 2 && variables <= V && n > 1")
{
    double partial;
    partial_correlations(&partial, NULL, columns, 2, 1);
}
