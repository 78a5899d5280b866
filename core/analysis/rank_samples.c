#include "core/analysis/rank_samples.h"

#include <stdatomic.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/linalg/frobenius.h"
#include "core/train/engine.h"

enum { NOISE_STREAM = 2 }; // among those of PURPOSE_THEORY
enum { QUARTER_SIDE = 2, QUARTER_SIZE = IMAGE_CHANNELS * QUARTER_SIDE * QUARTER_SIDE };

void rank_samples_open(struct rank_samples *samples, size_t count, struct arena *arena)
{
    samples->count = count;
    for (size_t i = 0; i < COMPONENTS; ++i) {
        for (size_t g = 0; g < GROUPINGS; ++g)
            samples->relative[g][i] = arena_doubles(arena, count);
        samples->spectral[i] = arena_doubles(arena, count);
        samples->frobenius[i] = arena_doubles(arena, count);
        samples->scale[i] = arena_doubles(arena, count);
    }
    for (int side = 0; side < 2; ++side)
        samples->rank[side] = arena_doubles(arena, count);
    samples->loss = arena_doubles(arena, count);
}

// ====== One image ======

// An image and its reconstruction, both (T,F).
struct pair {
    const double *patches, *prediction;
    const int32_t *hidden; // (hidden_count)
    size_t hidden_count, tokens, features;
    int patch;
};

// The rows of the matrix of a grouping.
static size_t grouping_rows(enum grouping grouping, const struct pair *pair)
{
    if (grouping == GROUPING_WHOLE) return pair->tokens;
    if (grouping == GROUPING_HIDDEN) return pair->hidden_count;
    return pair->hidden_count * pair->features / QUARTER_SIZE;
}

static size_t grouping_columns(enum grouping grouping, const struct pair *pair)
{
    return grouping == GROUPING_QUARTERS ? (size_t)QUARTER_SIZE : pair->features;
}

// to (hidden_count,F) = the hidden rows of `from` (T,F).
static void gather_hidden(double *to, const double *from, const struct pair *pair)
{
    for (size_t h = 0; h < pair->hidden_count; ++h)
        memcpy(to + h * pair->features, from + (size_t)pair->hidden[h] * pair->features,
               pair->features * sizeof *to);
}

// quarters (count * (patch/2)^2, 12) = hidden patches (count,F) cut into squares of side 2, each
// again in (channel, row, column) order.
static void cut_quarters(double *quarters, const double *hidden, size_t count,
                         int patch)
{
    size_t p = (size_t)patch, side = p / QUARTER_SIDE;
    for (size_t h = 0; h < count; ++h)
        for (size_t q = 0; q < side * side; ++q)
            for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
                for (size_t y = 0; y < QUARTER_SIDE; ++y)
                    for (size_t x = 0; x < QUARTER_SIDE; ++x)
                        *quarters++ = hidden[((h * IMAGE_CHANNELS + c) * p +
                                              q / side * QUARTER_SIDE + y) *
                                                 p +
                                             q % side * QUARTER_SIDE + x];
}

// whole (T,F) = the image with its hidden patches replaced by the prediction's.
static void fill_hidden(double *whole, const struct pair *pair)
{
    memcpy(whole, pair->patches, pair->tokens * pair->features * sizeof *whole);
    for (size_t h = 0; h < pair->hidden_count; ++h) {
        size_t at = (size_t)pair->hidden[h] * pair->features;
        memcpy(whole + at, pair->prediction + at, pair->features * sizeof *whole);
    }
}

