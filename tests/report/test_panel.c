#include "core/report/panel.h"

#include <math.h>
#include <png.h>
#include <sys/resource.h>

#include "core/base/hash.h"
#include "tests/report/world.h"

TestSuite(panel, .init = world_open);

// An image (3,2,2) whose channels and pixels all differ, with values beyond the range.
static const float image[12] = {-1, 1,    0,     -3,   .5f,   -.5f,
                                2,  .25f, -.25f, .75f, -.75f, -1};

static uint8_t want_byte(float value)
{
    double clipped = value < -1 ? -1 : value > 1 ? 1 : (double)value;
    return (uint8_t)floor((clipped + 1) / 2 * 255 + .5);
}

// The oracle: the pixel at (y,x) of a panel of 2 x 3 cells where only cell (1,2) is drawn.
static uint8_t want_pixel(size_t y, size_t x, size_t c)
{
    const size_t scale = 3, gap = 1, cell = 2 * scale;
    if (y < cell + gap || x < 2 * (cell + gap)) return 255;
    size_t row = (y - cell - gap) / scale, column = (x - 2 * (cell + gap)) / scale;
    return want_byte(image[c * 4 + row * 2 + column]);
}

static void draw(const char *path)
{
    struct panel panel;
    panel_open(&panel, 2, 3, 2, 3, 1);
    cr_assert_eq(panel.width, 20);
    cr_assert_eq(panel.height, 13);
    panel_image(&panel, 1, 2, image);
    panel_write(&panel, path);
    panel_close(&panel);
}

Test(panel, the_file_holds_the_enlarged_pixels_on_white)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint8_t pixels[20 * 13 * 3];
    draw("panels/panel.png");
    cr_assert(png_image_begin_read_from_file(&png, "panels/panel.png"));
    png.format = PNG_FORMAT_RGB;
    cr_assert_eq(png.width, 20);
    cr_assert_eq(png.height, 13);
    cr_assert(png_image_finish_read(&png, NULL, pixels, 0, NULL));
    for (size_t y = 0; y < 13; ++y)
        for (size_t x = 0; x < 20; ++x)
            for (size_t c = 0; c < 3; ++c)
                cr_expect_eq(pixels[(y * 20 + x) * 3 + c], want_pixel(y, x, c),
                             "%zu %zu %zu", y, x, c);
}

Test(panel, bytes_are_drawn_as_they_are)
{
    uint8_t bytes[12];
    struct panel a, b;
    for (size_t i = 0; i < 12; ++i) bytes[i] = want_byte(image[i]);
    panel_open(&a, 2, 3, 2, 3, 1);
    panel_open(&b, 2, 3, 2, 3, 1);
    panel_image(&a, 1, 2, image);
    panel_bytes(&b, 1, 2, bytes);
    cr_expect(memcmp(a.pixels, b.pixels, a.width * a.height * 3) == 0);
    panel_close(&a);
    panel_close(&b);
}

Test(panel, the_same_panel_is_the_same_file)
{
    char first[HASH_HEX], second[HASH_HEX];
    draw("a.png");
    draw("b.png");
    hash_file(first, "a.png");
    hash_file(second, "b.png");
    cr_expect_str_eq(first, second);
}

// ====== Colours ======

static const uint8_t *pixel_of(const struct panel *panel, size_t y, size_t x)
{
    return panel->pixels + (y * panel->width + x) * 3;
}

static const uint8_t white[3] = {255, 255, 255};

Test(panel, a_rectangle_fills_its_pixels_and_no_others)
{
    const uint8_t red[3] = {200, 10, 20};
    struct panel panel;
    panel_open(&panel, 2, 2, 5, 2, 3); // cells of 10 pixels, 13 apart
    panel_fill(&panel, 1, 1, &(struct rectangle){2, 3, 4, 7}, red);
    for (size_t y = 0; y < panel.height; ++y)
        for (size_t x = 0; x < panel.width; ++x) {
            int inside = y >= 15 && y < 19 && x >= 16 && x < 23;
            cr_expect_arr_eq(pixel_of(&panel, y, x), inside ? red : white, 3,
                             "%zu, %zu", y, x);
        }
    panel_close(&panel);
}

