#include "core/stats/slope.h"

#include <criterion/criterion.h>

#include "tests/ending.h"
#include "tests/expect_close.h"

Test(slope, of_a_line_is_its_own)
{
    const double x[] = {.5, .6, .7, .75, .8, .9};
    double y[6], got, want = -2.5;
    for (int i = 0; i < 6; ++i) y[i] = 7 - 2.5 * x[i];
    got = slope(y, x, 6);
    expect_close(&got, &want, 1, 1e-14, 0);
}

Test(slope, equals_that_of_numpy)
{
    // numpy 1.24: np.polyfit([1, 2, 4, 7], [3, 1, 4, 1.5], 1)[0], which equals the
    // definition's -1.75 / 21 to 16 digits.
    const double x[] = {1, 2, 4, 7}, y[] = {3, 1, 4, 1.5};
    double got = slope(y, x, 4), want = -1.75 / 21;
    expect_close(&got, &want, 1, 1e-14, 0);
}

Test(slope, does_not_see_a_shift_and_scales_with_y)
{
    const double x[] = {1, 2, 4, 7}, y[] = {3, 1, 4, 1.5};
    double far[4], steep[4], moved[2], plain[2];
    for (int i = 0; i < 4; ++i) far[i] = x[i] + 64, steep[i] = 8 * y[i];
    moved[0] = slope(y, far, 4), moved[1] = slope(steep, x, 4);
    plain[0] = slope(y, x, 4), plain[1] = 8 * plain[0];
    expect_close(moved, plain, 2, 1e-13, 0);
}

BREAKS(slope, refuses_points_of_equal_x, "square > 0")
{
    const double x[] = {2, 2, 2}, y[] = {1, 2, 3};
    slope(y, x, 3);
}

BREAKS(slope, refuses_nan, "isfinite(product)")
{
    const double x[] = {1, 2}, y[] = {NAN, 2};
    slope(y, x, 2);
}

// The number of orders of y (n) that increase, permuting the elements from index `from` on.
static void orders_count(int *increasing, int *all, double *y, size_t n, size_t from)
{
    if (from == n) {
        ++*all;
        *increasing += strictly_increasing(y, n);
    }
    for (size_t i = from; i < n; ++i) {
        double kept = y[from];
        y[from] = y[i], y[i] = kept;
        orders_count(increasing, all, y, n, from + 1);
        y[i] = y[from], y[from] = kept;
    }
}

Test(slope, p_value_of_an_increase_is_its_share_of_all_orders)
{
    double y[] = {1, 2, 3, 5, 8, 13};
    for (size_t n = 1; n <= 6; ++n) {
        int increasing = 0, all = 0;
        orders_count(&increasing, &all, y, n, 0);
        double got = increase_p_value(y, n), want = (double)increasing / all;
        expect_close(&got, &want, 1, 1e-15, 0);
    }
}

Test(slope, nothing_but_a_strict_increase_is_surprising)
{
    const double tie[] = {1, 2, 2, 3}, fall[] = {1, 3, 2}, nan[] = {1, NAN, 3};
    const double first[] = {NAN};
    cr_expect(increase_p_value(tie, 4) == 1);
    cr_expect(increase_p_value(fall, 3) == 1);
    cr_expect(increase_p_value(nan, 3) == 1);
    cr_expect(increase_p_value(first, 1) == 1);
}
