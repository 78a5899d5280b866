#include "core/stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"

double mean(const double *x, size_t n)
{
    require(n > 0, "mean of nothing");
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += x[i];
    return sum / (double)n;
}

// sum (x_i - centre)^2 / (n - 1)
static double variance(const double *x, size_t n, double centre)
{
    require(n > 1, "the variance of %zu values", n);
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (x[i] - centre) * (x[i] - centre);
    return sum / (double)(n - 1);
}

double deviation(const double *x, size_t n)
{
    return sqrt(variance(x, n, mean(x, n)));
}

struct estimate mean_normal(double *error, const double *x, size_t n)
{
    double value = 0;
    for (size_t i = 0; i < n; ++i) value += x[i] / (double)n;
    *error = sqrt(variance(x, n, value) / (double)n);
    const double half = 1.6449 * *error;
    return (struct estimate){value, value - half, value + half, n};
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_ascending(double *x, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        require(!isnan(x[i]), "value %zu of %zu is NaN", i, n);
    qsort(x, n, sizeof *x, ascending);
}

// low + share * (high - low) for low <= high, one of which may be infinite.
static double between(double low, double high, double share)
{
    if (share <= 0 || low >= high) return low;
    if (share >= 1) return high;
    return (1 - share) * low + share * high;
}

double quantile(const double *sorted, size_t n, double p)
{
    require(n > 0, "quantile of nothing");
    require(p >= 0 && p <= 1, "quantile %g", p);
    double position = (double)(n - 1) * p;
    size_t below = (size_t)position;
    size_t above = below + 1 < n ? below + 1 : below;
    return between(sorted[below], sorted[above], position - (double)below);
}

double median(const double *x, size_t n, double *workspace)
{
    require(n > 0, "median of nothing");
    memcpy(workspace, x, n * sizeof *x);
    sort_ascending(workspace, n);
    return between(workspace[(n - 1) / 2], workspace[n / 2], 0.5);
}

struct estimate percentile_interval(double value, size_t n, const double *replicates,
                                    size_t count, double *workspace)
{
    require(count > 0, "an interval from no replicates");
    memcpy(workspace, replicates, count * sizeof *replicates);
    sort_ascending(workspace, count);
    return (struct estimate){
        .value = value,
        .low = quantile(workspace, count, (1 - INTERVAL_LEVEL) / 2),
        .high = quantile(workspace, count, (1 + INTERVAL_LEVEL) / 2),
        .n = n,
    };
}
