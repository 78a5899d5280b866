#include "core/analysis/whitening.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/eigen.h"
#include "core/linalg/gemm.h"

enum { CHUNK = 256 };

// out (rows,D) = the rows minus the mean.
static void centre(double *out, const double *features, const double *mean, size_t rows,
                   size_t width)
{
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j)
            out[r * width + j] = features[r * width + j] - mean[j];
}

// covariance (D,D) of rows that have that mean.
static void covariance_sum(double *covariance, const double *features,
                           const double *mean, size_t rows, size_t width,
                           struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    double *centred = arena_doubles(arena, size_product(CHUNK, width));
    memset(covariance, 0, width * width * sizeof *covariance);
    for (size_t first = 0; first < rows; first += CHUNK) {
        const size_t some = rows - first < CHUNK ? rows - first : CHUNK;
        centre(centred, features + first * width, mean, some, width);
        gemm_doubles(covariance, centred, TRANSPOSED, centred, PLAIN, width, width,
                     some, 1);
    }
    for (size_t i = 0; i < width * width; ++i) covariance[i] /= (double)rows;
    arena_reset(arena, mark);
}

void whitening_fit(struct whitening *whitening, const double *features, size_t rows,
                   size_t width, struct arena *arena)
{
    double *mean = arena_doubles(arena, width),
           *map = arena_doubles(arena, size_product(width, width));
    const size_t mark = arena_mark(arena);
    double *values = arena_doubles(arena, width);
    columns_moments(mean, values, features, rows, width);
    covariance_sum(map, features, mean, rows, width, arena);
    if (eigen_symmetric(values, map, map, width))
        die(EXIT_SYSTEM, "the covariance of features: its eigenvalues did not converge "
                         "(report this)");
    const double largest = values[width - 1];
    size_t dropped = 0;
    while (values[dropped] < WHITENING_SHARE * largest) ++dropped;
    for (size_t k = dropped; k < width; ++k)
        for (size_t j = 0; j < width; ++j)
            map[k * width + j] *= largest > 0 ? 1 / sqrt(values[k]) : 0;
    arena_reset(arena, mark);
    *whitening =
        (struct whitening){width, width - dropped, mean, map + dropped * width};
}

void whitening_apply(double *out, const struct whitening *whitening,
                     const double *features, size_t rows, struct arena *arena)
{
    const size_t D = whitening->width, rank = whitening->rank, mark = arena_mark(arena);
    double *centred = arena_doubles(arena, size_product(CHUNK, D));
    for (size_t first = 0; first < rows; first += CHUNK) {
        const size_t some = rows - first < CHUNK ? rows - first : CHUNK;
        centre(centred, features + first * D, whitening->mean, some, D);
        gemm_doubles(out + first * rank, centred, PLAIN, whitening->map, TRANSPOSED,
                     some, rank, D, 0);
    }
    arena_reset(arena, mark);
}

void columns_moments(double *mean, double *variance, const double *features,
                     size_t rows, size_t width)
{
    require(rows > 0, "moments of no row");
    memset(mean, 0, width * sizeof *mean);
    memset(variance, 0, width * sizeof *variance);
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) mean[j] += features[r * width + j];
    for (size_t j = 0; j < width; ++j) mean[j] /= (double)rows;
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j) {
            double difference = features[r * width + j] - mean[j];
            variance[j] += difference * difference;
        }
    for (size_t j = 0; j < width; ++j) variance[j] /= (double)rows;
}

void columns_standardise(double *features, const double *mean, const double *variance,
                         double epsilon, size_t rows, size_t width)
{
    for (size_t j = 0; j < width; ++j)
        require(variance[j] + epsilon > 0, "column %zu does not vary", j);
    for (size_t r = 0; r < rows; ++r)
        for (size_t j = 0; j < width; ++j)
            features[r * width + j] =
                (features[r * width + j] - mean[j]) / sqrt(variance[j] + epsilon);
}
