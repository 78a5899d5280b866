/// Images, and which of their patches are visible, as .npy files of others hold them.
#ifndef MASKBOOK_DATA_IMAGE_ARRAYS_H
#define MASKBOOK_DATA_IMAGE_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/npy.h"

/// The images of a file, (n, 3, 32, 32) in [-1,1], in memory that the caller frees with free();
/// *images = n. The file holds float32 or float64, which is rounded. Dies (EXIT_INPUT), naming the
/// path and what is wrong, for another type or shape, none, and a value out of range.
float *image_array_read(size_t *images, const char *path);

/// Opens an array (images, V), V in 1..tokens, of the visible patches of each image, int32 or
/// int64; freed by npy_free. Dies (EXIT_INPUT) for another type or shape.
void visible_array_read(struct npy *array, const char *path, size_t images,
                        size_t tokens);

/// visible (V) = row number `image` of such an array. Dies (EXIT_INPUT) when it holds what is no
/// patch of `tokens`, or does not ascend.
void visible_array_row(int32_t *visible, const struct npy *array, size_t image,
                       size_t tokens, const char *path);

#endif
