#include "core/stats/two_way.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "core/stats/bootstrap.h"
#include "tests/ending.h"

enum { SEEDS = 5, IMAGES = 100, RESAMPLES = 2000 };

static double x[SEEDS * IMAGES];

// Numbers that differ between seeds by `seeds`, between images by `images`.
static void draw(double seeds, double images)
{
    double of_seed[SEEDS], of_image[IMAGES];
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    for (size_t s = 0; s < SEEDS; ++s) of_seed[s] = seeds * rng_normal(&rng);
    for (size_t i = 0; i < IMAGES; ++i) of_image[i] = images * rng_normal(&rng);
    for (size_t s = 0; s < SEEDS; ++s)
        for (size_t i = 0; i < IMAGES; ++i)
            x[s * IMAGES + i] = of_seed[s] + of_image[i];
}

static double width(struct estimate estimate)
{
    return estimate.high - estimate.low;
}

Test(two_way, one_seed_is_the_bootstrap_over_images)
{
    draw(0, 1);
    const struct statistic statistic = {STATISTIC_MEAN, x, NULL};
    struct estimate one;
    bootstrap_intervals(&one, &statistic, 1, IMAGES, RESAMPLES, 3);
    const struct estimate found = two_way_mean(x, 1, IMAGES, RESAMPLES, 3);
    cr_expect_float_eq(found.value, one.value, 1e-12);
    cr_expect_float_eq(found.low, one.low, 1e-12);
    cr_expect_float_eq(found.high, one.high, 1e-12);
    cr_expect_eq(found.n, IMAGES);
}

// 3.29 standard errors of 100 images.
Test(two_way, an_interval_covers_seeds_as_well_as_images)
{
    draw(0, 1);
    const double images = width(two_way_mean(x, SEEDS, IMAGES, RESAMPLES, 3));
    cr_expect_float_eq(images, .33, .07);
    draw(1, 1);
    const double both = width(two_way_mean(x, SEEDS, IMAGES, RESAMPLES, 3));
    cr_expect_gt(both, 2 * images, "seeds that differ widen it");
    draw(0, 0);
    cr_expect_eq(width(two_way_mean(x, SEEDS, IMAGES, RESAMPLES, 3)), 0);
}

// How often the interval of `seeds` seeds, which vary five times as much as images, has the truth.
static double coverage(size_t seeds)
{
    enum { SETS = 1000, FEW = 10, MOST = 5 };
    double set[MOST * FEW];
    size_t inside = 0;
    for (uint32_t number = 0; number < SETS; ++number) {
        struct rng rng = rng_open(7, PURPOSE_TEST, (uint32_t)seeds, number);
        double of_image[FEW];
        for (size_t i = 0; i < FEW; ++i) of_image[i] = .2 * rng_normal(&rng);
        for (size_t s = 0; s < seeds; ++s) {
            const double of_seed = rng_normal(&rng);
            for (size_t i = 0; i < FEW; ++i) set[s * FEW + i] = of_seed + of_image[i];
        }
        const struct estimate found = two_way_mean(set, seeds, FEW, 400, number);
        inside += found.low <= 0 && found.high >= 0;
    }
    return (double)inside / SETS;
}

// The standard error of a coverage of .9 is .01.
Test(two_way, the_truth_is_inside_nine_times_in_ten_for_few_seeds)
{
    for (size_t seeds = 2; seeds <= 5; ++seeds) {
        const double found = coverage(seeds);
        cr_expect(found > .86 && found < .93, "%zu seeds: %g", seeds, found);
    }
}

BREAKS(two_way, refuses_no_seeds, "seeds > 0")
{
    two_way_mean(x, 0, IMAGES, RESAMPLES, 1);
}
