/// The comparison of Figure 2 (paper sec. 6.1): a patch matrix X = sum_i s_i u_i v_i^T of an image
/// and its reconstruction Y = sum_i t_i a_i b_i^T are compared component by component, for the five
/// largest singular values of each. The signs of singular vectors do not matter. The i-th component
/// is always compared with the i-th, as in the paper, even where singular values that are nearly
/// equal have changed their order.
#ifndef MASKBOOK_ANALYSIS_COMPONENTS_H
#define MASKBOOK_ANALYSIS_COMPONENTS_H

#include <stddef.h>

#include "core/base/arena.h"

enum { COMPONENTS = 5 }; ///< those the paper plots

/// Distances of the components i = 1..COMPONENTS, D_i = s_i u_i v_i^T - t_i a_i b_i^T.
struct components {
    double frobenius[COMPONENTS]; ///< |D_i|_F^2
    double spectral[COMPONENTS];  ///< |D_i|_2^2, the largest squared singular value
    double scale[COMPONENTS];     ///< s_i^2, the squared norm of X's component
    double rank[2];               ///< effective rank (ranks.h) of X and of Y
};

/// A thin singular value decomposition as svd_thin computes it, r = min(m,n); all borrowed.
struct factors {
    const double *u;  ///< (m,r)
    const double *s;  ///< (r) descending
    const double *vt; ///< (r,n)
};

/// Distances and ranks from the factors of X and Y, both (m,n). With c = u.a and e = v.b:
///     |D|_F^2 = s^2 + t^2 - 2*s*t*c*e
///     |D|_2^2 = (|D|_F^2 + sqrt(|D|_F^4 - 4*P^2)) / 2,   P = s*t * sqrt(1 - c^2) * sqrt(1 - e^2)
/// because D has rank two, and the sum and product of its squared singular values are |D|_F^2 and
/// P^2. Both are computed without cancellation: components that are equal up to rounding have a
/// distance of the order of rounding squared, equal factors have exactly 0. Requires
/// min(m,n) >= COMPONENTS.
void components_distance(struct components *components, const struct factors *x,
                         const struct factors *y, size_t m, size_t n);

/// Decomposes x and y and calls components_distance.
/// x, y (m,n)   finite, row-major
/// arena        scratch, freed on return
/// Returns 0, or LAPACK's nonzero info when a decomposition does not converge. Thread-safe.
int components_compare(struct components *components, const double *x, const double *y,
                       size_t m, size_t n, struct arena *arena)
    __attribute__((warn_unused_result));

/// relative (COMPONENTS) = distance_i / scale_i, the paper's quantity for one image, from either of
/// the distances. It is not clamped: where a component of X nearly vanishes it is huge or infinite,
/// which makes its mean over images useless, but not its median. 0/0 (both components vanish, so
/// they are equal) counts as 0.
void components_relative(double relative[COMPONENTS], const double distance[COMPONENTS],
                         const double scale[COMPONENTS]);

#endif
