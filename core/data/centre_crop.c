#include "core/data/centre_crop.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/die.h"

enum { BITS = 22, SIDE_LIMIT = 1024 };

static double cubic(double x)
{
    const double a = -.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
    return 0;
}

// The inputs that one output is made of.
struct taps {
    size_t first, count;
    const int32_t *weight; // (count) fixed point: 2^BITS is 1
};

// One axis of a resampling, for the outputs that a crop keeps.
struct axis {
    struct taps *taps; // (outputs)
    int32_t *weights;  // of all taps
    double *real;      // (most) those of one output, before rounding
};

static void axis_free(struct axis *axis)
{
    free(axis->taps);
    free(axis->weights);
    free(axis->real);
}

// taps = output number `output` when `in` pixels become `out`.
static void taps_fill(struct taps *taps, int32_t *weight, double *real, size_t output,
                      size_t in, size_t out)
{
    const double scale = (double)in / (double)out, wide = scale < 1 ? 1 : scale,
                 support = 2 * wide, centre = ((double)output + .5) * scale,
                 step = 1 / wide;
    // Conversions to int round towards 0, as Pillow's do.
    const int low = (int)(centre - support + .5), high = (int)(centre + support + .5);
    const size_t first = low < 0 ? 0 : (size_t)low,
                 last = (size_t)high > in ? in : (size_t)high;
    double sum = 0;
    for (size_t k = 0; k < last - first; ++k)
        sum += real[k] = cubic(((double)(k + first) - centre + .5) * step);
    for (size_t k = 0; k < last - first; ++k) {
        const double w = real[k] / sum * (1 << BITS);
        weight[k] = (int32_t)(w < 0 ? w - .5 : w + .5);
    }
    *taps = (struct taps){first, last - first, weight};
}

// Outputs first .. first + outputs - 1 when `in` pixels become `out`. Returns 0 without memory.
static int axis_open(struct axis *axis, size_t in, size_t out, size_t first,
                     size_t outputs)
{
    const double scale = (double)in / (double)out;
    const size_t most = (size_t)ceil(2 * (scale < 1 ? 1 : scale)) * 2 + 1;
    axis->taps = malloc(outputs * sizeof *axis->taps);
    axis->weights = calloc(outputs * most, sizeof *axis->weights);
    axis->real = malloc(most * sizeof *axis->real);
    if (!axis->taps || !axis->weights || !axis->real) return 0;
    for (size_t i = 0; i < outputs; ++i)
        taps_fill(&axis->taps[i], axis->weights + i * most, axis->real, first + i, in,
                  out);
    return 1;
}

// Half of 2^BITS, to which a sum is added so that it is rounded.
static const int32_t HALF = 1 << (BITS - 1);

static uint8_t byte_of(int32_t sum)
{
    sum >>= BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

// out (side,3) = the columns kept of one row of the photograph, resampled.
static void row_resample(uint8_t *out, size_t side, const struct axis *across,
                         const uint8_t *row)
{
    for (size_t x = 0; x < side; ++x) {
        const struct taps *t = &across->taps[x];
        for (size_t c = 0; c < 3; ++c) {
            int32_t sum = HALF;
            for (size_t k = 0; k < t->count; ++k)
                sum += row[3 * (t->first + k) + c] * t->weight[k];
            out[3 * x + c] = byte_of(sum);
        }
    }
}

// crop (3,side,side), from rows (last - first,side,3) of which the first is number `first`.
static void columns_resample(uint8_t *crop, size_t side, const struct axis *down,
                             const uint8_t *rows, size_t first)
{
    for (size_t y = 0; y < side; ++y) {
        const struct taps *t = &down->taps[y];
        const uint8_t *from = rows + (t->first - first) * side * 3;
        for (size_t i = 0; i < 3 * side; ++i) {
            int32_t sum = HALF;
            for (size_t k = 0; k < t->count; ++k)
                sum += from[k * 3 * side + i] * t->weight[k];
            crop[(i % 3 * side + y) * side + i / 3] = byte_of(sum);
        }
    }
}

static int crop_resample(uint8_t *crop, size_t side, const struct axis *across,
                         const struct axis *down, const struct photograph *photograph)
{
    const struct taps *end = &down->taps[side - 1];
    const size_t first = down->taps[0].first, count = end->first + end->count - first;
    uint8_t *rows = malloc(count * side * 3);
    if (!rows) return 0;
    for (size_t y = 0; y < count; ++y)
        row_resample(rows + y * side * 3, side, across,
                     photograph->rgb + (first + y) * photograph->width * 3);
    columns_resample(crop, side, down, rows, first);
    free(rows);
    return 1;
}

// n / 2, halves to the even neighbour (Python's round).
static size_t half_even(size_t n)
{
    return n / 2 + (n % 2 && n / 2 % 2);
}

int centre_crop(uint8_t *crop, int side, const struct photograph *photograph)
{
    require(side >= 1 && side <= SIDE_LIMIT, "a crop of side %d", side);
    const size_t S = (size_t)side, shorter = (size_t)(side / .875),
                 in_width = photograph->width, in_height = photograph->height;
    size_t width = shorter, height = shorter;
    if (in_width <= in_height)
        height = shorter * in_height / in_width;
    else
        width = shorter * in_width / in_height;
    struct axis across = {0}, down = {0};
    const int made = axis_open(&across, in_width, width, half_even(width - S), S) &&
                     axis_open(&down, in_height, height, half_even(height - S), S) &&
                     crop_resample(crop, S, &across, &down, photograph);
    axis_free(&across);
    axis_free(&down);
    return made;
}

void colours_normalise(float *value)
{
    static const float mean[3] = {.485f, .456f, .406f},
                       deviation[3] = {.229f, .224f, .225f};
    for (size_t c = 0; c < 3; ++c)
        for (size_t byte = 0; byte < 256; ++byte)
            value[c * 256 + byte] = ((float)byte / 255 - mean[c]) / deviation[c];
}
