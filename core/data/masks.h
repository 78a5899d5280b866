/// Masks: which patches of an image are hidden. (seed, epoch, image) determines a uniformly random
/// ranking of the T patches, of which the first V = int(T * (1 - m)) are visible at mask ratio m.
/// Masks are therefore nested: a patch that is visible at ratio .9 is visible at ratio .5.
#ifndef MASKBOOK_DATA_MASKS_H
#define MASKBOOK_DATA_MASKS_H

#include <stddef.h>
#include <stdint.h>

/// The number of visible patches at `ratio`, V = int(T * (1 - ratio)), as the public code computes
/// it (T = 64: 32 25 19 16 12 6 at .5 .6 .7 .75 .8 .9; T = 256: 128 102 76 64 51 25). Requires
/// 0 <= ratio < 1 and V > 0.
size_t mask_visible(size_t tokens, double ratio);

/// Draws the mask of one image from the stream (seed, PURPOSE_MASK, epoch, image).
/// visible (V)    V = mask_visible(T, ratio) patch numbers, ascending
/// hidden (T-V)   the others, ascending
/// tokens         T <= 4096
void mask_draw(int32_t *visible, int32_t *hidden, size_t tokens, double ratio,
               uint64_t seed, uint32_t epoch, uint32_t image);

#endif
