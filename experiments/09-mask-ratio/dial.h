/// The dial of Sec. 5.1: small models trained on scenes of k regions, for several k and mask
/// ratios, and how good their features are by two measures.
#ifndef MASKBOOK_EXPERIMENTS_DIAL_H
#define MASKBOOK_EXPERIMENTS_DIAL_H

#include "core/study/experiment.h"

enum { DIAL_REGIONS = 4, DIAL_RATIOS = 5, DIAL_SEEDS = 3 };

/// How good features are: the adjusted Rand index of K-means on encoder tokens with the true
/// regions, and whether a linear probe of the class token finds the class; both times 100.
enum quality { QUALITY_SEGMENTS, QUALITY_PROBE, QUALITIES };

struct dial {
    size_t region_count, ratio_count, seeds;
    size_t regions[DIAL_REGIONS]; ///< k, ascending
    double ratio[DIAL_RATIOS];    ///< ascending
    double epochs;
    size_t scenes[QUALITIES]; ///< test scenes, the same number for every k
    size_t train; ///< scenes of a training set; the probe's are the first of them
    size_t probe_train;
    /// (seeds, scenes) of each setting, 100 times the measure of each scene.
    double *quality[DIAL_REGIONS][DIAL_RATIOS][QUALITIES];
    double loss[DIAL_REGIONS][DIAL_RATIOS]; ///< masked loss at the end, mean over seeds
};

/// The settings of a run: 2 by 2 at smoke, 4 by 5 with DIAL_SEEDS seeds otherwise; its SEEDS= and
/// EPOCHS= take their place.
void dial_open(struct dial *dial, const struct run_options *options,
               struct arena *arena);

/// Trains and measures every setting. Work at desk: 60 trainings of 40,000 scenes each.
void dial_measure(struct dial *dial, const struct run_options *options,
                  struct arena *arena);

/// The mean of one setting and its interval over seeds and scenes.
struct estimate dial_mean(const struct dial *dial, size_t k, size_t m,
                          enum quality quality, uint64_t seed);

/// What Sec. 5.1 says is positive: what the highest ratio gives over the lowest on scenes of the
/// fewest regions, minus the same on scenes of the most.
struct estimate dial_contrast(const struct dial *dial, enum quality quality,
                              uint64_t seed, struct arena *arena);

/// By how much each end of the ratios is worse than the best ratio between them on scenes of k
/// regions. For each seed the best is chosen on the even scenes of the other seeds, and compared on
/// the odd scenes. end: 0 the lowest, 1 the highest. NAN where no ratio lies between, or for one
/// seed.
struct estimate dial_end(const struct dial *dial, size_t k, enum quality quality,
                         int end, uint64_t seed, struct arena *arena);

/// The ratio with the highest mean.
size_t dial_best(const struct dial *dial, size_t k, enum quality quality);

#endif
