/// Segmentation of images by K-means on the vectors of their patches (the paper's Figure 3, Sec. 6.2):
/// one clustering an image, a map of cluster numbers each, and how well maps agree with others.
#ifndef MASKBOOK_ANALYSIS_SEGMENTS_H
#define MASKBOOK_ANALYSIS_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/token_sets.h"

struct segmentation {
    const struct token_set *set;      ///< borrowed
    enum normalisation normalisation; ///< of the tokens, means over this set
    const uint8_t *clusters;          ///< (n) how many each image is cut into, borrowed
    size_t restarts;
    uint64_t
        seed; ///< image i starts from the streams (seed, PURPOSE_CLUSTER, restart, i)
    int threads;
};

/// maps (n,T) = the cluster of each patch, numbered by their first patch. The result does not depend
/// on the threads. Dies (EXIT_SYSTEM) when threads or memory are refused.
void segments_find(uint8_t *maps, const struct segmentation *segmentation);

/// The true regions of the first `count` images at token level.
/// truth (count,T)    region numbers from 0 on
/// clusters (count)   how many regions each image has
/// Requires images->regions, and tokens (T) a square of a multiple of REGION_GRID.
void segments_truth(uint8_t *truth, uint8_t *clusters, const struct images *images,
                    size_t count, size_t tokens);

/// Agreement of `maps` with `truth`, image by image (core/analysis/partition.h).
/// ari (n)              adjusted Rand index
/// iou (n)              mean intersection over union under the best matching; NULL: not wanted
/// maps, truth (n,T)    labels below clusters (n)
void segments_score(double *ari, double *iou, const uint8_t *maps, const uint8_t *truth,
                    const uint8_t *clusters, size_t images, size_t tokens);

#endif
