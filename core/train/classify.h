/// The most likely class of each image by a trained classifier, in FP32. A result depends neither
/// on the number of threads nor on how many images there are.
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

/// predicted (images->count) = each image's most likely class, the first of equals. Returns 0, or
/// nonzero when a logit is not finite (weights that overflow).
/// Contract: there are images, and at most 65,536 classes. Work: one forward pass per image. Dies
/// (EXIT_SYSTEM) when threads or memory are refused.
int classify_images(uint16_t *predicted, const struct classification *classification)
    __attribute__((warn_unused_result));

/// The fraction of images (count > 0) whose predicted class is their label.
double classification_accuracy(const uint16_t *predicted, const uint16_t *labels,
                               size_t count);

#endif
