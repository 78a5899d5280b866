/// What Figure 1 leaves behind: the table of its checks, the picture, and arrays.
#ifndef MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H
#define MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H

#include "experiments/01-structure/passes.h"

/// Images in the picture, the first ones, and digits of their digests.
enum { SHOWN = 3, DIGEST_SHOWN = 8 };

/// The columns of the picture.
enum { IMAGE, MASKED, DROPPED, ENCODED, DECODED, PAINTED, PICTURE_COLUMNS };

/// Tokens are drawn on the sequential scale from -TOKEN_SPAN to TOKEN_SPAN standard deviations of those
/// shown.
extern const double TOKEN_SPAN;

/// Writes the panel of pixels: a row an image, a column a stage of its way.
void panel_draw(const char *path, const struct structure *structure);

/// Images that break each check, and the losses: result.tsv, stdout, checks.md.
void emit_checks(struct run *run, const struct structure *structure);

/// figure1.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure(const struct run *run, const struct structure *structure,
                 const struct images *images);

/// export/images.npy (n,3,32,32), tokens.npy (n,V+1,D), reconstruction.npy (n,3,32,32) f4, visible.npy (n,V)
/// i4: what `encode` writes of the same images and masks.
void export_arrays(const struct run *run, const struct structure *structure);

#endif
