/// Figure 2's claims about curves and slopes, judged by what was measured.
#ifndef MASKBOOK_EXPERIMENTS_RANK_CURVES_JUDGE_H
#define MASKBOOK_EXPERIMENTS_RANK_CURVES_JUDGE_H

#include "experiments/02-rank-curves/emit.h"

/// Judges figure2.distance-rises, by the steps of the learned curves, and
/// figure2.learned-beats-linear, by the gaps between them and the linear predictor's. arms (ARMS),
/// here and below
void judge_curves(struct study *study, const struct arm *arms);

enum { SIDE_OF_PAPER = 2 }; ///< of patches

/// Judges `id`: the learned curves' slope, in one grouping, rises from each mask ratio to the next.
void judge_slopes(struct study *study, const struct arm *arms, const char *id,
                  enum grouping grouping);

/// Judges figure2.slope-direction: the linear predictor's slope rises at SIDE_OF_PAPER and falls at
/// the other side, from each mask ratio to the next.
void judge_direction(struct study *study, const struct arm *arms);

#endif
