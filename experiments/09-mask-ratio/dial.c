#include "experiments/09-mask-ratio/dial.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/encoder_features.h"
#include "core/analysis/ridge_classifier.h"
#include "core/analysis/segments.h"
#include "core/base/die.h"
#include "core/data/planted.h"
#include "core/stats/bootstrap.h"
#include "core/stats/summary.h"
#include "core/stats/two_way.h"
#include "core/train/short_training.h"

void dial_open(struct dial *dial, const struct run_options *options,
               struct arena *arena)
{
    static const struct dial smoke = {.region_count = 2,
                                      .ratio_count = 2,
                                      .seeds = 1,
                                      .regions = {2, 8},
                                      .ratio = {.25, .9},
                                      .epochs = 1,
                                      .scenes = {100, 400},
                                      .train = PLANTED_TRAIN,
                                      .probe_train = 1000},
                             desk = {.region_count = DIAL_REGIONS,
                                     .ratio_count = DIAL_RATIOS,
                                     .seeds = DIAL_SEEDS,
                                     .regions = {2, 4, 6, 8},
                                     .ratio = {.25, .4, .6, .75, .9},
                                     .epochs = 4,
                                     .scenes = {300, 2000},
                                     .train = PLANTED_TRAIN,
                                     .probe_train = 4000};
    *dial = options->tier == TIER_SMOKE ? smoke : desk;
    if (options->seeds > 0) dial->seeds = (size_t)options->seeds;
    if (options->epochs > 0) dial->epochs = options->epochs;
    for (size_t k = 0; k < dial->region_count; ++k)
        for (size_t m = 0; m < dial->ratio_count; ++m)
            for (int q = 0; q < QUALITIES; ++q)
                dial->quality[k][m][q] =
                    arena_doubles(arena, dial->seeds * dial->scenes[q]);
}

// ====== One training ======

// What one training is measured on.
struct trained {
    const struct mae *mae;
    const real *weights;
    const struct images *train, *test;
    int threads;
    uint64_t seed; // of K-means
};

static void segments_measure(double *ari, const struct trained *trained, size_t scenes,
                             struct arena *arena)
{
    const size_t tokens = shape_tokens(&trained->mae->shape);
    struct token_set set;
    uint8_t *truth = arena_take(arena, scenes, tokens),
            *maps = arena_take(arena, scenes, tokens),
            *clusters = arena_take(arena, scenes, 1);
    if (token_set_encoder(&set, trained->mae, trained->weights, -1, trained->test,
                          scenes, trained->threads, arena))
        die(EXIT_SYSTEM, "a training of the dial diverged (report this)");
    segments_truth(truth, clusters, trained->test, scenes, tokens);
    const struct segmentation segmentation = {.set = &set,
                                              .normalisation =
                                                  NORMALISATION_CENTRED_UNIT,
                                              .clusters = clusters,
                                              .restarts = SEGMENT_STARTS,
                                              .seed = trained->seed,
                                              .threads = trained->threads};
    segments_find(maps, &segmentation);
    segments_score(ari, NULL, maps, truth, clusters, scenes, tokens);
    for (size_t i = 0; i < scenes; ++i) ari[i] *= 100;
}

// The class tokens (n,D) of the first n images.
static struct labelled_rows class_tokens(const struct trained *trained,
                                         const struct images *images, size_t n,
                                         struct arena *arena)
{
    const size_t D = (size_t)trained->mae->shape.width;
    struct images first = *images;
    first.count = n;
    const struct encoder_source source = {trained->mae, trained->weights, &first,
                                          trained->threads};
    float *summary = arena_take(arena, n * SUMMARY_ROWS * D, sizeof *summary);
    double *features = arena_doubles(arena, n * D);
    if (encoder_features_compute(NULL, summary, &source))
        die(EXIT_SYSTEM, "a training of the dial diverged (report this)");
    for (size_t i = 0; i < n; ++i)
        for (size_t d = 0; d < D; ++d)
            features[i * D + d] =
                (double)summary[(i * SUMMARY_ROWS + SUMMARY_CLASS) * D + d];
    return (struct labelled_rows){n, D, features, images->labels};
}

static void probe_measure(double *right, const struct trained *trained, size_t train,
                          size_t scenes, struct arena *arena)
{
    const struct labelled_rows fit =
                                   class_tokens(trained, trained->train, train, arena),
                               rows =
                                   class_tokens(trained, trained->test, scenes, arena);
    if (ridge_right(right, &fit, &rows, IMAGE_CLASSES, arena))
        die(EXIT_SYSTEM, "a probe of the dial has no solution (report this)");
}

