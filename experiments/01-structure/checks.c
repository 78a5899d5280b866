#include "experiments/01-structure/passes.h"

#include <string.h>

#include "core/base/die.h"

// Whether patch s of picture a and patch t of picture b have the same bits, which is more than to be equal: -0 and
// 0 differ.
static int same_patch(const struct structure *structure, const float *a, size_t s,
                      const float *b, size_t t)
{
    for (size_t f = 0; f < structure->numbers; ++f)
        if (memcmp(&a[pixel_at(structure, s, f)], &b[pixel_at(structure, t, f)],
                   sizeof *a) != 0)
            return 0;
    return 1;
}

// Whether V patches are visible, and each patch is either visible or hidden.
static int mask_holds(const struct structure *structure, size_t image)
{
    const size_t V = structure->visible, N0 = structure->hidden;
    uint8_t times[IMAGE_SIDE * IMAGE_SIDE] = {0};
    for (size_t v = 0; v < V; ++v) ++times[structure->seen[image * V + v]];
    for (size_t h = 0; h < N0; ++h) ++times[structure->unseen[image * N0 + h]];
    for (size_t t = 0; t < structure->patches; ++t)
        if (times[t] != 1) return 0;
    return V == (size_t)((double)structure->patches * (1 - structure->ratio));
}

// Whether no two hidden patches of an image are painted alike: the decoder knows their positions.
static int positions_differ(const struct structure *structure, size_t image)
{
    const size_t N0 = structure->hidden;
    const int32_t *list = structure->unseen + image * N0;
    const float *picture = structure->plain.picture + image * IMAGE_BYTES;
    for (size_t h = 0; h < N0; ++h)
        for (size_t g = 0; g < h; ++g)
            if (same_patch(structure, picture, (size_t)list[h], picture,
                           (size_t)list[g]))
                return 0;
    return 1;
}

// ====== Changes ======

// How many of an image's V + 1 tokens have other bits in the other pass.
static size_t tokens_changed(const struct structure *structure,
                             const struct pass *other, size_t image)
{
    const size_t width = (size_t)structure->model->mae.shape.width,
                 tokens = structure->visible + 1, first = image * tokens * width;
    size_t changed = 0;
    for (size_t v = 0; v < tokens; ++v)
        changed +=
            memcmp(structure->plain.tokens + first + v * width,
                   other->tokens + first + v * width, width * sizeof(float)) != 0;
    return changed;
}

// How many of an image's hidden patches are painted with other bits in the other pass.
static size_t patches_changed(const struct structure *structure,
                              const struct pass *other, size_t image)
{
    const int32_t *list = structure->unseen + image * structure->hidden;
    const size_t first = image * IMAGE_BYTES;
    size_t changed = 0;
    for (size_t h = 0; h < structure->hidden; ++h)
        changed +=
            !same_patch(structure, structure->plain.picture + first, (size_t)list[h],
                        other->picture + first, (size_t)list[h]);
    return changed;
}

// other (n,3,32,32) = the images, the listed patches (n,count) of each taken from the next image.
static void images_exchange(float *other, const struct structure *structure,
                            const int32_t *list, size_t count)
{
    const size_t n = structure->count;
    memcpy(other, structure->images, n * IMAGE_BYTES * sizeof *other);
    for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < count; ++k)
            for (size_t f = 0; f < structure->numbers; ++f) {
                const size_t at = pixel_at(structure, (size_t)list[i * count + k], f);
                other[i * IMAGE_BYTES + at] =
                    structure->images[(i + 1) % n * IMAGE_BYTES + at];
            }
}

// Hidden pixels: no bit of tokens or picture may change.
static void examine_hidden(struct structure *structure, struct pass *other,
                           float *images)
{
    const float *picture = structure->plain.picture;
    images_exchange(images, structure, structure->unseen, structure->hidden);
    pass_run(other, structure, images, structure->model->slab);
    for (size_t i = 0; i < structure->count; ++i)
        structure->broken[CHECK_HIDDEN] +=
            tokens_changed(structure, other, i) > 0 ||
            memcmp(picture + i * IMAGE_BYTES, other->picture + i * IMAGE_BYTES,
                   IMAGE_BYTES * sizeof *picture) != 0;
}

// Visible pixels: every token and every hidden patch must change.
static void examine_visible(struct structure *structure, struct pass *other,
                            float *images)
{
    images_exchange(images, structure, structure->seen, structure->visible);
    pass_run(other, structure, images, structure->model->slab);
    for (size_t i = 0; i < structure->count; ++i)
        structure->broken[CHECK_VISIBLE] +=
            tokens_changed(structure, other, i) < structure->visible + 1 ||
            patches_changed(structure, other, i) < structure->hidden;
}

// The mask token: no token may change, every hidden patch must.
static void examine_mask_token(struct structure *structure, struct pass *other,
                               real *weights)
{
    const struct parameters *parameters = &structure->model->mae.parameters;
    const struct parameter *row = parameters_find(parameters, "decoder.mask_token");
    require(row, "the decoder has no mask token");
    memcpy(weights, structure->model->slab, parameters->count * sizeof *weights);
    for (size_t d = 0; d < row->count; ++d) weights[row->offset + d] += (real)(d % 2);
    pass_run(other, structure, structure->images, weights);
    for (size_t i = 0; i < structure->count; ++i)
        structure->broken[CHECK_MASK_TOKEN] +=
            tokens_changed(structure, other, i) > 0 ||
            patches_changed(structure, other, i) < structure->hidden;
}

void structure_examine(struct structure *structure, struct arena *arena)
{
    const size_t n = structure->count, mark = arena_mark(arena);
    struct pass other;
    pass_open(&other, structure, arena);
    float *images = arena_take(arena, n * IMAGE_BYTES, sizeof *images);
    real *weights = arena_reals(arena, structure->model->mae.parameters.count);
    examine_hidden(structure, &other, images);
    examine_visible(structure, &other, images);
    examine_mask_token(structure, &other, weights);
    for (size_t i = 0; i < n; ++i) {
        structure->broken[CHECK_MASK] += !mask_holds(structure, i);
        structure->broken[CHECK_POSITION] += !positions_differ(structure, i);
    }
    arena_reset(arena, mark);
}

// ====== Losses ======

void structure_losses(struct structure *structure)
{
    const size_t V = structure->visible, N0 = structure->hidden, F = structure->numbers;
    for (size_t i = 0; i < structure->count; ++i) {
        const float *picture = structure->plain.picture + i * IMAGE_BYTES,
                    *original = structure->images + i * IMAGE_BYTES;
        double loss = 0, guess = 0;
        for (size_t f = 0; f < F; ++f) {
            double mean = 0;
            for (size_t v = 0; v < V; ++v)
                mean += (double)original[pixel_at(
                    structure, (size_t)structure->seen[i * V + v], f)];
            mean /= (double)V;
            for (size_t h = 0; h < N0; ++h) {
                const size_t t = (size_t)structure->unseen[i * N0 + h],
                             at = pixel_at(structure, t, f);
                const double truth = (double)original[at],
                             error = (double)picture[at] - truth;
                loss += error * error;
                guess += (mean - truth) * (mean - truth);
            }
        }
        structure->loss[i] = loss / (double)(N0 * F);
        structure->guess[i] = guess / (double)(N0 * F);
    }
}
