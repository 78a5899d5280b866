/// What can be clustered of an image, one vector for each patch: the tokens of an encoder that sees
/// the whole image, and the features that have learned nothing and stand beside them as controls.
#ifndef MASKBOOK_ANALYSIS_TOKEN_SETS_H
#define MASKBOOK_ANALYSIS_TOKEN_SETS_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/data/images.h"
#include "core/model/mae.h"

/// Vectors of the patches of several images, patches in row order.
struct token_set {
    size_t images, tokens, width; ///< n, T, D
    float *values;                ///< (n,T,D), in the arena it was made in
};

/// The pixels of each patch of the first `count` images, in [-1,1], as core/data/patches orders
/// them: D = 3 p^2.
void token_set_patches(struct token_set *set, const struct images *images, size_t count,
                       int patch, struct arena *arena);

/// The place of each patch, (row, column) in patches, D = 2: the same for every image.
void token_set_positions(struct token_set *set, size_t count, int patch,
                         struct arena *arena);

/// The encoder's tokens of the first `count` images, nothing masked, the class token dropped.
/// weights (mae->parameters.count); layer as for mae_encode. Returns 0, or 1 when some number is
/// not finite.
int token_set_encoder(struct token_set *set, const struct mae *mae, const real *weights,
                      int layer, const struct images *images, size_t count, int threads,
                      struct arena *arena) __attribute__((warn_unused_result));

/// mean (T,D) = the mean over the images of the token at each place: what a token says of where it
/// is, whatever is there.
void token_set_mean(double *mean, const struct token_set *set);

/// What is done to tokens before they are compared.
enum normalisation {
    NORMALISATION_NONE,         ///< nothing
    NORMALISATION_UNIT,         ///< each divided by its Euclidean norm
    NORMALISATION_CENTRED,      ///< minus the mean token of its place
    NORMALISATION_CENTRED_UNIT, ///< the one, then the other
    NORMALISATIONS
};

/// "none", "unit", "centred", "centred unit"; static storage.
const char *normalisation_name(enum normalisation normalisation);

/// points (T,D) = the tokens of one image, normalised. A token of norm 0 stays 0.
/// mean (T,D)   of token_set_mean; NULL where nothing is centred
void token_set_points(double *points, const struct token_set *set, size_t image,
                      enum normalisation normalisation, const double *mean);

#endif
