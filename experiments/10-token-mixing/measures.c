#include "experiments/10-token-mixing/measures.h"

#include <math.h>
#include <string.h>

#include "core/analysis/ridge_classifier.h"
#include "core/analysis/segments.h"
#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/train/encode.h"
#include "core/train/loss.h"

// Where this training's measures of the scenes go.
static double *values_of(const struct trained *one, enum measure measure)
{
    const size_t scenes = one->arms->scale.scenes, seeds = one->arms->scale.seeds;
    double **value = &one->arm->value[measure];
    if (!*value) *value = arena_doubles(&one->arms->study->arena, seeds * scenes);
    return *value + one->seed * scenes;
}

// ---- Losses ----

struct losses {
    const struct target_maker *maker;
    double *hidden, *visible; // (scenes)
};

static void losses_of_one(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    struct losses *losses = context;
    real target[IMAGE_BYTES];
    target_make(target, one->patches, one->tokens, losses->maker);
    losses->hidden[one->position] =
        masked_loss(NULL, one->prediction, target, one->hidden, 1, one->tokens,
                    one->hidden_count, one->patch_size, 1);
    losses->visible[one->position] =
        masked_loss(NULL, one->prediction, target, one->visible, 1, one->tokens,
                    one->visible_count, one->patch_size, 1);
}

// The variance of the targets of all patches of the scenes, a number.
static double target_variance(const struct trained *one,
                              const struct target_maker *maker)
{
    const struct images *images = &one->arms->images[SPLIT_TEST];
    const size_t F = maker->patch_size, T = one->tokens, n = images->count * T;
    double variance = 0;
    real patches[IMAGE_BYTES], target[IMAGE_BYTES];
    double *sum = arena_doubles(one->arena, F), *square = arena_doubles(one->arena, F);
    for (size_t f = 0; f < F; ++f) sum[f] = square[f] = 0;
    for (size_t i = 0; i < images->count; ++i) {
        patches_from_bytes(patches, images->pixels + i * IMAGE_BYTES,
                           one->recipe.shape.patch);
        target_make(target, patches, T, maker);
        for (size_t t = 0; t < T * F; ++t) {
            sum[t % F] += (double)target[t];
            square[t % F] += (double)target[t] * (double)target[t];
        }
    }
    for (size_t f = 0; f < F; ++f)
        variance += square[f] / (double)n - pow(sum[f] / (double)n, 2);
    return variance / (double)F;
}

static void measure_losses(const struct trained *one)
{
    const struct arms *arms = one->arms;
    const struct run_options *options = &arms->study->run.options;
    struct target_maker maker;
    struct losses losses = {&maker, values_of(one, HIDDEN_LOSS),
                            values_of(one, VISIBLE_LOSS)};
    const struct evaluation evaluation = {.mae = &one->mae,
                                          .weights = one->weights,
                                          .images = &arms->images[SPLIT_TEST],
                                          .count = arms->scale.scenes,
                                          .mask_ratio = one->recipe.mask_ratio,
                                          .seed = options->seed,
                                          .threads = options->threads};
    target_maker_open(&maker, one->recipe.target.scale, &arms->images[SPLIT_TRAIN],
                      one->recipe.shape.patch, one->arena);
    evaluate_reconstructions(&evaluation, losses_of_one, &losses);
    const double variance = target_variance(one, &maker);
    for (size_t i = 0; i < arms->scale.scenes; ++i) losses.hidden[i] *= 100 / variance;
}

// ---- Tokens of whole scenes ----

// tokens (n,T+1,D) of the first n scenes of a split, class token first.
static float *encode(const struct trained *one, enum split split, size_t n, int layer)
{
    const struct images *images = &one->arms->images[split];
    const size_t T = one->tokens;
    float *tokens = arena_take(one->arena, n * (T + 1) * one->width, sizeof *tokens),
          *pixels = arena_take(one->arena, n * IMAGE_BYTES, sizeof *pixels);
    int32_t *shown = arena_take(one->arena, n * T, sizeof *shown);
    for (size_t i = 0; i < n * IMAGE_BYTES; ++i)
        pixels[i] = (float)pixel_value(images->pixels[i]);
    for (size_t i = 0; i < n * T; ++i) shown[i] = (int32_t)(i % T);
    const struct encoding encoding = {.mae = &one->mae,
                                      .weights = one->weights,
                                      .layer = layer,
                                      .images = pixels,
                                      .count = n,
                                      .visible = T,
                                      .shown = shown,
                                      .threads = one->arms->study->run.options.threads};
    if (encode_images(tokens, NULL, &encoding))
        die(EXIT_SYSTEM, "%s: its tokens are not finite (report this)",
            one->recipe.run);
    return tokens;
}

// maps (n,T) = K-means on the patch tokens, as in Figure 3.
static uint8_t *cluster(const struct trained *one, enum split split, size_t n,
                        const float *tokens)
{
    const size_t T = one->tokens, D = one->width;
    struct token_set set = {n, T, D,
                            arena_take(one->arena, n * T * D, sizeof *set.values)};
    for (size_t i = 0; i < n; ++i)
        memcpy(set.values + i * T * D, tokens + (i * (T + 1) + 1) * D,
               T * D * sizeof *tokens);
    uint8_t *maps = arena_take(one->arena, n, T);
    const struct segmentation segmentation = {
        .set = &set,
        .normalisation = NORMALISATION_CENTRED_UNIT,
        .clusters = one->arms->clusters[split],
        .restarts = one->arms->scale.restarts,
        .seed = one->arms->study->run.options.seed,
        .threads = one->arms->study->run.options.threads};
    segments_find(maps, &segmentation);
    return maps;
}