Test(panel, a_map_of_labels_fills_its_cell_with_their_colours)
{
    const uint8_t labels[9] = {0, 1, 2, 3, 0, 1, 2, 3, 3};
    struct panel panel;
    panel_open(&panel, 1, 2, 6, 2, 1); // cells of 12 pixels, labels of 4
    panel_labels(&panel, 0, 1, labels, 3);
    for (size_t y = 0; y < 12; ++y)
        for (size_t x = 0; x < 25; ++x) {
            const uint8_t *want =
                x < 13 ? white : panel_categories[labels[y / 4 * 3 + (x - 13) / 4]];
            cr_expect_arr_eq(pixel_of(&panel, y, x), want, 3, "%zu, %zu", y, x);
        }
    panel_close(&panel);
}

// The lightness of CIE 1976 (0 black, 100 white) of an sRGB colour.
static double lightness(const uint8_t colour[3])
{
    const double weight[3] = {.2126729, .7151522, .0721750};
    double y = 0;
    for (int c = 0; c < 3; ++c) {
        double part = colour[c] / 255.;
        y += weight[c] *
             (part <= .04045 ? part / 12.92 : pow((part + .055) / 1.055, 2.4));
    }
    return y > .008856 ? 116 * cbrt(y) - 16 : 903.3 * y;
}

Test(panel, categories_differ_in_print_without_colour_too)
{
    for (int i = 0; i < PANEL_CATEGORIES; ++i)
        for (int j = 0; j < i; ++j)
            cr_expect(fabs(lightness(panel_categories[i]) -
                           lightness(panel_categories[j])) > 15,
                      "%d and %d", i, j);
}

Test(panel, the_scale_rises_evenly_in_lightness_and_ends_where_it_should)
{
    uint8_t colour[3], before[3];
    const uint8_t dark[3] = {0x44, 0x01, 0x54}, bright[3] = {0xFD, 0xE7, 0x25};
    for (int i = 0; i <= 100; ++i) {
        panel_scale(colour, i / 100.);
        double step = lightness(colour) - (i ? lightness(before) : 0);
        cr_expect(i == 0 || (step > 0 && step < 1.6), "step %d rises by %g", i, step);
        memcpy(before, colour, 3);
    }
    cr_expect_arr_eq(colour, bright, 3);
    panel_scale(colour, 7);
    cr_expect_arr_eq(colour, bright, 3);
    panel_scale(colour, -7);
    cr_expect_arr_eq(colour, dark, 3);
}

static void fill_outside(const void *unused)
{
    struct panel panel;
    (void)unused;
    panel_open(&panel, 1, 2, 5, 2, 1);
    panel_fill(&panel, 0, 0, &(struct rectangle){0, 8, 1, 3}, white);
}

static void label_without_colour(const void *unused)
{
    const uint8_t labels[4] = {0, 1, 4, 0};
    struct panel panel;
    (void)unused;
    panel_open(&panel, 1, 1, 2, 2, 0);
    panel_labels(&panel, 0, 0, labels, 2);
}

static void labels_that_do_not_fit(const void *unused)
{
    const uint8_t labels[9] = {0};
    struct panel panel;
    (void)unused;
    panel_open(&panel, 1, 1, 2, 2, 0);
    panel_labels(&panel, 0, 0, labels, 3);
}

static void open_too_large(const void *unused)
{
    struct panel panel;
    (void)unused;
    panel_open(&panel, 1, 1 << 15, 32, 2, 0);
}

static void draw_outside(const void *unused)
{
    struct panel panel;
    (void)unused;
    panel_open(&panel, 2, 3, 2, 3, 1);
    panel_image(&panel, 2, 0, image);
}

static void draw_nan(const void *unused)
{
    struct panel panel;
    float bad[12] = {0};
    (void)unused;
    bad[7] = NAN;
    panel_open(&panel, 1, 1, 2, 1, 0);
    panel_image(&panel, 0, 0, bad);
}

static void open_empty(const void *unused)
{
    struct panel panel;
    (void)unused;
    panel_open(&panel, 0, 1, 2, 1, 0);
}