// Compares the matrices x and y of one grouping and writes their relative distances to row `at`.
static int measure_grouping(struct rank_samples *samples, size_t at,
                            enum grouping grouping, const double *x, const double *y,
                            const struct pair *pair, struct arena *arena)
{
    struct components components;
    double relative[COMPONENTS];
    int status = components_compare(&components, x, y, grouping_rows(grouping, pair),
                                    grouping_columns(grouping, pair), arena);
    if (status) return status;
    components_relative(relative, components.frobenius, components.scale);
    for (size_t i = 0; i < COMPONENTS; ++i)
        samples->relative[grouping][i][at] = relative[i];
    if (grouping != GROUPING_HIDDEN) return 0;

    // The primary grouping also stores what the other summaries need.
    components_relative(relative, components.spectral, components.scale);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        samples->spectral[i][at] = relative[i];
        samples->frobenius[i][at] = components.frobenius[i];
        samples->scale[i][at] = components.scale[i];
    }
    for (int side = 0; side < 2; ++side)
        samples->rank[side][at] = components.rank[side];
    return 0;
}

// Measures one image into row `at`. Returns 0, or nonzero when a decomposition failed.
static int measure(struct rank_samples *samples, size_t at, const struct pair *pair,
                   struct arena *arena)
{
    size_t numbers = pair->tokens * pair->features;
    double *x = arena_doubles(arena, numbers), *y = arena_doubles(arena, numbers);
    double *a = arena_doubles(arena, numbers), *b = arena_doubles(arena, numbers);

    // The hidden patches.
    gather_hidden(x, pair->patches, pair);
    gather_hidden(y, pair->prediction, pair);
    const size_t count = pair->hidden_count * pair->features;
    samples->loss[at] = squared_distance(x, y, count) / (double)count;
    int status = measure_grouping(samples, at, GROUPING_HIDDEN, x, y, pair, arena);
    if (status) return status;

    // The same pixels as smaller patches.
    cut_quarters(a, x, pair->hidden_count, pair->patch);
    cut_quarters(b, y, pair->hidden_count, pair->patch);
    status = measure_grouping(samples, at, GROUPING_QUARTERS, a, b, pair, arena);
    if (status) return status;

    // The whole image.
    fill_hidden(y, pair);
    return measure_grouping(samples, at, GROUPING_WHOLE, pair->patches, y, pair, arena);
}

// ====== A trained model ======

// What the threads of rank_samples_learned share.
struct learned {
    struct rank_samples *samples;
    struct arena *arenas; // (threads)
    int patch;
    atomic_size_t failures;
};

static void learned_image(const struct reconstruction *one, int worker, void *context)
{
    struct learned *learned = context;
    struct arena *arena = &learned->arenas[worker];
    size_t numbers = one->tokens * one->patch_size, mark = arena_mark(arena);
    double *patches = arena_doubles(arena, numbers);
    double *prediction = arena_doubles(arena, numbers);
    for (size_t i = 0; i < numbers; ++i) {
        patches[i] = (double)one->patches[i];
        prediction[i] = (double)one->prediction[i];
    }
    struct pair pair = {patches,     prediction,      one->hidden,   one->hidden_count,
                        one->tokens, one->patch_size, learned->patch};
    if (measure(learned->samples, one->position, &pair, arena))
        atomic_fetch_add(&learned->failures, 1);
    arena_reset(arena, mark);
}

size_t rank_samples_learned(struct rank_samples *samples,
                            const struct evaluation *evaluation)
{
    const struct mae_shape *shape = &evaluation->mae->shape;
    require(evaluation->count == samples->count, "columns are for %zu images, not %zu",
            samples->count, evaluation->count);
    require(shape->patch % QUARTER_SIDE == 0, "patch side %d is odd", shape->patch);
    size_t threads = (size_t)evaluation->threads;
    struct learned learned = {.samples = samples, .patch = shape->patch};
    learned.arenas = arenas_open(threads, "rank curves");
    evaluate_reconstructions(evaluation, learned_image, &learned);
    arenas_close(learned.arenas, threads);
    return atomic_load(&learned.failures);
}

// ====== Without a network ======

struct baseline {
    struct rank_samples *samples;
    const struct linear_predictor *predictor; // NULL: noise
    double sd;
    const struct images *images;
    double mask_ratio;
    uint64_t seed;
    size_t tokens, features;
    struct arena *arenas; // (threads)
    int patch;
    atomic_size_t failures;
};

