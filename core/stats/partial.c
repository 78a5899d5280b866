#include "core/stats/partial.h"

#include <math.h>

#include "core/base/die.h"
#include "core/linalg/cholesky.h"
#include "core/stats/summary.h"

enum { V = PARTIAL_VARIABLES };

// product (variables, stride V) = sums of products of the centred columns.
static void products(double product[V][V], const double *const *columns,
                     size_t variables, size_t n)
{
    double middle[V];
    for (size_t i = 0; i < variables; ++i) middle[i] = mean(columns[i], n);
    for (size_t i = 0; i < variables; ++i)
        for (size_t j = 0; j <= i; ++j) {
            product[i][j] = 0;
            for (size_t k = 0; k < n; ++k)
                product[i][j] +=
                    (columns[i][k] - middle[i]) * (columns[j][k] - middle[j]);
            product[j][i] = product[i][j];
        }
}

// Fills the entries of the `count` variables kept[0] = 0, kept[1], ... from their correlations
// (count,count).
static void partial_solve(double *partial, const double *correlation,
                          const size_t *kept, size_t count)
{
    double factor[V * V], inverse[V][V] = {{0}};
    for (size_t i = 0; i < count * count; ++i) factor[i] = correlation[i];
    const int singular = cholesky_factor(factor, count) != 0;
    for (size_t i = 0; i < count && !singular; ++i) {
        inverse[i][i] = 1;
        cholesky_solve(inverse[i], factor, count);
    }
    for (size_t i = 1; i < count; ++i)
        partial[kept[i] - 1] =
            singular ? (double)NAN
                     : -inverse[0][i] / sqrt(inverse[0][0] * inverse[i][i]);
}

void partial_correlations(double *partial, double *plain, const double *const *columns,
                          size_t variables, size_t n)
{
    require(variables >= 2 && variables <= V && n > 1, "%zu variables of %zu numbers",
            variables, n);
    double product[V][V], correlation[V * V];
    size_t kept[V] = {0}, count = 1;
    products(product, columns, variables, n);
    for (size_t i = 1; i < variables; ++i) {
        const double none = product[0][0] > 0 ? 0 : (double)NAN;
        partial[i - 1] = none;
        if (plain) plain[i - 1] = none;
        if (product[i][i] > 0 && product[0][0] > 0) kept[count++] = i;
    }
    for (size_t i = 0; i < count; ++i)
        for (size_t j = 0; j < count; ++j)
            correlation[i * count + j] =
                product[kept[i]][kept[j]] /
                sqrt(product[kept[i]][kept[i]] * product[kept[j]][kept[j]]);
    for (size_t i = 1; i < count && plain; ++i) plain[kept[i] - 1] = correlation[i];
    partial_solve(partial, correlation, kept, count);
}

void rows_standardise(double *x, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; ++r) {
        double *row = x + r * columns, square = 0;
        const double middle = mean(row, columns);
        for (size_t c = 0; c < columns; ++c) {
            row[c] -= middle;
            square += row[c] * row[c];
        }
        const double scale = sqrt(square / (double)columns);
        // Equal numbers differ from their mean by rounding.
        const int constant = scale <= 1e-12 * fabs(middle);
        for (size_t c = 0; c < columns; ++c) row[c] = constant ? 0 : row[c] / scale;
    }
}
