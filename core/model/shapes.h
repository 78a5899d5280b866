/// The sizes of a masked autoencoder, and the letters that stand for them everywhere:
///
///     B images   T patches an image (the paper's N + N0)   V visible (N)   M = T - V masked (N0)
///     F = 3 p^2 numbers a patch   D width   H heads   d = D/H   L blocks   p patch side
///
/// Token rows are V + 1 in the encoder and T + 1 in the decoder: row 0 is the class token.
/// The gradient by x is dx. Backward passes overwrite gradients, except where a header says "added
/// to".
#ifndef MASKBOOK_MODEL_SHAPES_H
#define MASKBOOK_MODEL_SHAPES_H

#include <stddef.h>

enum { SHAPE_BLOCKS = 48 }; ///< the most blocks of an encoder or a decoder

struct mae_shape {
    int image, channels, patch; ///< 32, 3, and 2 or 4
    int width;                  ///< D, the same in encoder and decoder
    int encoder_blocks, decoder_blocks;
    int encoder_heads, decoder_heads;
};

/// T = (image / patch)^2.
size_t shape_tokens(const struct mae_shape *shape);

/// F = channels patch^2.
size_t shape_patch(const struct mae_shape *shape);

/// NULL for a shape that is possible, otherwise a sentence that says what is wrong with it (a width
/// that the heads do not divide, a patch that does not divide the image, a size out of range).
const char *shape_fault(const struct mae_shape *shape);

#endif
