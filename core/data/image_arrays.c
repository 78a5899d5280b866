#include "core/data/image_arrays.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/images.h"

// float64 becomes float32 in its place: no number is written before all of its bytes are read.
static void narrow(struct npy *array)
{
    const double *from = array->data;
    float *to = array->data;
    for (size_t i = 0; i < array->count; ++i) {
        double wide;
        memcpy(&wide, from + i, sizeof wide);
        const float narrowed = (float)wide;
        memcpy(to + i, &narrowed, sizeof narrowed);
    }
}

float *image_array_read(size_t *images, const char *path)
{
    struct npy array;
    char shape[NPY_SHAPE_TEXT];
    npy_read(&array, path);
    npy_shape_text(shape, &array);
    if (array.type != NPY_F4 && array.type != NPY_F8)
        die(EXIT_INPUT,
            "%s: is %s, not float32 in [-1,1] (of bytes: array.astype('<f4')/127.5-1)",
            path, npy_type_name(array.type));
    if (array.dimensions != 4 || array.shape[0] == 0 ||
        array.shape[1] != IMAGE_CHANNELS || array.shape[2] != IMAGE_SIDE ||
        array.shape[3] != IMAGE_SIDE)
        die(EXIT_INPUT, "%s: has shape %s, not (n,3,32,32)", path, shape);
    if (array.type == NPY_F8) narrow(&array);
    float *values = array.data;
    for (size_t i = 0; i < array.count; ++i)
        if (!(fabsf(values[i]) <= 1))
            die(EXIT_INPUT, "%s: image %zu holds %.9g, which is not in [-1,1]", path,
                i / IMAGE_BYTES, (double)values[i]);
    *images = array.shape[0];
    return values;
}

void visible_array_read(struct npy *array, const char *path, size_t images,
                        size_t tokens)
{
    char shape[NPY_SHAPE_TEXT];
    npy_read(array, path);
    npy_shape_text(shape, array);
    if (array->type != NPY_I4 && array->type != NPY_I8)
        die(EXIT_INPUT, "%s: is %s, not int32 or int64 (array.astype('<i4'))", path,
            npy_type_name(array->type));
    if (array->dimensions != 2 || array->shape[0] != images || array->shape[1] < 1 ||
        array->shape[1] > tokens)
        die(EXIT_INPUT, "%s: has shape %s, not (%zu,V) with V in 1..%zu", path, shape,
            images, tokens);
}

void visible_array_row(int32_t *visible, const struct npy *array, size_t image,
                       size_t tokens, const char *path)
{
    const int32_t *narrow_rows = array->data;
    const int64_t *wide_rows = array->data;
    const size_t count = array->shape[1];
    for (size_t v = 0; v < count; ++v) {
        const size_t at = image * count + v;
        const int64_t patch = array->type == NPY_I4 ? narrow_rows[at] : wide_rows[at];
        if (patch < 0 || patch >= (int64_t)tokens)
            die(EXIT_INPUT, "%s: row %zu holds patch %" PRId64 " of %zu", path, image,
                patch, tokens);
        visible[v] = (int32_t)patch;
        if (v > 0 && visible[v] <= visible[v - 1])
            die(EXIT_INPUT, "%s: row %zu does not ascend, patch %d after %d", path,
                image, visible[v], visible[v - 1]);
    }
}
