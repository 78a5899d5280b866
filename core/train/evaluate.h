/// What a trained model makes of images that it is shown only in part: the reconstruction of each
/// image under a seeded mask, handed one at a time to whoever measures something on it. Images pass
/// in chunks of one fixed shape, so that a result depends neither on threads nor on the count.
#ifndef MASKBOOK_TRAIN_EVALUATE_H
#define MASKBOOK_TRAIN_EVALUATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/model/mae.h"

/// The epoch that keys masks of evaluation, one that no training reaches: (seed, image) decide.
#define EVALUATION_EPOCH UINT32_MAX

enum {
    EVALUATION_CHUNK = 16
}; ///< images a forward pass; the last pass repeats its last image

struct evaluation {
    const struct mae *mae;       ///< borrowed
    const real *weights;         ///< (mae->parameters.count), borrowed
    const struct images *images; ///< borrowed
    const uint32_t *list; ///< (count) image numbers, borrowed; NULL: 0 .. count-1
    size_t count;         ///< images to look at
    double mask_ratio;    ///< need not be the training's
    uint64_t seed;        ///< of the masks
    int threads;
};

/// One image, as seen by a reconstruction_function; arrays live until it returns.
struct reconstruction {
    size_t place;   ///< place in the list, 0 .. count-1: where its result belongs
    uint32_t image; ///< its number in the set
    size_t tokens, patch_size;          ///< T, F
    size_t visible_count, hidden_count; ///< V, M = T - V
    const real *prediction;             ///< (T,F) every patch, visible ones too
    const real *patches;                ///< (T,F) the image itself, in [-1,1]
    const int32_t *visible, *hidden;    ///< (V), (M) patch numbers, ascending
};

/// Looks at one image. Called from several threads, once for each place, in any order: it writes only
/// to its own place, or to workspace of its own `worker` (0 .. threads-1).
typedef void reconstruction_function(const struct reconstruction *one, int worker,
                                     void *context);

/// Calls `each` for every image of the list. Work: one forward pass an image.
/// Dies (EXIT_SYSTEM) when threads or memory are refused. Contract: images are in the set and the mask
/// leaves at least one patch visible and one hidden.
void evaluate_reconstructions(const struct evaluation *evaluation,
                              reconstruction_function *each, void *context);

/// loss (count) = the masked loss of each image by itself (core/train/loss.h): its mean is the
/// pretraining loss on these images, and its spread gives the standard error.
void evaluate_losses(double *loss, const struct evaluation *evaluation);

#endif
