#include "experiments/07-spectral/measure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/hidden_graph.h"
#include "core/analysis/pair_losses.h"
#include "core/analysis/rotated_probe.h"
#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/linalg/frobenius.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "core/train/pretrain.h"
#include "experiments/07-spectral/emit.h"
#include "experiments/07-spectral/graphs.h"

// ====== One state of a model ======

struct contrastive_pairs model_pairs(const struct hidden_rows *rows,
                                     const struct mae *mae, const real *weights,
                                     size_t count, struct arena *arena)
{
    const size_t f = rows->features, d = rows->width, q = f + 1, k = d + 1;
    const struct parameters *table = &mae->parameters;
    const real *head = weights + parameters_find(table, "decoder.head.weight")->offset,
               *bias = weights + parameters_find(table, "decoder.head.bias")->offset;
    double *target = arena_doubles(arena, count * q),
           *trunk = arena_doubles(arena, count * k),
           *matrix = arena_doubles(arena, q * k);
    require(count <= rows->images * rows->rows, "%zu hidden tokens of %zu", count,
            rows->images * rows->rows);
    for (size_t i = 0; i < count; ++i) {
        for (size_t j = 0; j < q; ++j)
            target[i * q + j] = j < f ? rows->truth[i * f + j] : 1;
        for (size_t j = 0; j < k; ++j)
            trunk[i * k + j] = j < d ? rows->decoded[i * d + j] : 1;
    }
    for (size_t i = 0; i < f; ++i)
        for (size_t j = 0; j < k; ++j)
            matrix[i * k + j] = (double)(j < d ? head[i * d + j] : bias[i]);
    for (size_t j = 0; j < k; ++j) matrix[f * k + j] = j == d;
    return (struct contrastive_pairs){count, q, k, target, trunk, matrix};
}

static void measure_identity(struct checkpoint *checkpoint,
                             const struct contrastive_pairs *pairs, struct arena *arena)
{
    struct contrastive *found = &checkpoint->contrastive;
    checkpoint->features = pairs->features;
    if (contrastive_measure(found, pairs, arena))
        die(EXIT_SYSTEM, "hidden patches: second moments are singular (report this)");
    checkpoint->residual =
        fabs(found->whitened - contrastive_sum(found, pairs->features)) /
        contrastive_size(found, pairs->features);
    checkpoint->rounding = contrastive_roundings(found, pairs) * 0x1p-53;
}

void checkpoint_measure(struct checkpoint *checkpoint, const struct hidden_rows *rows,
                        const struct mae *mae, const real *weights, size_t pairs,
                        struct arena *arena)
{
    const size_t n = rows->rows, f = rows->features;
    checkpoint->images = 0;
    checkpoint->error = arena_doubles(arena, rows->images);
    checkpoint->spectral = arena_doubles(arena, rows->images);
    checkpoint->bound = arena_doubles(arena, rows->images);
    checkpoint->constant = arena_doubles(arena, rows->images);
    checkpoint->grey = arena_doubles(arena, rows->images);
    const size_t mark = arena_mark(arena);
    double *flat = arena_doubles(arena, n * f), *grey = arena_doubles(arena, n * f);
    memset(flat, 0, n * f * sizeof *flat);
    for (size_t image = 0; image < rows->images; ++image) {
        const size_t inner = arena_mark(arena);
        struct hidden_graph graph;
        if (hidden_graph_open(&graph, rows, image, arena) == 0) {
            double total = 0;
            for (size_t i = 0; i < n; ++i) total += graph.degrees[i];
            for (size_t i = 0; i < n; ++i) {
                flat[i * f] = sqrt(graph.degrees[i] / total);
                for (size_t j = 0; j < f; ++j)
                    grey[i * f + j] = .5 / sqrt(graph.degrees[i]);
            }
            const struct spectral_bound bound =
                spectral_bound(graph.predicted, graph.factor, n, f, arena);
            const size_t at = checkpoint->images++;
            checkpoint->error[at] = bound.error;
            checkpoint->spectral[at] = bound.spectral;
            checkpoint->bound[at] = bound.constant * bound.error;
            checkpoint->constant[at] = spectral_loss(flat, graph.factor, n, f, arena);
            checkpoint->grey[at] = spectral_loss(grey, graph.factor, n, f, arena);
        }
        arena_reset(arena, inner);
    }
    const struct contrastive_pairs all = model_pairs(rows, mae, weights, pairs, arena);
    measure_identity(checkpoint, &all, arena);
    // Of the features one is the constant 1, which the head meets exactly.
    checkpoint->loss = checkpoint->contrastive.plain / (double)f;
    arena_reset(arena, mark);
}

// ====== Along a training ======

// How many test images and hidden tokens a checkpoint is measured on.
struct sizes {
    size_t images, pairs;
};

static struct sizes sizes_of(const struct study *study)
{
    return study->run.options.tier == TIER_SMOKE ? (struct sizes){100, 1200}
                                                 : (struct sizes){500, 4800};
}

