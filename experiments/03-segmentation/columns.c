#include "experiments/03-segmentation/columns.h"

#include <string.h>

#include "core/stats/summary.h"

enum { CLUSTERS_UNKNOWN = 3 };

const struct column columns_fixed[COLUMNS] = {
    [COLUMN_MAE] = {"mae", "MAE tokens", DEPTH_NORM, NORMALISATION_CENTRED_UNIT},
    [COLUMN_PATCHES] = {"patches", "raw patches", DEPTH_EMBEDDING,
                        NORMALISATION_CENTRED_UNIT},
    [COLUMN_POSITIONS] = {"positions", "positions", DEPTH_EMBEDDING,
                          NORMALISATION_NONE},
    [COLUMN_RANDOM] = {"random", "random encoder", DEPTH_THREE_QUARTERS,
                       NORMALISATION_UNIT},
};

void scenes_open(struct scenes *scenes, struct study *study, enum split split,
                 size_t count)
{
    const struct images *images = &study->images[split];
    const struct weights *model =
        study->folder ? &study->folder->vit.weights : &study->model[0];
    if (count > images->count) count = images->count;
    *scenes = (struct scenes){.model = model,
                              .images = images,
                              .count = count,
                              .tokens = shape_tokens(&model->mae.shape),
                              .clusters = arena_take(&study->arena, count, 1),
                              .seed = study->run.options.seed,
                              .threads = study->run.options.threads};
    memset(scenes->clusters, CLUSTERS_UNKNOWN, count);
    if (!images->regions) return;
    scenes->truth = arena_take(&study->arena, count, scenes->tokens);
    segments_truth(scenes->truth, scenes->clusters, images, count, scenes->tokens);
}

int column_encodes(int which)
{
    return which == COLUMN_MAE || which == COLUMN_RANDOM;
}

// The encoder's tokens; `random`: with weights as they are before any training.
static void encoder_tokens(struct token_set *set, int random, enum depth depth,
                           const struct scenes *scenes, uint64_t encoder,
                           struct arena *arena)
{
    const struct mae *mae = &scenes->model->mae;
    const real *weights = scenes->model->slab;
    const int layer = depth_layer(depth, mae->shape.encoder_blocks);
    if (random) {
        real *initial = arena_reals(arena, mae->parameters.count);
        parameters_initialise(initial, &mae->parameters, scenes->seed + encoder);
        weights = initial;
    }
    input_finite(scenes->model,
                 token_set_encoder(set, mae, weights, layer, scenes->images,
                                   scenes->count, scenes->threads, arena));
}

void column_tokens(struct token_set *set, int which, enum depth depth,
                   const struct scenes *scenes, uint64_t encoder, struct arena *arena)
{
    const int patch = scenes->model->mae.shape.patch;
    if (which == COLUMN_PATCHES)
        token_set_patches(set, scenes->images, scenes->count, patch, arena);
    else if (which == COLUMN_POSITIONS)
        token_set_positions(set, scenes->count, (size_t)(scenes->images->side / patch),
                            arena);
    else
        encoder_tokens(set, which == COLUMN_RANDOM, depth, scenes, encoder, arena);
}

double column_cluster(uint8_t *maps, double *ari, double *iou,
                      const struct token_set *set, enum normalisation normalisation,
                      const struct scenes *scenes, const uint8_t *truth)
{
    const struct segmentation segmentation = {.set = set,
                                              .normalisation = normalisation,
                                              .clusters = scenes->clusters,
                                              .restarts = SEGMENT_STARTS,
                                              .seed = scenes->seed,
                                              .threads = scenes->threads};
    segments_find(maps, &segmentation);
    segments_score(ari, iou, maps, truth ? truth : maps, scenes->clusters,
                   scenes->count, scenes->tokens);
    return mean(ari, scenes->count);
}

const uint8_t *figure_truth(const struct figure *figure)
{
    return figure->scenes.truth ? figure->scenes.truth
                                : figure->columns[COLUMN_MAE].maps;
}

void figure_measure(struct figure *figure, int which, struct study *study)
{
    const struct scenes *scenes = &figure->scenes;
    struct column *column = &figure->columns[which];
    struct arena *arena = &study->arena;
    const size_t n = scenes->count,
                 encoders = which == COLUMN_RANDOM ? RANDOM_ENCODERS : 1;
    *column = columns_fixed[which];
    column->maps = arena_take(arena, n, scenes->tokens);
    column->ari = arena_doubles(arena, n);
    column->iou = arena_doubles(arena, n);
    for (size_t i = 0; i < n; ++i) column->ari[i] = column->iou[i] = 0;

    const size_t mark = arena_mark(arena);
    double *ari = arena_doubles(arena, n), *iou = arena_doubles(arena, n);
    // The first encoder comes last, so that its maps stay for the picture.
    for (size_t e = encoders; e-- > 0;) {
        const size_t before = arena_mark(arena);
        struct token_set set;
        column_tokens(&set, which, column->depth, scenes, e, arena);
        column->encoder[e] =
            column_cluster(column->maps, ari, iou, &set, column->normalisation, scenes,
                           figure_truth(figure));
        arena_reset(arena, before);
        for (size_t i = 0; i < n; ++i) {
            column->ari[i] += ari[i] / (double)encoders;
            column->iou[i] += iou[i] / (double)encoders;
        }
    }
    arena_reset(arena, mark);
}