static void write_nowhere(const void *unused)
{
    (void)unused;
    draw("figures/style.gp/panel.png");
}

static void write_full(const void *unused)
{
    (void)unused;
    struct panel panel;
    panel_open(&panel, 1, 1, 512, 2, 0);
    float *noise = malloc(3 * 512 * 512 * sizeof *noise);
    for (size_t i = 0; i < 3 * 512 * 512; ++i)
        noise[i] = (float)(i * 2654435761u % 997) / 499 - 1;
    panel_image(&panel, 0, 0, noise);
    free(noise);
    // A limit on the size of files simulates a full disk.
    struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    panel_write(&panel, "full.png");
}

Test(panel, a_broken_contract_aborts)
{
    expect_death(__LINE__, draw_outside, NULL, -6, "no cell 2, 0");
    expect_death(__LINE__, draw_nan, NULL, -6, "holds NaN");
    expect_death(__LINE__, open_empty, NULL, -6, "empty panel");
    expect_death(__LINE__, open_too_large, NULL, -6, "too large");
    expect_death(__LINE__, fill_outside, NULL, -6, "of a cell of 10");
    expect_death(__LINE__, label_without_colour, NULL, -6, "label 4 has no colour");
    expect_death(__LINE__, labels_that_do_not_fit, NULL, -6, "a map of 3 labels");
}

Test(panel, what_cannot_be_written_ends_the_program_and_leaves_nothing)
{
    expect_death(__LINE__, write_nowhere, NULL, 4, "figures/style.gp");
    expect_death(__LINE__, write_full, NULL, 4, "full.png: cannot be written");
    cr_expect_neq(access("full.png", F_OK), 0);
    cr_expect_eq(scratch_entries(""), 2); // paper and figures
}

// The pixel at (y,x) of a panel of one cell.
static const uint8_t *pixel(const struct panel *panel, size_t y, size_t x)
{
    return panel->pixels + (y * panel->width + x) * 3;
}

Test(panel, a_patch_is_a_part_of_an_image_at_any_corner)
{
    struct panel panel;
    panel_open(&panel, 1, 1, 4, 3, 0);
    panel_patch(&panel, 0, 0, 4, 5, image, 2);
    for (size_t y = 0; y < 12; ++y)
        for (size_t x = 0; x < 12; ++x)
            for (size_t c = 0; c < 3; ++c) {
                const int inside = y >= 4 && y < 10 && x >= 5 && x < 11;
                const uint8_t want =
                    inside ? want_byte(image[c * 4 + (y - 4) / 3 * 2 + (x - 5) / 3])
                           : 255;
                cr_expect_eq(pixel(&panel, y, x)[c], want, "%zu %zu %zu", y, x, c);
            }
    panel_close(&panel);
}

/// Six numbers in 7 x 11 pixels: two rows of three rectangles, 3 x 3 each, in the middle.
Test(panel, values_are_equal_rectangles_on_the_sequential_scale)
{
    static const float values[6] = {-2, -1, 0, .5f, 1, 2};
    const struct rectangle where = {1, 2, 7, 11};
    struct panel panel;
    panel_open(&panel, 1, 1, 7, 2, 0);
    panel_values(&panel, 0, 0, &where, values, 6, 1);
    for (size_t y = 0; y < 14; ++y)
        for (size_t x = 0; x < 14; ++x) {
            uint8_t want[3] = {255, 255, 255};
            if (y >= 1 && y < 7 && x >= 3 && x < 12)
                panel_scale(want,
                            .5 + .5 * (double)values[(y - 1) / 3 * 3 + (x - 3) / 3]);
            cr_expect(!memcmp(pixel(&panel, y, x), want, 3), "%zu %zu", y, x);
        }
    panel_close(&panel);
}

static void crowd(const void *unused)
{
    (void)unused;
    static const float values[26] = {0};
    const struct rectangle where = {0, 0, 5, 5};
    struct panel panel;
    panel_open(&panel, 1, 1, 5, 1, 0);
    panel_values(&panel, 0, 0, &where, values, 26, 1);
}

Test(panel, values_need_a_pixel_each)
{
    expect_ending(__LINE__, crowd, NULL, -SIGABRT, "too few for 26 numbers");
}