static void measure_weights(struct checkpoint *checkpoint, const struct study *study,
                            const struct mae *mae, const real *weights,
                            struct arena *arena)
{
    const struct sizes sizes = sizes_of(study);
    struct evaluation evaluation = study_evaluation(study, 0, sizes.images);
    struct hidden_rows rows;
    evaluation.mae = mae;
    evaluation.weights = weights;
    if (mae != &study->model[0].mae) evaluation.name = NULL;
    hidden_rows_learned(&rows, &evaluation, arena);
    checkpoint_measure(checkpoint, &rows, mae, weights, sizes.pairs, arena);
}

// A small network, the smoke tier's, is trained on the run's images and measured on the way:
// weights of the given models are there at the end of their trainings alone.
static void train(struct checkpoint *checkpoint, struct study *study)
{
    const struct pretrain settings = {.recipe =
                                          recipe_find("smoke", study->recipe[0].run),
                                      .seed = study->run.options.seed,
                                      .threads = study->run.options.threads,
                                      .images = &study->images[SPLIT_TRAIN]};
    struct pretrainer pretrainer;
    pretrainer_open(&pretrainer, &settings);
    struct trainer *trainer = &pretrainer.trainer;
    for (size_t c = 0; c < CHECKPOINTS; ++c) {
        // 0, then each twice as far as the one before.
        const uint64_t until = c == 0 ? 0 : trainer->updates >> (CHECKPOINTS - 1 - c);
        while (trainer->state.updates < until) trainer_step(trainer);
        checkpoint[c].updates = (double)until;
        measure_weights(&checkpoint[c], study, &pretrainer.mae, trainer->state.weights,
                        &study->arena);
    }
    pretrainer_close(&pretrainer);
}

void judge_training(struct study *study, const struct checkpoint *first,
                    const struct checkpoint *last)
{
    const struct estimate fall =
        study_gap(study, first->spectral, last->spectral, first->images);
    char given[STUDY_SCALE];
    memcpy(given, study->scale, sizeof given);
    snprintf(study->scale, sizeof study->scale,
             "a network of the smoke tier, %g updates", last->updates);
    put_estimate(&study->run, NULL, fall, "1", "training.fall");
    static const char test[] =
        "paired bootstrap over images of L_spec, first checkpoint minus last";
    const double from = first->loss, to = last->loss;
    double falls = 0; // a mean over images is ruled by those with a degree near 0
    for (size_t i = 0; i < first->images; ++i)
        falls += last->spectral[i] < first->spectral[i];
    if (to < from)
        study_judge(study, "theorem4.3.training", &fall, 1, 1, test,
                    "trained here on these images, not the given model; masked loss "
                    "%.3g to %.3g; L_spec falls on %.3g %% of the images",
                    from, to, 100 * falls / (double)first->images);
    else
        study_verdict(study, "theorem4.3.training", VERDICT_INCONCLUSIVE, fall, test,
                      "the masked loss does not fall: %.3g to %.3g", from, to);
    memcpy(study->scale, given, sizeof given);
}

void judge_repaired(struct study *study, const struct checkpoint *given)
{
    const struct estimate residual = {given->residual, (double)NAN, (double)NAN,
                                      sizes_of(study).pairs};
    static const char test[] = "both sides, all pairs summed, relative to their terms";
    put_number(&study->run, NULL, given->rounding, residual.n, "1",
               "theorem4.3.repaired.trained.rounding");
    if (given->residual > given->rounding)
        study_verdict(study, "theorem4.3.repaired.trained", VERDICT_REFUTED, residual,
                      test, "rounding explains %.2g", given->rounding);
    else
        study_judge(study, "theorem4.3.repaired.trained", &residual, 1, 0, test,
                    "rounding explains %.2g; condition of S %.2g", given->rounding,
                    given->contrastive.condition);
}

// ====== Degrees ======

double degrees_measure(double *images, const struct hidden_rows *rows,
                       enum scaling scaling, struct arena *arena)
{
    const size_t n = rows->rows, f = rows->features, mark = arena_mark(arena);
    double *x = arena_doubles(arena, n * f), *degrees = arena_doubles(arena, n),
           patches = 0;
    for (size_t image = 0; image < rows->images; ++image) {
        const double *truth = hidden_truth(rows, image);
        for (size_t i = 0; i < n; ++i) {
            const double centre = mean(truth + i * f, f),
                         spread = deviation(truth + i * f, f);
            for (size_t j = 0; j < f; ++j) {
                const double value = truth[i * f + j];
                x[i * f + j] = scaling == SCALING_UNIT ? (value + 1) / 2
                               : scaling == SCALING_PATCH
                                   ? (value - centre) / sqrt(spread * spread + 1e-6)
                                   : value;
            }
        }
        const size_t others = graph_degrees(degrees, x, n, f, arena);
        images[image] = others > 0;
        patches += (double)others / (double)n;
    }
    arena_reset(arena, mark);
    return patches / (double)rows->images;
}

void judge_degrees(struct study *study, const double *images, size_t n)
{
    const struct estimate share = study_mean(study, images, n);
    study_judge_untrained(study, "theorem4.3.degrees.share", &share, 1,
                          "bootstrap over images",
                          "hidden patches of the first %zu test images", n);
}

