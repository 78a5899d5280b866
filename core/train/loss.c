#include "core/train/loss.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"

// Sum of squares of one patch; its gradient times `factor` into dprediction unless NULL.
static double patch_loss(real *dprediction, const real *prediction, const real *patch,
                         size_t patch_size, real factor)
{
    double sum = 0;
    for (size_t f = 0; f < patch_size; ++f) {
        real difference = prediction[f] - patch[f];
        sum += (double)difference * (double)difference;
        if (dprediction) dprediction[f] = factor * difference;
    }
    return sum;
}

double masked_loss(real *dprediction, const real *prediction, const real *patches,
                   const int32_t *hidden, size_t images, size_t tokens,
                   size_t hidden_count, size_t patch_size, real scale)
{
    double numbers = (double)images * (double)hidden_count * (double)patch_size,
           sum = 0;
    real factor = (real)(2 * (double)scale / numbers);
    if (dprediction)
        memset(dprediction, 0, images * tokens * patch_size * sizeof *dprediction);
    for (size_t b = 0; b < images; ++b)
        for (size_t m = 0; m < hidden_count; ++m) {
            size_t at =
                (b * tokens + (size_t)hidden[b * hidden_count + m]) * patch_size;
            sum += patch_loss(dprediction ? dprediction + at : NULL, prediction + at,
                              patches + at, patch_size, factor);
        }
    return sum / numbers;
}

size_t likeliest(const real *logits, size_t classes)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; ++c)
        if (logits[c] > logits[best]) best = c;
    return best;
}

double cross_entropy_loss(real *dlogits, const real *logits, const uint16_t *labels,
                          size_t images, size_t classes, real scale)
{
    double sum = 0;
    for (size_t b = 0; b < images; ++b) {
        const real *row = logits + b * classes;
        require(labels[b] < classes, "label %u of %zu classes", labels[b], classes);
        const double largest = (double)row[likeliest(row, classes)];
        double total = 0;
        for (size_t c = 0; c < classes; ++c) total += exp((double)row[c] - largest);
        sum += log(total) - ((double)row[labels[b]] - largest);
        if (!dlogits) continue;
        for (size_t c = 0; c < classes; ++c) {
            const double share = exp((double)row[c] - largest) / total;
            dlogits[b * classes + c] =
                (real)((double)scale * (share - (c == labels[b])) / (double)images);
        }
    }
    return sum / (double)images;
}
