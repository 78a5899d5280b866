#include "core/data/photograph.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jpeglib.h wants stdio.h before it.
#include <jerror.h>
#include <jpeglib.h>

#include "core/base/die.h"

static _Noreturn void memory_refused(const struct photograph *photograph)
{
    die(EXIT_SYSTEM, "no memory for a picture of %zu x %zu pixels", photograph->width,
        photograph->height);
}

static void memory_check(const void *memory, const struct photograph *photograph)
{
    if (!memory) memory_refused(photograph);
}

static int size_good(const struct photograph *photograph, char fault[PHOTOGRAPH_FAULT])
{
    const size_t w = photograph->width, h = photograph->height;
    if (w > 0 && h > 0 && w <= PHOTOGRAPH_SIDE_LIMIT && h <= PHOTOGRAPH_SIDE_LIMIT &&
        w * h <= PHOTOGRAPH_LIMIT)
        return 1;
    snprintf(fault, PHOTOGRAPH_FAULT, "%zu x %zu pixels, more than can be read", w, h);
    return 0;
}

// ====== JPEG ======

// libjpeg knows its error manager alone, so what a longjmp needs lies next to it. Everything that
// changes between setjmp and longjmp is in here, in memory of the function's caller.
struct jpeg {
    struct jpeg_error_mgr errors; // first
    jmp_buf back;
    int ended_early;
    struct jpeg_decompress_struct decoder;
    uint8_t *row; // (width,4) of CMYK
    struct photograph *photograph;
    char *fault;
};

static void jpeg_failed(j_common_ptr decoder)
{
    struct jpeg *jpeg = (struct jpeg *)decoder->err;
    char text[JMSG_LENGTH_MAX];
    if (decoder->err->msg_code == JERR_OUT_OF_MEMORY) memory_refused(jpeg->photograph);
    decoder->err->format_message(decoder, text);
    snprintf(jpeg->fault, PHOTOGRAPH_FAULT, "%s", text);
    longjmp(jpeg->back, 1);
}

// Level -1: a warning. Others are traces.
static void jpeg_warned(j_common_ptr decoder, int level)
{
    struct jpeg *jpeg = (struct jpeg *)decoder->err;
    if (level >= 0) return;
    decoder->err->num_warnings++;
    if (decoder->err->msg_code == JWRN_JPEG_EOF) jpeg->ended_early = 1;
}

// round(a b / 255) of bytes.
static int product255(int a, int b)
{
    const int t = a * b + 128;
    return (t + (t >> 8)) >> 8;
}

// Adobe stores inks inverted. Black leaves some white, and each ink takes its share of that.
static void inks_to_rgb(uint8_t *rgb, const uint8_t *cmyk, size_t width)
{
    for (size_t x = 0; x < width; ++x)
        for (size_t c = 0; c < 3; ++c) {
            const int left = cmyk[4 * x + 3], ink = 255 - cmyk[4 * x + c],
                      value = left - product255(ink, left);
            rgb[3 * x + c] = (uint8_t)(value < 0 ? 0 : value);
        }
}

static int jpeg_refuse(struct jpeg *jpeg, const char *why)
{
    if (why) snprintf(jpeg->fault, PHOTOGRAPH_FAULT, "%s", why);
    return 0;
}

// Before jpeg_destroy_decompress; libjpeg's errors return 0, too.
static int jpeg_read(struct jpeg *jpeg, const void *bytes, size_t size)
{
    struct jpeg_decompress_struct *decoder = &jpeg->decoder;
    struct photograph *photograph = jpeg->photograph;
    if (setjmp(jpeg->back)) return 0;
    jpeg_create_decompress(decoder);
    jpeg_mem_src(decoder, bytes, size);
    jpeg_read_header(decoder, TRUE);
    photograph->width = decoder->image_width;
    photograph->height = decoder->image_height;
    if (!size_good(photograph, jpeg->fault)) return 0;
    decoder->out_color_space = decoder->num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(decoder);
    const size_t width = photograph->width;
    photograph->rgb = malloc(photograph->height * width * 3);
    jpeg->row = malloc(width * 4);
    memory_check(photograph->rgb, photograph);
    memory_check(jpeg->row, photograph);
    while (decoder->output_scanline < decoder->output_height) {
        uint8_t *out = photograph->rgb + decoder->output_scanline * width * 3,
                *into = decoder->out_color_space == JCS_CMYK ? jpeg->row : out;
        jpeg_read_scanlines(decoder, &into, 1);
        if (into == jpeg->row) inks_to_rgb(out, jpeg->row, width);
    }
    jpeg_finish_decompress(decoder);
    photograph->warnings = (int)jpeg->errors.num_warnings;
    return jpeg->ended_early ? jpeg_refuse(jpeg, "it ends before the picture does") : 1;
}

