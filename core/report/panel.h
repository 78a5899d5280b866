/// Panels of pixels for figures: rows of small images enlarged without smoothing on a white ground,
/// written by libpng; gnuplot places them and writes the labels.
#ifndef MASKBOOK_REPORT_PANEL_H
#define MASKBOOK_REPORT_PANEL_H

#include <stddef.h>
#include <stdint.h>

/// A grid of equally large cells.
struct panel {
    size_t rows, columns;
    size_t side;     ///< pixels of a source image's side
    size_t scale;    ///< screen pixels a source pixel
    size_t gap;      ///< white screen pixels between cells
    uint8_t *pixels; ///< (height,width,3), owned
    size_t width, height;
};

/// A white panel. Dies (EXIT_SYSTEM) without memory.
void panel_open(struct panel *panel, size_t rows, size_t columns, size_t side,
                size_t scale, size_t gap);

/// Draws an image (3,side,side), values in [-1,1] (clipped), into a cell.
void panel_image(struct panel *panel, size_t row, size_t column, const float *image);

/// Writes the panel as an 8-bit RGB PNG, atomically; dies (EXIT_SYSTEM) when it cannot.
void panel_write(const struct panel *panel, const char *path);

/// Frees the pixels.
void panel_close(struct panel *panel);

#endif
