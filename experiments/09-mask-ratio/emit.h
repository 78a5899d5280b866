/// The results of Sec. 5.1's experiment: numbers, tables, pictures and arrays.
#ifndef MASKBOOK_EXPERIMENTS_MASK_RATIO_EMIT_H
#define MASKBOOK_EXPERIMENTS_MASK_RATIO_EMIT_H

#include "experiments/09-mask-ratio/dial.h"
#include "experiments/09-mask-ratio/ranks.h"

/// result.tsv, ranks.md, predictable.md, section5.1-ranks.tsv and its picture; with --export the
/// effective ranks of every image.
void emit_ranks(struct study *study, const struct ranks *ranks);

/// result.tsv, dial.md, section5.1-dial.tsv and its picture; with --export the measures of every
/// scene.
void emit_dial(struct study *study, const struct dial *dial);

#endif
