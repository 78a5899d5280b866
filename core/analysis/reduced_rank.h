/// Reduced-rank regression (Izenman 1975): the best linear prediction of y from x by a map of rank
/// at most k, from second moments alone. With K = S_yx S_xx^{-1/2} and its singular values s_i,
///
///     E |y - C x|^2 = tr S_yy - |K|^2 + |C S_xx^{1/2} - K|^2
///
/// so the least loss of rank k is tr S_yy - sum_{i<=k} s_i^2, and C_k = U_k U_k^T S_yx S_xx^{-1}
/// has it, U_k the leading eigenvectors of S_yx S_xx^{-1} S_xy. Whitened targets make s_i the
/// canonical correlations.
#ifndef MASKBOOK_ANALYSIS_REDUCED_RANK_H
#define MASKBOOK_ANALYSIS_REDUCED_RANK_H

#include <stddef.h>

#include "core/base/arena.h"

/// Second moments of x in R^p and y in R^q; owned by an arena.
struct moments {
    size_t p, q;
    double *xx, *yx, *yy; ///< (p,p), (q,p), (q,q)
};

/// Those of samples x (n,p) and y (n,q), divided by n.
struct moments moments_of(const double *x, const double *y, size_t n, size_t p,
                          size_t q, struct arena *arena);

/// Those of x and L^{-1} y, S_yy = L L^T. Returns 0, or nonzero when S_yy is not numerically
/// positive definite.
int moments_whiten(struct moments *moments, struct arena *arena)
    __attribute__((warn_unused_result));

/// The largest eigenvalue of S_xx by its least.
double moments_condition(const struct moments *moments, struct arena *arena);

/// map (q,p) = C_k and squares (q) = s_i^2, descending. Returns 0, or nonzero when S_xx is not
/// numerically positive definite. Requires k <= q.
int reduced_rank_solve(double *map, double *squares, const struct moments *moments,
                       size_t rank, struct arena *arena)
    __attribute__((warn_unused_result));

/// reduced_rank_solve for *rank = the k in 1..q-1 with the widest gap, the least s_{k+1}^2 / s_k^2,
/// where reduced_rank_alternate converges soonest. Returns likewise. Requires q >= 2.
int reduced_rank_solve_at_gap(double *map, double *squares, size_t *rank,
                              const struct moments *moments, struct arena *arena)
    __attribute__((warn_unused_result));

/// E |y - C x|^2 of map (q,p).
double reduced_rank_loss(const double *map, const struct moments *moments,
                         struct arena *arena);

/// |(C - C') S_xx^{1/2}|^2 of two maps (q,p).
double reduced_rank_distance(const double *map, const double *other,
                             const struct moments *moments, struct arena *arena);

/// Another way to C_k: C = B A, where each of B (q,k) and A (k,p) in turn is the least-squares
/// solution for the other, from start (k,p), for so many sweeps. Returns as reduced_rank_solve.
int reduced_rank_alternate(double *map, const double *start,
                           const struct moments *moments, size_t rank, size_t sweeps,
                           struct arena *arena) __attribute__((warn_unused_result));

#endif
