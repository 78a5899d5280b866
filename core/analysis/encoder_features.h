/// What Table 1's probes look at: a frozen encoder's features of whole images, computed once and kept in
/// files (core/analysis/features.h).
#ifndef MASKBOOK_ANALYSIS_ENCODER_FEATURES_H
#define MASKBOOK_ANALYSIS_ENCODER_FEATURES_H

#include "core/analysis/features.h"
#include "core/base/hash.h"
#include "core/data/images.h"
#include "core/model/mae.h"

/// Rows of an image in `summary`: its class token after the final norm, and the mean of its patch tokens there.
enum summary_row { SUMMARY_CLASS, SUMMARY_MEAN, SUMMARY_ROWS };

/// The features of one set of images.
struct encoder_features {
    struct features
        block; ///< (n,T+2,D) input of the last block (core/analysis/last_block.h)
    struct features summary; ///< (n,SUMMARY_ROWS,D)
};

/// Whose features of what. All borrowed.
struct encoder_source {
    const struct mae *mae;
    const real *weights; ///< (mae->parameters.count)
    const struct images *images;
    int threads;
};

/// Computes features; nothing is masked.
/// block   (n,T+2,D)           or NULL: not wanted
/// summary (n,SUMMARY_ROWS,D)
/// Work: one encoder pass an image. Images pass in pieces of fixed shape, so that neither threads nor the
/// count change a row. Returns 0, or 1 when some number is not finite (weights that overflow). Dies
/// (EXIT_SYSTEM) when threads or memory are refused.
int encoder_features_compute(float *block, float *summary,
                             const struct encoder_source *source)
    __attribute__((warn_unused_result));

/// The same from FOLDER/NAME-block.features and FOLDER/NAME-summary.features when they are whole and of
/// the same weights, images and `salt` (whatever else decides the bits: the sources' key, the core type);
/// else computed and written there first. Without `with_block` features->block stays empty and no such
/// file is made. Memory: the larger file once, while it is being made. Returns as encoder_features_compute;
/// dies as features_write.
int encoder_features_open(struct encoder_features *features, const char *folder,
                          const char *name, const char *salt, int with_block,
                          const struct encoder_source *source)
    __attribute__((warn_unused_result));

/// Unmaps.
void encoder_features_close(struct encoder_features *features);

#endif
