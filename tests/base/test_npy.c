#include "core/base/npy.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(npy, .init = scratch_make);

// Files written by NumPy 1.24.2:
//     f = io.BytesIO(); numpy.save(f, x); print(f.getvalue())
// with x as given with each. The header line has 118 characters: text, spaces, a newline.
#define PREFIX "\x93NUMPY\x01\x00v\x00"
static const float f4[] = {1, -2.5F, 3, 4, 5, .1F};
static const double f8[] = {1. / 3, 2, -0.};
static const int i4[] = {-7};
static const long long i8[] = {-2, -1, 0, 1};
static const struct golden {
    enum npy_type type;
    int dimensions;
    size_t shape[NPY_DIMENSIONS], bytes;
    const void *values;
    const char *header;
    const char data[33];
} goldens[] = {
    // numpy.array([[1, -2.5, 3], [4, 5, .1]], '<f4')
    {NPY_F4,
     2,
     {2, 3},
     24,
     f4,
     "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
     "\x00\x00\x80?\x00\x00 \xc0\x00\x00@@\x00\x00\x80@\x00\x00\xa0@\xcd\xcc\xcc="},
    // numpy.array([1/3, 2, -0.0], '<f8')
    {NPY_F8,
     1,
     {3},
     24,
     f8,
     "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
     "UUUUUU\xd5?\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x00\x80"},
    // numpy.array(-7, '<i4')
    {NPY_I4,
     0,
     {0},
     4,
     i4,
     "{'descr': '<i4', 'fortran_order': False, 'shape': (), }",
     "\xf9\xff\xff\xff"},
    // numpy.arange(-2, 2, dtype='<i8').reshape(1, 2, 1, 2)
    {NPY_I8,
     4,
     {1, 2, 1, 2},
     32,
     i8,
     "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2, 1, 2), }",
     "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
     "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"},
    // numpy.zeros((0, 5), 'u1')
    {NPY_U1,
     2,
     {0, 5},
     0,
     "",
     "{'descr': '|u1', 'fortran_order': False, 'shape': (0, 5), }",
     ""},
};
enum { GOLDENS = sizeof goldens / sizeof *goldens, HEAD = 128 };

// file (HEAD + 32) = the bytes of a golden file. Returns their number.
static size_t golden_bytes(char *file, const struct golden *golden)
{
    memset(file, ' ', HEAD);
    memcpy(file, PREFIX, 10);
    memcpy(file + 10, golden->header, strlen(golden->header));
    file[HEAD - 1] = '\n';
    memcpy(file + HEAD, golden->data, golden->bytes);
    return HEAD + golden->bytes;
}

ParameterizedTestParameters(npy, files_are_those_of_numpy)
{
    static int index[] = {0, 1, 2, 3, 4};
    return cr_make_param_array(int, index, GOLDENS);
}

ParameterizedTest(int *index, npy, files_are_those_of_numpy)
{
    const struct golden *golden = &goldens[*index];
    char path[PATH_SIZE], want[HEAD + 32], got[HEAD + 33];
    size_t size = golden_bytes(want, golden);
    struct npy array;

    // NumPy's bytes are read as the values that were written.
    scratch_path(path, "numpy.npy");
    scratch_write(path, want, size);
    npy_read(&array, path);
    cr_expect_eq(array.type, golden->type);
    cr_assert_eq(array.dimensions, golden->dimensions);
    cr_expect_arr_eq(array.shape, golden->shape,
                     sizeof(size_t) * (size_t)golden->dimensions);
    cr_expect_eq(memcmp(array.data, golden->values, golden->bytes), 0);
    npy_free(&array);
    cr_expect_eq(array.data, NULL);

    // The values are written as NumPy's bytes.
    scratch_path(path, "ours.npy");
    npy_write(path, golden->type, golden->dimensions, golden->shape, golden->values);
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    cr_assert_eq(fread(got, 1, sizeof got, file), size);
    cr_expect_eq(memcmp(got, want, size), 0);
    fclose(file);
}

Test(npy, any_shape_reads_back_the_same)
{
    static const size_t sizes[] = {4, 8, 4, 8, 1};
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    char path[PATH_SIZE];
    scratch_path(path, "array.npy");
    for (int repeat = 0; repeat < 200; ++repeat) {
        enum npy_type type = (enum npy_type)rng_below(&rng, 5);
        int dimensions = (int)rng_below(&rng, NPY_DIMENSIONS + 1);
        size_t shape[NPY_DIMENSIONS], count = 1;
        for (int i = 0; i < dimensions; ++i)
            count *= shape[i] = rng_below(&rng, 10) ? 1 + rng_below(&rng, 5) : 0;
        unsigned char *data = malloc(count * sizes[type] + 1);
        for (size_t i = 0; i < count * sizes[type]; ++i)
            data[i] = (unsigned char)rng_bits(&rng);
        npy_write(path, type, dimensions, shape, data);

        struct npy array;
        npy_read(&array, path);
        cr_assert(array.type == type && array.dimensions == dimensions &&
                  array.count == count);
        cr_assert_eq(memcmp(array.shape, shape, sizeof *shape * (size_t)dimensions), 0);
        cr_assert_eq(memcmp(array.data, data, count * sizes[type]), 0);
        npy_free(&array);
        free(data);
    }
}

