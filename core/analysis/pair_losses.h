/// Eqs. 9 and 10: the spectral loss of one image as sums over pairs of its tokens. With w_ij =
/// <x_i, x_j>, degrees w_i, W = sum_ij w_ij and u_i = m_i / sqrt(w_i),
///
///     |M M^T - A_norm|^2 = sum_ij w_ij^2 / (w_i w_j) - 2 sum_ij w_ij u_i.u_j
///                          + sum_ij w_i w_j (u_i.u_j)^2
///                        = const - 2 W E[u.u+] + W^2 E[(u.u-)^2]
///
/// where (u,u+) is the pair (i,j) with probability w_ij / W, itself included, and u, u- are drawn
/// independently with probability w_i / W: for weights of at least 0.
#ifndef MASKBOOK_ANALYSIS_PAIR_LOSSES_H
#define MASKBOOK_ANALYSIS_PAIR_LOSSES_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/rng.h"

struct pair_losses {
    double spectral;           ///< Eq. 6, from M M^T and N N^T
    double constant;           ///< sum w_ij^2 / (w_i w_j)
    double attraction;         ///< -2 sum w_ij u_i.u_j
    double repulsion;          ///< sum w_i w_j (u_i.u_j)^2
    double positive, negative; ///< E[u.u+], E[(u.u-)^2]
    double weight;             ///< W
    double size; ///< what roundings are relative to: all terms' moduli, both sides'
};

/// m, x (n,F). Requires positive degrees.
struct pair_losses pair_losses(const double *m, const double *x, size_t n, size_t width,
                               struct arena *arena);

/// The same expectations from `draws` pairs each of a random stream, with their standard errors.
struct pair_samples {
    double positive, positive_error, negative, negative_error;
};

/// Requires weights of at least 0, positive degrees and at least two draws.
struct pair_samples pair_samples(const double *m, const double *x, size_t n,
                                 size_t width, size_t draws, struct rng *rng,
                                 struct arena *arena);

#endif
