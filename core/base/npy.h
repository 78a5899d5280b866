/// Reads and writes arrays in NumPy's .npy format, version 1.0, C order, little-endian
/// (numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#ifndef MASKBOOK_BASE_NPY_H
#define MASKBOOK_BASE_NPY_H

#include <stddef.h>

enum { NPY_DIMENSIONS = 6 }; ///< the most dimensions written or read

enum npy_type { NPY_F4, NPY_F8, NPY_I4, NPY_I8, NPY_U1 };

/// An array read from a file.
struct npy {
    enum npy_type type;
    int dimensions;
    size_t shape[NPY_DIMENSIONS];
    size_t count; ///< product of the shape
    void *data;   ///< owned, count items of the type
};

/// Writes `data` (as many items of `type` as the product of `shape`, C order) to `path`, which is
/// replaced only when all is written. Dies (EXIT_SYSTEM) when it cannot be written.
void npy_write(const char *path, enum npy_type type, int dimensions,
               const size_t *shape, const void *data);

/// Reads an array of any supported type. Dies (EXIT_INPUT), naming the path, for a wrong magic
/// number or version, Fortran order, an unsupported type, a shape whose product overflows, and a
/// file that is shorter or longer than its header says.
void npy_read(struct npy *array, const char *path);

/// NumPy's name of a type ("float32"), static.
const char *npy_type_name(enum npy_type type);

enum { NPY_SHAPE_TEXT = 24 * (NPY_DIMENSIONS + 1) };

/// text (NPY_SHAPE_TEXT) = the shape as in "(5,1,32,32)".
void npy_shape_text(char text[NPY_SHAPE_TEXT], const struct npy *array);

/// Frees an array that npy_read filled.
void npy_free(struct npy *array);

#endif
