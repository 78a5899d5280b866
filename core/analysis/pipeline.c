#include "core/analysis/pipeline.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/train/encode.h"
#include "core/train/evaluate.h"

const char *const pipeline_key[PIPELINE_CHECKS] = {"mask", "hidden", "visible",
                                                   "mask-token", "place"};
const char *const pipeline_text[PIPELINE_CHECKS] = {
    "V = int(T (1 - m)) patches are visible, the others hidden, each once",
    "other hidden pixels: no bit of encoder output or reconstruction changes",
    "other visible pixels: every token and every hidden patch changes",
    "another mask token: tokens keep their bits, every hidden patch changes",
    "no two hidden patches of an image are reconstructed alike"};

// Once through encoder and decoder.
struct pass {
    float *tokens;  // (n,V+1,D)
    float *picture; // (n,3,32,32)
};

static struct pass pass_take(const struct pipeline *pipeline, struct arena *arena)
{
    const size_t width = (size_t)pipeline->mae->shape.width,
                 tokens = pipeline->count * (pipeline->visible + 1);
    return (struct pass){
        arena_take(arena, tokens * width, sizeof(float)),
        arena_take(arena, pipeline->count * IMAGE_BYTES, sizeof(float))};
}

// Shows `images` (n,3,32,32) to `weights` under the masks of the pipeline.
static int pass_run(struct pass *pass, const struct pipeline *pipeline,
                    const float *images, const real *weights)
{
    const struct encoding encoding = {.mae = pipeline->mae,
                                      .weights = weights,
                                      .layer = -1,
                                      .images = images,
                                      .count = pipeline->count,
                                      .visible = pipeline->visible,
                                      .shown = pipeline->seen,
                                      .threads = pipeline->threads};
    return encode_images(pass->tokens, pass->picture, &encoding);
}

size_t pipeline_pixel(const struct pipeline *pipeline, size_t t, size_t f)
{
    const size_t p = (size_t)pipeline->mae->shape.patch, area = p * p,
                 across = IMAGE_SIDE / p, y = t / across * p + f % area / p,
                 x = t % across * p + f % p;
    return (f / area * IMAGE_SIDE + y) * IMAGE_SIDE + x;
}

// The masked losses of one image.
static void losses_measure(struct pipeline *pipeline, size_t i)
{
    const size_t V = pipeline->visible, N0 = pipeline->hidden, F = pipeline->numbers;
    const float *picture = pipeline->picture + i * IMAGE_BYTES,
                *original = pipeline->images + i * IMAGE_BYTES;
    double loss = 0, guess = 0;
    for (size_t f = 0; f < F; ++f) {
        double mean = 0;
        for (size_t v = 0; v < V; ++v) {
            const size_t t = (size_t)pipeline->seen[i * V + v];
            mean += (double)original[pipeline_pixel(pipeline, t, f)];
        }
        mean /= (double)V;
        for (size_t h = 0; h < N0; ++h) {
            const size_t t = (size_t)pipeline->unseen[i * N0 + h],
                         at = pipeline_pixel(pipeline, t, f);
            const double truth = (double)original[at],
                         error = (double)picture[at] - truth;
            loss += error * error;
            guess += (mean - truth) * (mean - truth);
        }
    }
    pipeline->loss[i] = loss / (double)(N0 * F);
    pipeline->guess[i] = guess / (double)(N0 * F);
}

