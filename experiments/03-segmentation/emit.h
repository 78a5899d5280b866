/// What Figure 3 leaves behind: its numbers as results, a table, the picture, and arrays.
#ifndef MASKBOOK_EXPERIMENTS_SEGMENTATION_EMIT_H
#define MASKBOOK_EXPERIMENTS_SEGMENTATION_EMIT_H

#include "core/report/run.h"
#include "core/report/run_files.h"
#include "experiments/03-segmentation/columns.h"

enum { SHOWN = 8 }; ///< images in the picture: the first ones

/// Agreement of every column: result.tsv, stdout, segments.md.
void emit_scores(struct run *run, const struct figure *figure);

/// figure3.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure(const struct run *run, const struct figure *figure);

/// What anyone needs to find the same numbers with another program: export/clusters.npy (n) u1, truth (n,T)
/// u1 (where it is known), COLUMN-maps (n,T) u1, COLUMN-ari and COLUMN-iou (n) f8.
void export_maps(const struct run *run, const struct figure *figure);

/// export/COLUMN-tokens.npy (n,T,D) f4: what a column clusters, before it is normalised.
void export_tokens(const struct run *run, const struct column *column,
                   const struct token_set *set);

#endif
