/// Vectors of the patches of images, to be clustered: the tokens of an encoder that sees the whole
/// image, and two controls that have learned nothing, pixels and positions.
#ifndef MASKBOOK_ANALYSIS_TOKEN_SETS_H
#define MASKBOOK_ANALYSIS_TOKEN_SETS_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/data/images.h"
#include "core/model/mae.h"

/// Vectors of the patches of several images, patches in row order.
struct token_set {
    size_t images, tokens, width; ///< n, T, D
    float *values;                ///< (n,T,D), in the caller's arena
};

/// The values of each patch of the first `count` images, as patches_of_image has them and in the
/// order of core/data/patches.h, D = 3 * p^2. All sets are taken from `arena`.
void token_set_patches(struct token_set *set, const struct images *images, size_t count,
                       int patch, struct arena *arena);

/// The position of each of `across` x `across` patches, (row, column) counted in patches, D = 2;
/// the same for every image.
void token_set_positions(struct token_set *set, size_t count, size_t across,
                         struct arena *arena);

/// The encoder's tokens of the first `count` images, without a mask and without the class token.
/// weights (mae->parameters.count); layer as for mae_encode. Returns 0, or 1 when a number is not
/// finite.
int token_set_encoder(struct token_set *set, const struct mae *mae, const real *weights,
                      int layer, const struct images *images, size_t count, int threads,
                      struct arena *arena) __attribute__((warn_unused_result));

/// mean (T,D) = the mean over images of the token at each position: the part of a token that
/// depends on the position and not on the image.
void token_set_mean(double *mean, const struct token_set *set);

/// How tokens are normalised before they are compared.
enum normalisation {
    NORMALISATION_NONE,         ///< nothing
    NORMALISATION_UNIT,         ///< each divided by its Euclidean norm
    NORMALISATION_CENTRED,      ///< minus the mean token of its position
    NORMALISATION_CENTRED_UNIT, ///< centred, then divided by the norm
    NORMALISATIONS
};

/// "none", "unit", "centred", "centred unit"; static storage.
const char *normalisation_name(enum normalisation normalisation);

/// points (T,D) = the normalised tokens of one image. A token of norm 0 stays 0.
/// mean (T,D)   from token_set_mean; may be NULL without centring
void token_set_points(double *points, const struct token_set *set, size_t image,
                      enum normalisation normalisation, const double *mean);

#endif
