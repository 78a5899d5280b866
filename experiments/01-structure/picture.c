#include <math.h>

#include "core/base/die.h"
#include "core/report/panel.h"
#include "experiments/01-structure/emit.h"

const double TOKEN_SPAN = 2.5;

// How the panel enlarges pixels: a patch of 4 is a square of 36.
enum { SCALE = 9, GAP = 24, MARGIN = 2 };

static const uint8_t grey[3] = {0xD8, 0xD8, 0xD8}, white[3] = {0xFF, 0xFF, 0xFF};

// What draws one row.
struct brush {
    struct panel *panel;
    const struct structure *structure;
    size_t row;
    size_t patch, across; // pixels and patches a side
    double deviation;     // of the tokens shown
};

// The upper left corner of something in a cell.
struct corner {
    size_t top, left;
};

static void fill(const struct brush *brush, size_t column, struct corner corner,
                 size_t height, size_t width, const uint8_t colour[3])
{
    const struct rectangle where = {corner.top, corner.left, height, width};
    panel_fill(brush->panel, brush->row, column, &where, colour);
}

// Draws the pixels of patch t of a picture into a square.
static void draw_patch(const struct brush *brush, size_t column, struct corner corner,
                       const float *picture, size_t t)
{
    const size_t area = brush->patch * brush->patch;
    for (size_t i = 0; i < area; ++i) {
        const struct corner pixel = {corner.top + i / brush->patch * SCALE,
                                     corner.left + i % brush->patch * SCALE};
        uint8_t colour[3];
        for (size_t c = 0; c < 3; ++c) {
            const double value =
                (double)picture[pixel_at(brush->structure, t, c * area + i)];
            colour[c] = (uint8_t)lround((fmin(fmax(value, -1), 1) + 1) * 127.5);
        }
        fill(brush, column, pixel, SCALE, SCALE, colour);
    }
}

// Draws every number of a token (D) as a small rectangle, in rows, in the middle of a patch's square.
static void draw_token(const struct brush *brush, size_t column, struct corner corner,
                       const float *token)
{
    const size_t width = (size_t)brush->structure->model->mae.shape.width,
                 side = brush->patch * SCALE - 2 * MARGIN;
    size_t across = 1, best = 0;
    // The arrangement with the least narrow rectangles, and of those with the largest.
    for (size_t c = 1; c <= side && c <= width; ++c) {
        const size_t wide = side / c, high = side / ((width + c - 1) / c),
                     worth = (wide < high ? wide : high) * side * side + wide * high;
        if (worth > best) best = worth, across = c;
    }
    const size_t down = (width + across - 1) / across, high = side / down,
                 wide = side / across;
    require(high > 0 && wide > 0, "a square of %zu is too small for %zu numbers", side,
            width);
    corner.top += MARGIN + (side - down * high) / 2;
    corner.left += MARGIN + (side - across * wide) / 2;
    for (size_t d = 0; d < width; ++d) {
        const struct corner number = {corner.top + d / across * high,
                                      corner.left + d % across * wide};
        uint8_t colour[3];
        panel_scale(colour,
                    .5 + .5 * (double)token[d] / (TOKEN_SPAN * brush->deviation));
        fill(brush, column, number, high, wide, colour);
    }
}

// Place v of V in a sheet that is as square as can be, in the middle of a cell.
static struct corner sheet_corner(const struct brush *brush, size_t v)
{
    const size_t count = brush->structure->visible, cell = IMAGE_SIDE * SCALE,
                 step = brush->patch * SCALE + 2 * MARGIN;
    size_t across = 1;
    while (across * across < count) ++across;
    const size_t down = (count + across - 1) / across;
    return (struct corner){(cell - down * step) / 2 + v / across * step,
                           (cell - across * step) / 2 + v % across * step};
}

// Patch t where it is in the image.
static struct corner patch_corner(const struct brush *brush, size_t t)
{
    const size_t step = brush->patch * SCALE;
    return (struct corner){t / brush->across * step, t % brush->across * step};
}

// One image's way from left to right.
static void draw_row(const struct brush *brush, const float *mask_token)
{
    const struct structure *structure = brush->structure;
    const size_t i = brush->row, V = structure->visible, N0 = structure->hidden,
                 width = (size_t)structure->model->mae.shape.width,
                 step = brush->patch * SCALE;
    const float *image = structure->images + i * IMAGE_BYTES,
                *picture = structure->plain.picture + i * IMAGE_BYTES;
    panel_image(brush->panel, i, IMAGE, image);
    panel_image(brush->panel, i, MASKED, image);
    panel_image(brush->panel, i, PAINTED, image);
    for (size_t v = 0; v < V; ++v) {
        const size_t t = (size_t)structure->seen[i * V + v];
        const float *token = structure->plain.tokens + (i * (V + 1) + 1 + v) * width;
        draw_patch(brush, DROPPED, sheet_corner(brush, v), image, t);
        draw_token(brush, ENCODED, sheet_corner(brush, v), token);
        draw_token(brush, DECODED, patch_corner(brush, t), token);
    }
    for (size_t h = 0; h < N0; ++h) {
        const size_t t = (size_t)structure->unseen[i * N0 + h];
        const struct corner corner = patch_corner(brush, t),
                            inside = {corner.top + 1, corner.left + 1};
        fill(brush, MASKED, corner, step, step, white);
        fill(brush, MASKED, inside, step - 2, step - 2, grey);
        draw_token(brush, DECODED, corner, mask_token);
        draw_patch(brush, PAINTED, corner, picture, t);
    }
}

// The standard deviation about 0 of the numbers of the tokens shown.
static double token_deviation(const struct structure *structure)
{
    const size_t numbers =
        SHOWN * (structure->visible + 1) * (size_t)structure->model->mae.shape.width;
    const float *tokens = structure->plain.tokens;
    double square = 0;
    for (size_t n = 0; n < numbers; ++n)
        square += (double)tokens[n] * (double)tokens[n];
    return sqrt(square / (double)numbers);
}

void panel_of_passes(const char *path, const struct structure *structure)
{
    struct panel panel;
    const struct mae *mae = &structure->model->mae;
    const size_t patch = (size_t)mae->shape.patch;
    const struct parameter *row =
        parameters_find(&mae->parameters, "decoder.mask_token");
    float mask_token[4096];
    require(row && row->count <= 4096, "the decoder has no mask token");
    for (size_t d = 0; d < row->count; ++d)
        mask_token[d] = (float)structure->model->slab[row->offset + d];
    panel_open(&panel, SHOWN, PICTURE_COLUMNS, IMAGE_SIDE, SCALE, GAP);
    struct brush brush = {&panel, structure,          0,
                          patch,  IMAGE_SIDE / patch, token_deviation(structure)};
    for (brush.row = 0; brush.row < SHOWN; ++brush.row) draw_row(&brush, mask_token);
    panel_write(&panel, path);
    panel_close(&panel);
}
