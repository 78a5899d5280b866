#include "core/train/loss.h"

#include <string.h>

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
