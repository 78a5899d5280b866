/// Figure 1's results: the table of its checks, the picture, and arrays.
#ifndef MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H
#define MASKBOOK_EXPERIMENTS_STRUCTURE_EMIT_H

#include "core/analysis/pipeline.h"
#include "core/study/experiment.h"

/// What was found on the first test images.
struct structure {
    struct pipeline pipeline;
    size_t broken[PIPELINE_CHECKS];    ///< images
    struct estimate loss, guess, gain; ///< gain = guess - loss, image by image
};

/// Images that break each check, and the losses: result.tsv, stdout, checks.md.
void emit_checks(struct study *study, const struct structure *structure);

/// figure1.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure1(struct study *study, const struct structure *structure);

/// export/images.npy (n,3,32,32), tokens.npy (n,V+1,D), reconstruction.npy (n,3,32,32) f4,
/// visible.npy (n,V) i4: what `encode` writes of the same images and masks.
void export_pipeline(const struct run *run, const struct pipeline *pipeline);

enum { SHOWN = 3 }; ///< images in the picture: the first ones

/// The columns of the picture.
enum { IMAGE, MASKED, DROPPED, ENCODED, DECODED, PAINTED, PICTURE_COLUMNS };

/// Tokens are drawn by their first TOKEN_NUMBERS numbers, large enough to be told apart, on the
/// sequential scale from -TOKEN_SPAN to TOKEN_SPAN standard deviations: the root of the mean square
/// of all numbers of the encoder's output for the images shown.
extern const double TOKEN_SPAN;
enum { TOKEN_NUMBERS = 16 };

/// Writes the panel of pixels: a row an image, a column a stage on its way; mask tokens are framed.
void panel_of_pipeline(const char *path, const struct pipeline *pipeline);

#endif
