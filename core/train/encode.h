/// A trained model's outputs for images of any origin under any choice of visible patches: the
/// encoder's tokens and the decoder's picture. A row depends neither on the number of threads nor
/// on how many images follow it.
#ifndef MASKBOOK_TRAIN_ENCODE_H
#define MASKBOOK_TRAIN_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "core/model/mae.h"

struct encoding {
    const struct mae *mae; ///< for images of (3,S,S), borrowed
    const real *weights;   ///< (mae->parameters.count), borrowed
    int layer;             ///< as for mae_encode; -1: after the final norm
    const float *images;   ///< (n,3,S,S) in [-1,1], or as published, borrowed
    size_t count, visible; ///< n, V
    const int32_t *shown;  ///< (n,V) visible patches, rows ascending, borrowed
    int threads;
};

/// Encodes all images.
/// tokens (n,V+1,D)     after the layer, class token first
/// painted (n,3,32,32)  the prediction of every patch, the visible ones too, where S is 32; NULL:
/// not wanted
/// Work: one encoder pass per image; with `painted` also a whole pass. Returns 0, or 1 when some
/// number is not finite (weights that overflow). Dies (EXIT_SYSTEM) when threads or memory are
/// refused.
int encode_images(float *tokens, float *painted, const struct encoding *encoding)
    __attribute__((warn_unused_result));

#endif
