/// NumPy's .npy format, version 1.0, C order, little-endian
/// (numpy.org/doc/stable/reference/generated/numpy.lib.format.html): how arrays leave and
/// enter the suite.
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

/// Writes `data` (C order, product-of-shape items of `type`) to `path`, atomically.
/// Dies (EXIT_SYSTEM) when the disk does not take it.
void npy_write(const char *path, enum npy_type type, int dimensions,
               const size_t *shape, const void *data);

/// Reads an array of any supported type. Dies (EXIT_INPUT), naming the path, for a wrong magic
/// or version, Fortran order, an unsupported type, a shape whose product overflows, and a
/// file shorter or longer than its header says.
void npy_read(struct npy *array, const char *path);

/// Frees what npy_read made.
void npy_free(struct npy *array);

#endif
