/// Accuracies of classifiers that have answered the same images, in percent, and their differences in
/// points. An image counts by the share of seeds that got it right, so that the images are the
/// units of replication whatever the number of seeds.
#ifndef MASKBOOK_STATS_ACCURACY_H
#define MASKBOOK_STATS_ACCURACY_H

#include <stddef.h>
#include <stdint.h>

#include "core/stats/summary.h"

/// right (n) = the share of seeds S whose answer is the label.
/// answers (S,n), labels (n)
void answers_right(double *right, const uint8_t *answers, const uint8_t *labels,
                   size_t seeds, size_t n);

/// The mean of right (n) in percent, with its bootstrap interval over images (core/stats/bootstrap.h).
/// Dies (EXIT_SYSTEM) without memory, as the next.
struct estimate accuracy_percent(const double *right, size_t n, size_t resamples,
                                 uint64_t seed);

/// The mean of a minus that of b (n) in points, paired: each resample draws the same images for both.
struct estimate accuracy_gain(const double *a, const double *b, size_t n,
                              size_t resamples, uint64_t seed);

/// How many standard errors two accuracies p and q, in percent, each on n images drawn on its own, are
/// apart: (p - q) / sqrt(p (1 - p) / n + q (1 - q) / n), all that printed numbers allow. Requires both
/// within 0..100 and not both at an end.
double accuracies_z(double p, double q, size_t n);

#endif
