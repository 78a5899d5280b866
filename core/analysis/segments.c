#include "core/analysis/segments.h"

#include "core/analysis/kmeans.h"
#include "core/analysis/partition.h"
#include "core/base/die.h"
#include "core/train/engine.h"

#include <math.h>

/// What the threads of segments_find share.
struct finding {
    const struct segmentation *segmentation;
    uint8_t *maps;
    double *mean;      ///< (T,D)
    double *workspace; ///< (threads, T D + kmeans_workspace)
    size_t workspace_size;
};

static struct kmeans_shape problem(const struct token_set *set, size_t clusters)
{
    return (struct kmeans_shape){set->tokens, set->width, clusters};
}

static void find_image(size_t image, int worker, void *context)
{
    struct finding *finding = context;
    const struct segmentation *segmentation = finding->segmentation;
    const struct token_set *set = segmentation->set;
    struct kmeans_shape shape = problem(set, segmentation->clusters[image]);
    double *points = finding->workspace + (size_t)worker * finding->workspace_size;
    token_set_points(points, set, image, segmentation->normalisation, finding->mean);
    kmeans_fit(finding->maps + image * set->tokens, points, &shape,
               segmentation->restarts, segmentation->seed, (uint32_t)image,
               points + set->tokens * set->width);
}

void segments_find(uint8_t *maps, const struct segmentation *segmentation)
{
    const struct token_set *set = segmentation->set;
    struct finding finding = {.segmentation = segmentation};
    finding.maps = maps;
    size_t most = 0, row = set->tokens * set->width;
    for (size_t i = 0; i < set->images; ++i)
        if (segmentation->clusters[i] > most) most = segmentation->clusters[i];
    struct kmeans_shape largest = problem(set, most);
    finding.workspace_size = row + kmeans_workspace(&largest);

    struct arena arena;
    size_t doubles = (size_t)segmentation->threads * finding.workspace_size;
    arena_open(&arena, "segments", (doubles + row) * sizeof(double) + 4096);
    finding.mean = arena_doubles(&arena, row);
    finding.workspace = arena_doubles(&arena, doubles);
    token_set_mean(finding.mean, set);
    struct engine *engine = engine_open(segmentation->threads, 0, 0);
    engine_each(engine, set->images, find_image, &finding);
    engine_close(engine);
    arena_close(&arena);
}

void segments_truth(uint8_t *truth, uint8_t *clusters, const struct images *images,
                    size_t count, size_t tokens)
{
    size_t side = (size_t)lround(sqrt((double)tokens)), scale = side / REGION_GRID;
    require(images->regions, "%s has no region maps", images->name);
    require(side * side == tokens && scale > 0 && scale * REGION_GRID == side,
            "a map of %zu tokens", tokens);
    require(count <= images->count, "%zu images of %zu", count, images->count);
    for (size_t i = 0; i < count; ++i) {
        const uint8_t *regions = images->regions + i * REGION_GRID * REGION_GRID;
        clusters[i] = 0;
        for (size_t t = 0; t < tokens; ++t) {
            size_t row = t / side / scale, column = t % side / scale;
            uint8_t region = regions[row * REGION_GRID + column];
            truth[i * tokens + t] = region;
            if (region >= clusters[i]) clusters[i] = (uint8_t)(region + 1);
        }
    }
}

void segments_score(double *ari, double *iou, const uint8_t *maps, const uint8_t *truth,
                    const uint8_t *clusters, size_t images, size_t tokens)
{
    uint8_t match[PARTITION_LABELS];
    for (size_t i = 0; i < images; ++i) {
        const uint8_t *map = maps + i * tokens, *want = truth + i * tokens;
        ari[i] = partition_ari(want, map, tokens);
        if (iou) iou[i] = partition_match(match, want, map, tokens, clusters[i]);
    }
}
