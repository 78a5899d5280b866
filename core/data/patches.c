#include "core/data/patches.h"

#include "core/base/die.h"

size_t patch_count(int p)
{
    require(p > 0 && IMAGE_SIDE % p == 0, "patch side %d does not divide %d", p,
            IMAGE_SIDE);
    size_t across = IMAGE_SIDE / (size_t)p;
    return across * across;
}

size_t patch_size(int p)
{
    require(p > 0, "patch side %d", p);
    return IMAGE_CHANNELS * (size_t)p * (size_t)p;
}

// The index in an image (3,S,S) of the first of the p pixels that are row i of channel c of patch
// t. The runs (t, c, i) in lexicographic order make up the patch matrix.
static size_t run_start(size_t t, size_t c, size_t i, size_t p, size_t S)
{
    size_t across = S / p;
    size_t row = t / across * p + i, column = t % across * p;
    return (c * S + row) * S + column;
}

void patches_from_bytes(real *patches, const uint8_t *pixels, int p)
{
    size_t count = patch_count(p), side = (size_t)p;
    for (size_t t = 0; t < count; ++t)
        for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
            for (size_t i = 0; i < side; ++i) {
                const uint8_t *run = pixels + run_start(t, c, i, side, IMAGE_SIDE);
                for (size_t j = 0; j < side; ++j)
                    *patches++ = (real)pixel_value(run[j]);
            }
}

void patches_of_image(real *patches, const struct images *images, size_t image, int p)
{
    require(image < images->count && p > 0 && images->side % p == 0,
            "image %zu of %zu of side %d in patches of %d", image, images->count,
            images->side, p);
    const size_t side = (size_t)p, S = (size_t)images->side,
                 count = (S / side) * (S / side);
    const uint8_t *pixels = images->pixels + image * IMAGE_CHANNELS * S * S;
    for (size_t t = 0; t < count; ++t)
        for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
            for (size_t i = 0; i < side; ++i) {
                const uint8_t *run = pixels + run_start(t, c, i, side, S);
                for (size_t j = 0; j < side; ++j)
                    *patches++ = images->values ? (real)images->values[c * 256 + run[j]]
                                                : (real)pixel_value(run[j]);
            }
}

void patches_from_square(real *patches, const real *image, int side, int p)
{
    require(p > 0 && side > 0 && side % p == 0, "patch side %d does not divide %d", p,
            side);
    const size_t S = (size_t)side, P = (size_t)p, count = (S / P) * (S / P);
    for (size_t t = 0; t < count; ++t)
        for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
            for (size_t i = 0; i < P; ++i) {
                const real *run = image + run_start(t, c, i, P, S);
                for (size_t j = 0; j < P; ++j) *patches++ = run[j];
            }
}

void patches_from_image(real *patches, const real *image, int p)
{
    patches_from_square(patches, image, IMAGE_SIDE, p);
}

void patches_to_image(real *image, const real *patches, int p)
{
    size_t count = patch_count(p), side = (size_t)p;
    for (size_t t = 0; t < count; ++t)
        for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
            for (size_t i = 0; i < side; ++i) {
                real *run = image + run_start(t, c, i, side, IMAGE_SIDE);
                for (size_t j = 0; j < side; ++j) run[j] = *patches++;
            }
}
