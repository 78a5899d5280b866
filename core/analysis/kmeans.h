/// K-means (Figure 3 of the paper, sec. 6.2): partitions points into k clusters with a small
/// inertia, the sum over points of the squared distance to the mean of their cluster. Lloyd's
/// algorithm from greedy k-means++ starts, the best of several; a seed gives the same bits on any
/// number of threads.
#ifndef MASKBOOK_ANALYSIS_KMEANS_H
#define MASKBOOK_ANALYSIS_KMEANS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/rng.h"

enum { KMEANS_CLUSTERS = 255, KMEANS_ROUNDS = 300 };

/// A problem: n points of D numbers, k clusters. 0 < k <= n, k <= KMEANS_CLUSTERS, D > 0.
struct kmeans_shape {
    size_t points, width, clusters;
};

/// Greedy k-means++ (Arthur & Vassilvitskii 2007, sec. 7, as scikit-learn does it): the first
/// centre is a uniformly drawn point. For each other one, 2 + floor(ln k) candidates are drawn,
/// each a point with probability proportional to its squared distance from the nearest centre so
/// far, or uniformly when all distances are 0 (fewer than k points are different); taken is the
/// candidate that leaves the least sum of squared distances, of equals the first.
/// centres (k,D)   overwritten
/// points (n,D)    finite
/// arena           scratch, freed on return
/// Cost 3 * n * k * D * (2 + ln k) flops.
void kmeans_start(double *centres, const double *points,
                  const struct kmeans_shape *shape, struct rng *rng,
                  struct arena *arena);

/// Lloyd's algorithm from given centres, at most `rounds` rounds, fewer when no label changes. A
/// round assigns each point to its nearest centre, moves to each empty cluster the point farthest
/// from its centre among clusters of several points (none when that distance is 0), and moves each
/// centre to the mean of its points. Of equal candidates the first is taken. Up to rounding, no
/// round increases the inertia.
/// labels (n)      overwritten, each below k
/// centres (k,D)   in: the start; out: the means of the clusters, unchanged for an empty cluster
/// points (n,D)    finite
/// arena           scratch, freed on return
/// Returns the inertia. Requires rounds > 0. Cost 3 * n * k * D flops a round.
double kmeans_lloyd(uint8_t *labels, double *centres, const double *points,
                    const struct kmeans_shape *shape, size_t rounds,
                    struct arena *arena);

/// The best by inertia of `restarts` runs of at most KMEANS_ROUNDS rounds (of equal ones the
/// first). Start r is drawn from the stream (seed, PURPOSE_CLUSTER, r, index). Clusters are
/// numbered in the order of their first points, so that equal partitions have equal labels.
/// labels (n)      overwritten
/// points (n,D)    finite
/// arena           scratch, freed on return
/// Returns the inertia. Requires restarts > 0.
double kmeans_fit(uint8_t *labels, const double *points,
                  const struct kmeans_shape *shape, size_t restarts, uint64_t seed,
                  uint32_t index, struct arena *arena);

#endif
