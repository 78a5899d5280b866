/// Training a probe: a linear head on frozen features, and whatever its stage trains with it, by the recipe
/// of the public code's finetuning script, which the paper says it used for probes too.
#ifndef MASKBOOK_ANALYSIS_PROBE_H
#define MASKBOOK_ANALYSIS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/batch_norm.h"
#include "core/analysis/features.h"
#include "core/analysis/stage.h"

struct probe_recipe {
    size_t batch;          ///< images an update
    double epochs, warmup; ///< schedule of core/train/schedule.h, per update
    double learning_rate, beta1, beta2, epsilon,
        weight_decay; ///< AdamW, all numbers decay
};

/// The public code's: AdamW (.9, .999), decay .05, rate 1e-3 * 128 / 256, batches of 128, 100 epochs of
/// which 5 warm up. (IcarusWizard/MAE, train_classifier.py.)
extern const struct probe_recipe PROBE_RECIPE;

/// The same for another number of epochs; the warm-up keeps its share.
struct probe_recipe probe_recipe_shorten(const struct probe_recipe *recipe,
                                         double epochs);

/// Labelled features; borrowed.
struct probe_set {
    struct features features;
    const uint8_t *labels; ///< (features.images)
};

/// What is trained, and how.
struct probe_settings {
    struct probe_recipe recipe;
    size_t classes;
    int batch_norm; ///< of the head's input; only with a stage that trains nothing
    int last_only; ///< answer on the test images after the last epoch only, not after each
    uint64_t seed; ///< of the head's initial weights and the order of images
};

/// A probe in training. The slab: the stage's numbers, the head's weight (C,D), its bias (C).
struct probe {
    struct probe_settings settings;
    struct stage stage;                                   ///< its batch is the recipe's
    size_t count;                                         ///< numbers of the slab
    real *slab, *first_moment, *second_moment, *gradient; ///< (count)
    struct batch_norm norm;
    const float **rows;            ///< (B) features of the present batch
    uint8_t *labels;               ///< (B)
    real *input, *normed, *dinput; ///< (B,D) the stage's output, the head's input
    real *logits, *dlogits;        ///< (B,C)
    real *factor;                  ///< the head's weight packed for products
    uint64_t updates;              ///< done
};

/// Bytes of arena that probe_open takes beside the stage.
size_t probe_bytes(const struct probe_settings *settings, const struct stage *stage);

/// Prepares update 0: the stage's initial weights, the head's U(-1/sqrt(D), 1/sqrt(D)) (nn.Linear's default),
/// from streams (seed, PURPOSE_PROBE).
void probe_open(struct probe *probe, const struct probe_settings *settings,
                const struct stage *stage, struct arena *arena);

/// One update at learning rate `rate` on the images (B) of the set. Returns the batch's mean loss.
double probe_update(struct probe *probe, const struct probe_set *set,
                    const uint32_t *image, double rate);

/// classes (images of the set) = the probe's answers. Images pass in batches, the last filled up with its
/// last image.
void probe_predict(uint8_t *classes, struct probe *probe,
                   const struct features *features);

/// The head's weight (C,D) and bias (C), within the slab.
const real *probe_head_weight(const struct probe *probe);
const real *probe_head_bias(const struct probe *probe);

/// How a training ended.
struct probe_outcome {
    double
        loss; ///< mean over the last epoch's updates; NAN or infinite when it diverged
    double accuracy; ///< share of right answers on `test` after the last update
    double
        best; ///< the largest such share at any epoch's end: chosen on `test`, thus optimistic
};

/// Called at each epoch's end, or NULL.
typedef void probe_epoch_function(void *context);

/// Trains for the recipe's epochs on `train` and answers on `test`, which nothing depends on.
/// classes (test->features.images)  the answers after the last update
/// Work: a forward and a backward pass an image and epoch, and a forward pass a test image an
/// epoch unless `last_only`.
struct probe_outcome probe_train(uint8_t *classes, struct probe *probe,
                                 const struct probe_set *train,
                                 const struct probe_set *test,
                                 probe_epoch_function *after_epoch, void *context,
                                 struct arena *arena);

/// Bytes of arena that probe_train takes and gives back.
size_t probe_train_bytes(const struct probe_settings *settings,
                         const struct probe_set *train);

#endif
