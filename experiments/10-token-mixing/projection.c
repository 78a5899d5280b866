#include "experiments/10-token-mixing/projection.h"

#include <math.h>
#include <stdio.h>

#include "core/analysis/ridge_classifier.h"
#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/model/norm.h"
#include "core/report/run_files.h"
#include "core/study/inputs.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "core/train/infer.h"

enum { PROBE_TRAIN = 10000, PROBE_TEST = 10000, SMOKE_TRAIN = 1000, SMOKE_TEST = 500 };

struct visit {
    const struct weights *model;
    const struct images *images;
    double *tokens; // (PLACES,n,D)
    size_t images_wanted;
};

struct workspace {
    struct mae_activations *activations;
    real *patches;    // (INFER_CHUNK,T,F)
    int32_t *visible; // (INFER_CHUNK,T)
};

static void *workspace_open(struct arena *arena, const void *context)
{
    const struct visit *visit = context;
    const struct mae *mae = &visit->model->mae;
    const size_t T = shape_tokens(&mae->shape), F = shape_patch(&mae->shape);
    struct workspace *work = arena_take(arena, 1, sizeof *work);
    work->activations = mae_activations_open(mae, INFER_CHUNK, T, FP32, INFER, arena);
    work->patches = arena_reals(arena, INFER_CHUNK * T * F);
    work->visible = arena_take(arena, INFER_CHUNK * T, sizeof *work->visible);
    for (size_t i = 0; i < INFER_CHUNK * T; ++i) work->visible[i] = (int32_t)(i % T);
    return work;
}

// The class token and the mean patch token of one image's (T+1,D).
static int keep(double *class_token, double *mean_token, const real *x, size_t T,
                size_t D)
{
    int finite = 1;
    for (size_t d = 0; d < D; ++d) {
        class_token[d] = (double)x[d];
        mean_token[d] = 0;
        for (size_t t = 1; t <= T; ++t)
            mean_token[d] += (double)x[t * D + d] / (double)T;
        finite = finite && isfinite(class_token[d]) && isfinite(mean_token[d]);
    }
    return finite;
}

static int pass(const struct infer_chunk *chunk, void *context)
{
    const struct visit *visit = context;
    const struct mae *mae = &visit->model->mae;
    struct workspace *work = chunk->workspace;
    const size_t T = shape_tokens(&mae->shape), F = shape_patch(&mae->shape),
                 D = (size_t)mae->shape.width, place = visit->images_wanted * D;
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        patches_from_bytes(work->patches + b * T * F,
                           visit->images->pixels + chunk->image[b] * IMAGE_BYTES,
                           mae->shape.patch);
    const struct mae_input input = {.images = INFER_CHUNK,
                                    .visible_count = T,
                                    .patches = work->patches,
                                    .visible = work->visible};
    mae_forward(work->activations, mae, chunk->weights, &input);
    const struct mae_view view = mae_view(work->activations, mae);
    int finite = 1;
    for (size_t b = 0; b < chunk->count; ++b) {
        double *row = visit->tokens + (chunk->first + b) * D;
        const size_t at = b * (T + 1) * D;
        finite &= keep(row + CLASS_BEFORE * place, row + MEAN_BEFORE * place,
                       view.encoded + at, T, D);
        finite &= keep(row + CLASS_AFTER * place, row + MEAN_AFTER * place,
                       view.decoded + at, T, D);
    }
    return !finite;
}

void places_encode(double *tokens, const struct weights *model,
                   const struct images *images, size_t n, int threads)
{
    struct visit visit = {.model = model, .images = images, .images_wanted = n};
    visit.tokens = tokens;
    const struct infer infer = {.parameters = &model->mae.parameters,
                                .weights = model->slab,
                                .images = n,
                                .threads = threads,
                                .label = "whole images",
                                .workspace = workspace_open,
                                .pass = pass,
                                .context = &visit};
    input_finite(model, infer_run(&infer));
}

