/// The inputs of Table 1's probes: a frozen encoder's features of whole images, computed once and
/// stored in files (core/analysis/features.h).
#ifndef MASKBOOK_ANALYSIS_ENCODER_FEATURES_H
#define MASKBOOK_ANALYSIS_ENCODER_FEATURES_H

#include "core/analysis/features.h"
#include "core/base/hash.h"
#include "core/data/images.h"
#include "core/model/mae.h"

/// Rows of an image in `summary`: its class token after the final norm, and the mean of its patch
/// tokens there.
enum summary_row { SUMMARY_CLASS, SUMMARY_MEAN, SUMMARY_ROWS };

/// The features of one set of images.
struct encoder_features {
    /// (n,T+2,D) input of the last block (core/analysis/last_block.h).
    struct features block;
    struct features summary; ///< (n,SUMMARY_ROWS,D)
};

/// The encoder and the images. All borrowed.
struct encoder_source {
    const struct mae *mae;
    const real *weights; ///< (mae->parameters.count)
    const struct images *images;
    int threads;
};

/// Computes features; nothing is masked.
/// block   (n,T+2,D), or NULL: not wanted
/// summary (n,SUMMARY_ROWS,D)
/// Work: one encoder pass per image. A row depends neither on the number of threads nor on how
/// many images there are. Returns 0, or 1 when some number is not finite (weights that overflow).
/// Dies (EXIT_SYSTEM) when threads or memory are refused.
int encoder_features_compute(float *block, float *summary,
                             const struct encoder_source *source)
    __attribute__((warn_unused_result));

/// Opens FOLDER/NAME-block.features and FOLDER/NAME-summary.features, if they are whole and of
/// the same weights, images and `salt` (everything else that the bits depend on: the sources'
/// key, the core type); otherwise computes and writes them first, or waits for another program
/// that does so (FOLDER/NAME.lock). Without `with_block`
/// features->block stays empty and no such file is made. Memory: the larger file once, while it
/// is being made. Returns as encoder_features_compute; dies as features_write.
int encoder_features_open(struct encoder_features *features, const char *folder,
                          const char *name, const char *salt, int with_block,
                          const struct encoder_source *source)
    __attribute__((warn_unused_result));

/// Unmaps.
void encoder_features_close(struct encoder_features *features);

#endif
