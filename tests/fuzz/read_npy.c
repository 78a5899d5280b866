// Arrays in NumPy's format.
#include "tests/fuzz/reader.h"

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/npy.h"

int reader_try(const uint8_t *bytes, size_t size)
{
    static const size_t sizes[] = {
        [NPY_F4] = 4, [NPY_F8] = 8, [NPY_I4] = 4, [NPY_I8] = 8, [NPY_U1] = 1};
    struct npy array;
    npy_read(&array, input_bytes(bytes, size));
    const size_t count = sizes[array.type] * array.count;
    unsigned sum = 0;
    for (size_t i = 0; i < count; ++i) sum += ((const unsigned char *)array.data)[i];
    require(sum <= 255 * count, "%zu bytes", count);
    npy_free(&array);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const double data[6] = {1, -2, 3.5, 1e300, 0, 6};
    static const size_t shape[] = {2, 3, 1};
    char path[PATH_SIZE];
    path_format(path, "%s/seed.npy", input_folder("unused"));
    for (int dimensions = 0; dimensions <= 3; ++dimensions) {
        char name[] = "doubles-0";
        name[8] = (char)('0' + dimensions);
        npy_write(path, NPY_F8, dimensions, shape, data);
        seed_file(put, name, path);
    }
    npy_write(path, NPY_U1, 1, shape, "ab");
    seed_file(put, "bytes", path);
}
