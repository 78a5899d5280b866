#include "core/model/shapes.h"

#include "core/base/arena.h"

enum { SIDE_LIMIT = 1024, CHANNEL_LIMIT = 16, WIDTH_LIMIT = 8192 };

size_t shape_tokens(const struct mae_shape *shape)
{
    size_t side = (size_t)(shape->image / shape->patch);
    return size_product(side, side);
}

size_t shape_patch(const struct mae_shape *shape)
{
    size_t side = (size_t)shape->patch;
    return size_product((size_t)shape->channels, size_product(side, side));
}

static int within(int value, int low, int high)
{
    return value >= low && value <= high;
}

const char *shape_fault(const struct mae_shape *shape)
{
    if (!within(shape->image, 1, SIDE_LIMIT)) return "the image side is not in 1..1024";
    if (!within(shape->channels, 1, CHANNEL_LIMIT)) return "channels are not in 1..16";
    if (!within(shape->patch, 1, shape->image) || shape->image % shape->patch)
        return "the patch side does not divide the image side";
    if (!within(shape->width, 1, WIDTH_LIMIT)) return "the width is not in 1..8192";
    if (!within(shape->encoder_blocks, 0, SHAPE_BLOCKS) ||
        !within(shape->decoder_blocks, 0, SHAPE_BLOCKS))
        return "the number of blocks is not in 0..48";
    if (!within(shape->encoder_heads, 1, shape->width) ||
        shape->width % shape->encoder_heads)
        return "the encoder's heads do not divide the width";
    if (!within(shape->decoder_heads, 1, shape->width) ||
        shape->width % shape->decoder_heads)
        return "the decoder's heads do not divide the width";
    return NULL;
}
