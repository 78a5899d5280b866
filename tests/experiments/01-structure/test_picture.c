#include "experiments/01-structure/emit.h"

#include <png.h>

#include "core/data/patches.h"
#include "core/data/planted.h"
#include "tests/model/gradient.h"
#include "tests/scratch.h"

// As the picture enlarges: 9 screen pixels a pixel, 24 between cells.
enum { SCALE = 9, CELL = IMAGE_SIDE * SCALE, STEP = CELL + 24 };
enum { WIDTH = PICTURE_COLUMNS * STEP - 24, HEIGHT = SHOWN * STEP - 24 };

static uint8_t pixels[HEIGHT][WIDTH][3];

// Whether the middle of source pixel (y,x) of a cell has this colour, give or take rounding.
static int shows(size_t row, size_t column, size_t y, size_t x, const double want[3])
{
    const uint8_t *got = pixels[row * STEP + y * SCALE + SCALE / 2]
                               [column * STEP + x * SCALE + SCALE / 2];
    for (size_t c = 0; c < 3; ++c)
        if (got[c] < want[c] - 1 || got[c] > want[c] + 1) return 0;
    return 1;
}

// The colour of a pixel of a picture (3,32,32) in [-1,1].
static void colour_of(double colour[3], const float *picture, size_t y, size_t x)
{
    for (size_t c = 0; c < 3; ++c) {
        double value = (double)picture[(c * IMAGE_SIDE + y) * IMAGE_SIDE + x];
        colour[c] = ((value < -1 ? -1 : value > 1 ? 1 : value) + 1) * 127.5;
    }
}

// Masked: the image with grey squares; reconstruction: the image with the hidden patches painted.
Test(picture, hidden_patches_are_grey_and_then_painted_and_visible_ones_stay)
{
    const struct mae_shape shape = {32, 3, 8, 48, 1, 1, 3, 3};
    const double grey[3] = {0xD8, 0xD8, 0xD8};
    struct arena arena;
    struct mae mae;
    struct images images;
    struct pipeline pipeline;
    char path[PATH_SIZE];
    png_image png = {.version = PNG_IMAGE_VERSION};
    scratch_make();
    arena_open_growing(&arena, "test");
    mae_open(&mae, &shape, &arena);
    planted_make(&images, 1, SHOWN, PLANTED_NOISE);
    const real *weights = normal_reals(&arena, mae.parameters.count, .1, 1);
    cr_assert_eq(
        pipeline_open(&pipeline, &mae, weights, .75, &images, SHOWN, 1, 1, &arena), 0);
    path_format(path, "%s/panel.png", scratch_folder);
    panel_of_pipeline(path, &pipeline);
    cr_assert(png_image_begin_read_from_file(&png, path));
    png.format = PNG_FORMAT_RGB;
    cr_assert(png.width == WIDTH && png.height == HEIGHT, "%u x %u", png.width,
              png.height);
    cr_assert(png_image_finish_read(&png, NULL, pixels, 0, NULL));

    size_t hidden = 0;
    for (size_t row = 0; row < SHOWN; ++row)
        for (size_t y = 0; y < IMAGE_SIDE; ++y)
            for (size_t x = 0; x < IMAGE_SIDE; ++x) {
                const int32_t t = (int32_t)(y / 8 * 4 + x / 8);
                const size_t first = row * IMAGE_BYTES;
                double image[3], painted[3];
                int unseen = 0;
                for (size_t h = 0; h < pipeline.hidden; ++h)
                    unseen |= pipeline.unseen[row * pipeline.hidden + h] == t;
                colour_of(image, pipeline.images + first, y, x);
                colour_of(painted, pipeline.picture + first, y, x);
                cr_expect(shows(row, IMAGE, y, x, image));
                cr_expect(shows(row, MASKED, y, x, unseen ? grey : image));
                cr_expect(shows(row, PAINTED, y, x, unseen ? painted : image));
                hidden += (size_t)unseen;
            }
    cr_expect_eq(hidden, SHOWN * 12 * 64);
    images_free(&images);
    arena_close(&arena);
}
