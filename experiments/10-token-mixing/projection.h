// Remark 4.7: the class in tokens before the decoder and after it.
#ifndef MASKBOOK_TOKEN_MIXING_PROJECTION_H
#define MASKBOOK_TOKEN_MIXING_PROJECTION_H

#include "core/study/experiment.h"

// Tokens of whole images: class token and mean patch token, before (the encoder's output) and
// after (the pixel head's input).
enum place { CLASS_BEFORE, MEAN_BEFORE, CLASS_AFTER, MEAN_AFTER, PLACES };

/// tokens (PLACES,n,D) of the first n images. Dies (EXIT_INPUT) when they are not finite.
void places_encode(double *tokens, const struct weights *model,
                   const struct images *images, size_t n, int threads);

/// Judges remark4.7.projection by the images whose class is found: before the decoder of more than
/// after it, by both tokens. right (PLACES) of (n), 100 or 0; apart: how far layer norm and batch
/// norm over tokens are apart after the decoder
void projection_judge(struct study *study, double *const right[PLACES], size_t n,
                      const struct estimate *apart);

/// Probes, measures how far the norms are apart, judges and puts all of it out.
void projection_measure(struct study *study);

#endif
