/// What the paper concludes from the curves of Figure 2: judged, and tried on matrices that show it
/// to be wrong.
#ifndef MASKBOOK_EXPERIMENTS_RANK_CURVES_READINGS_H
#define MASKBOOK_EXPERIMENTS_RANK_CURVES_READINGS_H

#include "experiments/02-rank-curves/emit.h"

enum { READINGS = 3 };

/// The counter-examples: claims that need neither models nor images.
extern const struct check readings[READINGS];

/// The same on test images: curves, slopes and effective ranks of hidden patches with noise on
/// them, more and more of it: result.tsv, noise.md. Their distances rise, and more steeply, with a
/// rank that is full and an effective rank that rises. Patches of the first model's side, at mask
/// ratio `ratio`, of the first `images` test images.
void emit_noise(struct study *study, double ratio, size_t images);

enum { SIDE_OF_PAPER = 2 }; ///< of patches

/// Judges `id`: the learned curves' slope, in one grouping, rises from each mask ratio to the next.
/// arms (ARMS), here and below
void judge_slopes(struct study *study, const struct arm *arms, const char *id,
                  enum grouping grouping);

/// Judges figure2.slope-direction: the linear predictor's slope rises at SIDE_OF_PAPER and falls at
/// the other side, from each mask ratio to the next.
void judge_direction(struct study *study, const struct arm *arms);

#endif
