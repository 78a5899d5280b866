/// What the paper concludes from the curves of Figure 2, tried on matrices that show it to be
/// wrong.
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

#endif
