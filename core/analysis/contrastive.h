/// The masked loss as a spectral contrastive loss: what remains true of Theorem 4.3 and Eq. 10.
///
/// Draw an image and a mask: x = the visible patches with the place of one hidden patch, y = that
/// patch. phi(y) in R^q are features of the target (its pixels and a 1, say), S = E phi phi^T,
/// f(x) in R^k the output of any trunk and G (q,k) its linear head. Then, for every f, every G and
/// every distribution (a sample's own included), with g(y) = G^T S^{-1} phi(y),
///
///     E |S^{-1/2} (phi(y) - G f(x))|^2 = q - 2 E f(x).g(y) + E' (f(x).g(y'))^2
///
/// where E' draws x and y' independently: a constant plus the spectral contrastive loss (HaoChen et
/// al. 2021) whose positive pairs are visible and hidden part of one image. Proof: expand the
/// square. E phi^T S^{-1} phi = tr(S^{-1} S) = q; the cross term is -2 E f.g; and E g g^T =
/// G^T S^{-1} S S^{-1} G = G^T S^{-1} G. Without the whitening the repulsion gives way to a
/// penalty:
///
///     E |phi - G f|^2 = tr S - 2 E f.g0 + E |G f|^2,   g0 = G^T phi
#ifndef MASKBOOK_ANALYSIS_CONTRASTIVE_H
#define MASKBOOK_ANALYSIS_CONTRASTIVE_H

#include <stddef.h>

#include "core/base/arena.h"

/// A sample of n pairs and a head; all borrowed.
struct contrastive_pairs {
    size_t count, features, width; ///< n, q, k
    const double *target;          ///< (n,q) phi
    const double *trunk;           ///< (n,k) f
    const double *head;            ///< (q,k) G
};

/// Both sides of both identities; expectations are means over the n pairs, and over all n^2 pairs
/// where x and y' are independent.
struct contrastive {
    double whitened;   ///< E |S^{-1/2} (phi - G f)|^2
    double attraction; ///< -2 E f.g
    double repulsion;  ///< E' (f.g')^2
    double plain;      ///< E |phi - G f|^2
    double trace;      ///< tr S
    double pull;       ///< -2 E f.g0
    double penalty;    ///< E |G f|^2
    double push;       ///< E' (f.g0')^2, what the penalty would have to be
    double condition;  ///< of S: its largest eigenvalue by its least
};

/// Computes all of them. Work 2 n^2 k + O(n q (q + k)) multiply-adds; memory O(n (q + k)) from
/// `arena`, given back. Returns 0, or nonzero when S is not numerically positive definite.
int contrastive_measure(struct contrastive *found,
                        const struct contrastive_pairs *pairs, struct arena *arena)
    __attribute__((warn_unused_result));

/// q + attraction + repulsion, which is `whitened`.
double contrastive_sum(const struct contrastive *found, size_t features);

/// The sum of the sizes of the terms of both sides, whitened and the three.
double contrastive_size(const struct contrastive *found, size_t features);

/// The roundings of 2^-53 that the two may differ by, relative to that size: those of the sums (a
/// mean over pairs is one of n sums of n terms) and of the solutions with S (solver_roundings).
double contrastive_roundings(const struct contrastive *found,
                             const struct contrastive_pairs *pairs);

#endif
