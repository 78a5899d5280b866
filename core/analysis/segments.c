#include "core/analysis/segments.h"

#include <math.h>
#include <string.h>

#include "core/analysis/kmeans.h"
#include "core/analysis/partition.h"
#include "core/base/die.h"
#include "core/linalg/frobenius.h"
#include "core/train/engine.h"

// What the threads of segments_find share.
struct finding {
    const struct segmentation *segmentation;
    uint8_t *maps;
    double *mean;         // (T,D)
    struct arena *arenas; // (threads)
};

static void find_image(size_t image, int worker, void *context)
{
    struct finding *finding = context;
    const struct segmentation *segmentation = finding->segmentation;
    const struct token_set *set = segmentation->set;
    struct kmeans_shape shape = {set->tokens, set->width,
                                 segmentation->clusters[image]};
    struct arena *arena = &finding->arenas[worker];
    size_t mark = arena_mark(arena);
    double *points = arena_doubles(arena, set->tokens * set->width);
    token_set_points(points, set, image, segmentation->normalisation, finding->mean);
    kmeans_fit(finding->maps + image * set->tokens, points, &shape,
               segmentation->restarts, segmentation->seed, (uint32_t)image, arena);
    arena_reset(arena, mark);
}

void segments_find(uint8_t *maps, const struct segmentation *segmentation)
{
    const struct token_set *set = segmentation->set;
    size_t threads = (size_t)segmentation->threads;
    struct finding finding = {.segmentation = segmentation};
    finding.maps = maps;
    finding.arenas = arenas_open(threads, "segments");
    finding.mean = arena_doubles(&finding.arenas[0], set->tokens * set->width);
    token_set_mean(finding.mean, set);
    struct engine *engine = engine_open(segmentation->threads, 0, 0);
    pool_for(engine, set->images, find_image, &finding);
    engine_close(engine);
    arenas_close(finding.arenas, threads);
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

// sums (D) += the tokens of one region; returns how many there are, and adds their squared norms to
// *squares.
static size_t region_sum(double *sums, double *squares, const double *points,
                         const uint8_t *truth, int region, const struct token_set *set)
{
    size_t members = 0;
    for (size_t t = 0; t < set->tokens; ++t) {
        if (truth[t] != region) continue;
        ++members;
        for (size_t d = 0; d < set->width; ++d) {
            const double x = points[t * set->width + d];
            sums[d] += x;
            *squares += x * x;
        }
    }
    return members;
}

// The products of all pairs of tokens of a region add up to the squared norm of their sum.
static void image_contrast(double *within, double *between, const double *points,
                           const uint8_t *truth, const struct token_set *set,
                           double *sums)
{
    double *all = sums, *one = sums + set->width, squares = 0, same = 0;
    size_t pairs = 0;
    memset(all, 0, set->width * sizeof *all);
    for (int region = 0; region <= UINT8_MAX; ++region) {
        memset(one, 0, set->width * sizeof *one);
        const size_t members = region_sum(one, &squares, points, truth, region, set);
        if (members == 0) continue;
        pairs += members * (members - 1);
        same += squared_norm(one, set->width);
        for (size_t d = 0; d < set->width; ++d) all[d] += one[d];
    }
    const size_t others = set->tokens * (set->tokens - 1) - pairs;
    require(pairs > 0 && others > 0, "no two tokens of one region, or of two");
    *within = (same - squares) / (double)pairs;
    *between = (squared_norm(all, set->width) - same) / (double)others;
}

void segments_contrast(double *within, double *between, const struct token_set *set,
                       enum normalisation normalisation, const uint8_t *truth,
                       struct arena *arena)
{
    const size_t mark = arena_mark(arena), numbers = set->tokens * set->width;
    double *mean = arena_doubles(arena, numbers),
           *points = arena_doubles(arena, numbers),
           *sums = arena_doubles(arena, 2 * set->width);
    token_set_mean(mean, set);
    for (size_t i = 0; i < set->images; ++i) {
        token_set_points(points, set, i, normalisation, mean);
        image_contrast(&within[i], &between[i], points, truth + i * set->tokens, set,
                       sums);
    }
    arena_reset(arena, mark);
}