static void measure_degrees(struct study *study)
{
    enum { IMAGES = 10000 };
    struct hidden_rows rows;
    const struct evaluation evaluation = study_evaluation(study, 0, IMAGES);
    const size_t mark = arena_mark(&study->arena);
    hidden_rows_truth(&rows, evaluation.images, evaluation.count,
                      study->recipe[0].shape.patch, evaluation.mask_ratio,
                      evaluation.seed, &study->arena);
    double *images = arena_doubles(&study->arena, rows.images);
    struct degrees_row row[SCALINGS];
    for (int s = 0; s < SCALINGS; ++s) {
        row[s].patches = degrees_measure(images, &rows, (enum scaling)s, &study->arena);
        row[s].images = study_mean(study, images, rows.images);
        if (s == SCALING_SIGNED) judge_degrees(study, images, rows.images);
    }
    arena_reset(&study->arena, mark);
    emit_degrees(study, row);
}

// ====== Downstream, and Eq. 10 by sampling ======

static void measure_downstream(struct study *study)
{
    const int is_smoke = study->run.options.tier == TIER_SMOKE;
    const size_t mark = arena_mark(&study->arena);
    struct rotated_probe probe[2];
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        const size_t count =
            split == SPLIT_TRAIN ? (is_smoke ? 800 : 8000) : (is_smoke ? 200 : 2000);
        probe[split] = (struct rotated_probe){
            &study->images[split], count, study->recipe[0].shape.patch,
            is_smoke ? .25 : .75, study->run.options.seed};
    }
    const size_t n = probe[SPLIT_TEST].count;
    double *right = arena_doubles(&study->arena, ROTATED_WAYS * n);
    struct downstream_row row[ROTATED_WAYS];
    double agrees[ROTATED_WAYS], loss[ROTATED_WAYS];
    rotated_probe_run(right, agrees, loss, &probe[SPLIT_TRAIN], &probe[SPLIT_TEST],
                      &study->arena);
    for (size_t way = 0; way < ROTATED_WAYS; ++way) {
        for (size_t i = 0; i < n; ++i) right[way * n + i] *= 100;
        row[way] = (struct downstream_row){study_mean(study, right + way * n, n),
                                           100 * agrees[way], loss[way]};
    }
    arena_reset(&study->arena, mark);
    emit_downstream(study, row, probe[SPLIT_TRAIN].count);
}

static void measure_pairs(struct study *study)
{
    enum { DRAWS = 200000 };
    const struct evaluation evaluation = study_evaluation(study, 0, 50);
    const size_t mark = arena_mark(&study->arena);
    struct hidden_rows rows;
    hidden_rows_learned(&rows, &evaluation, &study->arena);
    struct hidden_graph graph;
    size_t image = 0;
    while (hidden_graph_open(&graph, &rows, image, &study->arena) > 0) ++image;
    const size_t n = graph.n, f = graph.width;
    const double *x = graph.x, *m = graph.predicted;
    struct rng rng = rng_open(study->run.options.seed, PURPOSE_THEORY, UINT32_MAX - 1,
                              (uint32_t)image);
    const struct pair_losses loss = pair_losses(m, x, n, f, &study->arena);
    const struct pair_samples samples =
        pair_samples(m, x, n, f, DRAWS, &rng, &study->arena);
    emit_pairs(study, &loss, &samples, image);
    if (study->run.options.export_arrays) export_pairs(study, m, x, n, f);
    arena_reset(&study->arena, mark);
}

// The counter-examples, on the images of a checkpoint.
static void measure_images(struct study *study)
{
    const size_t mark = arena_mark(&study->arena);
    const struct evaluation evaluation =
        study_evaluation(study, 0, sizes_of(study).images);
    struct hidden_rows rows;
    hidden_rows_learned(&rows, &evaluation, &study->arena);
    double *values = arena_doubles(&study->arena, FOUNDS * rows.images);
    const size_t used = images_measure(values, &rows, &study->arena);
    emit_images(study, values, rows.images, used);
    arena_reset(&study->arena, mark);
}

void measure_spectral(struct study *study)
{
    struct checkpoint checkpoint[CHECKPOINTS], given = {0};
    train(checkpoint, study);
    judge_training(study, &checkpoint[0], &checkpoint[CHECKPOINTS - 1]);
    measure_weights(&given, study, &study->model[0].mae, study->model[0].slab,
                    &study->arena);
    judge_repaired(study, &given);
    measure_degrees(study);
    emit_training(study, checkpoint, &given);
    measure_images(study);
    measure_downstream(study);
    measure_pairs(study);
    graphs_judge(study);
    if (!study->run.options.export_arrays) return;
    struct hidden_rows rows;
    const struct evaluation evaluation =
        study_evaluation(study, 0, sizes_of(study).images);
    hidden_rows_learned(&rows, &evaluation, &study->arena);
    const struct contrastive_pairs pairs =
        model_pairs(&rows, &study->model[0].mae, study->model[0].slab,
                    sizes_of(study).pairs, &study->arena);
    export_repaired(study, &pairs);
}
