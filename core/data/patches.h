/// Images as token matrices. Patch t = row * (32/p) + column; inside a patch the order is
/// (channel, row, column), that of the public code's patchify convolution and of its patch targets.
#ifndef MASKBOOK_DATA_PATCHES_H
#define MASKBOOK_DATA_PATCHES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

/// Patches of a 32x32 image at patch side p: T = (32/p)^2. Requires 32 % p == 0.
size_t patch_count(int p);

/// Numbers in a patch: F = 3 p^2.
size_t patch_size(int p);

/// patches (T,F) in [-1,1] from pixels (3,32,32) bytes.
void patches_from_bytes(real *patches, const uint8_t *pixels, int p);

/// patches (T,F) from image (3,32,32), values unchanged.
void patches_from_image(real *patches, const real *image, int p);

/// image (3,32,32) from patches (T,F), values unchanged; inverse of patches_from_image.
void patches_to_image(real *image, const real *patches, int p);

#endif
