/// What Figure 1 is drawn from: images with most patches hidden, the encoder's tokens of the rest, the decoder's
/// picture of all; and the same after a change that must show, or must not.
#ifndef MASKBOOK_EXPERIMENTS_STRUCTURE_PASSES_H
#define MASKBOOK_EXPERIMENTS_STRUCTURE_PASSES_H

#include "core/study/experiment.h"

/// What each image is examined for; a check counts the images that break it.
enum {
    CHECK_MASK, ///< V = int(T (1 - m)) patches are visible, the others hidden, each once
    CHECK_HIDDEN,  ///< other hidden pixels: tokens and picture keep their bits
    CHECK_VISIBLE, ///< other visible pixels: every token and every hidden patch changes
    CHECK_MASK_TOKEN, ///< another mask token: tokens stay, every hidden patch changes
    CHECK_POSITION,   ///< no two hidden patches are painted alike
    CHECKS
};

/// Once through encoder and decoder.
struct pass {
    float *tokens;  ///< (n,V+1,D) encoder output, class token first
    float *picture; ///< (n,3,32,32) the decoder's prediction of every patch
};

struct structure {
    const struct weights *model;
    double ratio; ///< m
    int threads;
    size_t count, patches, visible, hidden; ///< n, T, V, T - V
    size_t numbers;                         ///< F of a patch
    int32_t *seen, *unseen;                 ///< (n,V), (n,T-V) patches, ascending
    float *images;                          ///< (n,3,32,32) in [-1,1]
    struct pass plain;                      ///< of the images as they are
    size_t broken[CHECKS];                  ///< images
    double *loss;                           ///< (n) masked loss
    double *guess; ///< (n) of painting every hidden patch like the mean visible one
};

/// The first `count` test images, their masks by the run's seed at the model's own ratio, and the pass of
/// the images as they are; nothing examined yet.
void structure_open(struct structure *structure, struct study *study, size_t count);

/// Takes a pass's arrays.
void pass_open(struct pass *pass, const struct structure *structure,
               struct arena *arena);

/// Shows `images` (n,3,32,32) to `weights` under the masks of the structure. Dies (EXIT_INPUT) when they make a
/// number that is not finite.
void pass_run(struct pass *pass, const struct structure *structure, const float *images,
              const real *weights);

/// Where number f = (channel, row, column) of patch t is in a picture (3,32,32).
size_t pixel_at(const struct structure *structure, size_t t, size_t f);

/// Makes the changes and counts what breaks the checks.
void structure_examine(struct structure *structure, struct arena *arena);

/// Fills loss and guess.
void structure_losses(struct structure *structure);

#endif
