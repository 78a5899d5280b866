/// The arrows of the paper's Figure 1 (and of its Definition 3.1) as tests: which tensor of a mask
/// model depends on which. Images with most patches hidden, the encoder's tokens of the rest, the
/// decoder's picture of all; and the same after a change that must show, or must not.
#ifndef MASKBOOK_ANALYSIS_PIPELINE_H
#define MASKBOOK_ANALYSIS_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/data/images.h"
#include "core/model/mae.h"

/// What each image is examined for; a check counts the images that break it.
enum pipeline_check {
    PIPELINE_MASK, ///< V = int(T (1 - m)) patches are visible, the others hidden, each once
    PIPELINE_HIDDEN, ///< other hidden pixels: tokens and picture keep their bits
    PIPELINE_VISIBLE, ///< other visible pixels: every token and every hidden patch changes
    PIPELINE_MASK_TOKEN, ///< another mask token: tokens stay, every hidden patch changes
    PIPELINE_POSITION, ///< no two hidden patches are painted alike: their positions are known
    PIPELINE_CHECKS
};

/// A check's key in results ("mask-token") and the sentence that it tries; static storage.
extern const char *const pipeline_key[PIPELINE_CHECKS],
    *const pipeline_text[PIPELINE_CHECKS];

struct pipeline {
    const struct mae *mae; ///< borrowed, like weights
    const real *weights;   ///< (mae->parameters.count)
    double ratio;          ///< m
    int threads;
    size_t count, patches, visible, hidden; ///< n, T, V, T - V
    size_t numbers;                         ///< F of a patch
    int32_t *seen, *unseen;                 ///< (n,V), (n,T-V) patches, ascending
    float *images;                          ///< (n,3,32,32) in [-1,1]
    float *tokens;  ///< (n,V+1,D) encoder output, class token first
    float *picture; ///< (n,3,32,32) the decoder's prediction of every patch
    double *loss;   ///< (n) masked loss: mean squared error of hidden numbers
    double *
        guess; ///< (n) the same of painting every hidden patch like the mean visible one
};

/// The first `count` images under the masks of evaluation (mask_draw of `seed`), once through
/// encoder and decoder, and the losses. All arrays are in `arena`. Returns 0, or 1 when some number
/// is not finite (weights that overflow). Requires count <= images->count.
int pipeline_open(struct pipeline *pipeline, const struct mae *mae, const real *weights,
                  double ratio, const struct images *images, size_t count,
                  uint64_t seed, int threads, struct arena *arena)
    __attribute__((warn_unused_result));

/// Where number f = (channel, row, column) of patch t is in a picture (3,32,32).
size_t pipeline_pixel(const struct pipeline *pipeline, size_t t, size_t f);

/// Makes the changes: hidden pixels, visible pixels (those of the next image), the mask token.
/// broken (PIPELINE_CHECKS)   images that break each check Work: three passes an image. Scratch is
/// taken from `arena` and given back. Returns as pipeline_open.
int pipeline_examine(size_t *broken, const struct pipeline *pipeline,
                     struct arena *arena) __attribute__((warn_unused_result));

#endif
