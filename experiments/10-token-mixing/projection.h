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

/// Probes, judges remark4.7.projection, and puts out how far layer norm and batch norm over tokens
/// are apart after the decoder.
void projection_measure(struct study *study);

#endif
