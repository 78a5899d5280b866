#include "core/data/image_arrays.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/data/images.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(image_arrays, .init = scratch_make);

static float narrow_values[2 * IMAGE_BYTES];
static double wide_values[2 * IMAGE_BYTES];

static void values_fill(void)
{
    for (size_t i = 0; i < 2 * IMAGE_BYTES; ++i) {
        wide_values[i] = (double)(i % 21) / 11 - .9;
        narrow_values[i] = (float)wide_values[i];
    }
}

static void read_images(const void *path)
{
    size_t images;
    free(image_array_read(&images, path));
}

static const size_t images_shape[] = {2, IMAGE_CHANNELS, IMAGE_SIDE, IMAGE_SIDE};

Test(image_arrays, images_of_either_width_are_the_same_floats)
{
    char path[PATH_SIZE];
    values_fill();
    for (int wide = 0; wide < 2; ++wide) {
        size_t images;
        scratch_path(path, "images.npy");
        npy_write(path, wide ? NPY_F8 : NPY_F4, 4, images_shape,
                  wide ? (const void *)wide_values : narrow_values);
        float *read = image_array_read(&images, path);
        cr_expect_eq(images, 2);
        cr_expect_arr_eq(read, narrow_values, sizeof narrow_values);
        free(read);
    }
}

Test(image_arrays, other_images_are_refused_by_name)
{
    char path[PATH_SIZE];
    values_fill();
    scratch_path(path, "bytes.npy");
    npy_write(path, NPY_U1, 1, (size_t[]){3}, "abc");
    expect_ending(__LINE__, read_images, path, 3,
                  "bytes.npy: is uint8, not float32 in [-1,1]");
    scratch_path(path, "flat.npy");
    npy_write(path, NPY_F4, 2, (size_t[]){2, IMAGE_BYTES}, narrow_values);
    expect_ending(__LINE__, read_images, path, 3,
                  "flat.npy: has shape (2,3072), not (n,3,32,32)");
    scratch_path(path, "none.npy");
    npy_write(path, NPY_F4, 4, (size_t[]){0, 3, 32, 32}, narrow_values);
    expect_ending(__LINE__, read_images, path, 3, "has shape (0,3,32,32)");
    scratch_path(path, "bright.npy");
    narrow_values[IMAGE_BYTES + 5] = 1.5F;
    npy_write(path, NPY_F4, 4, images_shape, narrow_values);
    expect_ending(__LINE__, read_images, path, 3,
                  "bright.npy: image 1 holds 1.5, which is not in [-1,1]");
}

struct rows {
    const char *path;
    size_t images, tokens;
};

static void read_rows(const void *argument)
{
    const struct rows *rows = argument;
    struct npy array;
    int32_t visible[8];
    visible_array_read(&array, rows->path, rows->images, rows->tokens);
    for (size_t i = 0; i < rows->images; ++i)
        visible_array_row(visible, &array, i, rows->tokens, rows->path);
    npy_free(&array);
}

Test(image_arrays, rows_of_visible_patches_are_read_from_both_widths)
{
    static const int32_t narrow[] = {0, 3, 7, 1, 2, 4};
    static const int64_t wide[] = {0, 3, 7, 1, 2, 4};
    char path[PATH_SIZE];
    for (int w = 0; w < 2; ++w) {
        struct npy array;
        int32_t visible[3];
        scratch_path(path, "visible.npy");
        npy_write(path, w ? NPY_I8 : NPY_I4, 2, (size_t[]){2, 3},
                  w ? (const void *)wide : narrow);
        visible_array_read(&array, path, 2, 8);
        for (size_t i = 0; i < 2; ++i) {
            visible_array_row(visible, &array, i, 8, path);
            cr_expect_arr_eq(visible, narrow + 3 * i, sizeof visible);
        }
        npy_free(&array);
    }
}

Test(image_arrays, other_rows_are_refused_by_name)
{
    char path[PATH_SIZE];
    static const int64_t beyond[] = {0, INT64_C(1) << 32}, equal[] = {5, 5};
    static const float real_numbers[] = {1, 2};
    const struct rows rows = {path, 1, 8}, more = {path, 2, 8}, few = {path, 1, 1};
    scratch_path(path, "visible.npy");
    npy_write(path, NPY_F4, 2, (size_t[]){1, 2}, real_numbers);
    expect_ending(__LINE__, read_rows, &rows, 3, "is float32, not int32 or int64");
    npy_write(path, NPY_I8, 2, (size_t[]){1, 2}, beyond);
    expect_ending(__LINE__, read_rows, &rows, 3, "row 0 holds patch 4294967296 of 8");
    expect_ending(__LINE__, read_rows, &more, 3, "has shape (1,2), not (2,V)");
    expect_ending(__LINE__, read_rows, &few, 3, "not (1,V) with V in 1..1");
    npy_write(path, NPY_I8, 2, (size_t[]){1, 2}, equal);
    expect_ending(__LINE__, read_rows, &rows, 3,
                  "row 0 does not ascend, patch 5 after 5");
}