static int jpeg_decode(struct photograph *photograph, const void *bytes, size_t size,
                       char fault[PHOTOGRAPH_FAULT])
{
    struct jpeg jpeg = {.photograph = photograph};
    jpeg.fault = fault;
    jpeg.decoder.err = jpeg_std_error(&jpeg.errors);
    jpeg.errors.error_exit = jpeg_failed;
    jpeg.errors.emit_message = jpeg_warned;
    const int read = jpeg_read(&jpeg, bytes, size);
    jpeg_destroy_decompress(&jpeg.decoder);
    free(jpeg.row);
    return read;
}

// ====== PNG ======

// As struct jpeg: everything that changes between setjmp and longjmp.
struct png {
    png_structp decoder;
    png_infop info;
    const uint8_t *next; // of the file's bytes
    size_t left;
    uint8_t **row; // (height) into the picture
    struct photograph *photograph;
    char *fault;
};

static void png_failed(png_structp decoder, const char *why)
{
    struct png *png = png_get_error_ptr(decoder);
    snprintf(png->fault, PHOTOGRAPH_FAULT, "%s", why);
    png_longjmp(decoder, 1);
}

static void png_warned(png_structp decoder, const char *why)
{
    (void)decoder, (void)why;
}

static void *png_allocate(png_structp decoder, png_alloc_size_t size)
{
    const struct png *png = png_get_mem_ptr(decoder);
    void *memory = malloc(size);
    memory_check(memory, png->photograph);
    return memory;
}

static void png_release(png_structp decoder, void *memory)
{
    (void)decoder;
    free(memory);
}

static void png_take(png_structp decoder, png_bytep bytes, size_t size)
{
    struct png *png = png_get_io_ptr(decoder);
    if (size > png->left) png_error(decoder, "it ends before the picture does");
    memcpy(bytes, png->next, size);
    png->next += size;
    png->left -= size;
}

// Red, green and blue of 8 bits each, as they are stored: no gamma, no alpha; of 16 bits the upper
// ones. libpng's simplified interface would apply the gamma that a file names.
static void png_plain(struct png *png)
{
    png_structp decoder = png->decoder;
    const int colours = png_get_color_type(decoder, png->info);
    if (png_get_bit_depth(decoder, png->info) == 16 && colours == PNG_COLOR_TYPE_GRAY)
        png_error(decoder, "grey of 16 bits, which Pillow cuts off at 255");
    png_set_strip_16(decoder);
    if (colours == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(decoder);
    png_set_expand_gray_1_2_4_to_8(decoder);
    if (!(colours & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(decoder);
    png_set_strip_alpha(decoder);
    png_set_interlace_handling(decoder);
    png_read_update_info(decoder, png->info);
}

// Before png_destroy_read_struct; libpng's errors return 0, too.
static int png_read(struct png *png)
{
    struct photograph *photograph = png->photograph;
    if (setjmp(png_jmpbuf(png->decoder))) return 0;
    png_set_read_fn(png->decoder, png, png_take);
    png_read_info(png->decoder, png->info);
    photograph->width = png_get_image_width(png->decoder, png->info);
    photograph->height = png_get_image_height(png->decoder, png->info);
    if (!size_good(photograph, png->fault)) return 0;
    png_plain(png);
    const size_t bytes = photograph->width * 3;
    photograph->rgb = malloc(photograph->height * bytes);
    png->row = malloc(photograph->height * sizeof *png->row);
    memory_check(photograph->rgb, photograph);
    memory_check(png->row, photograph);
    for (size_t y = 0; y < photograph->height; ++y)
        png->row[y] = photograph->rgb + y * bytes;
    if (png_get_rowbytes(png->decoder, png->info) != bytes)
        png_error(png->decoder, "its rows are of another size");
    png_read_image(png->decoder, png->row);
    png_read_end(png->decoder, NULL);
    return 1;
}

static int png_decode(struct photograph *photograph, const void *bytes, size_t size,
                      char fault[PHOTOGRAPH_FAULT])
{
    struct png png = {.next = bytes, .left = size, .photograph = photograph};
    png.fault = fault;
    png.decoder = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &png, png_failed,
                                           png_warned, &png, png_allocate, png_release);
    memory_check(png.decoder, photograph);
    png.info = png_create_info_struct(png.decoder);
    memory_check(png.info, photograph);
    const int read = png_read(&png);
    png_destroy_read_struct(&png.decoder, &png.info, NULL);
    free(png.row);
    return read;
}

int photograph_decode(struct photograph *photograph, const void *bytes, size_t size,
                      char fault[PHOTOGRAPH_FAULT])
{
    enum { SIGNATURE = 8 };
    *photograph = (struct photograph){0};
    const int png = size >= SIGNATURE && !png_sig_cmp(bytes, 0, SIGNATURE);
    if (size == 0)
        snprintf(fault, PHOTOGRAPH_FAULT, "it is empty");
    else if (png ? png_decode(photograph, bytes, size, fault)
                 : jpeg_decode(photograph, bytes, size, fault))
        return 1;
    photograph_free(photograph);
    return 0;
}

void photograph_free(struct photograph *photograph)
{
    free(photograph->rgb);
    *photograph = (struct photograph){0};
}
