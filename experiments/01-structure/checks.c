#include "experiments/01-structure/passes.h"

#include <string.h>

#include "core/base/die.h"

const char *const check_keys[CHECKS] = {
    [CHECK_MASK] = "mask",       [CHECK_HIDDEN] = "hidden",
    [CHECK_VISIBLE] = "visible", [CHECK_MASK_TOKEN] = "mask-token",
    [CHECK_PLACE] = "place",
};
const char *const check_texts[CHECKS] = {
    [CHECK_MASK] =
        "V = int(T (1 - m)) patches are visible, the others hidden, each once",
    [CHECK_HIDDEN] =
        "other hidden pixels: no bit of encoder output or reconstruction changes",
    [CHECK_VISIBLE] =
        "other visible pixels: every token and every hidden patch changes",
    [CHECK_MASK_TOKEN] =
        "another mask token: tokens keep their bits, every hidden patch changes",
    [CHECK_PLACE] = "no two hidden patches of an image are reconstructed alike",
};

/// Whether two arrays have the same bits, which is more than to be equal: -0 and 0 differ.
static int same_bits(const void *a, const void *b, size_t bytes)
{
    return !memcmp(a, b, bytes);
}

/// Whether patch s of picture a and patch t of picture b have the same bits.
static int same_patch(const float *a, size_t s, const float *b, size_t t,
                      const struct structure *structure)
{
    size_t p = (size_t)structure->model->mae.shape.patch;
    for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
        for (size_t y = 0; y < p; ++y)
            if (!same_bits(a + patch_row(structure, s, c, y),
                           b + patch_row(structure, t, c, y), p * sizeof *a))
                return 0;
    return 1;
}

/// Replaces the listed patches (count) of a picture by those of another.
static void exchange(float *picture, const float *other, const int32_t *list,
                     size_t count, const struct structure *structure)
{
    size_t p = (size_t)structure->model->mae.shape.patch;
    for (size_t i = 0; i < count; ++i)
        for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
            for (size_t y = 0; y < p; ++y) {
                size_t at = patch_row(structure, (size_t)list[i], c, y);
                memcpy(picture + at, other + at, p * sizeof *picture);
            }
}

/// Whether V patches are visible, and each patch is either visible or hidden.
static int mask_holds(const struct structure *structure, size_t image)
{
    uint8_t seen[IMAGE_SIDE * IMAGE_SIDE] = {0};
    size_t visible = structure->visible, hidden = hidden_count(structure);
    if (visible != (size_t)((double)structure->patches * (1 - structure->ratio)))
        return 0;
    for (size_t v = 0; v < visible; ++v) ++seen[structure->shown[image * visible + v]];
    for (size_t h = 0; h < hidden; ++h) ++seen[structure->hidden[image * hidden + h]];
    for (size_t t = 0; t < structure->patches; ++t)
        if (seen[t] != 1) return 0;
    return 1;
}

/// Whether an image's tokens have the same bits in both passes.
static int same_tokens(const struct structure *structure, const struct pass *other,
                       size_t image)
{
    size_t row = (structure->visible + 1) * (size_t)structure->model->mae.shape.width;
    return same_bits(structure->plain.tokens + image * row, other->tokens + image * row,
                     row * sizeof(float));
}

/// Whether each of an image's tokens differs between the passes.
static int other_tokens(const struct structure *structure, const struct pass *other,
                        size_t image)
{
    size_t width = (size_t)structure->model->mae.shape.width,
           first = image * (structure->visible + 1);
    for (size_t v = 0; v <= structure->visible; ++v)
        if (same_bits(structure->plain.tokens + (first + v) * width,
                      other->tokens + (first + v) * width, width * sizeof(float)))
            return 0;
    return 1;
}

/// Whether each hidden patch is reconstructed differently in the passes.
static int other_hidden(const struct structure *structure, const struct pass *other,
                        size_t image)
{
    size_t hidden = hidden_count(structure);
    for (size_t h = 0; h < hidden; ++h) {
        size_t t = (size_t)structure->hidden[image * hidden + h];
        if (same_patch(structure->plain.picture + image * IMAGE_BYTES, t,
                       other->picture + image * IMAGE_BYTES, t, structure))
            return 0;
    }
    return 1;
}

/// Whether no two hidden patches of an image are reconstructed alike.
static int places_differ(const struct structure *structure, size_t image)
{
    size_t hidden = hidden_count(structure);
    const int32_t *list = structure->hidden + image * hidden;
    const float *picture = structure->plain.picture + image * IMAGE_BYTES;
    for (size_t h = 0; h < hidden; ++h)
        for (size_t g = 0; g < h; ++g)
            if (same_patch(picture, (size_t)list[h], picture, (size_t)list[g],
                           structure))
                return 0;
    return 1;
}

