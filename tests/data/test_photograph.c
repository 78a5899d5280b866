#include "core/data/photograph.h"

#include <criterion/criterion.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

enum { WIDTH = 4, HEIGHT = 2, MOST = 4096 };

// A PNG file in memory, written with libpng.
struct written {
    uint8_t bytes[MOST];
    size_t size;
};

static void keep(png_structp encoder, png_bytep bytes, size_t size)
{
    struct written *file = png_get_io_ptr(encoder);
    cr_assert(file->size + size <= MOST);
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
}

static void flush(png_structp encoder)
{
    (void)encoder;
}

// gamma: of the file, in hundred thousandths, 0 for none. rows: HEIGHT of `stride` bytes as PNG
// stores them.
static void write_png(struct written *file, int depth, int colours, int interlaced,
                      png_fixed_point gamma, const uint8_t *rows, size_t stride)
{
    static const png_color palette[] = {{1, 2, 3}, {200, 100, 50}};
    static const uint8_t alpha[] = {0, 255};
    png_structp encoder =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(encoder);
    cr_assert(setjmp(png_jmpbuf(encoder)) == 0);
    file->size = 0;
    png_set_write_fn(encoder, file, keep, flush);
    png_set_IHDR(encoder, info, WIDTH, HEIGHT, depth, colours,
                 interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (gamma) png_set_gAMA_fixed(encoder, info, gamma);
    if (colours == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(encoder, info, palette, 2);
        png_set_tRNS(encoder, info, alpha, 2, NULL);
    }
    png_write_info(encoder, info);
    png_bytep row[HEIGHT];
    for (size_t y = 0; y < HEIGHT; ++y) row[y] = (png_bytep)rows + y * stride;
    png_write_image(encoder, row);
    png_write_end(encoder, info);
    png_destroy_write_struct(&encoder, &info);
}

static void expect_rgb(int line, const struct written *file,
                       const uint8_t rgb[HEIGHT * WIDTH * 3])
{
    struct photograph photograph;
    char fault[PHOTOGRAPH_FAULT] = "";
    cr_assert(photograph_decode(&photograph, file->bytes, file->size, fault),
              "line %d: %s", line, fault);
    cr_assert(photograph.width == WIDTH && photograph.height == HEIGHT);
    cr_expect_arr_eq(photograph.rgb, rgb, HEIGHT * WIDTH * 3, "line %d", line);
    photograph_free(&photograph);
}

static const uint8_t colours8[HEIGHT * WIDTH * 3] = {
    40, 100, 160, 220, 0,  255, 1,  2,  3,  128, 127, 126,
    9,  8,   7,   6,   90, 80,  70, 60, 50, 30,  20,  10};

// A file's gamma is for screens: Pillow and torchvision take the numbers as they are stored.
Test(photograph, the_numbers_of_a_png_are_those_that_it_stores)
{
    struct written file;
    static const png_fixed_point gammas[] = {0, 45455, 55556, 100000};
    for (size_t g = 0; g < sizeof gammas / sizeof *gammas; ++g)
        for (int interlaced = 0; interlaced < 2; ++interlaced) {
            write_png(&file, 8, PNG_COLOR_TYPE_RGB, interlaced, gammas[g], colours8,
                      WIDTH * 3);
            expect_rgb(__LINE__, &file, colours8);
        }
}

Test(photograph, of_sixteen_bits_a_colour_keeps_the_upper_eight)
{
    struct written file;
    uint8_t wide[HEIGHT * WIDTH * 4 * 2];
    for (size_t i = 0; i < HEIGHT * WIDTH * 3; ++i) {
        wide[2 * i] = colours8[i];
        wide[2 * i + 1] = (uint8_t)(37 * i);
    }
    write_png(&file, 16, PNG_COLOR_TYPE_RGB, 0, 0, wide, (size_t)WIDTH * 6);
    expect_rgb(__LINE__, &file, colours8);
    for (size_t i = 0; i < HEIGHT * WIDTH; ++i) {
        for (size_t c = 0; c < 3; ++c) wide[8 * i + 2 * c] = colours8[3 * i + c];
        wide[8 * i + 6] = 0; // transparent, and all the same there
    }
    write_png(&file, 16, PNG_COLOR_TYPE_RGB_ALPHA, 0, 100000, wide, (size_t)WIDTH * 8);
    expect_rgb(__LINE__, &file, colours8);
}

Test(photograph, grey_and_palettes_become_colours)
{
    struct written file;
    uint8_t rgb[HEIGHT * WIDTH * 3];
    // Two bits a pixel: 0, 1, 2, 3 are 0, 85, 170, 255.
    static const uint8_t two_bits[HEIGHT] = {0x1b, 0xe4};
    for (size_t i = 0; i < HEIGHT * WIDTH * 3; ++i)
        rgb[i] = (uint8_t)(85 * (i / 3 < WIDTH ? i / 3 : 7 - i / 3));
    write_png(&file, 2, PNG_COLOR_TYPE_GRAY, 0, 0, two_bits, 1);
    expect_rgb(__LINE__, &file, rgb);
    uint8_t with_alpha[HEIGHT * WIDTH * 2];
    for (size_t i = 0; i < HEIGHT * WIDTH; ++i) {
        with_alpha[2 * i] = colours8[i];
        with_alpha[2 * i + 1] = (uint8_t)i;
        memset(rgb + 3 * i, colours8[i], 3);
    }
    write_png(&file, 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, 0, with_alpha, (size_t)WIDTH * 2);
    expect_rgb(__LINE__, &file, rgb);
    // One bit a pixel; the first colour is transparent, which changes nothing.
    static const uint8_t one_bit[HEIGHT] = {0x50, 0xa0};
    static const uint8_t palette[2][3] = {{1, 2, 3}, {200, 100, 50}};
    for (size_t i = 0; i < HEIGHT * WIDTH; ++i)
        memcpy(rgb + 3 * i, palette[(i % 2) ^ (i >= WIDTH)], 3);
    write_png(&file, 1, PNG_COLOR_TYPE_PALETTE, 0, 0, one_bit, 1);
    expect_rgb(__LINE__, &file, rgb);
}

static void expect_fault(int line, const struct written *file, const char *why)
{
    struct photograph photograph;
    char fault[PHOTOGRAPH_FAULT] = "";
    cr_expect(!photograph_decode(&photograph, file->bytes, file->size, fault));
    cr_expect(strstr(fault, why), "line %d: '%s', not '%s'", line, fault, why);
    cr_expect_null(photograph.rgb);
}

Test(photograph, what_is_no_whole_png_is_refused)
{
    struct written file;
    uint8_t grey[HEIGHT * WIDTH * 2] = {0};
    write_png(&file, 16, PNG_COLOR_TYPE_GRAY, 0, 0, grey, (size_t)WIDTH * 2);
    expect_fault(__LINE__, &file, "grey of 16 bits");
    write_png(&file, 8, PNG_COLOR_TYPE_RGB, 0, 0, colours8, WIDTH * 3);
    const size_t whole = file.size;
    for (file.size = 8; file.size < whole; ++file.size) {
        struct photograph photograph;
        char fault[PHOTOGRAPH_FAULT] = "";
        cr_expect(!photograph_decode(&photograph, file.bytes, file.size, fault),
                  "%zu of %zu bytes", file.size, whole);
        cr_expect(*fault);
    }
    file.size = whole;
    file.bytes[whole / 2] ^= 1;
    expect_fault(__LINE__, &file, "");
}
