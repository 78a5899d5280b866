#include "core/train/shard.h"

#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/data/patches.h"

void shard_open(struct shard *shard, const struct mae *mae, size_t images,
                double mask_ratio, enum arithmetic arithmetic, enum mode mode)
{
    size_t tokens = shape_tokens(&mae->shape), patch = shape_patch(&mae->shape);
    size_t visible = mask_visible(tokens, mask_ratio);
    require(images > 0 && visible > 0 && visible < tokens,
            "%zu images, %zu of %zu seen", images, visible, tokens);
    *shard = (struct shard){.mae = mae,
                            .images = images,
                            .tokens = tokens,
                            .patch_size = patch,
                            .visible = visible,
                            .hidden = tokens - visible};

    size_t numbers = size_product(images, tokens * patch), rounding = 64 * 5;
    size_t lists = (images + 1) * tokens * sizeof(int32_t);
    arena_open(&shard->arena, "shard",
               mae_activations_size(mae, images, visible, arithmetic, mode) +
                   2 * numbers * sizeof(real) + lists + rounding);
    shard->activations =
        mae_activations_open(mae, images, visible, arithmetic, mode, &shard->arena);
    shard->patches = arena_reals(&shard->arena, numbers);
    shard->dprediction = arena_reals(&shard->arena, numbers);
    shard->shown = arena_take(&shard->arena, images * visible, sizeof(int32_t));
    shard->masked = arena_take(&shard->arena, images * shard->hidden, sizeof(int32_t));
    shard->ranking = arena_take(&shard->arena, tokens, sizeof(uint32_t));
}

void shard_load(struct shard *shard, size_t place, const struct images *images,
                uint32_t image, uint64_t seed, uint32_t epoch)
{
    require(place < shard->images && image < images->count, "place %zu, image %u",
            place, (unsigned)image);
    patches_from_bytes(shard->patches + place * shard->tokens * shard->patch_size,
                       images->pixels + (size_t)image * IMAGE_BYTES,
                       shard->mae->shape.patch);
    mask_ranking(shard->ranking, shard->tokens, seed, epoch, image);
    mask_split(shard->shown + place * shard->visible,
               shard->masked + place * shard->hidden, shard->ranking, shard->tokens,
               shard->visible);
}

struct mae_input shard_input(const struct shard *shard)
{
    return (struct mae_input){.images = shard->images,
                              .visible = shard->visible,
                              .patches = shard->patches,
                              .shown = shard->shown};
}

void shard_close(struct shard *shard)
{
    arena_close(&shard->arena);
}
