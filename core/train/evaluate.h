/// Reconstructions of images by a trained model: each image under a seeded mask, handed one at a
/// time to a function that measures something on it.
#ifndef MASKBOOK_TRAIN_EVALUATE_H
#define MASKBOOK_TRAIN_EVALUATE_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/model/mae.h"
#include "core/train/target.h"

/// The epoch that keys masks of evaluation. No training reaches it, so masks depend on (seed,
/// image).
#define EVALUATION_EPOCH UINT32_MAX

struct evaluation {
    const struct mae *mae;       ///< borrowed
    const real *weights;         ///< (mae->parameters.count), borrowed
    const char *name;            ///< of the weights, for messages; NULL: "the model"
    const struct images *images; ///< borrowed
    const uint32_t *list; ///< (count) image numbers, borrowed; NULL: 0 .. count-1
    size_t count;         ///< images to reconstruct
    double mask_ratio;    ///< need not be the training's
    uint64_t seed;        ///< of the masks
    int threads;
    /// 1: the decoder's attention is kept, which takes the memory of training.
    int with_attention;
    /// What evaluate_losses compares predictions with; NULL: raw pixels.
    const struct target_maker *targets;
};

/// One image; arrays live until the reconstruction_function returns.
struct reconstruction {
    size_t position;           ///< in the list, 0 .. count-1: the index of its result
    uint32_t image;            ///< its number in the set
    size_t tokens, patch_size; ///< T, F
    size_t visible_count, hidden_count; ///< V, M = T - V
    const real *prediction;             ///< (T,F) every patch, visible ones too
    const real *patches;                ///< (T,F) the image itself, in [-1,1]
    const int32_t *visible, *hidden;    ///< (V), (M) patch numbers, ascending
    /// What the prediction came from, each with the class token first: stream and encoded
    /// (V+1,D), decoded (T+1,D), and with_attention that of each of the decoder's blocks
    /// (H,T+1,stride).
    size_t width;
    struct mae_view view;
};

/// Measures one image. Called from several threads, once for each position, in any order: it
/// writes only to that position's result or to workspace of `worker` (0 .. threads-1).
typedef void reconstruction_function(const struct reconstruction *one, int worker,
                                     void *context);

/// Calls `each` for every image of the list. Work: one forward pass per image. Dies (EXIT_SYSTEM)
/// when threads or memory are refused, and (EXIT_INPUT) when the weights make a prediction that is
/// not finite, which `each` never sees. Contract: images are in the set, and the mask leaves at
/// least one patch visible and one hidden.
void evaluate_reconstructions(const struct evaluation *evaluation,
                              reconstruction_function *each, void *context);

/// loss (count) = the masked loss of each image alone (core/train/loss.h). Its mean is the
/// pretraining loss on these images; its spread gives the standard error.
void evaluate_losses(double *loss, const struct evaluation *evaluation);

#endif
