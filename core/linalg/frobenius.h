/// Norms, distances and inner products of arrays in double, for analysis. Sums in order.
#ifndef MASKBOOK_LINALG_FROBENIUS_H
#define MASKBOOK_LINALG_FROBENIUS_H

#include <stddef.h>

/// sum_i a_i^2. a (count)
double squared_norm(const double *a, size_t count);

/// sum_i (a_i - b_i)^2. a, b (count)
double squared_distance(const double *a, const double *b, size_t count);

/// sum_i a_i b_i. a, b (count)
double inner_product(const double *a, const double *b, size_t count);

#endif
