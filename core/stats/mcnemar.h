/// McNemar's test (McNemar 1947) of two classifiers on the same items: among the items that exactly
/// one of them classifies correctly, is each as often the correct one? Other items carry no
/// information. Next to a bootstrap interval of the accuracies' difference, it is a check without
/// resampling.
#ifndef MASKBOOK_STATS_MCNEMAR_H
#define MASKBOOK_STATS_MCNEMAR_H

#include <stddef.h>
#include <stdint.h>

struct mcnemar {
    size_t first_only;  ///< b: items that only the first classifier got right
    size_t second_only; ///< c: items that only the second classifier got right
    double exact; ///< two-sided, min(1, 2 P(X <= min(b,c))), X ~ Binomial(b + c, 1/2)
    double mid_p; ///< the same, counting the observed split by half; not conservative
};

/// The test from the two counts:
///     mid_p = exact - P(X = min(b,c)),   or 1 - P(X = b) / 2 when b = c
/// (Fagerland, Lydersen & Laake 2013, BMC Med. Res. Methodol. 13:91). When b + c = 0 both
/// p-values are 1. The relative error of exact and mid_p is about (b + c) * 2^-53. Requires
/// b + c < 2^31. Cost O(min(b,c)).
struct mcnemar mcnemar_counts(size_t first_only, size_t second_only);

/// The test of two classifiers' answers first, second (n) to items with labels (n). Requires n > 0.
struct mcnemar mcnemar_test(const uint16_t *first, const uint16_t *second,
                            const uint16_t *labels, size_t n);

#endif
