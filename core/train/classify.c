#include "core/train/classify.h"

#include <math.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/train/infer.h"
#include "core/train/loss.h"

struct outputs {
    const struct classification *classification;
    uint16_t *predicted;
};

// One thread's memory.
struct workspace {
    struct classifier_activations *activations;
    real *patches; // (INFER_CHUNK,T,F)
};

static void *workspace_open(struct arena *arena, const void *context)
{
    const struct outputs *outputs = context;
    const struct classifier *classifier = outputs->classification->classifier;
    const struct mae_shape *shape = &classifier->shape;
    struct workspace *work = arena_take(arena, 1, sizeof *work);
    work->activations =
        classifier_activations_open(classifier, INFER_CHUNK, FP32, INFER, arena);
    work->patches =
        arena_reals(arena, INFER_CHUNK * shape_tokens(shape) * shape_patch(shape));
    return work;
}

static int pass(const struct infer_chunk *chunk, void *context)
{
    const struct outputs *outputs = context;
    const struct classification *of = outputs->classification;
    const struct mae_shape *shape = &of->classifier->shape;
    const size_t classes = of->classifier->classes,
                 numbers = shape_tokens(shape) * shape_patch(shape);
    struct workspace *work = chunk->workspace;
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        patches_from_bytes(work->patches + b * numbers,
                           of->images->pixels + chunk->image[b] * IMAGE_BYTES,
                           shape->patch);
    const real *logits = classifier_forward(work->activations, of->classifier,
                                            chunk->weights, work->patches);
    for (size_t b = 0; b < chunk->count; ++b)
        outputs->predicted[chunk->first + b] =
            (uint16_t)likeliest(logits + b * classes, classes);
    int finite = 1;
    for (size_t i = 0; i < INFER_CHUNK * classes; ++i)
        finite &= isfinite(logits[i]) != 0;
    return !finite;
}

int classify_images(uint16_t *predicted, const struct classification *classification)
{
    const struct classifier *classifier = classification->classifier;
    require(classifier->classes <= 1 << 16, "%zu classes", classifier->classes);
    struct outputs outputs = {.classification = classification};
    outputs.predicted = predicted;
    const struct infer infer = {.parameters = &classifier->parameters,
                                .weights = classification->weights,
                                .images = classification->images->count,
                                .threads = classification->threads,
                                .workspace = workspace_open,
                                .pass = pass,
                                .context = &outputs};
    return infer_run(&infer);
}

double classification_accuracy(const uint16_t *predicted, const uint16_t *labels,
                               size_t count)
{
    require(count > 0, "no images");
    size_t right = 0;
    for (size_t i = 0; i < count; ++i) right += predicted[i] == labels[i];
    return (double)right / (double)count;
}
