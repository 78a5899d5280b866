/// Partial correlations: how far one variable follows each of several others when what the rest
/// explain is taken away from both, so that of two causes that go together the one that does the
/// work can be told.
#ifndef MASKBOOK_STATS_PARTIAL_H
#define MASKBOOK_STATS_PARTIAL_H

#include <stddef.h>

enum { PARTIAL_VARIABLES = 8 };

/// partial (variables - 1) = the correlation of column 0 with column 1 + i given all other columns:
///     -P_0i / sqrt(P_00 P_ii),   P the inverse of the correlation matrix
/// plain (variables - 1) = the correlation of column 0 with column 1 + i; NULL: not wanted
/// columns (variables)  pointers to (n) numbers each, variable 0 first
/// A column without variance is left out: its own entries are 0. All are NAN when column 0 has no
/// variance, or the others determine one another. Requires n > 1 and 2 to PARTIAL_VARIABLES
/// variables. (Anderson, Multivariate Statistical Analysis, sec. 2.5.)
void partial_correlations(double *partial, double *plain, const double *const *columns,
                          size_t variables, size_t n);

/// Moves each row of x (rows,columns) to mean 0 and mean square 1; a constant row becomes 0.
void rows_standardise(double *x, size_t rows, size_t columns);

#endif