// |LN - BN| / |BN| of the tokens that the pixel head reads of one image, without affine parts.
static void distance_of_one(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    double *distance = context;
    struct arena arena;
    arena_open_growing(&arena, "norms");
    const size_t T = one->tokens, D = one->width;
    const real *decoded = one->view.decoded + D; // after the class token
    real *out[2], *normal = arena_reals(&arena, T * D),
                  *rstd = arena_reals(&arena, T > D ? T : D),
                  *weight = arena_reals(&arena, D), *bias = arena_zeros(&arena, D);
    const struct layernorm layer = {.weight = weight, .bias = bias};
    for (size_t d = 0; d < D; ++d) weight[d] = 1;
    for (int n = 0; n < 2; ++n) {
        const enum norm norm = n ? NORM_BATCH : NORM_LAYER;
        out[n] = arena_reals(&arena, T * D);
        norm_begin(normal, rstd, decoded, norm, 1, T, D);
        norm_forward(out[n], normal, rstd, decoded, &layer, norm, T, D);
    }
    double apart = 0, size = 0;
    for (size_t i = 0; i < T * D; ++i) {
        apart += pow((double)(out[0][i] - out[1][i]), 2);
        size += pow((double)out[1][i], 2);
    }
    distance[one->position] = sqrt(apart / size);
    arena_close(&arena);
}

static void probe(double *right, struct study *study, double *const tokens[2],
                  const size_t count[2], int place)
{
    const size_t D = (size_t)study->model[0].mae.shape.width;
    struct labelled_rows rows[2];
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s)
        rows[s] = (struct labelled_rows){count[s], D,
                                         tokens[s] + (size_t)place * count[s] * D,
                                         study->images[s].labels};
    if (ridge_right(right, &rows[SPLIT_TRAIN], &rows[SPLIT_TEST], IMAGE_CLASSES,
                    &study->arena))
        die(EXIT_INPUT, "%s: its tokens are alike in all images (train it again)",
            study->model[0].file.path);
}

void projection_judge(struct study *study, double *const right[PLACES], size_t n,
                      const struct estimate *apart)
{
    static const char *const titles[2] = {"class token", "mean patch token"},
                             *const keys[2] = {"class", "mean"};
    struct estimate gap[2];
    struct table table;
    table_open(&table, 4,
               (const char *const[]){"token", "before the decoder, %", "after it, %",
                                     "difference"});
    for (int k = 0; k < 2; ++k) {
        char cell[3][NUMBER_TEXT];
        const double *before = right[k ? MEAN_BEFORE : CLASS_BEFORE],
                     *after = right[k ? MEAN_AFTER : CLASS_AFTER];
        gap[k] = study_gap(study, before, after, n);
        put_estimate(&study->run, cell[0], study_mean(study, before, n), "percent",
                     "projection.%s.before", keys[k]);
        put_estimate(&study->run, cell[1], study_mean(study, after, n), "percent",
                     "projection.%s.after", keys[k]);
        put_estimate(&study->run, cell[2], gap[k], "points", "projection.%s", keys[k]);
        table_row(&table, (const char *const[]){titles[k], cell[0], cell[1], cell[2]});
    }
    run_table(&study->run, "projection.md",
              "Ridge probes of the class on whole images, encoder's output and the "
              "decoder's last tokens; 90 % intervals over test images.",
              &table, "");
    table_close(&table);

    study_judge(
        study, "remark4.7.projection", gap, 2, 0,
        "paired bootstrap over test images, class token and mean patch token",
        "given these weights; after the decoder a layer norm and a batch norm over "
        "tokens differ by %.2f of the latter",
        apart->value);
}

void projection_measure(struct study *study)
{
    const int is_smoke = study->run.options.tier == TIER_SMOKE;
    const size_t D = (size_t)study->model[0].mae.shape.width;
    size_t count[2] = {is_smoke ? SMOKE_TRAIN : PROBE_TRAIN,
                       is_smoke ? SMOKE_TEST : PROBE_TEST};
    double *tokens[2], *right[PLACES];
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        if (count[s] > study->images[s].count) count[s] = study->images[s].count;
        tokens[s] = arena_doubles(&study->arena, PLACES * count[s] * D);
        places_encode(tokens[s], &study->model[0], &study->images[s], count[s],
                      study->run.options.threads);
    }
    const size_t n = count[SPLIT_TEST];
    for (int p = 0; p < PLACES; ++p) {
        right[p] = arena_doubles(&study->arena, n);
        probe(right[p], study, tokens, count, p);
    }
    const struct evaluation evaluation = study_evaluation(study, 0, n);
    double *distance = arena_doubles(&study->arena, evaluation.count);
    evaluate_reconstructions(&evaluation, distance_of_one, distance);
    const struct estimate apart = study_mean(study, distance, evaluation.count);
    put_estimate(&study->run, NULL, apart, "1", "norms.distance");
    projection_judge(study, right, n, &apart);
}
