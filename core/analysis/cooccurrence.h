/// The graph of co-occurring patches: two patches are joined the more often they are neighbours
/// over a whole data set, whatever their pixels look like. Its spectral features need no network.
///     S = E x x^T,   C = E (x y^T + y x^T) / 2   over all pairs x, y of adjacent patches
///     S^{-1/2} C S^{-1/2} = sum_i values_i v_i v_i^T,   feature i of a patch x is v_i^T S^{-1/2} x
/// For patches from a finite set, one-hot coded, S is the diagonal matrix of their frequencies and
/// the matrix that is decomposed the normalised adjacency of the graph, with eigenvalues in [-1,1]
/// (up to the border, where patches have fewer neighbours); for pixels it is that matrix seen
/// through linear functions of them. Eigenvalues of both signs are common: -1 belongs to two kinds
/// of patches that alternate like the squares of a chessboard.
#ifndef MASKBOOK_ANALYSIS_COOCCURRENCE_H
#define MASKBOOK_ANALYSIS_COOCCURRENCE_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/data/images.h"

/// Directions of S below this share of its largest eigenvalue are left out of S^{-1/2}.
#define COOCCURRENCE_FLOOR 1e-3

struct cooccurrence {
    size_t features; ///< F, numbers of a patch
    size_t kept;     ///< the leading features, up to the widest gap between eigenvalues
                     ///< above 0, or between moduli
    double *second, *pairs; ///< (F,F) S and C
    double *values;         ///< (F) descending, or by modulus
    double *map;            ///< (F,F) row i is v_i^T S^{-1/2}
};

/// Decomposes moments S and C (F,F), which are kept. The arrays are taken from `arena`. Returns 0,
/// or LAPACK's nonzero info.
int cooccurrence_solve(struct cooccurrence *graph, const double *second,
                       const double *pairs, size_t features, struct arena *arena)
    __attribute__((warn_unused_result));

/// to = the same graph with its components in the order of |values|, kept up to the widest gap
/// between these. S and C are shared, other arrays are taken from `arena`.
void cooccurrence_by_modulus(struct cooccurrence *to, const struct cooccurrence *graph,
                             struct arena *arena);

/// Decomposes the moments of the patches, in [-1,1], of images 0..count-1: S of all patches, C of
/// all pairs that are adjacent in a row or a column. Work 6 count T F^2 flops.
int cooccurrence_fit(struct cooccurrence *graph, const struct images *images,
                     size_t count, int patch, struct arena *arena)
    __attribute__((warn_unused_result));

/// out (rows,kept) = the kept features of patches (rows,F).
void cooccurrence_features(double *out, const struct cooccurrence *graph,
                           const double *patches, size_t rows);

#endif
