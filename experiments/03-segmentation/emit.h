/// Figure 3's results: numbers, tables, the picture, and arrays.
#ifndef MASKBOOK_EXPERIMENTS_SEGMENTATION_EMIT_H
#define MASKBOOK_EXPERIMENTS_SEGMENTATION_EMIT_H

#include "experiments/03-segmentation/columns.h"

/// Agreement of every column: result.tsv, stdout, segments.md.
void emit_scores(struct study *study, const struct figure *figure);

/// figure3.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure3(struct study *study, const struct figure *figure);

/// Every way to make each column, on training scenes whose regions are known: mean ARI, into result.tsv
/// (choice.COLUMN.DEPTH.NORMALISATION) and choice.md, where the fixed ways are marked.
void emit_choice(struct study *study, const struct scenes *scenes);

/// All that another program needs to find the same numbers: export/clusters.npy (n) u1, truth (n,T)
/// u1 (where it is known), COLUMN-maps (n,T) u1, COLUMN-ari and COLUMN-iou (n) f8.
void export_maps(const struct run *run, const struct figure *figure);

/// export/COLUMN-tokens.npy (n,T,D) f4: what a column clusters, before it is normalised.
void export_tokens(const struct run *run, const struct column *column,
                   const struct token_set *set);

#endif
