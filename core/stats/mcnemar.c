#include "core/stats/mcnemar.h"

#include <math.h>

#include "core/base/die.h"

// P(X = k) for X ~ Binomial(n, 1/2), k <= n/2: a product of ratios, as a mantissa and a separate
// power of two, so that nothing overflows and the last bits do not depend on a library's log-gamma.
static double binomial_half(size_t k, size_t n)
{
    double mantissa = 1;
    int power = 0, step;
    for (size_t i = 1; i <= k; ++i) {
        mantissa = frexp(mantissa * ((double)(n - k + i) / (double)i), &step);
        power += step;
    }
    // ldexp takes an int; results below the smallest double are 0.
    return ldexp(mantissa, power - (int)n);
}

// P(X <= k) from p = P(X = k), k <= n/2: P(X = i - 1) is i / (n - i + 1) times P(X = i).
static double binomial_tail(double p, size_t k, size_t n)
{
    double sum = p, term = p;
    for (size_t i = k; i > 0 && term > 0; --i) {
        term *= (double)i / (double)(n - i + 1);
        sum += term;
    }
    return sum;
}

struct mcnemar mcnemar_counts(size_t first_only, size_t second_only)
{
    require(first_only < INT32_MAX && second_only < INT32_MAX &&
                first_only + second_only < INT32_MAX,
            "%zu and %zu discordant items", first_only, second_only);
    struct mcnemar test = {first_only, second_only, 1, 1};
    size_t n = first_only + second_only;
    if (n == 0) return test;

    // Exact: twice the smaller tail.
    size_t least = first_only < second_only ? first_only : second_only;
    double point = binomial_half(least, n);
    double both = 2 * binomial_tail(point, least, n);
    if (first_only == second_only) {
        test.mid_p = 1 - point / 2;
    } else {
        test.exact = fmin(1, both);
        test.mid_p = both - point;
    }
    return test;
}

struct mcnemar mcnemar_test(const uint16_t *first, const uint16_t *second,
                            const uint16_t *labels, size_t n)
{
    size_t first_only = 0, second_only = 0;
    require(n > 0, "a test on no items");
    for (size_t i = 0; i < n; ++i) {
        const int a = first[i] == labels[i], b = second[i] == labels[i];
        first_only += a && !b;
        second_only += b && !a;
    }
    return mcnemar_counts(first_only, second_only);
}
