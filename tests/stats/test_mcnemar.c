#include "core/stats/mcnemar.h"

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

// Fractions of integers (Python's fractions and math.comb), rounded once. 1 and 7: airway
// hyper-responsiveness before and after stem cell transplantation (Bentur et al.), the example of
// Fagerland et al. 2013, table 1: exact .070, mid-p .039. 150 and 86: approval of a prime minister
// in two surveys (Agresti, Categorical Data Analysis, 10.1).
static const struct mcnemar known[] = {
    {1, 7, 0.0703125, 0.0390625},
    {150, 86, 3.715936139571442e-05, 2.89338951761549e-05},
    {59, 6, 4.964650327128617e-12, 2.72580319860688e-12},
    {5000, 4700, 0.0023966033625776252, 0.0023183214805346606},
    {2000, 3000, 1.3002310005203771e-45, 1.0826683230267039e-45},
    {60, 1, 5.377642775528102e-17, 2.7321894746634712e-17},
    {0, 5, 0.0625, 0.03125},
    {3, 2, 1, 0.6875},
    {1, 0, 1, 0.5},
};
enum { KNOWN = sizeof known / sizeof *known };

ParameterizedTestParameters(mcnemar, equals_published_examples_and_exact_fractions)
{
    static int numbers[KNOWN];
    for (int i = 0; i < KNOWN; ++i) numbers[i] = i;
    return cr_make_param_array(int, numbers, KNOWN);
}

ParameterizedTest(int *number, mcnemar, equals_published_examples_and_exact_fractions)
{
    const struct mcnemar *want = &known[*number];
    struct mcnemar got = mcnemar_counts(want->first_only, want->second_only);
    // The bound of the header, (b + c) * 2^-53.
    double rtol = 1e-15 + 1.2e-16 * (double)(want->first_only + want->second_only);
    expect_close(&got.exact, &want->exact, 1, rtol, 0);
    expect_close(&got.mid_p, &want->mid_p, 1, rtol, 0);
}

Test(mcnemar, without_a_difference_nothing_is_surprising)
{
    // 1 - C(24,12) / 2^25, as Fagerland et al. define the mid-p of a tie.
    double tie = 1 - 2704156. / 33554432;
    struct mcnemar same = mcnemar_counts(12, 12), none = mcnemar_counts(0, 0);
    expect_close(&same.mid_p, &tie, 1, 1e-14, 0);
    cr_expect(same.exact == 1);
    cr_expect(none.exact == 1 && none.mid_p == 1);
}

Test(mcnemar, does_not_see_which_classifier_is_the_first)
{
    for (size_t b = 0; b < 40; ++b)
        for (size_t c = 0; c < 40; ++c) {
            struct mcnemar one = mcnemar_counts(b, c), other = mcnemar_counts(c, b);
            cr_expect(one.exact == other.exact && one.mid_p == other.mid_p, "%zu %zu",
                      b, c);
            cr_expect(one.mid_p < one.exact || b + c == 0 || (b == c && one.mid_p < 1),
                      "%zu %zu", b, c);
        }
}

Test(mcnemar, counts_the_items_on_which_exactly_one_is_right)
{
    const uint16_t labels[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3},
                   first[] = {3, 1, 0, 0, 5, 0, 2, 6, 5, 0},
                   second[] = {3, 2, 4, 7, 0, 8, 0, 6, 6, 1};
    struct mcnemar got = mcnemar_test(first, second, labels, 10),
                   want = mcnemar_counts(4, 1);
    cr_expect_eq(got.first_only, 4);
    cr_expect_eq(got.second_only, 1);
    cr_expect(got.exact == want.exact && got.mid_p == want.mid_p);
}

Test(mcnemar, keeps_its_level_when_both_are_equally_good)
{
    // 2,000 pairs of classifiers, each right on an item with probability .6: at the 5 % level the
    // exact test is conservative and the mid-p test close to it. The bounds are 4 standard errors
    // of .005.
    enum { PAIRS = 2000, ITEMS = 100 };
    uint16_t first[ITEMS], second[ITEMS], labels[ITEMS];
    int exact = 0, mid_p = 0;
    for (int i = 0; i < ITEMS; ++i) labels[i] = 1;
    for (uint32_t p = 0; p < PAIRS; ++p) {
        struct rng rng = rng_open(3, PURPOSE_TEST, 0, p);
        for (int i = 0; i < ITEMS; ++i) {
            first[i] = rng_uniform(&rng) < .6;
            second[i] = rng_uniform(&rng) < .6;
        }
        struct mcnemar test = mcnemar_test(first, second, labels, ITEMS);
        exact += test.exact < .05;
        mid_p += test.mid_p < .05;
    }
    cr_expect(exact < .05 * PAIRS, "the exact test rejects %d of %d", exact, PAIRS);
    cr_expect(mid_p > exact && mid_p > .03 * PAIRS && mid_p < .07 * PAIRS,
              "mid-p rejects %d of %d", mid_p, PAIRS);
}

BREAKS(mcnemar, refuses_to_test_on_nothing, "n > 0: a test on no items")
{
    const uint16_t none[1] = {0};
    mcnemar_test(none, none, none, 0);
}
