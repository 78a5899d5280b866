/// How well two partitions of the same items agree, independent of how their parts are numbered:
/// cluster 0 of K-means may be region 2 of the scene.
#ifndef MASKBOOK_ANALYSIS_PARTITION_H
#define MASKBOOK_ANALYSIS_PARTITION_H

#include <stddef.h>
#include <stdint.h>

enum {
    PARTITION_LABELS = 8,     ///< labels are 0..7
    PARTITION_MATCHED = 4,    ///< the most labels that are matched
    PARTITION_ITEMS = 1 << 15 ///< the most items: products of pairs fit 64 bits
};

/// The adjusted Rand index (Hubert & Arabie 1985, eq. 5): the share of pairs of items on which two
/// partitions agree (together in both, or separate in both), corrected so that its expectation by
/// chance, given the sizes of the parts, is 0, and equal partitions have 1:
///     ARI = 2 * (p*d - q*r) / ((p + q) * (q + d) + (p + r) * (r + d))
/// for p pairs together in both, d separate in both, q and r together in one only. It is 1 when the
/// partitions agree on every pair, also where the formula is 0/0.
/// a, b (n)   labels below PARTITION_LABELS
/// Pairs are counted in integers; only the division rounds. Requires 0 < n <= PARTITION_ITEMS.
double partition_ari(const uint8_t *a, const uint8_t *b, size_t n);

/// The mean intersection over union under the best of all k! one-to-one matchings m of labels:
///     mIoU = max_m mean_l |{truth = l} and {m(found) = l}| / |{truth = l} or {m(found) = l}|
/// where l runs over the labels that occur in `truth`; a label of `found` that is matched to
/// another label counts 0.
/// match (k)          m, the label of `truth` for each label of `found`; of several best matchings
///                    the first in lexicographic order
/// truth, found (n)   labels below k
/// Requires 0 < k <= PARTITION_MATCHED, 0 < n <= PARTITION_ITEMS.
double partition_match(uint8_t *match, const uint8_t *truth, const uint8_t *found,
                       size_t n, size_t k);

#endif
