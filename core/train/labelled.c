#include "core/train/labelled.h"

#include "core/base/die.h"
#include "core/data/patches.h"

void labelled_open(struct labelled *labelled, const struct classifier *classifier,
                   size_t images, enum arithmetic arithmetic, enum mode mode)
{
    require(images > 0, "no images");
    *labelled = (struct labelled){.classifier = classifier, .images = images};
    const struct mae_shape *shape = &classifier->shape;
    size_t patches = size_product(images, shape_tokens(shape) * shape_patch(shape)),
           logits = size_product(images, classifier->classes), rounding = 64 * 5;
    arena_open(&labelled->arena, "labelled images",
               classifier_activations_size(classifier, images, arithmetic, mode) +
                   (patches + logits) * sizeof(real) + images + rounding);
    struct arena *arena = &labelled->arena;
    labelled->activations =
        classifier_activations_open(classifier, images, arithmetic, mode, arena);
    labelled->patches = arena_reals(arena, patches);
    labelled->dlogits = arena_reals(arena, logits);
    labelled->labels = arena_take(arena, images, sizeof *labelled->labels);
}

void labelled_load(struct labelled *labelled, size_t place, const struct images *images,
                   uint32_t image)
{
    require(place < labelled->images && image < images->count, "place %zu, image %u",
            place, (unsigned)image);
    const struct mae_shape *shape = &labelled->classifier->shape;
    patches_from_bytes(labelled->patches +
                           place * shape_tokens(shape) * shape_patch(shape),
                       images->pixels + (size_t)image * IMAGE_BYTES, shape->patch);
    labelled->labels[place] = images->labels[image];
}

void labelled_close(struct labelled *labelled)
{
    arena_close(&labelled->arena);
}
