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
    // With these limits neither a side nor, once that is checked, the area can overflow.
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
    require(panel->width <= most && panel->height <= most,
            "a panel of %zu x %zu pixels is too large", panel->width, panel->height);
    panel->pixels = malloc(panel->width * panel->height * 3);
    if (!panel->pixels)
        die(EXIT_SYSTEM, "panel: no memory for %zu x %zu pixels", panel->width,
            panel->height);
    memset(panel->pixels, 255, panel->width * panel->height * 3);
}

// A value in [-1,1], clipped, as a byte: -1 is 0, 1 is 255.
static uint8_t to_byte(float value)
{
    require(!isnan(value), "an image holds NaN");
    float clipped = value < -1 ? -1 : value > 1 ? 1 : value;
    return (uint8_t)((clipped + 1) * 127.5f + .5f);
}

// The upper left pixel of a cell.
static uint8_t *cell_at(const struct panel *panel, size_t row, size_t column)
{
    require(row < panel->rows && column < panel->columns, "no cell %zu, %zu", row,
            column);
    size_t step = panel->side * panel->scale + panel->gap;
    return panel->pixels + (row * step * panel->width + column * step) * 3;
}

void panel_image(struct panel *panel, size_t row, size_t column, const float *image)
{
    panel_patch(panel, row, column, 0, 0, image, panel->side);
}

void panel_fill(struct panel *panel, size_t row, size_t column,
                const struct rectangle *where, const uint8_t colour[3])
{
    size_t cell = panel->side * panel->scale;
    uint8_t *corner = cell_at(panel, row, column);
    require(where->top <= cell && where->height <= cell - where->top &&
                where->left <= cell && where->width <= cell - where->left,
            "%zu x %zu pixels at %zu, %zu of a cell of %zu", where->height,
            where->width, where->top, where->left, cell);
    for (size_t y = where->top; y < where->top + where->height; ++y)
        for (size_t x = where->left; x < where->left + where->width; ++x)
            memcpy(corner + (y * panel->width + x) * 3, colour, 3);
}

void panel_bytes(struct panel *panel, size_t row, size_t column, const uint8_t *pixels)
{
    const size_t side = panel->side, scale = panel->scale, area = side * side;
    for (size_t i = 0; i < area; ++i) {
        const struct rectangle pixel = {i / side * scale, i % side * scale, scale,
                                        scale};
        const uint8_t colour[3] = {pixels[i], pixels[area + i], pixels[2 * area + i]};
        panel_fill(panel, row, column, &pixel, colour);
    }
}

void panel_patch(struct panel *panel, size_t row, size_t column, size_t top,
                 size_t left, const float *patch, size_t side)
{
    const size_t area = side * side;
    for (size_t i = 0; i < area; ++i) {
        const struct rectangle pixel = {top + i / side * panel->scale,
                                        left + i % side * panel->scale, panel->scale,
                                        panel->scale};
        const uint8_t colour[3] = {to_byte(patch[i]), to_byte(patch[area + i]),
                                   to_byte(patch[2 * area + i])};
        panel_fill(panel, row, column, &pixel, colour);
    }
}

const uint8_t panel_categories[PANEL_CATEGORIES][3] = {
    {0x56, 0xB4, 0xE9}, {0xD5, 0x5E, 0x00}, {0xF0, 0xE4, 0x42}, {0x00, 0x00, 0x00}};

void panel_labels(struct panel *panel, size_t row, size_t column, const uint8_t *labels,
                  size_t grid)
{
    size_t cell = panel->side * panel->scale;
    require(grid > 0 && cell % grid == 0, "a map of %zu labels in a cell of %zu", grid,
            cell);
    size_t step = cell / grid;
    for (size_t i = 0; i < grid * grid; ++i) {
        require(labels[i] < PANEL_CATEGORIES, "label %d has no colour", labels[i]);
        const struct rectangle where = {i / grid * step, i % grid * step, step, step};
        panel_fill(panel, row, column, &where, panel_categories[labels[i]]);
    }
}

void panel_scale(uint8_t colour[3], double x)
{
    // Viridis (van der Walt & Smith 2015) at eighths, as in figures/style.gp; linear in between.
    static const uint8_t steps[][3] = {
        {0x44, 0x01, 0x54}, {0x47, 0x2D, 0x7B}, {0x3B, 0x52, 0x8B},
        {0x2C, 0x72, 0x8E}, {0x21, 0x91, 0x8C}, {0x28, 0xAE, 0x80},
        {0x5E, 0xC9, 0x62}, {0xAD, 0xDC, 0x30}, {0xFD, 0xE7, 0x25}};
    enum { LAST = sizeof steps / sizeof *steps - 1 };
    require(!isnan(x), "no colour for NaN");
    double place = fmin(fmax(x, 0), 1) * LAST;
    size_t below = place < LAST ? (size_t)place : LAST - 1;
    double share = place - (double)below;
    for (size_t c = 0; c < 3; ++c)
        colour[c] = (uint8_t)lround((1 - share) * steps[below][c] +
                                    share * steps[below + 1][c]);
}

void panel_values(struct panel *panel, size_t row, size_t column,
                  const struct rectangle *where, const float *values, size_t count,
                  double span)
{
    const size_t height = where->height, width = where->width;
    size_t across = 1, best = 0;
    require(count > 0, "no numbers to draw");
    for (size_t c = 1; c <= width && c <= count; ++c) {
        const size_t wide = width / c, high = height / ((count + c - 1) / c),
                     narrow = wide < high ? wide : high,
                     worth = narrow * height * width + wide * high;
        if (worth > best) best = worth, across = c;
    }
    const size_t down = (count + across - 1) / across, high = height / down,
                 wide = width / across;
    require(high > 0 && wide > 0, "%zu x %zu pixels are too few for %zu numbers",
            height, width, count);
    for (size_t i = 0; i < count; ++i) {
        const struct rectangle one = {
            where->top + (height - down * high) / 2 + i / across * high,
            where->left + (width - across * wide) / 2 + i % across * wide, high, wide};
        uint8_t colour[3];
        panel_scale(colour, .5 + .5 * (double)values[i] / span);
        panel_fill(panel, row, column, &one, colour);
    }
}

// An error of libpng ends the program with its reason; the temporary file is removed.
static _Noreturn void png_died(png_structp png, png_const_charp reason)
{
    const char *path = png_get_error_ptr(png);
    die(EXIT_SYSTEM, "%s: cannot be written: %s (free space on the disk)", path,
        reason);
}

// A warning of libpng changes no pixel.
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
