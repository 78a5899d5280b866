/// Panels of pixels for figures: rows of small images enlarged without smoothing, maps of labels
/// and rectangles of colour on a white ground, written by libpng; gnuplot places them and writes
/// the labels.
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

/// A white panel. Dies (EXIT_SYSTEM) without memory. Contract: it is no larger than 2^20 pixels a
/// side.
void panel_open(struct panel *panel, size_t rows, size_t columns, size_t side,
                size_t scale, size_t gap);

/// Draws an image (3,side,side), values in [-1,1] (clipped), into a cell.
void panel_image(struct panel *panel, size_t row, size_t column, const float *image);

/// The same of the bytes of an image's pixels (3,side,side).
void panel_bytes(struct panel *panel, size_t row, size_t column, const uint8_t *pixels);

/// A rectangle within a cell: screen pixels from the cell's upper left corner.
struct rectangle {
    size_t top, left, height, width;
};

/// Fills a rectangle of a cell with one colour. Contract: it lies in the cell.
void panel_fill(struct panel *panel, size_t row, size_t column,
                const struct rectangle *where, const uint8_t colour[3]);

/// Draws an image (3,side,side) that is smaller than a source image, values in [-1,1] (clipped), at
/// (top, left) screen pixels of a cell, enlarged like all. Contract: it lies in the cell.
void panel_patch(struct panel *panel, size_t row, size_t column, size_t top,
                 size_t left, const float *patch, size_t side);

/// Draws `count` numbers as equal rectangles, in rows, in the middle of `where`: those from -span
/// to span on the sequential scale (panel_scale), others as its ends. Of all arrangements that
/// fit, the one with the least narrow rectangles, and of those the largest. Contract: `where`
/// lies in the cell, and has a pixel for each number.
void panel_values(struct panel *panel, size_t row, size_t column,
                  const struct rectangle *where, const float *values, size_t count,
                  double span);

enum { PANEL_CATEGORIES = 4 };

/// The colours of labels 0..3: sky blue, vermillion, yellow and black of Okabe and Ito (2008).
/// Among all sets of four colours of their palette, these differ most for the pair of colours and
/// the kind of vision for which they differ least (CIE 1976 difference 33, the three dichromacies
/// by Machado et al. 2009), and also in print without colour (lightness 70, 54, 89, 0).
extern const uint8_t panel_categories[PANEL_CATEGORIES][3];

/// Draws a map of labels into a whole cell, each label as a square in the colour of its category.
/// labels (grid,grid), each less than PANEL_CATEGORIES
/// Contract: grid divides the cell's side in screen pixels.
void panel_labels(struct panel *panel, size_t row, size_t column, const uint8_t *labels,
                  size_t grid);

/// colour = that of x, clipped to [0,1], on the sequential scale of all maps (viridis, whose
/// lightness rises evenly). Contract: x is not NAN.
void panel_scale(uint8_t colour[3], double x);

/// Writes the panel as an 8-bit RGB PNG, atomically. Dies (EXIT_SYSTEM) if it cannot.
void panel_write(const struct panel *panel, const char *path);

/// Frees the pixels.
void panel_close(struct panel *panel);

#endif
