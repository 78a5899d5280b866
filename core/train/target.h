/// What the predictions of a masked autoencoder are compared with: which patches of an image
/// count, and what stands for their pixels x in [-1,1]. The paper has hidden patches, raw;
/// the others are controls for its Remark 4.8 and for what a reconstruction loss contrasts.
///
///     TARGET_RAW         t = x
///     TARGET_NORMALISED  t = (x - mean(x)) / sqrt(var(x) + 1e-6), each patch by its own mean and
///                        variance, which divides by F - 1 (He et al. 2022, sec. 4; public code)
///     TARGET_WHITENED    t = C^{-1/2} (x - m), m = E x and C = E (x - m)(x - m)^T over all patches
///                        of the training images, so that E t t^T = I
///
/// With whitened targets the mean squared error of a hidden patch is a constant plus the spectral
/// contrastive loss of (visible patches, hidden patch), because E |D f - t|^2 = F - 2 E f.D^T t +
/// E_independent (f.D^T t')^2 for every f and D.
#ifndef MASKBOOK_TRAIN_TARGET_H
#define MASKBOOK_TRAIN_TARGET_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"
#include "core/data/images.h"

enum target_patches { TARGET_HIDDEN, TARGET_VISIBLE, TARGET_EVERY };
enum target_scale { TARGET_RAW, TARGET_NORMALISED, TARGET_WHITENED };

/// A recipe's; zeros are the paper's.
struct target {
    enum target_patches patches;
    enum target_scale scale;
};

/// "hidden", "visible", "every"; static storage.
const char *target_patches_name(enum target_patches patches);

/// "raw", "normalised", "whitened"; static storage.
const char *target_scale_name(enum target_scale scale);

/// Makes targets of patches.
struct target_maker {
    enum target_scale scale;
    size_t patch_size; ///< F
    size_t rank; ///< directions that vary over the training images: F of photographs
    const double *mean; ///< (F) m; NULL unless whitened
    const real *
        whiten; ///< (F,F) C^{-1/2}, 0 where the images do not vary; NULL unless whitened
};

/// Whitening is fitted to `images`, the training images, from sums that are exact in any order; the
/// other scales do not read them (NULL will do). Arrays are taken from `arena`. Dies (EXIT_SYSTEM)
/// when the eigenvalues of C do not converge.
void target_maker_open(struct target_maker *maker, enum target_scale scale,
                       const struct images *images, int patch, struct arena *arena);

/// The same, fitted to the training images of `data` (images_load), which are read only where they
/// are needed: for evaluations of weights that are there.
void target_maker_load(struct target_maker *maker, enum target_scale scale,
                       const char *data, int patch, struct arena *arena);

/// targets (n,F) = t of each of `count` patches (n,F).
void target_make(real *targets, const real *patches, size_t count,
                 const struct target_maker *maker);

#endif
