/// How well two partitions of the same items agree, when the names of the parts mean nothing: the
/// cluster that K-means calls 0 may be the region that the scene calls 2.
#ifndef MASKBOOK_ANALYSIS_PARTITION_H
#define MASKBOOK_ANALYSIS_PARTITION_H

#include <stddef.h>
#include <stdint.h>

enum {
    PARTITION_LABELS = 4,     ///< labels are 0..3
    PARTITION_ITEMS = 1 << 15 ///< the most items, so that products of pairs fit 64 bits
};

/// The adjusted Rand index (Hubert & Arabie 1985, eq. 5): the share of pairs of items on which the
/// partitions agree (together in both, or apart in both), corrected so that 0 is what chance gives
/// at these sizes of parts and 1 is equality up to names.
///     ARI = 2 (pd - qr) / ((p + q)(q + d) + (p + r)(r + d))
/// with p pairs together in both, d apart in both, q and r together in one only. Two partitions that
/// agree on every pair have 1, also where the formula is 0/0.
/// a, b (n)   labels below PARTITION_LABELS
/// Counts pairs in integers: no rounding but the last division. Requires 0 < n <= PARTITION_ITEMS.
double partition_ari(const uint8_t *a, const uint8_t *b, size_t n);

/// The mean intersection over union under the best of all k! one-to-one matchings of labels.
///     mIoU = max_m  mean_l |{truth = l} and {found = m^-1(l)}| / |{truth = l} or {found = m^-1(l)}|
/// over the labels l that occur in `truth`; a label of `found` matched to one that does not occur
/// there earns nothing.
/// match (k)          the label of `truth` that each label of `found` stands for; of several best
///                    matchings the first in lexicographic order
/// truth, found (n)   labels below k
/// Requires 0 < k <= PARTITION_LABELS, 0 < n <= PARTITION_ITEMS.
double partition_match(uint8_t *match, const uint8_t *truth, const uint8_t *found,
                       size_t n, size_t k);

#endif
