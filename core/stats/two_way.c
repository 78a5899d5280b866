#include "core/stats/two_way.h"

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/stats/bootstrap.h"
#include "core/stats/summary.h"

// The mean of one seed's x (n), image i counted counts[i] times.
static double counted_mean(const double *x, const uint32_t *counts, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (double)counts[i] * x[i];
    return sum / (double)n;
}

struct estimate two_way_mean(const double *x, size_t seeds, size_t n, size_t resamples,
                             uint64_t seed)
{
    require(seeds > 0 && n > 0, "%zu seeds of %zu images", seeds, n);
    struct arena arena;
    arena_open_growing(&arena, "bootstrap");
    uint32_t *counts = arena_take(&arena, n, sizeof *counts);
    double *replicates = arena_doubles(&arena, resamples),
           *workspace = arena_doubles(&arena, resamples);
    for (size_t r = 0; r < resamples; ++r) {
        struct rng rng = rng_open(seed, PURPOSE_BOOTSTRAP, 1, (uint32_t)r);
        bootstrap_counts(counts, n, seed, (uint32_t)r);
        replicates[r] = 0;
        for (size_t s = 0; s < seeds; ++s) {
            const size_t drawn = rng_below(&rng, (uint32_t)seeds);
            replicates[r] += counted_mean(x + drawn * n, counts, n) / (double)seeds;
        }
    }
    const struct estimate estimate =
        percentile_interval(mean(x, seeds * n), n, replicates, resamples, workspace);
    arena_close(&arena);
    return estimate;
}