/// other (n,3,32,32) = the images, of each the listed patches (n,count) taken from the next image.
static void images_exchange(float *other, const struct structure *structure,
                            const int32_t *list, size_t count)
{
    memcpy(other, structure->images, structure->count * IMAGE_BYTES * sizeof *other);
    for (size_t i = 0; i < structure->count; ++i)
        exchange(other + i * IMAGE_BYTES,
                 structure->images + (i + 1) % structure->count * IMAGE_BYTES,
                 list + i * count, count, structure);
}

/// Passes with hidden pixels, then visible pixels, then the mask token changed.
static void changes_examine(struct structure *structure, int threads,
                            struct arena *arena)
{
    const struct mae *mae = &structure->model->mae;
    size_t n = structure->count, *broken = structure->broken, mark = arena_mark(arena);
    struct pass other;
    pass_open(&other, structure, arena);
    float *images = arena_take(arena, n * IMAGE_BYTES, sizeof *images);

    images_exchange(images, structure, structure->hidden, hidden_count(structure));
    pass_run(&other, structure, images, structure->model->slab, threads);
    for (size_t i = 0; i < n; ++i)
        broken[CHECK_HIDDEN] +=
            !same_tokens(structure, &other, i) ||
            !same_bits(structure->plain.picture + i * IMAGE_BYTES,
                       other.picture + i * IMAGE_BYTES, IMAGE_BYTES * sizeof(float));

    images_exchange(images, structure, structure->shown, structure->visible);
    pass_run(&other, structure, images, structure->model->slab, threads);
    for (size_t i = 0; i < n; ++i)
        broken[CHECK_VISIBLE] +=
            !other_tokens(structure, &other, i) || !other_hidden(structure, &other, i);

    const struct parameter *row =
        parameters_find(&mae->parameters, "decoder.mask_token");
    require(row, "the decoder has no mask token");
    real *weights = arena_reals(arena, mae->parameters.count);
    memcpy(weights, structure->model->slab, mae->parameters.count * sizeof *weights);
    for (size_t d = 0; d < row->count; ++d) weights[row->offset + d] += (real)(d % 2);
    pass_run(&other, structure, structure->images, weights, threads);
    for (size_t i = 0; i < n; ++i)
        broken[CHECK_MASK_TOKEN] +=
            !same_tokens(structure, &other, i) || !other_hidden(structure, &other, i);
    arena_reset(arena, mark);
}

/// An image's masked losses: of the model, and of the mean visible patch.
static void losses_measure(struct structure *structure, size_t image)
{
    size_t p = (size_t)structure->model->mae.shape.patch, visible = structure->visible;
    size_t hidden = hidden_count(structure), area = p * p;
    const float *picture = structure->plain.picture + image * IMAGE_BYTES;
    const float *original = structure->images + image * IMAGE_BYTES;
    double loss = 0, guess = 0;
    for (size_t f = 0; f < IMAGE_CHANNELS * area; ++f) {
        size_t c = f / area, y = f % area / p, x = f % p;
        double mean_visible = 0;
        for (size_t v = 0; v < visible; ++v) {
            size_t t = (size_t)structure->shown[image * visible + v];
            mean_visible += (double)original[patch_row(structure, t, c, y) + x];
        }
        mean_visible /= (double)visible;
        for (size_t h = 0; h < hidden; ++h) {
            size_t t = (size_t)structure->hidden[image * hidden + h];
            size_t at = patch_row(structure, t, c, y) + x;
            double truth = (double)original[at];
            loss += ((double)picture[at] - truth) * ((double)picture[at] - truth);
            guess += (mean_visible - truth) * (mean_visible - truth);
        }
    }
    structure->loss[image] = loss / (double)(hidden * IMAGE_CHANNELS * area);
    structure->guess[image] = guess / (double)(hidden * IMAGE_CHANNELS * area);
}

void structure_examine(struct structure *structure, const struct run *run,
                       struct arena *arena)
{
    size_t n = structure->count;
    changes_examine(structure, run->threads, arena);
    for (size_t i = 0; i < n; ++i) {
        structure->broken[CHECK_MASK] += !mask_holds(structure, i);
        structure->broken[CHECK_PLACE] += !places_differ(structure, i);
        losses_measure(structure, i);
    }
}
