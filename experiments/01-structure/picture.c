#include <math.h>

#include "core/base/die.h"
#include "core/report/panel.h"
#include "experiments/01-structure/emit.h"

const double TOKEN_SPAN = 2.5;

// How the panel enlarges pixels: a patch of 4 is a square of 36.
enum { SCALE = 9, GAP = 24, MARGIN = 2, FRAME = 3 };

// What draws one row.
struct brush {
    struct panel *panel;
    const struct pipeline *pipeline;
    size_t row, patch; // pixels a side
    double span;       // of tokens
};

static struct rectangle shrink(struct rectangle r, size_t by)
{
    return (struct rectangle){r.top + by, r.left + by, r.height - 2 * by,
                              r.width - 2 * by};
}

static void draw_patch(const struct brush *brush, size_t column, struct rectangle where,
                       const float *picture, size_t t)
{
    float pixels[IMAGE_BYTES];
    for (size_t f = 0; f < brush->pipeline->numbers; ++f)
        pixels[f] = picture[pipeline_pixel(brush->pipeline, t, f)];
    panel_patch(brush->panel, brush->row, column, where.top, where.left, pixels,
                brush->patch);
}

// A token's first numbers, in a patch's square.
static void draw_token(const struct brush *brush, size_t column, struct rectangle where,
                       const float *token)
{
    const struct rectangle inside = shrink(where, MARGIN);
    panel_values(brush->panel, brush->row, column, &inside, token, TOKEN_NUMBERS,
                 brush->span);
}

// The mask token in its place, framed: it is learned, and nothing is missing.
static void draw_mask_token(const struct brush *brush, struct rectangle where,
                            const float *token)
{
    static const uint8_t white[3] = {0xFF, 0xFF, 0xFF};
    const struct rectangle frame = shrink(where, 1), inside = shrink(where, 1 + FRAME),
                           numbers = shrink(where, 2 + FRAME);
    panel_fill(brush->panel, brush->row, DECODED, &frame, panel_categories[1]);
    panel_fill(brush->panel, brush->row, DECODED, &inside, white);
    panel_values(brush->panel, brush->row, DECODED, &numbers, token, TOKEN_NUMBERS,
                 brush->span);
}

static void draw_hidden(const struct brush *brush, struct rectangle where)
{
    static const uint8_t grey[3] = {0xD8, 0xD8, 0xD8}, white[3] = {0xFF, 0xFF, 0xFF};
    const struct rectangle inside = shrink(where, 1);
    panel_fill(brush->panel, brush->row, MASKED, &where, white);
    panel_fill(brush->panel, brush->row, MASKED, &inside, grey);
}

// Number v of V in a sheet that is as square as can be, in the middle of a cell.
static struct rectangle sheet_square(const struct brush *brush, size_t v)
{
    const size_t count = brush->pipeline->visible, cell = IMAGE_SIDE * SCALE,
                 side = brush->patch * SCALE, step = side + 2 * MARGIN;
    size_t across = 1;
    while (across * across < count) ++across;
    const size_t down = (count + across - 1) / across;
    return (struct rectangle){(cell - down * step) / 2 + v / across * step,
                              (cell - across * step) / 2 + v % across * step, side,
                              side};
}

// Patch t where it is in the image.
static struct rectangle patch_square(const struct brush *brush, size_t t)
{
    const size_t side = brush->patch * SCALE, across = IMAGE_SIDE / brush->patch;
    return (struct rectangle){t / across * side, t % across * side, side, side};
}

// One image's way from left to right.
static void draw_row(const struct brush *brush, const float *mask_token)
{
    const struct pipeline *pipeline = brush->pipeline;
    const size_t i = brush->row, V = pipeline->visible, N0 = pipeline->hidden,
                 width = (size_t)pipeline->mae->shape.width;
    const float *image = pipeline->images + i * IMAGE_BYTES,
                *picture = pipeline->picture + i * IMAGE_BYTES;
    panel_image(brush->panel, i, IMAGE, image);
    panel_image(brush->panel, i, MASKED, image);
    panel_image(brush->panel, i, PAINTED, image);
    for (size_t v = 0; v < V; ++v) {
        const size_t t = (size_t)pipeline->seen[i * V + v];
        const float *token = pipeline->tokens + (i * (V + 1) + 1 + v) * width;
        draw_patch(brush, DROPPED, sheet_square(brush, v), image, t);
        draw_token(brush, ENCODED, sheet_square(brush, v), token);
        draw_token(brush, DECODED, patch_square(brush, t), token);
    }
    for (size_t h = 0; h < N0; ++h) {
        const size_t t = (size_t)pipeline->unseen[i * N0 + h];
        draw_hidden(brush, patch_square(brush, t));
        draw_mask_token(brush, patch_square(brush, t), mask_token);
        draw_patch(brush, PAINTED, patch_square(brush, t), picture, t);
    }
}

void panel_of_pipeline(const char *path, const struct pipeline *pipeline)
{
    struct panel panel;
    const struct parameter *row =
        parameters_find(&pipeline->mae->parameters, "decoder.mask_token");
    const size_t width = (size_t)pipeline->mae->shape.width,
                 numbers = SHOWN * (pipeline->visible + 1) * width;
    float mask_token[4096];
    double square = 0;
    require(row && row->count <= 4096 && width >= TOKEN_NUMBERS,
            "the decoder has no mask token to draw");
    for (size_t d = 0; d < row->count; ++d)
        mask_token[d] = (float)pipeline->weights[row->offset + d];
    for (size_t n = 0; n < numbers; ++n)
        square += (double)pipeline->tokens[n] * (double)pipeline->tokens[n];
    panel_open(&panel, SHOWN, PICTURE_COLUMNS, IMAGE_SIDE, SCALE, GAP);
    struct brush brush = {&panel, pipeline, 0, (size_t)pipeline->mae->shape.patch,
                          TOKEN_SPAN * sqrt(square / (double)numbers)};
    for (brush.row = 0; brush.row < SHOWN; ++brush.row) draw_row(&brush, mask_token);
    panel_write(&panel, path);
    panel_close(&panel);
}
