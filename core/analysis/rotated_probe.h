/// Why a small spectral loss says nothing about classification (Theorem 4.3's "on classification
/// downstream tasks"): Eq. 6 fixes features up to one orthogonal matrix an image, and a classifier
/// needs one frame for all images. The features of an image are its optimum N = D^{-1/2} X of the
/// patches under one mask, with pixels in [0,1], flattened.
#ifndef MASKBOOK_ANALYSIS_ROTATED_PROBE_H
#define MASKBOOK_ANALYSIS_ROTATED_PROBE_H

#include <stdint.h>

#include "core/analysis/ridge_classifier.h"
#include "core/data/images.h"

/// What is done to N before it is classified.
enum rotated { ROTATED_NOT, ROTATED_SIGN, ROTATED_TURN };
enum { ROTATED_WAYS = 3 };

struct rotated_probe {
    const struct images *images; ///< borrowed
    size_t count;                ///< the first so many images
    int patch;
    double
        mask_ratio; ///< the same patches are hidden in all images: those of image 0 of `seed`
    uint64_t seed;
};

/// features (count,M*F): each image's N as it is, times one random sign, or times one random
/// orthogonal matrix. spectral_loss (count): |M M^T - N N^T|_F^2 of each; NULL: not wanted. Degrees
/// of black patches, 0, count as 1: their rows are 0 whatever they are divided by.
void rotated_features(double *features, double *spectral_loss,
                      const struct rotated_probe *probe, enum rotated way,
                      struct arena *arena);

/// right (ways, test->count) = 1 where the ridge classifier of that way's features answers right,
/// agrees (ways) = the share of test images where it answers as on N itself, loss (ways) = the
/// largest spectral loss of a test image. Dies (EXIT_SYSTEM) when a system is singular.
void rotated_probe_run(double *right, double *agrees, double *loss,
                       const struct rotated_probe *train,
                       const struct rotated_probe *test, struct arena *arena);

#endif
