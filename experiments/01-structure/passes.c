#include "experiments/01-structure/passes.h"

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/train/encode.h"
#include "core/train/evaluate.h"

void pass_open(struct pass *pass, const struct structure *structure,
               struct arena *arena)
{
    const size_t width = (size_t)structure->model->mae.shape.width,
                 tokens = structure->count * (structure->visible + 1);
    pass->tokens = arena_take(arena, tokens * width, sizeof(float));
    pass->picture = arena_take(arena, structure->count * IMAGE_BYTES, sizeof(float));
}

void pass_run(struct pass *pass, const struct structure *structure, const float *images,
              const real *weights)
{
    const struct encoding encoding = {.mae = &structure->model->mae,
                                      .weights = weights,
                                      .layer = -1,
                                      .images = images,
                                      .count = structure->count,
                                      .visible = structure->visible,
                                      .shown = structure->seen,
                                      .threads = structure->threads};
    input_finite(structure->model,
                 encode_images(pass->tokens, pass->picture, &encoding));
}

void structure_open(struct structure *structure, struct study *study, size_t count)
{
    struct arena *arena = &study->arena;
    const struct images *test = &study->images[SPLIT_TEST];
    const struct weights *model = &study->model[0];
    const int p = model->mae.shape.patch;
    const double ratio = study->recipe[0].mask_ratio;
    require(count <= test->count, "%zu images of %zu", count, test->count);
    *structure = (struct structure){.model = model,
                                    .ratio = ratio,
                                    .threads = study->run.options.threads,
                                    .count = count,
                                    .patches = patch_count(p),
                                    .numbers = patch_size(p)};
    const size_t V = structure->visible = mask_visible(structure->patches, ratio),
                 N0 = structure->hidden = structure->patches - V;
    structure->seen = arena_take(arena, count * V, sizeof(int32_t));
    structure->unseen = arena_take(arena, count * N0, sizeof(int32_t));
    structure->images = arena_take(arena, count * IMAGE_BYTES, sizeof(float));
    structure->loss = arena_doubles(arena, count);
    structure->guess = arena_doubles(arena, count);
    for (size_t i = 0; i < count; ++i)
        mask_draw(structure->seen + i * V, structure->unseen + i * N0,
                  structure->patches, ratio, study->run.options.seed, EVALUATION_EPOCH,
                  (uint32_t)i);
    for (size_t i = 0; i < count * IMAGE_BYTES; ++i)
        structure->images[i] = (float)pixel_value(test->pixels[i]);
    pass_open(&structure->plain, structure, arena);
    pass_run(&structure->plain, structure, structure->images, model->slab);
}

size_t pixel_at(const struct structure *structure, size_t t, size_t f)
{
    const size_t p = (size_t)structure->model->mae.shape.patch, area = p * p,
                 across = IMAGE_SIDE / p, y = t / across * p + f % area / p,
                 x = t % across * p + f % p;
    return (f / area * IMAGE_SIDE + y) * IMAGE_SIDE + x;
}