int pipeline_open(struct pipeline *pipeline, const struct mae *mae, const real *weights,
                  double ratio, const struct images *images, size_t count,
                  uint64_t seed, int threads, struct arena *arena)
{
    const int p = mae->shape.patch;
    require(count <= images->count, "%zu images of %zu", count, images->count);
    *pipeline = (struct pipeline){.mae = mae,
                                  .weights = weights,
                                  .ratio = ratio,
                                  .threads = threads,
                                  .count = count,
                                  .patches = patch_count(p),
                                  .numbers = patch_size(p)};
    const size_t V = pipeline->visible = mask_visible(pipeline->patches, ratio),
                 N0 = pipeline->hidden = pipeline->patches - V;
    pipeline->seen = arena_take(arena, count * V, sizeof(int32_t));
    pipeline->unseen = arena_take(arena, count * N0, sizeof(int32_t));
    pipeline->images = arena_take(arena, count * IMAGE_BYTES, sizeof(float));
    pipeline->loss = arena_doubles(arena, count);
    pipeline->guess = arena_doubles(arena, count);
    for (size_t i = 0; i < count; ++i)
        mask_draw(pipeline->seen + i * V, pipeline->unseen + i * N0, pipeline->patches,
                  ratio, seed, EVALUATION_EPOCH, (uint32_t)i);
    for (size_t i = 0; i < count * IMAGE_BYTES; ++i)
        pipeline->images[i] = (float)pixel_value(images->pixels[i]);
    struct pass plain = pass_take(pipeline, arena);
    pipeline->tokens = plain.tokens;
    pipeline->picture = plain.picture;
    if (pass_run(&plain, pipeline, pipeline->images, weights)) return 1;
    for (size_t i = 0; i < count; ++i) losses_measure(pipeline, i);
    return 0;
}

// ====== Checks ======

