/// Segmentation of images by K-means on the vectors of their patches (Figure 3 of the paper,
/// sec. 6.2): each image is clustered separately into a map of cluster numbers, which is compared
/// with the truth.
#ifndef MASKBOOK_ANALYSIS_SEGMENTS_H
#define MASKBOOK_ANALYSIS_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/token_sets.h"

/// Starts of K-means, of which the best counts: as many as the claims about segments are fixed for.
enum { SEGMENT_STARTS = 10 };

struct segmentation {
    const struct token_set *set;      ///< borrowed
    enum normalisation normalisation; ///< of the tokens; means are over this set
    const uint8_t *clusters;          ///< (n) the number of clusters of each image
    size_t restarts;
    uint64_t seed; ///< image i uses the streams (seed, PURPOSE_CLUSTER, restart, i)
    int threads;
};

/// maps (n,T) = the cluster of each patch, numbered in the order of their first patches. The result
/// does not depend on the number of threads. Dies (EXIT_SYSTEM) without threads or memory.
void segments_find(uint8_t *maps, const struct segmentation *segmentation);

/// The true region of each token of the first `count` images.
/// truth (count,T)    region numbers, from 0
/// clusters (count)   the number of regions of each image
/// Requires images->regions, and tokens (T) a square of a multiple of REGION_GRID.
void segments_truth(uint8_t *truth, uint8_t *clusters, const struct images *images,
                    size_t count, size_t tokens);

/// How well `maps` agree with `truth`, image by image (core/analysis/partition.h).
/// ari (n)             adjusted Rand index
/// iou (n)             mean intersection over union under the best matching; NULL: not computed
/// maps, truth (n,T)   labels below clusters (n)
void segments_score(double *ari, double *iou, const uint8_t *maps, const uint8_t *truth,
                    const uint8_t *clusters, size_t images, size_t tokens);

/// How far regions are apart in an image: the mean product of two tokens of one region, and of two
/// of different regions, tokens normalised (cosines, where that makes their norm 1).
/// within, between (n)   a pair is counted once; no token is paired with itself
/// truth (n,T)           region numbers; each image has two regions, and a region two tokens
/// arena                 scratch, given back
void segments_contrast(double *within, double *between, const struct token_set *set,
                       enum normalisation normalisation, const uint8_t *truth,
                       struct arena *arena);

#endif
