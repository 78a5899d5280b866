/// Sec. 5.1's claims, judged by what was measured.
#ifndef MASKBOOK_EXPERIMENTS_MASK_RATIO_JUDGE_H
#define MASKBOOK_EXPERIMENTS_MASK_RATIO_JUDGE_H

#include "experiments/09-mask-ratio/dial.h"
#include "experiments/09-mask-ratio/ranks.h"

/// Judges section5.1.rank and eq19.law, by the slopes of the learned ranks, and
/// section5.1.rank.same-patches, by their steps from one mask ratio to the next.
void judge_ranks(struct study *study, const struct ranks *ranks);

/// Judges section5.1.optimal-ratio, by the contrast of ratios and regions, and section5.1.clusters,
/// by how much worse both ends are than the best ratio between.
void judge_dial(struct study *study, const struct dial *dial);

#endif
