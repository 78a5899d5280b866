#include "core/stats/slope.h"

#include <math.h>

#include "core/base/die.h"
#include "core/stats/summary.h"

double slope(const double *y, const double *x, size_t n)
{
    require(n >= 2, "slope through %zu points", n);
    double x_mean = mean(x, n), y_mean = mean(y, n), product = 0, square = 0;
    for (size_t i = 0; i < n; ++i) {
        product += (x[i] - x_mean) * (y[i] - y_mean);
        square += (x[i] - x_mean) * (x[i] - x_mean);
    }
    require(square > 0, "slope over x that are all %g", x_mean);
    require(isfinite(product) && isfinite(square),
            "slope through a point that is not finite");
    return product / square;
}

int strictly_increasing(const double *y, size_t n)
{
    require(n > 0, "the trend of no numbers");
    for (size_t i = 1; i < n; ++i)
        if (!(y[i - 1] < y[i])) return 0;
    return !isnan(y[0]);
}

double increase_p_value(const double *y, size_t n)
{
    if (!strictly_increasing(y, n)) return 1;
    double orders = 1;
    for (size_t i = 2; i <= n; ++i) orders *= (double)i;
    return 1 / orders;
}
