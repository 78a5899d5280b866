#include "core/report/panel.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"

void panel_open(struct panel *panel, size_t rows, size_t columns, size_t side,
                size_t scale, size_t gap)
{
    require(rows && columns && side && scale, "an empty panel: %zu x %zu of %zu x %zu",
            rows, columns, side, scale);
    // PNG's own limit keeps every product below far from overflow.
    size_t most = 1 << 20;
    require(rows < most && columns < most && side < most && scale < most && gap < most,
            "a panel of %zu x %zu cells is too large", rows, columns);
    *panel = (struct panel){.rows = rows,
                            .columns = columns,
                            .side = side,
                            .scale = scale,
                            .gap = gap,
                            .width = columns * side * scale + (columns - 1) * gap,
                            .height = rows * side * scale + (rows - 1) * gap};
    panel->pixels = malloc(panel->width * panel->height * 3);
    if (!panel->pixels)
        die(EXIT_SYSTEM, "panel: no memory for %zu x %zu pixels", panel->width,
            panel->height);
    memset(panel->pixels, 255, panel->width * panel->height * 3);
}

/// A value in [-1,1], clipped, as a byte: -1 is 0, 1 is 255.
static uint8_t to_byte(float value)
{
    require(!isnan(value), "an image holds NaN");
    float clipped = value < -1 ? -1 : value > 1 ? 1 : value;
    return (uint8_t)((clipped + 1) * 127.5f + .5f);
}

void panel_image(struct panel *panel, size_t row, size_t column, const float *image)
{
    require(row < panel->rows && column < panel->columns, "no cell %zu, %zu", row,
            column);
    size_t cell = panel->side * panel->scale, plane = panel->side * panel->side;
    size_t top = row * (cell + panel->gap), left = column * (cell + panel->gap);
    for (size_t y = 0; y < cell; ++y)
        for (size_t x = 0; x < cell; ++x) {
            size_t source = y / panel->scale * panel->side + x / panel->scale;
            uint8_t *pixel = panel->pixels + ((top + y) * panel->width + left + x) * 3;
            for (size_t c = 0; c < 3; ++c)
                pixel[c] = to_byte(image[c * plane + source]);
        }
}

/// libpng's errors end the program with its reason; the output's temporary file goes with it.
static _Noreturn void png_died(png_structp png, png_const_charp reason)
{
    const char *path = png_get_error_ptr(png);
    die(EXIT_SYSTEM, "%s: cannot be written: %s (make room on the disk)", path, reason);
}

/// A warning of libpng changes no pixel.
static void png_warned(png_structp png, png_const_charp reason)
{
    (void)png, (void)reason;
}

void panel_write(const struct panel *panel, const char *path)
{
    struct output output;
    output_open(&output, path);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, output.path,
                                              png_died, png_warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) die(EXIT_SYSTEM, "%s: no memory to write it", path);
    png_init_io(png, output.file);
    png_set_compression_level(png, 9);
    png_set_IHDR(png, info, (png_uint_32)panel->width, (png_uint_32)panel->height, 8,
                 PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (size_t y = 0; y < panel->height; ++y)
        png_write_row(png, panel->pixels + y * panel->width * 3);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    output_close(&output);
}

void panel_close(struct panel *panel)
{
    free(panel->pixels);
    *panel = (struct panel){0};
}
