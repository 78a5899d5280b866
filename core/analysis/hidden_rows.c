#include "core/analysis/hidden_rows.h"

#include <stdatomic.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/train/engine.h"

static const double *image_rows(const double *values, const struct hidden_rows *rows,
                                size_t image)
{
    require(image < rows->images, "image %zu of %zu", image, rows->images);
    return values + image * rows->rows * rows->features;
}

const double *hidden_truth(const struct hidden_rows *rows, size_t image)
{
    return image_rows(rows->truth, rows, image);
}

const double *hidden_prediction(const struct hidden_rows *rows, size_t image)
{
    return image_rows(rows->prediction, rows, image);
}

static void rows_open(struct hidden_rows *rows, size_t images, size_t tokens,
                      size_t visible, size_t features, size_t width,
                      struct arena *arena)
{
    const size_t hidden = tokens - visible;
    *rows = (struct hidden_rows){.images = images,
                                 .rows = hidden,
                                 .visible = visible,
                                 .features = features,
                                 .width = width};
    rows->truth = arena_doubles(arena, size_product(images, hidden * features));
}

static void predictions_open(struct hidden_rows *rows, struct arena *arena)
{
    const size_t images = rows->images, hidden = rows->rows, width = rows->width;
    rows->prediction =
        arena_doubles(arena, size_product(images, hidden * rows->features));
    if (width == 0) return;
    rows->decoded = arena_doubles(arena, size_product(images, hidden * width));
    rows->encoded = arena_doubles(arena, size_product(images, rows->visible * width));
}

// to (M,width) = the rows of `from` (T,width) that `hidden` (M) names.
static void gather(double *to, const real *from, const int32_t *hidden, size_t count,
                   size_t width)
{
    for (size_t h = 0; h < count; ++h)
        for (size_t i = 0; i < width; ++i)
            *to++ = (double)from[(size_t)hidden[h] * width + i];
}

// Images under the masks of an evaluation.
struct masked {
    const struct images *images;
    int patch;
    double mask_ratio;
    uint64_t seed;
};

// The truth of one image. values (T,F) = its patches; visible (V) and hidden (M): their numbers.
static void truth_fill(real *values, int32_t *visible, int32_t *hidden,
                       struct hidden_rows *rows, size_t image,
                       const struct masked *masked)
{
    patches_from_bytes(values, masked->images->pixels + image * IMAGE_BYTES,
                       masked->patch);
    mask_draw(visible, hidden, rows->visible + rows->rows, masked->mask_ratio,
              masked->seed, EVALUATION_EPOCH, (uint32_t)image);
    gather(rows->truth + image * rows->rows * rows->features, values, hidden,
           rows->rows, rows->features);
}

void hidden_rows_truth(struct hidden_rows *rows, const struct images *images,
                       size_t count, int patch, double mask_ratio, uint64_t seed,
                       struct arena *arena)
{
    const size_t side = IMAGE_SIDE / (size_t)patch, tokens = side * side;
    const struct masked masked = {images, patch, mask_ratio, seed};
    require(count <= images->count, "%zu images of %zu", count, images->count);
    rows_open(rows, count, tokens, mask_visible(tokens, mask_ratio), patch_size(patch),
              0, arena);
    for (size_t image = 0; image < count; ++image) {
        real values[IMAGE_BYTES];
        int32_t visible[IMAGE_SIDE * IMAGE_SIDE], hidden[IMAGE_SIDE * IMAGE_SIDE];
        truth_fill(values, visible, hidden, rows, image, &masked);
    }
}

// ====== A trained model ======

static void keep_rows(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    struct hidden_rows *rows = context;
    const size_t features = rows->features, width = rows->width,
                 at = one->position * rows->rows;
    require(one->hidden_count == rows->rows && one->patch_size == features,
            "%zu hidden patches, space for %zu", one->hidden_count, rows->rows);
    gather(rows->truth + at * features, one->patches, one->hidden, rows->rows,
           features);
    gather(rows->prediction + at * features, one->prediction, one->hidden, rows->rows,
           features);
    // The class token comes first.
    gather(rows->decoded + at * width, one->view.decoded + width, one->hidden,
           rows->rows, width);
    double *encoded = rows->encoded + one->position * rows->visible * width;
    for (size_t i = 0; i < rows->visible * width; ++i)
        encoded[i] = (double)one->view.encoded[width + i];
}

void hidden_rows_learned(struct hidden_rows *rows, const struct evaluation *evaluation,
                         struct arena *arena)
{
    const struct mae_shape *shape = &evaluation->mae->shape;
    const size_t tokens = shape_tokens(shape);
    rows_open(rows, evaluation->count, tokens,
              mask_visible(tokens, evaluation->mask_ratio), shape_patch(shape),
              (size_t)shape->width, arena);
    predictions_open(rows, arena);
    evaluate_reconstructions(evaluation, keep_rows, rows);
}

// ====== The best linear predictor ======

struct linear_pass {
    struct hidden_rows *rows;
    const struct linear_predictor *predictor;
    struct masked masked;
    struct arena *arenas; // (threads)
    atomic_size_t failures;
};

static void linear_image(size_t image, int worker, void *context)
{
    struct linear_pass *pass = context;
    struct hidden_rows *rows = pass->rows;
    const size_t tokens = pass->predictor->tokens, features = rows->features,
                 numbers = tokens * features;
    struct arena *arena = &pass->arenas[worker];
    const size_t mark = arena_mark(arena);
    double *patches = arena_doubles(arena, numbers),
           *prediction = arena_doubles(arena, numbers);
    real values[IMAGE_BYTES];
    int32_t visible[IMAGE_SIDE * IMAGE_SIDE], hidden[IMAGE_SIDE * IMAGE_SIDE];
    truth_fill(values, visible, hidden, rows, image, &pass->masked);
    for (size_t i = 0; i < numbers; ++i) patches[i] = (double)values[i];
    if (linear_predictor_apply(prediction, pass->predictor, patches, visible,
                               rows->visible, arena))
        atomic_fetch_add(&pass->failures, 1);
    for (size_t h = 0; h < rows->rows; ++h)
        memcpy(rows->prediction + (image * rows->rows + h) * features,
               prediction + (size_t)hidden[h] * features,
               features * sizeof *prediction);
    arena_reset(arena, mark);
}

size_t hidden_rows_linear(struct hidden_rows *rows,
                          const struct linear_predictor *predictor,
                          const struct images *images, size_t count, double mask_ratio,
                          uint64_t seed, int threads, struct arena *arena)
{
    const size_t tokens = predictor->tokens;
    require(count <= images->count, "%zu images of %zu", count, images->count);
    rows_open(rows, count, tokens, mask_visible(tokens, mask_ratio),
              predictor->features, 0, arena);
    predictions_open(rows, arena);
    struct linear_pass pass = {
        .rows = rows, .predictor = predictor, .masked = {images, 1, mask_ratio, seed}};
    while (patch_size(pass.masked.patch) < predictor->features) ++pass.masked.patch;
    pass.arenas = arenas_open((size_t)threads, "linear predictions");
    struct engine *engine = engine_open(threads, 0, 0);
    pool_for(engine, count, linear_image, &pass);
    engine_close(engine);
    arenas_close(pass.arenas, (size_t)threads);
    return atomic_load(&pass.failures);
}
