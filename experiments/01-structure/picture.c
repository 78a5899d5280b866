#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/panel.h"
#include "experiments/01-structure/emit.h"

const double TOKEN_SPAN = 2.5;

/// How the panel enlarges pixels: a patch of 4 is a square of 36.
enum { SCALE = 9, GAP = 24, MARGIN = 2 };

static const uint8_t grey[3] = {0xD8, 0xD8, 0xD8}, white[3] = {0xFF, 0xFF, 0xFF};

/// What draws one row.
struct brush {
    struct panel *panel;
    const struct structure *structure;
    size_t row;
    size_t patch, across; ///< pixels and patches a side
    double deviation;     ///< of the tokens shown
};

/// Draws the pixels of patch t of a picture into a square at (top,left) of a cell.
static void draw_patch(const struct brush *brush, size_t column, size_t top,
                       size_t left, const float *picture, size_t t)
{
    for (size_t i = 0; i < brush->patch * brush->patch; ++i) {
        size_t y = i / brush->patch, x = i % brush->patch;
        uint8_t colour[3];
        for (size_t c = 0; c < 3; ++c) {
            double value = (double)picture[patch_row(brush->structure, t, c, y) + x];
            colour[c] = (uint8_t)lround((fmin(fmax(value, -1), 1) + 1) * 127.5);
        }
        const struct rectangle where = {top + y * SCALE, left + x * SCALE, SCALE,
                                        SCALE};
        panel_fill(brush->panel, brush->row, column, &where, colour);
    }
}

/// Draws every number of a token (D) as a small rectangle, in rows, in the middle of a patch's square.
static void draw_token(const struct brush *brush, size_t column, size_t top,
                       size_t left, const float *token)
{
    size_t width = (size_t)brush->structure->model->mae.shape.width;
    size_t side = brush->patch * SCALE - 2 * MARGIN, across = 1, best = 0;
    // The arrangement with the least narrow rectangles, and of those with the largest.
    for (size_t c = 1; c <= side && c <= width; ++c) {
        size_t wide = side / c, high = side / ((width + c - 1) / c);
        size_t worth = (wide < high ? wide : high) * side * side + wide * high;
        if (worth > best) best = worth, across = c;
    }
    size_t down = (width + across - 1) / across;
    size_t high = side / down, wide = side / across;
    require(high > 0 && wide > 0, "no room for %zu numbers", width);
    top += MARGIN + (side - down * high) / 2;
    left += MARGIN + (side - across * wide) / 2;
    for (size_t d = 0; d < width; ++d) {
        uint8_t colour[3];
        panel_scale(colour,
                    .5 + .5 * (double)token[d] / (TOKEN_SPAN * brush->deviation));
        const struct rectangle where = {top + d / across * high,
                                        left + d % across * wide, high, wide};
        panel_fill(brush->panel, brush->row, column, &where, colour);
    }
}

/// The corner of place v of V in a sheet that is as square as can be, in the middle of a cell.
static void sheet_place(size_t *top, size_t *left, const struct brush *brush, size_t v)
{
    size_t count = brush->structure->visible, across = 1;
    size_t step = brush->patch * SCALE + 2 * MARGIN;
    while (across * across < count) ++across;
    size_t down = (count + across - 1) / across, cell = IMAGE_SIDE * SCALE;
    *top = (cell - down * step) / 2 + v / across * step;
    *left = (cell - across * step) / 2 + v % across * step;
}

/// The corner of patch t in its own place.
static void patch_place(size_t *top, size_t *left, const struct brush *brush, size_t t)
{
    *top = t / brush->across * brush->patch * SCALE;
    *left = t % brush->across * brush->patch * SCALE;
}

/// One image's way from left to right.
static void draw_row(const struct brush *brush, const float *mask_token)
{
    const struct structure *structure = brush->structure;
    size_t i = brush->row, visible = structure->visible, top, left;
    size_t hidden = hidden_count(structure), step = brush->patch * SCALE;
    size_t width = (size_t)structure->model->mae.shape.width;
    const float *image = structure->images + i * IMAGE_BYTES;
    const float *picture = structure->plain.picture + i * IMAGE_BYTES;
    panel_image(brush->panel, i, IMAGE, image);
    panel_image(brush->panel, i, MASKED, image);
    panel_image(brush->panel, i, PAINTED, image);
    for (size_t v = 0; v < visible; ++v) {
        size_t t = (size_t)structure->shown[i * visible + v];
        const float *token =
            structure->plain.tokens + (i * (visible + 1) + 1 + v) * width;
        sheet_place(&top, &left, brush, v);
        draw_patch(brush, DROPPED, top, left, image, t);
        draw_token(brush, ENCODED, top, left, token);
        patch_place(&top, &left, brush, t);
        draw_token(brush, DECODED, top, left, token);
    }
    for (size_t h = 0; h < hidden; ++h) {
        size_t t = (size_t)structure->hidden[i * hidden + h];
        patch_place(&top, &left, brush, t);
        const struct rectangle whole = {top, left, step, step};
        const struct rectangle inside = {top + 1, left + 1, step - 2, step - 2};
        panel_fill(brush->panel, i, MASKED, &whole, white);
        panel_fill(brush->panel, i, MASKED, &inside, grey);
        draw_token(brush, DECODED, top, left, mask_token);
        draw_patch(brush, PAINTED, top, left, picture, t);
    }
}

void panel_draw(const char *path, const struct structure *structure)
{
    struct panel panel;
    const struct mae *mae = &structure->model->mae;
    size_t patch = (size_t)mae->shape.patch, width = (size_t)mae->shape.width;
    panel_open(&panel, SHOWN, PICTURE_COLUMNS, IMAGE_SIDE, SCALE, GAP);
    const struct parameter *row =
        parameters_find(&mae->parameters, "decoder.mask_token");
    float mask_token[4096] = {0};
    require(row && row->count <= 4096, "the decoder has no mask token");
    for (size_t d = 0; d < row->count; ++d)
        mask_token[d] = (float)structure->model->slab[row->offset + d];
    double square = 0;
    size_t numbers = SHOWN * (structure->visible + 1) * width;
    for (size_t n = 0; n < numbers; ++n)
        square +=
            (double)structure->plain.tokens[n] * (double)structure->plain.tokens[n];
    struct brush brush = {&panel, structure,          0,
                          patch,  IMAGE_SIDE / patch, sqrt(square / (double)numbers)};
    for (brush.row = 0; brush.row < SHOWN; ++brush.row) draw_row(&brush, mask_token);
    panel_write(&panel, path);
    panel_close(&panel);
}
