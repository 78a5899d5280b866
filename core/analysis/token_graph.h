/// The graph of Theorem 4.3: nodes are n tokens, rows of x (n,F), and the weight of an edge is the
/// inner product w_ij = <x_i, x_j>, so that A = x x^T. Its normalised adjacency is D^{-1/2} A
/// D^{-1/2} = N N^T with N = D^{-1/2} x, D the diagonal of the degrees d_i = sum_j w_ij.
#ifndef MASKBOOK_ANALYSIS_TOKEN_GRAPH_H
#define MASKBOOK_ANALYSIS_TOKEN_GRAPH_H

#include <stddef.h>

#include "core/base/arena.h"

/// degrees (n) = <x_i, sum_j x_j>, which is sum_j w_ij. Their sum is |sum_j x_j|^2 >= 0, but a
/// single one may be zero or negative. Returns how many are not positive. x (n,F); cost 2 n F.
size_t graph_degrees(double *degrees, const double *x, size_t n, size_t width,
                     struct arena *arena);

/// factor (n,F) = D^{-1/2} x; may be x itself. Requires positive degrees (n).
void graph_factor(double *factor, const double *x, const double *degrees, size_t n,
                  size_t width);

/// products (n,m) = a b^T, all inner products of the rows of a (n,F) and b (m,F).
void row_products(double *products, const double *a, size_t n, const double *b,
                  size_t m, size_t width);

/// |M M^T - N N^T|_F^2 over all n*n pairs of rows, Eq. 6 for the normalised adjacency N N^T.
/// m, factor (n,F)
double spectral_loss(const double *m, const double *factor, size_t n, size_t width,
                     struct arena *arena);

/// The terms of the proof of Theorem 4.3 for one image: all that it bounds and bounds by.
struct spectral_bound {
    double error;    ///< |M - N|_F^2, the loss of Eq. 8
    double spectral; ///< |M M^T - N N^T|_F^2, the loss of Eq. 6
    double printed;  ///< |M - N|_F^2 |M + N|_F^2, the paper's last line
    double constant; ///< C = (2 |N|_F + |M - N|_F)^2, so that spectral <= C error
};

/// m, factor (n,F)
struct spectral_bound spectral_bound(const double *m, const double *factor, size_t n,
                                     size_t width, struct arena *arena);

/// q (n,n) = the orthogonal matrix nearest to a (n,n): U V^T of its decomposition U S V^T (Higham,
/// Functions of Matrices, theorem 8.4). Returns 0, or LAPACK's nonzero info.
int nearest_rotation(double *q, const double *a, size_t n, struct arena *arena)
    __attribute__((warn_unused_result));

/// The square of min over orthogonal Q of |M - N Q|_F (Schoenemann 1966). m, factor (n,F). NAN when
/// the decomposition does not converge.
double rotation_distance(const double *m, const double *factor, size_t n, size_t width,
                         struct arena *arena);

/// out (n,F) = in (n,F) times the orthogonal matrix nearest to normals (F,F), which is uniformly
/// distributed where those are independent standard normal numbers. out must not overlap in.
void rows_rotate(double *out, const double *in, size_t n, size_t width,
                 const double *normals, struct arena *arena);

#endif
