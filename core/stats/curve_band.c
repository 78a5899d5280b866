#include "core/stats/curve_band.h"

#include <math.h>

#include "core/base/die.h"
#include "core/stats/summary.h"

void curve_means(double *means, const double *value, size_t n, size_t window)
{
    for (size_t t = 0; t < n; ++t)
        means[t] = t + 1 < window ? (double)NAN : mean(value + t + 1 - window, window);
}

// Half the mean square of the differences of successive values of x (n).
static double difference_variance(const double *x, size_t n)
{
    double square = 0;
    for (size_t i = 0; i + 1 < n; ++i) square += (x[i + 1] - x[i]) * (x[i + 1] - x[i]);
    return square / (2 * (double)(n - 1));
}

struct band curve_band(const struct curve *curves, size_t count, size_t without,
                       size_t t, size_t window)
{
    struct band band = {.low = INFINITY, .high = -INFINITY};
    double variance = 0;
    size_t members = 0;
    require(window > 1 && t + 1 >= window, "step %zu, windows of %zu", t, window);
    for (size_t i = 0; i < count; ++i) {
        if (i == without) continue;
        variance += difference_variance(curves[i].value + t + 1 - window, window);
        band.low = fmin(band.low, curves[i].mean[t]);
        band.high = fmax(band.high, curves[i].mean[t]);
        ++members;
    }
    require(members > 0, "no curve of %zu is left", count);
    band.margin = sqrt(variance / (double)members / (double)window);
    return band;
}

double band_excess(double x, const struct band *band)
{
    const double outside = fmax(band->low - x, x - band->high);
    return outside <= 0 ? 0 : outside / band->margin;
}
