/// What a frozen encoder says of whole images in one row each: the class token after the final norm, which
/// is what a linear probe sees.
#ifndef MASKBOOK_ANALYSIS_CLASS_TOKENS_H
#define MASKBOOK_ANALYSIS_CLASS_TOKENS_H

#include "core/data/images.h"
#include "core/model/mae.h"

/// tokens (n,D), n = images->count. Nothing is masked. Neither threads nor the count change a row.
/// weights (mae->parameters.count)
/// Work: one encoder pass an image. Returns 0, or 1 when some number is not finite (weights that overflow).
/// Dies (EXIT_SYSTEM) when threads or memory are refused.
int class_tokens(float *tokens, const struct mae *mae, const real *weights,
                 const struct images *images, int threads)
    __attribute__((warn_unused_result));

#endif
