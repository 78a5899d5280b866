#include "core/analysis/cooccurrence.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/linalg/eigen.h"
#include "core/linalg/gemm.h"

// The number of leading values up to the widest gap among those above 0, at least one.
static size_t widest_gap(const double *values, size_t count)
{
    size_t kept = 1;
    double widest = 0;
    for (size_t i = 0; i < count && values[i] > 0; ++i) {
        const double next = i + 1 < count ? fmax(values[i + 1], 0) : 0,
                     gap = values[i] - next;
        if (gap <= widest) continue;
        widest = gap;
        kept = i + 1;
    }
    return kept;
}

int cooccurrence_solve(struct cooccurrence *graph, const double *second,
                       const double *pairs, size_t features, struct arena *arena)
{
    const size_t f = features, bytes = f * f * sizeof(double);
    *graph = (struct cooccurrence){.features = f,
                                   .second = arena_doubles(arena, f * f),
                                   .pairs = arena_doubles(arena, f * f),
                                   .values = arena_doubles(arena, f),
                                   .map = arena_doubles(arena, f * f)};
    memcpy(graph->second, second, bytes);
    memcpy(graph->pairs, pairs, bytes);
    const size_t mark = arena_mark(arena);
    double *values = arena_doubles(arena, f), *vectors = arena_doubles(arena, f * f),
           *root = arena_doubles(arena, f * f), *half = arena_doubles(arena, f * f),
           *whole = arena_doubles(arena, f * f);
    int status = eigen_symmetric(values, vectors, second, f);
    for (size_t i = 0; i < f; ++i) {
        const int kept = values[i] > COOCCURRENCE_FLOOR * values[f - 1];
        for (size_t j = 0; j < f; ++j)
            half[i * f + j] = kept ? vectors[i * f + j] / sqrt(values[i]) : 0;
    }
    gemm_doubles(root, half, TRANSPOSED, vectors, PLAIN, f, f, f, 0);
    gemm_doubles(half, root, PLAIN, pairs, PLAIN, f, f, f, 0);
    gemm_doubles(whole, half, PLAIN, root, PLAIN, f, f, f, 0);
    status = status ? status : eigen_symmetric(values, vectors, whole, f);
    // Ascending to descending.
    for (size_t i = 0; i < f; ++i) {
        graph->values[i] = values[f - 1 - i];
        memcpy(half + i * f, vectors + (f - 1 - i) * f, f * sizeof *half);
    }
    gemm_doubles(graph->map, half, PLAIN, root, PLAIN, f, f, f, 0);
    graph->kept = widest_gap(graph->values, f);
    arena_reset(arena, mark);
    return status;
}

void cooccurrence_by_modulus(struct cooccurrence *to, const struct cooccurrence *graph,
                             struct arena *arena)
{
    const size_t f = graph->features;
    *to = *graph;
    to->values = arena_doubles(arena, f);
    to->map = arena_doubles(arena, f * f);
    const size_t mark = arena_mark(arena);
    double *moduli = arena_doubles(arena, f);
    // The values descend, so the largest in modulus is the first or the last of those left.
    for (size_t i = 0, first = 0, last = f; i < f; ++i) {
        const int is_first =
            fabs(graph->values[first]) >= fabs(graph->values[last - 1]);
        const size_t from = is_first ? first++ : --last;
        to->values[i] = graph->values[from];
        moduli[i] = fabs(to->values[i]);
        memcpy(to->map + i * f, graph->map + from * f, f * sizeof *to->map);
    }
    to->kept = widest_gap(moduli, f);
    arena_reset(arena, mark);
}

// pairs (F,F) += the sum of x y^T over the pairs of an image's patches (T,F), y to the right of x
// or below it.
static void pairs_add(double *pairs, const double *patches, size_t side, size_t f)
{
    for (size_t row = 0; row < side; ++row) {
        const double *line = patches + row * side * f;
        gemm_doubles(pairs, line, TRANSPOSED, line + f, PLAIN, f, f, side - 1, 1);
        if (row + 1 < side)
            gemm_doubles(pairs, line, TRANSPOSED, line + side * f, PLAIN, f, f, side,
                         1);
    }
}

int cooccurrence_fit(struct cooccurrence *graph, const struct images *images,
                     size_t count, int patch, struct arena *arena)
{
    const size_t f = patch_size(patch), tokens = patch_count(patch),
                 side = IMAGE_SIDE / (size_t)patch, adjacent = 2 * side * (side - 1);
    require(count > 0 && count <= images->count && side > 1, "%zu images of %zu", count,
            images->count);
    struct arena scratch;
    arena_open_growing(&scratch, "moments");
    double *second = arena_doubles(&scratch, f * f),
           *one = arena_doubles(&scratch, f * f),
           *pairs = arena_doubles(&scratch, f * f),
           *x = arena_doubles(&scratch, tokens * f);
    real patches[IMAGE_BYTES];
    memset(second, 0, f * f * sizeof *second);
    memset(one, 0, f * f * sizeof *one);
    for (size_t i = 0; i < count; ++i) {
        patches_from_bytes(patches, images->pixels + i * IMAGE_BYTES, patch);
        for (size_t n = 0; n < IMAGE_BYTES; ++n) x[n] = (double)patches[n];
        gemm_doubles(second, x, TRANSPOSED, x, PLAIN, f, f, tokens, 1);
        pairs_add(one, x, side, f);
    }
    for (size_t i = 0; i < f; ++i)
        for (size_t j = 0; j < f; ++j) {
            second[i * f + j] /= (double)(count * tokens);
            pairs[i * f + j] =
                (one[i * f + j] + one[j * f + i]) / (double)(2 * count * adjacent);
        }
    const int status = cooccurrence_solve(graph, second, pairs, f, arena);
    arena_close(&scratch);
    return status;
}

void cooccurrence_features(double *out, const struct cooccurrence *graph,
                           const double *patches, size_t rows)
{
    gemm_doubles(out, patches, PLAIN, graph->map, TRANSPOSED, rows, graph->kept,
                 graph->features, 0);
}
