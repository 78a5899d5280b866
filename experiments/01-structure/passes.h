/// What Figure 1 is drawn from: images with most patches hidden, the encoder's tokens of the rest, the
/// decoder's picture of all; and the same after something was changed that must show, or must not.
#ifndef MASKBOOK_EXPERIMENTS_STRUCTURE_PASSES_H
#define MASKBOOK_EXPERIMENTS_STRUCTURE_PASSES_H

#include "core/data/images.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/stats/summary.h"

/// What each image is examined for; a check counts the images that break it.
enum {
    CHECK_MASK, ///< V = int(T (1 - m)) patches are visible, the others hidden, each once
    CHECK_HIDDEN,  ///< other hidden pixels: tokens and picture keep their bits
    CHECK_VISIBLE, ///< other visible pixels: every token and every hidden patch changes
    CHECK_MASK_TOKEN, ///< another mask token: tokens keep their bits, every hidden patch changes
    CHECK_PLACE, ///< no two hidden patches are painted alike: the decoder knows their places
    CHECKS
};

/// Short names, for results, and sentences, for people; CHECKS of them, static storage.
extern const char *const check_keys[CHECKS], *const check_texts[CHECKS];

/// One way through encoder and decoder.
struct pass {
    float *tokens;  ///< (n,V+1,D) encoder output, class token first
    float *picture; ///< (n,3,32,32) the decoder's prediction of every patch
};

struct structure {
    const struct weights *model;
    double ratio;                   ///< m
    size_t count, patches, visible; ///< n, T, V
    int32_t *shown, *hidden;        ///< (n,V), (n,T-V) patch numbers, ascending
    float *images;                  ///< (n,3,32,32) in [-1,1]
    struct pass plain;              ///< of the images as they are
    size_t broken[CHECKS];          ///< images
    double *loss;                   ///< (n) masked loss
    double *
        guess; ///< (n) that of painting each hidden patch like the mean of the visible ones
    struct estimate mean_loss, mean_guess,
        gain; ///< gain = guess - loss, image by image
};

/// Bytes of arena that the functions below take.
size_t structure_bytes(const struct weights *model, double ratio, size_t count);

/// The first `count` images, their masks at `ratio` by run->seed, and the pass of the images as they are.
/// Dies (EXIT_INPUT) when the weights make a number that is not finite, here and below.
void structure_open(struct structure *structure, const struct weights *model,
                    double ratio, const struct images *images, size_t count,
                    const struct run *run, struct arena *arena);

/// Shows `images` (n,3,32,32) to `weights` under the masks of the structure.
void pass_run(struct pass *pass, const struct structure *structure, const float *images,
              const real *weights, int threads);

/// Takes a pass's arrays.
void pass_open(struct pass *pass, const struct structure *structure,
               struct arena *arena);

/// Hidden patches an image.
size_t hidden_count(const struct structure *structure);

/// The first number of row y of channel c of patch t in a picture (3,32,32).
size_t patch_row(const struct structure *structure, size_t t, size_t c, size_t y);

/// Makes the changes and counts what breaks the checks; measures the losses.
void structure_examine(struct structure *structure, const struct run *run,
                       struct arena *arena);

#endif