// Whether two arrays have the same bits, which is more than to be equal: -0 and 0 differ.
static int same_bits(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

// Whether patch s of picture a and patch t of picture b have the same bits.
static int same_patch(const struct pipeline *pipeline, const float *a, size_t s,
                      const float *b, size_t t)
{
    for (size_t f = 0; f < pipeline->numbers; ++f)
        if (!same_bits(&a[pipeline_pixel(pipeline, s, f)],
                       &b[pipeline_pixel(pipeline, t, f)], sizeof *a))
            return 0;
    return 1;
}

// Whether V patches are visible, and each patch is either visible or hidden.
static int mask_holds(const struct pipeline *pipeline, size_t image)
{
    const size_t V = pipeline->visible, N0 = pipeline->hidden;
    uint8_t times[IMAGE_SIDE * IMAGE_SIDE] = {0};
    for (size_t v = 0; v < V; ++v) ++times[pipeline->seen[image * V + v]];
    for (size_t h = 0; h < N0; ++h) ++times[pipeline->unseen[image * N0 + h]];
    for (size_t t = 0; t < pipeline->patches; ++t)
        if (times[t] != 1) return 0;
    const size_t percent = (size_t)lround(100 * pipeline->ratio);
    return V == pipeline->patches * (100 - percent) / 100;
}

// Whether no two hidden patches of an image are painted alike: the decoder knows their positions.
static int positions_differ(const struct pipeline *pipeline, size_t image)
{
    const size_t N0 = pipeline->hidden;
    const int32_t *list = pipeline->unseen + image * N0;
    const float *picture = pipeline->picture + image * IMAGE_BYTES;
    for (size_t h = 0; h < N0; ++h)
        for (size_t g = 0; g < h; ++g)
            if (same_patch(pipeline, picture, (size_t)list[h], picture,
                           (size_t)list[g]))
                return 0;
    return 1;
}

// ====== Changes ======

// How many of an image's V + 1 tokens have other bits in the other pass.
static size_t tokens_changed(const struct pipeline *pipeline, const struct pass *other,
                             size_t image)
{
    const size_t width = (size_t)pipeline->mae->shape.width,
                 tokens = pipeline->visible + 1, first = image * tokens * width;
    size_t changed = 0;
    for (size_t v = 0; v < tokens; ++v)
        changed +=
            memcmp(pipeline->tokens + first + v * width,
                   other->tokens + first + v * width, width * sizeof(float)) != 0;
    return changed;
}

// How many of an image's hidden patches are painted with other bits in the other pass.
static size_t patches_changed(const struct pipeline *pipeline, const struct pass *other,
                              size_t image)
{
    const int32_t *list = pipeline->unseen + image * pipeline->hidden;
    const size_t first = image * IMAGE_BYTES;
    size_t changed = 0;
    for (size_t h = 0; h < pipeline->hidden; ++h)
        changed += !same_patch(pipeline, pipeline->picture + first, (size_t)list[h],
                               other->picture + first, (size_t)list[h]);
    return changed;
}

// other (n,3,32,32) = the images, the listed patches (n,count) of each taken from the next image.
static void images_exchange(float *other, const struct pipeline *pipeline,
                            const int32_t *list, size_t count)
{
    const size_t n = pipeline->count;
    memcpy(other, pipeline->images, n * IMAGE_BYTES * sizeof *other);
    for (size_t i = 0; i < n; ++i)
        for (size_t k = 0; k < count; ++k)
            for (size_t f = 0; f < pipeline->numbers; ++f) {
                const size_t at =
                    pipeline_pixel(pipeline, (size_t)list[i * count + k], f);
                other[i * IMAGE_BYTES + at] =
                    pipeline->images[(i + 1) % n * IMAGE_BYTES + at];
            }
}

// Hidden pixels: no bit of tokens or picture may change.
static size_t break_hidden(const struct pipeline *pipeline, const struct pass *other)
{
    const size_t bytes = IMAGE_BYTES * sizeof *pipeline->picture;
    size_t broken = 0;
    for (size_t i = 0; i < pipeline->count; ++i)
        broken += tokens_changed(pipeline, other, i) > 0 ||
                  !same_bits(pipeline->picture + i * IMAGE_BYTES,
                             other->picture + i * IMAGE_BYTES, bytes);
    return broken;
}

// Visible pixels, the mask token: all tokens or none may change, every hidden patch must.
static size_t break_others(const struct pipeline *pipeline, const struct pass *other,
                           size_t tokens)
{
    size_t broken = 0;
    for (size_t i = 0; i < pipeline->count; ++i)
        broken += tokens_changed(pipeline, other, i) != tokens ||
                  patches_changed(pipeline, other, i) < pipeline->hidden;
    return broken;
}

static void change_mask_token(real *weights, const struct pipeline *pipeline)
{
    const struct parameters *parameters = &pipeline->mae->parameters;
    const struct parameter *row = parameters_find(parameters, "decoder.mask_token");
    require(row, "the decoder has no mask token");
    memcpy(weights, pipeline->weights, parameters->count * sizeof *weights);
    for (size_t d = 0; d < row->count; ++d) weights[row->offset + d] += (real)(d % 2);
}

int pipeline_examine(size_t *broken, const struct pipeline *pipeline,
                     struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    struct pass other = pass_take(pipeline, arena);
    float *images = arena_take(arena, pipeline->count * IMAGE_BYTES, sizeof *images);
    real *weights = arena_reals(arena, pipeline->mae->parameters.count);

    images_exchange(images, pipeline, pipeline->unseen, pipeline->hidden);
    int status = pass_run(&other, pipeline, images, pipeline->weights);
    broken[PIPELINE_HIDDEN] = break_hidden(pipeline, &other);

    images_exchange(images, pipeline, pipeline->seen, pipeline->visible);
    status |= pass_run(&other, pipeline, images, pipeline->weights);
    broken[PIPELINE_VISIBLE] = break_others(pipeline, &other, pipeline->visible + 1);

    change_mask_token(weights, pipeline);
    status |= pass_run(&other, pipeline, pipeline->images, weights);
    broken[PIPELINE_MASK_TOKEN] = break_others(pipeline, &other, 0);

    broken[PIPELINE_MASK] = broken[PIPELINE_POSITION] = 0;
    for (size_t i = 0; i < pipeline->count; ++i) {
        broken[PIPELINE_MASK] += !mask_holds(pipeline, i);
        broken[PIPELINE_POSITION] += !positions_differ(pipeline, i);
    }
    arena_reset(arena, mark);
    return status;
}
