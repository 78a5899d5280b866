/// How many dimensions a matrix has, by its singular values s_1 >= s_2 >= ...: the numerical rank
/// depends on a threshold, the effective rank does not.
#ifndef MASKBOOK_ANALYSIS_RANKS_H
#define MASKBOOK_ANALYSIS_RANKS_H

#include <stddef.h>

#include "core/base/arena.h"

/// A thin singular value decomposition a = U diag(s) V^T, r = min(m,n); arrays in an arena.
struct decomposition {
    double *u, *s, *vt; ///< (m,r), (r) descending, (r,n)
    size_t r;
};

/// Decomposes a (m,n), which stays as it is. The result lasts until `arena` is reset. Returns 0, or
/// LAPACK's nonzero info when the decomposition does not converge. Requires finite numbers.
int decompose(struct decomposition *svd, const double *a, size_t m, size_t n,
              struct arena *arena) __attribute__((warn_unused_result));

/// s (min(m,n)) = the singular values of a (m,n), descending. Scratch is taken from `arena` and
/// given back. Returns as decompose.
int singular_values(double *s, const double *a, size_t m, size_t n, struct arena *arena)
    __attribute__((warn_unused_result));

/// The number of s_i > threshold * s_1; 0 for a zero matrix. s (count) descending.
size_t rank_at(const double *s, size_t count, double threshold);

/// exp(-sum_i p_i log p_i), p_i = s_i / sum s (Roy & Vetterli 2007): between 1 and the rank, and
/// equal to it when all nonzero s_i are equal. 0 for a zero matrix. s (count), in any order.
double effective_rank(const double *s, size_t count);

/// sum_{i >= r} s_i^2 (from 0), what the best approximation of rank r misses; added from the
/// smallest on. s (count) descending.
double rank_tail(const double *s, size_t count, size_t r);

/// low (m,n) = sum_{i < r} s_i u_i v_i^T of a (m,n), its best approximation of rank r (Eckart,
/// Young, Mirsky), and s (min(m,n)) its singular values; NULL: not wanted. low may be a. Otherwise
/// as singular_values. Requires r <= min(m,n).
int truncate_rank(double *low, double *s, const double *a, size_t m, size_t n, size_t r,
                  struct arena *arena) __attribute__((warn_unused_result));

#endif
