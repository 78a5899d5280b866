/// McNemar's test (McNemar 1947): two classifiers have answered the same items; among the items that
/// exactly one of them got right, is it as often the one as the other? The items on which both are
/// right or both wrong say nothing about it.
///
/// Beside an interval for the difference of the accuracies it is a cross-check that resamples nothing.
#ifndef MASKBOOK_STATS_MCNEMAR_H
#define MASKBOOK_STATS_MCNEMAR_H

#include <stddef.h>
#include <stdint.h>

struct mcnemar {
    size_t first_only,
        second_only; ///< b, c: items that exactly one classifier got right
    double exact; ///< two-sided, min(1, 2 P(X <= min(b,c))), X ~ Binomial(b + c, 1/2)
    double mid_p; ///< the same with the observed split counted half; not conservative
    double
        chi_square; ///< (|b - c| - 1)^2 / (b + c), continuity-corrected (Edwards 1948)
    double corrected; ///< the upper tail of chi_square at 1 degree of freedom
};

/// The test from the two counts alone.
///     mid_p = exact - P(X = min(b,c)), and 1 - P(X = b) / 2 where b = c
/// [Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91]
/// Without any discordant item all three p-values are 1. Relative error of exact and mid_p about
/// (b + c) 2^-53. Requires b + c < 2^31. Cost min(b,c).
struct mcnemar mcnemar_counts(size_t first_only, size_t second_only);

/// The test of two classifiers' answers (n) to items with these labels (n). Requires n > 0.
struct mcnemar mcnemar_test(const uint8_t *first, const uint8_t *second,
                            const uint8_t *labels, size_t n);

#endif
