/// What Table 1 leaves behind: its numbers as results, tables and arrays.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_EMIT_H
#define MASKBOOK_EXPERIMENTS_PROBING_EMIT_H

#include "core/report/claims.h"
#include "experiments/04-probing/arms.h"

enum { SCALE_TEXT = 160 };

/// scale (SCALE_TEXT) = how much training stands behind the numbers.
void describe_scale(char scale[SCALE_TEXT], const struct study *study);

/// Table 1 as the paper prints it, with the reference, ours and the verdicts (table1.md); every arm (arms.md);
/// the gaps with their cross-check (gaps.md); the rates tried (rates.md). result.tsv and stdout too.
void emit_tables(struct study *study);

/// What every number can be computed from again: export/train-features.npy and test-features.npy (n,2,D) float32,
/// class token and mean token after the final norm; train-labels.npy, test-labels.npy (n);
/// answers-ARM.npy (S,n) uint8.
void export_arrays(const struct study *study);

#endif