// ---- Probes ----

// Which patch tokens of a scene are averaged: all, or those of one cluster. NULL: the class token.
typedef void choose_tokens(uint8_t *chosen, const struct trained *one, enum split split,
                           size_t scene, const uint8_t *map);

static void choose_all(uint8_t *chosen, const struct trained *one, enum split split,
                       size_t scene, const uint8_t *map)
{
    (void)split, (void)scene, (void)map;
    memset(chosen, 1, one->tokens);
}

// The cluster with the largest share of the object among the scene's, which an oracle knows.
static void choose_object(uint8_t *chosen, const struct trained *one, enum split split,
                          size_t scene, const uint8_t *map)
{
    const uint8_t *truth = one->arms->truth[split] + scene * one->tokens;
    size_t common[REGION_GRID * REGION_GRID] = {0}, best = 0;
    for (size_t t = 0; t < one->tokens; ++t) common[map[t]] += truth[t] == 0;
    for (size_t c = 1; c < one->arms->clusters[split][scene]; ++c)
        if (common[c] > common[best]) best = c;
    for (size_t t = 0; t < one->tokens; ++t) chosen[t] = map[t] == best;
}

static struct labelled_rows rows_of(const struct trained *one, enum split split,
                                    size_t n, const float *tokens, const uint8_t *maps,
                                    choose_tokens *choose)
{
    const size_t T = one->tokens, D = one->width;
    double *features = arena_doubles(one->arena, n * D);
    uint8_t *chosen = arena_take(one->arena, T, 1);
    for (size_t i = 0; i < n; ++i) {
        const float *scene = tokens + i * (T + 1) * D;
        double *row = features + i * D, count = 0;
        for (size_t d = 0; d < D; ++d) row[d] = choose ? 0 : (double)scene[d];
        if (!choose) continue;
        choose(chosen, one, split, i, maps ? maps + i * T : NULL);
        for (size_t t = 0; t < T; ++t) {
            if (!chosen[t]) continue;
            count += 1;
            for (size_t d = 0; d < D; ++d) row[d] += (double)scene[(t + 1) * D + d];
        }
        for (size_t d = 0; d < D; ++d) row[d] /= count;
    }
    return (struct labelled_rows){n, D, features, one->arms->images[split].labels};
}

// The scenes of a split as an encoder sees them.
struct seen {
    const float *tokens;
    const uint8_t *maps;
    size_t count;
};

static void probe(const struct trained *one, enum measure measure,
                  const struct seen seen[2], choose_tokens *choose)
{
    struct labelled_rows rows[2];
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s)
        rows[s] = rows_of(one, (enum split)s, seen[s].count, seen[s].tokens,
                          seen[s].maps, choose);
    if (ridge_right(values_of(one, measure), &rows[SPLIT_TRAIN], &rows[SPLIT_TEST],
                    IMAGE_CLASSES, one->arena))
        die(EXIT_SYSTEM, "%s: a probe has no solution (report this)", one->recipe.run);
}

// ---- Heads ----

static void measure_heads(const struct trained *one)
{
    const struct arms *arms = one->arms;
    const size_t n = arms->scale.scenes, T = one->tokens;
    const float *tokens = encode(one, SPLIT_TEST, n, one->mae.shape.encoder_blocks - 1);
    double *seen = values_of(one, HEAD_REGIONS);
    uint8_t *heads = arena_take(one->arena, (size_t)one->mae.shape.encoder_heads, 1);
    for (size_t i = 0; i < n; ++i) {
        const size_t regions = arms->clusters[SPLIT_TEST][i];
        seen[i] = 100 *
                  (double)head_regions(
                      heads, &one->mae, one->weights, tokens + i * (T + 1) * one->width,
                      arms->truth[SPLIT_TEST] + i * T, regions, one->arena) /
                  (double)regions;
    }
}

void measure_training(const struct trained *one)
{
    const struct arms *arms = one->arms;
    const size_t count[2] = {arms->scale.probe_train, arms->scale.scenes},
                 arm = (size_t)(one->arm - arms->arm);
    struct seen seen[2] = {{NULL, NULL, count[0]}, {NULL, NULL, count[1]}};
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        seen[s].tokens = encode(one, (enum split)s, count[s], -1);
        // The oracle alone needs clusters of training scenes.
        if (s == SPLIT_TEST || arm == ARM_PAPER)
            seen[s].maps = cluster(one, (enum split)s, count[s], seen[s].tokens);
    }
    measure_losses(one);
    segments_score(values_of(one, SEGMENTS), NULL, seen[SPLIT_TEST].maps,
                   arms->truth[SPLIT_TEST], arms->clusters[SPLIT_TEST],
                   count[SPLIT_TEST], one->tokens);
    for (size_t i = 0; i < count[SPLIT_TEST]; ++i) values_of(one, SEGMENTS)[i] *= 100;
    probe(one, CLASS_PROBE, seen, NULL);
    probe(one, MEAN_PROBE, seen, choose_all);
    if (arm == ARM_PAPER) probe(one, ORACLE_PROBE, seen, choose_object);
    if (arm == ARM_PAPER || arm == ARM_SIX_HEADS) measure_heads(one);
}
