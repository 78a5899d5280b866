#include "experiments/03-segmentation/columns.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/stats/bootstrap.h"
#include "experiments/03-segmentation/emit.h"

const struct column columns_fixed[COLUMNS] = {
    [COLUMN_MAE] = {.key = "mae",
                    .title = "MAE tokens",
                    .method = {DEPTH_NORM, NORMALISATION_CENTRED_UNIT}},
    [COLUMN_PATCHES] = {.key = "patches",
                        .title = "raw patches",
                        .method = {DEPTH_EMBEDDING, NORMALISATION_CENTRED_UNIT}},
    [COLUMN_POSITIONS] = {.key = "positions",
                          .title = "positions",
                          .method = {DEPTH_EMBEDDING, NORMALISATION_NONE}},
    [COLUMN_RANDOM] = {.key = "random",
                       .title = "random encoder",
                       .method = {DEPTH_THREE_QUARTERS, NORMALISATION_UNIT}},
};

static const char *const depths[DEPTHS] = {"embedding",  "quarter depth",
                                           "half depth", "three quarters",
                                           "last block", "final norm"};

const char *depth_name(enum depth depth)
{
    return depths[depth];
}

int column_encodes(int which)
{
    return which == COLUMN_MAE || which == COLUMN_RANDOM;
}

/// The layer of mae_encode.
static int depth_layer(enum depth depth, int blocks)
{
    return depth == DEPTH_NORM ? -1 : blocks * (int)depth / (int)DEPTH_LAST;
}

/// Bytes of arena that column_tokens takes for `count` images, in part for a while.
static size_t column_bytes(const struct weights *model, size_t count)
{
    const struct mae *mae = &model->mae;
    size_t width = (size_t)mae->shape.width, patch = shape_patch(&mae->shape);
    return token_set_bytes(count, shape_tokens(&mae->shape),
                           width > patch ? width : patch) +
           size_product(mae->parameters.count, sizeof(real)) + 4096;
}

/// The encoder's tokens; `random`: with weights as they are before any training.
static void encoder_tokens(struct token_set *set, int random, enum depth depth,
                           const struct source *source, uint64_t encoder,
                           struct arena *arena)
{
    const struct mae *mae = &source->model->mae;
    const real *weights = source->model->slab;
    if (random) {
        real *initial = arena_reals(arena, mae->parameters.count);
        parameters_initialise(initial, &mae->parameters, source->seed + encoder);
        weights = initial;
    }
    if (token_set_encoder(set, mae, weights,
                          depth_layer(depth, mae->shape.encoder_blocks), source->images,
                          source->count, source->threads, arena))
        die(EXIT_INPUT, "%s: these weights make numbers that are not finite",
            source->model->file.path);
}

void column_tokens(struct token_set *set, int which, enum depth depth,
                   const struct source *source, uint64_t encoder, struct arena *arena)
{
    int patch = source->model->mae.shape.patch;
    if (which == COLUMN_PATCHES)
        token_set_patches(set, source->images, source->count, patch, arena);
    else if (which == COLUMN_POSITIONS)
        token_set_positions(set, source->count, patch, arena);
    else
        encoder_tokens(set, which == COLUMN_RANDOM, depth, source, encoder, arena);
}

void column_maps(uint8_t *maps, const struct token_set *set,
                 enum normalisation normalisation, const struct source *source)
{
    const struct segmentation segmentation = {.set = set,
                                              .normalisation = normalisation,
                                              .clusters = source->clusters,
                                              .restarts = RESTARTS,
                                              .seed = source->seed,
                                              .threads = source->threads};
    segments_find(maps, &segmentation);
}

double encoder_spread(const double score[RANDOM_ENCODERS])
{
    double square = 0, middle = mean(score, RANDOM_ENCODERS);
    for (size_t e = 0; e < RANDOM_ENCODERS; ++e)
        square += (score[e] - middle) * (score[e] - middle);
    return sqrt(square / (RANDOM_ENCODERS - 1));
}

