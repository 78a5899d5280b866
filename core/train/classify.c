#include "core/train/classify.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/base/die.h"
#include "core/train/engine.h"
#include "core/train/evaluate.h"
#include "core/train/labelled.h"
#include "core/train/loss.h"

enum { CHUNK = EVALUATION_CHUNK };

struct pass {
    const struct classification *classification;
    struct arena arena; ///< of the prepared weights
    struct packed_weights weights;
    struct labelled *labelled; ///< (threads)
    uint8_t *predicted;
    atomic_int overflow; ///< some logit was not finite
};

// The last pass repeats its last image.
static void chunk_item(size_t chunk, int worker, void *context)
{
    struct pass *pass = context;
    const struct classification *of = pass->classification;
    struct labelled *labelled = &pass->labelled[worker];
    const size_t first = chunk * CHUNK, last = of->images->count - 1,
                 classes = of->classifier->classes;
    for (size_t b = 0; b < CHUNK; ++b)
        labelled_load(labelled, b, of->images,
                      (uint32_t)(first + b < last ? first + b : last));
    const real *logits = classifier_forward(labelled->activations, of->classifier,
                                            &pass->weights, labelled->patches);
    for (size_t b = 0; b < CHUNK && first + b <= last; ++b)
        pass->predicted[first + b] = (uint8_t)likeliest(logits + b * classes, classes);
    for (size_t i = 0; i < CHUNK * classes; ++i)
        if (!isfinite(logits[i])) atomic_store(&pass->overflow, 1);
}

void classify_images(uint8_t *predicted, const struct classification *classification)
{
    const struct classifier *classifier = classification->classifier;
    const size_t threads = (size_t)classification->threads,
                 count = classification->images->count;
    require(count > 0 && classifier->classes <= 256, "%zu images, %zu classes", count,
            classifier->classes);
    struct pass pass = {.classification = classification};
    pass.predicted = predicted;
    pass.labelled = calloc(threads, sizeof *pass.labelled);
    if (!pass.labelled) die(EXIT_SYSTEM, "no memory for %zu threads", threads);
    for (size_t w = 0; w < threads; ++w)
        labelled_open(&pass.labelled[w], classifier, CHUNK, FP32, INFER);
    packed_weights_for_inference(&pass.weights, &pass.arena, &classifier->parameters,
                                 classification->weights, FP32);
    struct engine *engine = engine_open(classification->threads, 0, 0);
    engine_each(engine, (count + CHUNK - 1) / CHUNK, chunk_item, &pass);
    engine_close(engine);
    arena_close(&pass.arena);
    for (size_t w = 0; w < threads; ++w) labelled_close(&pass.labelled[w]);
    free(pass.labelled);
    if (atomic_load(&pass.overflow))
        die(EXIT_SYSTEM, "a classifier's output is not finite (train it anew)");
}

double classification_accuracy(const uint8_t *predicted, const uint8_t *labels,
                               size_t count)
{
    require(count > 0, "no images");
    size_t right = 0;
    for (size_t i = 0; i < count; ++i) right += predicted[i] == labels[i];
    return (double)right / (double)count;
}
