/// K-means (the paper's Figure 3, Sec. 6.2): points into k clusters so that the squared distances of
/// points to the mean of their cluster have a small sum, the inertia. Lloyd's rounds from k-means++
/// starts, the best of several; the same bits for the same seed, whatever the threads.
#ifndef MASKBOOK_ANALYSIS_KMEANS_H
#define MASKBOOK_ANALYSIS_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/rng.h"

enum { KMEANS_CLUSTERS = 255, KMEANS_ROUNDS = 300 };

/// Sizes of a problem: n points of D numbers, k clusters. 0 < k <= n, k <= KMEANS_CLUSTERS, D > 0.
struct kmeans_shape {
    size_t points, width, clusters;
};

/// k-means++ (Arthur & Vassilvitskii 2007): the first centre is a point drawn uniformly, each next
/// one a point drawn with probability proportional to its squared distance from the nearest centre
/// so far; uniformly again where all are 0, which is where fewer than k points are different.
/// centres (k,D)   overwritten
/// points (n,D)    finite
/// arena           scratch, given back
/// Cost 3 n k D.
void kmeans_start(double *centres, const double *points,
                  const struct kmeans_shape *shape, struct rng *rng,
                  struct arena *arena);

/// Lloyd's algorithm from given centres. A round puts each point to its nearest centre (of equal ones
/// the first), hands a cluster left empty the point farthest from its centre among the clusters of
/// several points (of equal ones the first; none when that distance is 0), and moves each centre to its
/// points' mean. It ends when no label changes, or after `rounds`. No round raises the inertia, up to
/// rounding.
/// labels (n)      overwritten, below k
/// centres (k,D)   on entry the start, on return the clusters' means; an empty one's is as it was
/// points (n,D)    finite
/// arena           scratch, given back
/// Returns the inertia: the sum over points of |x - centre|^2. Cost 3 n k D a round.
double kmeans_lloyd(uint8_t *labels, double *centres, const double *points,
                    const struct kmeans_shape *shape, size_t rounds,
                    struct arena *arena);

/// The best of `restarts` runs of at most KMEANS_ROUNDS rounds, by inertia (of equal ones the first);
/// start r draws from the stream (seed, PURPOSE_CLUSTER, r, index). Clusters are numbered by their
/// first point, so that equal partitions have equal labels.
/// labels (n)      overwritten
/// points (n,D)    finite
/// arena           scratch, given back
/// Returns the inertia. Requires restarts > 0.
double kmeans_fit(uint8_t *labels, const double *points,
                  const struct kmeans_shape *shape, size_t restarts, uint64_t seed,
                  uint32_t index, struct arena *arena);

#endif
