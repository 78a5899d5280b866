/// Figure 1's results: the table of its checks, the picture, and arrays.
#ifndef MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H
#define MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H

#include "experiments/01-structure/passes.h"

/// The two losses and how far the model's is below the guess, over the images.
struct losses {
    struct estimate model, guess, gain;
};

/// Images that break each check, and the losses: result.tsv, stdout, checks.md.
void emit_checks(struct study *study, const struct structure *structure,
                 const struct losses *losses);

/// figure1.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure1(struct study *study, const struct structure *structure,
                  const struct losses *losses);

/// export/images.npy (n,3,32,32), tokens.npy (n,V+1,D), reconstruction.npy (n,3,32,32) f4, visible.npy (n,V)
/// i4: what `encode` writes of the same images and masks.
void export_passes(const struct run *run, const struct structure *structure);

enum { SHOWN = 3 }; ///< images in the picture: the first ones

/// The columns of the picture.
enum { IMAGE, MASKED, DROPPED, ENCODED, DECODED, PAINTED, PICTURE_COLUMNS };

/// Tokens are drawn on the sequential scale from -TOKEN_SPAN to TOKEN_SPAN standard deviations of those
/// shown.
extern const double TOKEN_SPAN;

/// Writes the panel of pixels: a row an image, a column a stage on its way.
void panel_of_passes(const char *path, const struct structure *structure);

#endif
