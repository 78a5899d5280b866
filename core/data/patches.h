/// Images as matrices of patches. Patch t = row * (32/p) + column; the order inside a patch is
/// (channel, row, column), as in the public code's patchify convolution and its targets.
#ifndef MASKBOOK_DATA_PATCHES_H
#define MASKBOOK_DATA_PATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"
#include "core/data/images.h"

/// The number of patches of side p in a 32x32 image: T = (32/p)^2. Requires 32 % p == 0.
size_t patch_count(int p);

/// The numbers in a patch of side p: F = 3 * p^2.
size_t patch_size(int p);

/// patches (T,F) = pixels (3,32,32) as values in [-1,1].
void patches_from_bytes(real *patches, const uint8_t *pixels, int p);

/// patches (T,F) = the values of image number `image` of a set of any side S, T = (S/p)^2. Requires
/// S % p == 0.
void patches_of_image(real *patches, const struct images *images, size_t image, int p);

/// patches (T,F) = the numbers of image (3,32,32).
void patches_from_image(real *patches, const real *image, int p);

/// The same of an image (3,S,S), T = (S/p)^2. Requires S % p == 0.
void patches_from_square(real *patches, const real *image, int side, int p);

/// image (3,32,32) = the numbers of patches (T,F); the inverse of patches_from_image.
void patches_to_image(real *image, const real *patches, int p);

#endif
