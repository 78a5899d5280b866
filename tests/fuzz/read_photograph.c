// JPEG and PNG pictures.
#include "tests/fuzz/reader.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jpeglib.h wants stdio.h before it.
#include <jpeglib.h>

#include "core/base/die.h"
#include "core/data/photograph.h"

int reader_try(const uint8_t *bytes, size_t size)
{
    struct photograph photograph;
    char fault[PHOTOGRAPH_FAULT] = "";
    if (!photograph_decode(&photograph, bytes, size, fault)) {
        require(*fault, "a picture is refused for no reason");
        return 0;
    }
    const size_t count = photograph.width * photograph.height * 3;
    size_t sum = 0;
    for (size_t i = 0; i < count; ++i) sum += photograph.rgb[i];
    require(count > 0 && sum <= 255 * count, "%zu numbers", count);
    photograph_free(&photograph);
    return 1;
}

enum { SIDE = 12, CHANNELS_MOST = 4 };

static void jpeg_seed(void (*put)(const char *name, const void *bytes, size_t size),
                      const char *name, int channels, J_COLOR_SPACE space,
                      int progressive)
{
    uint8_t pixels[SIDE * CHANNELS_MOST], *row = pixels, *bytes = NULL;
    unsigned long size = 0;
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct encoder;
    for (size_t i = 0; i < sizeof pixels; ++i) pixels[i] = (uint8_t)(7 * i);
    encoder.err = jpeg_std_error(&errors);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &bytes, &size);
    encoder.image_width = encoder.image_height = SIDE;
    encoder.input_components = channels;
    encoder.in_color_space = space;
    jpeg_set_defaults(&encoder);
    if (progressive) jpeg_simple_progression(&encoder);
    jpeg_start_compress(&encoder, TRUE);
    while (encoder.next_scanline < SIDE) jpeg_write_scanlines(&encoder, &row, 1);
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    put(name, bytes, size);
    free(bytes);
}

static void png_seed(void (*put)(const char *name, const void *bytes, size_t size),
                     const char *name, png_uint_32 format)
{
    static uint8_t pixels[SIDE * SIDE * CHANNELS_MOST], bytes[4096];
    png_alloc_size_t size = sizeof bytes;
    png_image png = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = format};
    require(png_image_write_to_memory(&png, bytes, &size, 0, pixels, 0, NULL), "%s",
            png.message);
    put(name, bytes, size);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    jpeg_seed(put, "jpeg-rgb", 3, JCS_RGB, 0);
    jpeg_seed(put, "jpeg-progressive", 3, JCS_RGB, 1);
    jpeg_seed(put, "jpeg-grey", 1, JCS_GRAYSCALE, 0);
    jpeg_seed(put, "jpeg-cmyk", 4, JCS_CMYK, 0);
    png_seed(put, "png-rgb", PNG_FORMAT_RGB);
    png_seed(put, "png-rgba", PNG_FORMAT_RGBA);
    png_seed(put, "png-grey", PNG_FORMAT_GRAY);
}
