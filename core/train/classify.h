/// What a trained classifier says of images: the most likely class of each. Images pass in chunks of one
/// fixed shape, in FP32, so that a result depends neither on threads nor on the count.
#ifndef MASKBOOK_TRAIN_CLASSIFY_H
#define MASKBOOK_TRAIN_CLASSIFY_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/model/classifier.h"

struct classification {
    const struct classifier *classifier; ///< borrowed
    const real *weights;                 ///< (classifier->parameters.count), borrowed
    const struct images *images;         ///< all of them, borrowed
    int threads;
};

/// predicted (images->count) = each image's most likely class, the first of equals.
/// Work: one forward pass an image. Dies (EXIT_SYSTEM) when threads or memory are refused, or when a logit
/// is not finite (weights that overflow). Contract: there are images, and at most 256 classes.
void classify_images(uint8_t *predicted, const struct classification *classification);

/// The share of images (count > 0) whose predicted class is their label.
double classification_accuracy(const uint8_t *predicted, const uint8_t *labels,
                               size_t count);

#endif