// ====== The figure ======

/// What the numbers of `count` images take: every column's maps and scores, the truth.
static size_t images_bytes(const struct weights *model, size_t count)
{
    size_t maps = (COLUMNS + 2) * shape_tokens(&model->mae.shape);
    size_t scores = (2 * COLUMNS + 2) * sizeof(double);
    return size_product(count, maps + scores) + 16384;
}

size_t figure_bytes(const struct weights *model, size_t count, size_t choice)
{
    return images_bytes(model, count) + images_bytes(model, choice) +
           column_bytes(model, count > choice ? count : choice);
}

void figure_open(struct figure *figure, const struct weights *model,
                 const struct images *images, size_t count, const struct run *run,
                 struct arena *arena)
{
    if (count > images->count) count = images->count;
    figure->tokens = shape_tokens(&model->mae.shape);
    figure->known = images->regions != NULL;
    figure->clusters = arena_take(arena, count, 1);
    figure->source = (struct source){model,
                                     images,
                                     count,
                                     figure->clusters,
                                     run->options.seed,
                                     run->options.threads};
    if (figure->known) {
        figure->truth = arena_take(arena, count, figure->tokens);
        segments_truth(figure->truth, figure->clusters, images, count, figure->tokens);
    } else {
        memset(figure->clusters, CLUSTERS_UNKNOWN, count);
    }
}

void figure_measure(struct figure *figure, int which, const struct run *run,
                    struct arena *arena)
{
    struct column *column = &figure->columns[which];
    *column = columns_fixed[which];
    size_t n = figure->source.count, tokens = figure->tokens;
    size_t encoders = which == COLUMN_RANDOM ? RANDOM_ENCODERS : 1;
    column->maps = arena_take(arena, n, tokens);
    column->ari = arena_doubles(arena, n);
    column->iou = arena_doubles(arena, n);
    if (!figure->truth) figure->truth = column->maps;
    for (size_t i = 0; i < n; ++i) column->ari[i] = column->iou[i] = 0;

    size_t mark = arena_mark(arena);
    double *ari = arena_doubles(arena, n), *iou = arena_doubles(arena, n);
    // The first encoder comes last, so that its maps stay for the picture.
    for (size_t e = encoders; e-- > 0;) {
        struct token_set set;
        size_t before = arena_mark(arena);
        column_tokens(&set, which, column->method.depth, &figure->source, e, arena);
        column_maps(column->maps, &set, column->method.normalisation, &figure->source);
        if (run->options.export_arrays && e == 0) export_tokens(run, column, &set);
        arena_reset(arena, before);
        segments_score(ari, iou, column->maps, figure->truth, figure->clusters, n,
                       tokens);
        column->encoder[e] = mean(ari, n);
        for (size_t i = 0; i < n; ++i) {
            column->ari[i] += ari[i] / (double)encoders;
            column->iou[i] += iou[i] / (double)encoders;
        }
    }
    arena_reset(arena, mark);
}

void figure_summarise(struct figure *figure, uint64_t seed)
{
    size_t n = figure->source.count;
    const struct statistic model = {STATISTIC_MEAN, figure->columns[COLUMN_MAE].ari,
                                    NULL};
    for (int c = 0; c < COLUMNS; ++c) {
        struct column *column = &figure->columns[c];
        const struct statistic both[] = {{STATISTIC_MEAN, column->ari, NULL},
                                         {STATISTIC_MEAN, column->iou, NULL}};
        struct estimate means[2];
        bootstrap_intervals(means, both, 2, n, BOOTSTRAP_RESAMPLES, seed);
        column->mean_ari = means[0];
        column->mean_iou = means[1];
        column->gap =
            bootstrap_difference(&model, &both[0], n, BOOTSTRAP_RESAMPLES, seed);
    }
}