// prediction (T,F) = patches plus noise.
static void add_noise(double *prediction, const double *patches,
                      const struct baseline *baseline, size_t image)
{
    struct rng rng =
        rng_open(baseline->seed, PURPOSE_THEORY, (uint32_t)image, NOISE_STREAM);
    for (size_t i = 0; i < baseline->tokens * baseline->features; ++i)
        prediction[i] = patches[i] + baseline->sd * rng_normal(&rng);
}

static void baseline_image(size_t image, int worker, void *context)
{
    struct baseline *baseline = context;
    const size_t tokens = baseline->tokens, features = baseline->features,
                 visible_count = mask_visible(tokens, baseline->mask_ratio);
    struct arena *arena = &baseline->arenas[worker];
    size_t numbers = tokens * features, mark = arena_mark(arena);
    double *patches = arena_doubles(arena, numbers);
    double *prediction = arena_doubles(arena, numbers);

    // The image, and its mask in the evaluation of a model with this seed and ratio.
    real values[IMAGE_BYTES];
    patches_from_bytes(values, baseline->images->pixels + image * IMAGE_BYTES,
                       baseline->patch);
    for (size_t i = 0; i < numbers; ++i) patches[i] = (double)values[i];
    int32_t visible[IMAGE_SIDE * IMAGE_SIDE], hidden[IMAGE_SIDE * IMAGE_SIDE];
    mask_draw(visible, hidden, tokens, baseline->mask_ratio, baseline->seed,
              EVALUATION_EPOCH, (uint32_t)image);

    int status = 0;
    if (baseline->predictor)
        status = linear_predictor_apply(prediction, baseline->predictor, patches,
                                        visible, visible_count, arena);
    else
        add_noise(prediction, patches, baseline, image);
    struct pair pair = {patches, prediction, hidden,         tokens - visible_count,
                        tokens,  features,   baseline->patch};
    if (status || measure(baseline->samples, image, &pair, arena))
        atomic_fetch_add(&baseline->failures, 1);
    arena_reset(arena, mark);
}

static size_t baseline_measure(struct baseline *baseline, int threads)
{
    const size_t count = baseline->samples->count;
    require(count <= baseline->images->count, "%zu images of %zu", count,
            baseline->images->count);
    require(baseline->patch % QUARTER_SIDE == 0, "patch side %d is odd",
            baseline->patch);
    baseline->arenas = arenas_open((size_t)threads, "rank curves without a network");
    struct engine *engine = engine_open(threads, 0, 0);
    pool_for(engine, count, baseline_image, baseline);
    engine_close(engine);
    arenas_close(baseline->arenas, (size_t)threads);
    return atomic_load(&baseline->failures);
}

size_t rank_samples_linear(struct rank_samples *samples,
                           const struct linear_predictor *predictor,
                           const struct images *images, double mask_ratio,
                           uint64_t seed, int threads)
{
    struct baseline baseline = {.samples = samples,
                                .predictor = predictor,
                                .images = images,
                                .mask_ratio = mask_ratio,
                                .seed = seed,
                                .tokens = predictor->tokens,
                                .features = predictor->features};
    for (baseline.patch = 1; patch_size(baseline.patch) < predictor->features;)
        ++baseline.patch;
    return baseline_measure(&baseline, threads);
}

size_t rank_samples_noisy(struct rank_samples *samples, double sd,
                          const struct images *images, int patch, double mask_ratio,
                          uint64_t seed, int threads)
{
    const size_t side = IMAGE_SIDE / (size_t)patch;
    struct baseline baseline = {.samples = samples,
                                .sd = sd,
                                .images = images,
                                .mask_ratio = mask_ratio,
                                .seed = seed,
                                .tokens = side * side,
                                .features = patch_size(patch),
                                .patch = patch};
    return baseline_measure(&baseline, threads);
}