static void setting_measure(struct dial *dial, size_t k, size_t m, size_t number,
                            const struct images images[2],
                            const struct run_options *options, struct arena *arena)
{
    char label[64];
    const size_t mark = arena_mark(arena);
    struct mae mae;
    real *weights;
    struct short_training training = {.recipe = recipe_find("smoke", "m75-h3"),
                                      .images = &images[SPLIT_TRAIN],
                                      .seed = options->seed + number,
                                      .threads = options->threads,
                                      .label = label};
    snprintf(label, sizeof label, "%zu regions, %.0f %% masked, seed %zu",
             dial->regions[k], 100 * dial->ratio[m], number);
    training.recipe.mask_ratio = dial->ratio[m];
    recipe_set_epochs(&training.recipe, dial->epochs);
    dial->loss[k][m] +=
        short_training_run(&mae, &weights, &training, arena) / (double)dial->seeds;
    const struct trained trained = {&mae,
                                    weights,
                                    &images[SPLIT_TRAIN],
                                    &images[SPLIT_TEST],
                                    options->threads,
                                    options->seed};
    double *const *quality = dial->quality[k][m];
    segments_measure(quality[QUALITY_SEGMENTS] +
                         number * dial->scenes[QUALITY_SEGMENTS],
                     &trained, dial->scenes[QUALITY_SEGMENTS], arena);
    probe_measure(quality[QUALITY_PROBE] + number * dial->scenes[QUALITY_PROBE],
                  &trained, dial->probe_train, dial->scenes[QUALITY_PROBE], arena);
    arena_reset(arena, mark);
}

void dial_measure(struct dial *dial, const struct run_options *options,
                  struct arena *arena)
{
    for (size_t k = 0; k < dial->region_count; ++k) {
        struct images images[2];
        planted_make_regions(&images[SPLIT_TRAIN], PLANTED_TRAIN_SEED, dial->train,
                             PLANTED_NOISE, dial->regions[k]);
        planted_make_regions(&images[SPLIT_TEST], PLANTED_TEST_SEED,
                             dial->scenes[QUALITY_PROBE], PLANTED_NOISE,
                             dial->regions[k]);
        for (size_t m = 0; m < dial->ratio_count; ++m) {
            dial->loss[k][m] = 0;
            for (size_t number = 0; number < dial->seeds; ++number)
                setting_measure(dial, k, m, number, images, options, arena);
        }
        images_free(&images[SPLIT_TRAIN]);
        images_free(&images[SPLIT_TEST]);
    }
}

// ====== What it says ======

struct estimate dial_mean(const struct dial *dial, size_t k, size_t m,
                          enum quality quality, uint64_t seed)
{
    return two_way_mean(dial->quality[k][m][quality], dial->seeds,
                        dial->scenes[quality], BOOTSTRAP_RESAMPLES, seed);
}

struct estimate dial_contrast(const struct dial *dial, enum quality quality,
                              uint64_t seed, struct arena *arena)
{
    const size_t few = 0, many = dial->region_count - 1, low = 0,
                 high = dial->ratio_count - 1,
                 count = dial->seeds * dial->scenes[quality];
    double *difference = arena_doubles(arena, count);
    for (size_t i = 0; i < count; ++i)
        difference[i] = dial->quality[few][high][quality][i] -
                        dial->quality[few][low][quality][i] -
                        (dial->quality[many][high][quality][i] -
                         dial->quality[many][low][quality][i]);
    return two_way_mean(difference, dial->seeds, dial->scenes[quality],
                        BOOTSTRAP_RESAMPLES, seed);
}

// The sum over the even scenes of all seeds but `without`.
static double others_sum(const double *quality, size_t seeds, size_t scenes,
                         size_t without)
{
    double sum = 0;
    for (size_t s = 0; s < seeds; ++s)
        for (size_t i = 0; i < scenes && s != without; i += 2)
            sum += quality[s * scenes + i];
    return sum;
}

// The ratio between the ends that is best on the even scenes of all seeds but `without`.
static size_t best_between(const struct dial *dial, size_t k, enum quality quality,
                           size_t without)
{
    size_t best = 1;
    double most = -INFINITY;
    for (size_t m = 1; m + 1 < dial->ratio_count; ++m) {
        const double sum = others_sum(dial->quality[k][m][quality], dial->seeds,
                                      dial->scenes[quality], without);
        if (sum > most) best = m;
        most = fmax(most, sum);
    }
    return best;
}

struct estimate dial_end(const struct dial *dial, size_t k, enum quality quality,
                         int end, uint64_t seed, struct arena *arena)
{
    const size_t last = dial->ratio_count - 1, scenes = dial->scenes[quality],
                 odd = scenes / 2;
    if (last < 2 || dial->seeds < 2) return (struct estimate){NAN, NAN, NAN, 0};
    double *difference = arena_doubles(arena, dial->seeds * odd);
    for (size_t s = 0; s < dial->seeds; ++s) {
        // A training that chose its own ratio would be lucky twice.
        const size_t best = best_between(dial, k, quality, s);
        for (size_t i = 0; i < odd; ++i) {
            const size_t at = s * scenes + 2 * i + 1;
            difference[s * odd + i] = dial->quality[k][best][quality][at] -
                                      dial->quality[k][end ? last : 0][quality][at];
        }
    }
    return two_way_mean(difference, dial->seeds, odd, BOOTSTRAP_RESAMPLES, seed);
}

size_t dial_best(const struct dial *dial, size_t k, enum quality quality)
{
    size_t best = 0;
    for (size_t m = 1; m < dial->ratio_count; ++m)
        if (mean(dial->quality[k][m][quality], dial->seeds * dial->scenes[quality]) >
            mean(dial->quality[k][best][quality], dial->seeds * dial->scenes[quality]))
            best = m;
    return best;
}
