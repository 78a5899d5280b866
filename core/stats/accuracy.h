/// Accuracies of classifiers that have answered the same images, in percent, and their differences
/// in points. An image counts by the share of seeds that got it right, so the images are the units
/// of replication for any number of seeds.
#ifndef MASKBOOK_STATS_ACCURACY_H
#define MASKBOOK_STATS_ACCURACY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/estimate.h"
#include "core/stats/mcnemar.h"

/// A classifier's answers to n images, one training for each of S seeds.
struct answers {
    size_t seeds, images; ///< S, n
    uint16_t *predicted;  ///< (S,n) after the last epoch
    double *highest; ///< (S) largest share of right answers at the end of any epoch
    /// What answers_measure computes from them.
    double *right;            ///< (n) share of seeds that got the image right
    struct estimate accuracy; ///< percent
    double least, most; ///< percent: the worst seed's and the best seed's accuracy
    double best;        ///< percent: the mean of `highest`, chosen on these images
};

/// Takes the arrays of S seeds and n images from `arena`, unfilled.
void answers_open(struct answers *answers, size_t seeds, size_t images,
                  struct arena *arena);

/// Measures the answers against labels (n): the mean over images with its bootstrap interval
/// (core/stats/bootstrap.h, stream `seed`), and the range over seeds. Dies (EXIT_SYSTEM) without
/// memory. Requires S > 0.
void answers_measure(struct answers *answers, const uint16_t *labels, uint64_t seed);

/// A difference of two classifiers on the same images.
struct gain {
    struct estimate points; ///< paired over images
    struct mcnemar mcnemar; ///< of the first seeds' answers, as a cross-check
};

/// What `better` gains over `worse`, both measured: the mean over images of the difference of their
/// shares of seeds, in points. Each resample draws the same images for both. Dies (EXIT_SYSTEM)
/// without memory. labels (n)
struct gain answers_gain(const struct answers *better, const struct answers *worse,
                         const uint16_t *labels, uint64_t seed);

/// How many standard errors two accuracies p and q are apart, in percent, each on n images drawn
/// independently: (p - q) / sqrt(p (1 - p) / n + q (1 - q) / n), all that printed numbers allow.
/// Requires both within 0..100 and not both at an end.
double accuracies_z(double p, double q, size_t n);

#endif
