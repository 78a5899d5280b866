#include "core/data/patches.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "core/base/rng.h"
#include "core/data/images.h"
#include "tests/ending.h"

static const int sides[] = {1, 2, 4, 8, 16, 32};
enum { SIDES = sizeof sides / sizeof *sides, SIDE = 32 };

static struct criterion_test_params all_sides(void)
{
    static int index[SIDES];
    for (int i = 0; i < SIDES; ++i) index[i] = i;
    return cr_make_param_array(int, index, SIDES);
}

// The index of pixel (c,y,x) in the patch matrix, from the definition: patches in row order, and
// (channel, row, column) inside a patch.
static size_t place(int c, int y, int x, int p)
{
    int t = y / p * (SIDE / p) + x / p;
    return (size_t)(((t * 3 + c) * p + y % p) * p + x % p);
}

ParameterizedTestParameters(patches, every_pixel_is_where_the_definition_says)
{
    return all_sides();
}

ParameterizedTest(int *index, patches, every_pixel_is_where_the_definition_says)
{
    int p = sides[*index];
    static uint8_t pixels[IMAGE_BYTES];
    static real image[IMAGE_BYTES], values[IMAGE_BYTES], bytes[IMAGE_BYTES];
    cr_assert_eq(patch_count(p) * patch_size(p), IMAGE_BYTES);
    cr_assert_eq(patch_count(p), (size_t)(SIDE / p) * (size_t)(SIDE / p));
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, (uint32_t)p);
    for (int i = 0; i < IMAGE_BYTES; ++i) {
        pixels[i] = (uint8_t)rng_below(&rng, 256);
        image[i] = (real)i; // values all different
    }
    patches_from_image(values, image, p);
    patches_from_bytes(bytes, pixels, p);
    for (int c = 0, i = 0; c < 3; ++c)
        for (int y = 0; y < SIDE; ++y)
            for (int x = 0; x < SIDE; ++x, ++i) {
                size_t at = place(c, y, x, p);
                cr_assert(values[at] == image[i], "(%d,%d,%d) p %d", c, y, x, p);
                cr_assert(bytes[at] == (real)pixel_value(pixels[i]), "(%d,%d,%d) p %d",
                          c, y, x, p);
            }
}

ParameterizedTestParameters(patches, going_back_gives_the_image_bit_by_bit)
{
    return all_sides();
}

ParameterizedTest(int *index, patches, going_back_gives_the_image_bit_by_bit)
{
    int p = sides[*index];
    static real image[IMAGE_BYTES], patches[IMAGE_BYTES], back[IMAGE_BYTES];
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, (uint32_t)p);
    for (size_t i = 0; i < IMAGE_BYTES; ++i) image[i] = (real)rng_normal(&rng);
    patches_from_image(patches, image, p);
    patches_to_image(back, patches, p);
    cr_expect(memcmp(image, back, sizeof image) == 0);
}

Test(patches, the_paper_shapes)
{
    cr_expect(patch_count(4) == 64 && patch_size(4) == 48);
    cr_expect(patch_count(2) == 256 && patch_size(2) == 12);
}

BREAKS(patches, a_side_that_does_not_divide_breaks_the_contract,
       "p > 0 && IMAGE_SIDE % p == 0")
{
    patch_count(3);
}
