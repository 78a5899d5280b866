/// What a trained model makes of visible and hidden tokens, and what is measured on it.
#ifndef MASKBOOK_EXPERIMENTS_TOKENS_H
#define MASKBOOK_EXPERIMENTS_TOKENS_H

#include "core/study/experiment.h"

/// The first n test images: V visible and M hidden patches of F numbers, tokens of D numbers.
struct tokens {
    size_t images, visible, hidden, features, width, blocks;
    double *encoded;   ///< (n,V,D) u'_j, the encoder's output at visible places
    double *decoded;   ///< (n,V,D) the decoder's last tokens at visible places
    double *predicted; ///< (n,M,D) the same at hidden places, u_i
    /// (n,V,F), (n,M,F) the pixel head's output at visible and at hidden places
    double *painted, *guessed;
    double *seen, *truth; ///< (n,V,F), (n,M,F) the patches themselves
    double *attention;    ///< (n,blocks,M,V) mean over heads, hidden on visible tokens
    double *nearness;     ///< (n,M,V) minus the distance in patches
    double *region;       ///< (n,M,V) 1 in one true region, else 0; NULL: not known
    /// (n) least and largest squared norm of rows and of columns after the encoder's final norm,
    /// before its affine part, in units of what a row would have: D, and V.
    double *row_least, *row_most, *column_least, *column_most;
    int32_t *place; ///< (n,V) the visible patches' numbers
};

/// Reconstructs the images and keeps all that. Everything is in the study's arena.
void tokens_open(struct tokens *tokens, struct study *study, size_t images);

/// Which vectors combine into which.
enum space { SPACE_ENCODER, SPACE_DECODER, SPACE_PIXELS, SPACES };

/// own, other (n) = the share of the squared norm of the hidden tokens' vectors that lies in the
/// span of the visible tokens' vectors of the same image, and of the next image.
void span_shares(double *own, double *other, const struct tokens *tokens,
                 enum space space, struct arena *arena);

/// kept (n) = by how much the model's own output explains the visible patches, or with `hidden` the
/// hidden ones, and spread (n) their squared deviations from the mean of all: the share is sum kept
/// / sum spread.
void outputs_explain(double *kept, double *spread, const struct tokens *tokens,
                     int hidden);

/// The same of the visible patches by each one's own mean colour, all pixels of a channel its mean;
/// patches are (channels, pixels).
void colours_explain(double *kept, double *spread, const struct tokens *tokens,
                     size_t channels);

/// The same for the second half of the images by a ridge regression, fitted on the first half, of a
/// patch on the decoder's token at its place: of the image itself, and of another image in which
/// this place is visible. own, other, spread (n - n/2)
void tokens_explain(double *own, double *other, double *spread,
                    const struct tokens *tokens, struct arena *arena);

/// What attention goes with.
enum cause { CAUSE_SIMILARITY, CAUSE_NEARNESS, CAUSE_REGION, CAUSES };

/// partial, plain (CAUSES, n) = per image the correlation of the attention of block number `block`
/// with inner products of pixels, nearness and region, given the other causes and alone. Every
/// hidden token's row is standardised first. Without true regions theirs are 0.
void attention_causes(double *partial, double *plain, const struct tokens *tokens,
                      size_t block, struct arena *arena);

enum { LAMBDAS = 13 };

/// Whose weights are compared with their similarities: patches, the same patches decorrelated, and
/// tokens of one width, the encoder's combined into the decoder's.
enum combination { OF_PATCHES, OF_DECORRELATED, OF_TOKENS, COMBINATIONS };

/// cosines (LAMBDAS, images) = the cosine of a* and U x for one hidden token of each image, the one
/// of image i that is number i modulo their number; lambda is lambda_of(l) times the tokens' mean
/// squared norm.
void ridge_cosines(double *cosines, const struct tokens *tokens, size_t images,
                   enum combination combination, struct arena *arena);

/// 1e-3, 10^-2.5, ... 1e3.
double lambda_of(size_t l);

#endif
