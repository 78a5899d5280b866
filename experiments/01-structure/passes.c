#include "experiments/01-structure/passes.h"

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/train/encode.h"
#include "core/train/evaluate.h"

enum { MOST_PATCHES = IMAGE_SIDE * IMAGE_SIDE };

size_t hidden_count(const struct structure *structure)
{
    return structure->patches - structure->visible;
}

static size_t width_of(const struct structure *structure)
{
    return (size_t)structure->model->mae.shape.width;
}

size_t structure_bytes(const struct weights *model, double ratio, size_t count)
{
    const struct mae *mae = &model->mae;
    size_t patches = shape_tokens(&mae->shape), visible = mask_visible(patches, ratio);
    size_t pass = (visible + 1) * (size_t)mae->shape.width + IMAGE_BYTES;
    size_t image = 2 * (pass + IMAGE_BYTES) * sizeof(float) +
                   patches * sizeof(int32_t) + 2 * sizeof(double);
    return size_product(count, image) +
           size_product(mae->parameters.count, sizeof(real)) + 65536;
}

void pass_open(struct pass *pass, const struct structure *structure,
               struct arena *arena)
{
    size_t tokens = (structure->visible + 1) * width_of(structure);
    pass->tokens = arena_take(arena, structure->count * tokens, sizeof(float));
    pass->picture = arena_take(arena, structure->count * IMAGE_BYTES, sizeof(float));
}

void pass_run(struct pass *pass, const struct structure *structure, const float *images,
              const real *weights, int threads)
{
    const struct encoding encoding = {.mae = &structure->model->mae,
                                      .weights = weights,
                                      .layer = -1,
                                      .images = images,
                                      .count = structure->count,
                                      .visible = structure->visible,
                                      .shown = structure->shown,
                                      .threads = threads};
    if (encode_images(pass->tokens, pass->picture, &encoding))
        die(EXIT_INPUT, "%s: these weights make numbers that are not finite",
            structure->model->file.path);
}

void structure_open(struct structure *structure, const struct weights *model,
                    double ratio, const struct images *images, size_t count,
                    const struct run *run, struct arena *arena)
{
    require(count <= images->count, "%zu images of %zu", count, images->count);
    size_t patches = shape_tokens(&model->mae.shape);
    require(patches <= MOST_PATCHES, "%zu patches", patches);
    *structure = (struct structure){.model = model, .ratio = ratio, .count = count};
    structure->patches = patches;
    structure->visible = mask_visible(patches, ratio);
    size_t hidden = hidden_count(structure);
    structure->shown = arena_take(arena, count * structure->visible, sizeof(int32_t));
    structure->hidden = arena_take(arena, count * hidden, sizeof(int32_t));
    structure->images = arena_take(arena, count * IMAGE_BYTES, sizeof(float));
    structure->loss = arena_doubles(arena, count);
    structure->guess = arena_doubles(arena, count);
    for (size_t i = 0; i < count; ++i) {
        uint32_t ranking[MOST_PATCHES];
        mask_ranking(ranking, patches, run->seed, EVALUATION_EPOCH, (uint32_t)i);
        mask_split(structure->shown + i * structure->visible,
                   structure->hidden + i * hidden, ranking, patches,
                   structure->visible);
    }
    for (size_t n = 0; n < count * IMAGE_BYTES; ++n)
        structure->images[n] = (float)pixel_value(images->pixels[n]);
    pass_open(&structure->plain, structure, arena);
    pass_run(&structure->plain, structure, structure->images, model->slab,
             run->threads);
}

size_t patch_row(const struct structure *structure, size_t t, size_t c, size_t y)
{
    size_t p = (size_t)structure->model->mae.shape.patch, across = IMAGE_SIDE / p;
    return (c * IMAGE_SIDE + t / across * p + y) * IMAGE_SIDE + t % across * p;
}
