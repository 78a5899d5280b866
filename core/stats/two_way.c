#include "core/stats/two_way.h"

#include <math.h>

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/stats/bootstrap.h"
#include "core/stats/summary.h"

static const double NORMAL_QUANTILE = 1.6448536269514722; // 95 %

// The mean of one seed's x (n), image i counted counts[i] times.
static double counted_mean(const double *x, const uint32_t *counts, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (double)counts[i] * x[i];
    return sum / (double)n;
}

// The 95 % quantile of Student's t: closed forms for 1 and 2 degrees of freedom, else the expansion
// of Abramowitz and Stegun 26.7.5, which is .3 % too small at 3 and better beyond.
static double student_quantile(double freedom)
{
    const double z = NORMAL_QUANTILE, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    if (freedom == 1) return tan(.45 * 3.14159265358979323846);
    if (freedom == 2) return .9 * sqrt(2 / (4 * .95 * .05));
    return z + (z3 + z) / (4 * freedom) +
           (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom * freedom * freedom);
}

// By how much the deviation of a resample's seeds is stretched.
static double seeds_stretch(size_t seeds)
{
    if (seeds == 1) return 0;
    const double s = (double)seeds;
    return student_quantile(s - 1) / NORMAL_QUANTILE * sqrt(s / (s - 1));
}

struct estimate two_way_mean(const double *x, size_t seeds, size_t n, size_t resamples,
                             uint64_t seed)
{
    require(seeds > 0 && n > 0, "%zu seeds of %zu images", seeds, n);
    struct arena arena;
    arena_open_growing(&arena, "bootstrap");
    uint32_t *counts = arena_take(&arena, n, sizeof *counts);
    double *replicates = arena_doubles(&arena, resamples),
           *workspace = arena_doubles(&arena, resamples),
           *of_seed = arena_doubles(&arena, seeds);
    const double stretch = seeds_stretch(seeds);
    for (size_t r = 0; r < resamples; ++r) {
        struct rng rng = rng_open(seed, PURPOSE_BOOTSTRAP, 1, (uint32_t)r);
        bootstrap_counts(counts, n, seed, (uint32_t)r);
        double all = 0, drawn = 0;
        for (size_t s = 0; s < seeds; ++s) {
            of_seed[s] = counted_mean(x + s * n, counts, n);
            all += of_seed[s] / (double)seeds;
        }
        for (size_t s = 0; s < seeds; ++s)
            drawn += of_seed[rng_below(&rng, (uint32_t)seeds)] / (double)seeds;
        replicates[r] = all + stretch * (drawn - all);
    }
    const struct estimate estimate =
        percentile_interval(mean(x, seeds * n), n, replicates, resamples, workspace);
    arena_close(&arena);
    return estimate;
}