// Headers of a file with 24 bytes of data, and part of the message; NULL: accepted.
static const struct header {
    const char *text, *says;
} headers[] = {
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", NULL},
    {"{'shape':(2,3),'fortran_order':False,'descr':'<f4'}\n", NULL},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}    \n", NULL},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 6), }\n", NULL},
    {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
     "is in Fortran order"},
    {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }\n",
     "numbers of type '>f4' are not read (save them as little-endian float32: "
     "array.astype('<f4'))"},
    {"{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }\n",
     "numbers of type '<c8' are not read"},
    {"{'descr': '<f44', 'fortran_order': False, 'shape': (6,), }\n", "bad .npy header"},
    {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (6,), }\n",
     "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6), }\n", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (,), }\n", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }\n", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (06,), }\n", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2 3), }\n", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 6), }\n",
     "has more than 6 dimensions"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }\n",
     "shape is too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n",
     "shape is too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), "
     "}\n",
     "shape is too large"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }\n",
     "holds 24 bytes of data where its shape needs 28"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (5,), }\n",
     "holds 24 bytes of data where its shape needs 20"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n",
     "holds 24 bytes of data where its shape needs 0"},
    {"{'descr': '<f4', 'fortran_order': False, }\n", "bad .npy header"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n",
     "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'x': 1}\n",
     "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }\n ", "bad .npy header"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (6,), }\n", "bad .npy header"},
    {"\n", "bad .npy header"},
    {"", "bad .npy header"},
};

static void read_header(const void *argument)
{
    const struct header *header = argument;
    char path[PATH_SIZE], bytes[300] = PREFIX;
    size_t length = strlen(header->text);
    bytes[8] = (char)length;
    memcpy(bytes + 10, header->text, length);
    scratch_path(path, "bad.npy");
    scratch_write(path, bytes, 10 + length + 24);
    struct npy array;
    npy_read(&array, path);
    npy_free(&array);
}

Test(npy, a_header_is_read_strictly)
{
    static struct ending ending;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; ++i) {
        if (headers[i].says) {
            expect_death(__LINE__, read_header, &headers[i], 3, headers[i].says);
            continue;
        }
        ending_of(&ending, read_header, &headers[i]);
        cr_expect_eq(ending.code, 0, "%s%s", headers[i].text, ending.says);
    }
}

struct bytes {
    char file[HEAD + 32];
    size_t size;
};

static void read_bytes(const void *argument)
{
    const struct bytes *bytes = argument;
    char path[PATH_SIZE];
    struct npy array;
    scratch_path(path, "bytes.npy");
    scratch_write(path, bytes->file, bytes->size);
    npy_read(&array, path);
    npy_free(&array);
}

Test(npy, a_file_cut_anywhere_is_a_death)
{
    struct bytes bytes;
    for (size_t cut = golden_bytes(bytes.file, &goldens[0]); cut-- > 0;) {
        bytes.size = cut;
        expect_death(__LINE__, read_bytes, &bytes, 3, "bytes.npy: ");
    }
}

Test(npy, a_spoilt_byte_of_the_header_is_a_death_or_harmless)
{
    // Only another supported type or shape of as many bytes may be accepted.
    static struct ending ending;
    struct bytes bytes;
    int passed = 0;
    for (size_t at = 0; at < HEAD; ++at) {
        bytes.size = golden_bytes(bytes.file, &goldens[0]);
        bytes.file[at] ^= 1;
        ending_of(&ending, read_bytes, &bytes);
        cr_expect(ending.code == 0 || ending.code == 3, "byte %zu: %d %s", at,
                  ending.code, ending.says);
        passed += ending.code == 0;
    }
    cr_expect_eq(passed, 0, "%d", passed);
}

static void read_path(const void *path)
{
    struct npy array;
    npy_read(&array, path);
}

Test(npy, other_files_and_versions_are_deaths)
{
    struct bytes bytes;
    bytes.size = golden_bytes(bytes.file, &goldens[0]);
    bytes.file[6] = 2;
    expect_death(__LINE__, read_bytes, &bytes, 3, "is not a .npy file of version 1.0");
    bytes.size = golden_bytes(bytes.file, &goldens[0]);
    bytes.file[HEAD - 3] = 0;
    expect_death(__LINE__, read_bytes, &bytes, 3, "a 0 byte in its header");
    bytes.size = golden_bytes(bytes.file, &goldens[0]) + 1;
    expect_death(__LINE__, read_bytes, &bytes, 3, "holds 25 bytes of data");
    expect_death(__LINE__, read_path, "/nonexistent/a.npy", 3, "No such file");
}

static void write_too_many_dimensions(const void *path)
{
    size_t shape[NPY_DIMENSIONS + 1] = {1, 1, 1, 1, 1, 1, 1};
    npy_write(path, NPY_F4, NPY_DIMENSIONS + 1, shape, f4);
}

Test(npy, more_dimensions_than_can_be_read_abort)
{
    expect_death(__LINE__, write_too_many_dimensions, "/nonexistent/a.npy", -SIGABRT,
                 "7 dimensions");
}

Test(npy, types_and_shapes_are_written_as_numpy_does)
{
    char text[NPY_SHAPE_TEXT];
    struct npy array = {.dimensions = 4, .shape = {5, 1, 32, 32}};
    npy_shape_text(text, &array);
    cr_expect_str_eq(text, "(5,1,32,32)");
    array.dimensions = 0;
    npy_shape_text(text, &array);
    cr_expect_str_eq(text, "()");
    cr_expect_str_eq(npy_type_name(NPY_F4), "float32");
    cr_expect_str_eq(npy_type_name(NPY_U1), "uint8");
}
