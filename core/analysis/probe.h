/// Training a probe: a linear head on frozen features, and the numbers of its adapter with it, by
/// the recipe of the public code's finetuning script, which the paper says it used for probes too.
#ifndef MASKBOOK_ANALYSIS_PROBE_H
#define MASKBOOK_ANALYSIS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/adapter.h"
#include "core/analysis/batch_norm.h"
#include "core/analysis/features.h"

struct probe_recipe {
    size_t batch; ///< images an update
    /// Schedule of core/train/schedule.h, per update.
    double epochs, warmup;
    /// AdamW; all numbers decay.
    double learning_rate, beta1, beta2, epsilon, weight_decay;
};

/// The public code's: AdamW (.9, .999), decay .05, rate 1e-3 * 128 / 256, batches of 128, 100
/// epochs of which 5 warm up. (IcarusWizard/MAE, train_classifier.py.)
extern const struct probe_recipe PROBE_RECIPE;

/// The same for another number of epochs; the warm-up keeps its share.
struct probe_recipe probe_recipe_shorten(const struct probe_recipe *recipe,
                                         double epochs);

/// Labelled features; borrowed.
struct probe_set {
    struct features features;
    const uint16_t *labels; ///< (features.images)
};

/// What is trained, and how.
struct probe_settings {
    struct probe_recipe recipe;
    size_t classes;
    /// Normalises the head's input; only with an adapter that trains nothing.
    int batch_norm;
    /// Answers on the test images after the last epoch only, not after each.
    int last_only;
    /// Of the head's initial weights and the order of images.
    uint64_t seed;
};

/// A probe in training.
struct probe {
    struct probe_settings settings;
    struct adapter adapter;
    void *workspace; ///< the adapter's
    size_t count;    ///< numbers that are trained
    /// (count): the adapter's, the head's weight (C,D), its bias (C).
    real *slab, *first_moment, *second_moment, *gradient;
    struct batch_norm norm;
    const float **rows;            ///< (B) features of the present batch
    uint16_t *labels;              ///< (B)
    real *input, *normed, *dinput; ///< (B,D) the adapter's output, the head's input
    real *logits, *dlogits;        ///< (B,C)
    real *factor;                  ///< the head's weight packed for products
    uint64_t updates;              ///< done
};

/// Prepares update 0: the adapter's initial weights, the head's U(-1/sqrt(D), 1/sqrt(D))
/// (nn.Linear's default), from streams (seed, PURPOSE_PROBE).
void probe_open(struct probe *probe, const struct probe_settings *settings,
                const struct adapter *adapter, struct arena *arena);

/// One update at learning rate `rate` on the images (B) of the set. Returns the batch's mean loss.
double probe_update(struct probe *probe, const struct probe_set *set,
                    const uint32_t *image, double rate);

/// answers (images of the set) = the likeliest classes. Images pass in batches; the last one is
/// filled up with its last image.
void probe_predict(uint16_t *answers, struct probe *probe,
                   const struct features *features);

/// The head's weight (C,D) and bias (C), within the slab.
const real *probe_head_weight(const struct probe *probe);
const real *probe_head_bias(const struct probe *probe);

/// How a training ended.
struct probe_outcome {
    /// Mean over the last epoch's updates; NAN or infinite when the training diverged.
    double loss;
    /// Share of right answers on `test` after the last update.
    double accuracy;
    /// The largest such share at the end of any epoch: chosen on `test`, so optimistic.
    double best;
    /// Of settings.batch_norm, on `test`.
    struct batch_norm_fusion fusion;
};

/// Dies (EXIT_INPUT) where the mean loss of a training's last epoch is not finite: its answers
/// would be those of no classifier. rate   of the training, for the message
void probe_check(double loss, double rate);

/// Called at the end of each epoch, or NULL.
typedef void probe_epoch_function(void *context);

/// Trains an opened probe for the recipe's epochs on `train` and answers on `test`, which has no
/// influence on the training.
/// answers (test->features.images)  after the last update
/// Scratch is taken from `arena` and given back. Work: a forward and a backward pass per image and
/// epoch, and a forward pass per test image and epoch unless `last_only`.
struct probe_outcome probe_train(uint16_t *answers, struct probe *probe,
                                 const struct probe_set *train,
                                 const struct probe_set *test,
                                 probe_epoch_function *after_epoch, void *context,
                                 struct arena *arena);

/// probe_open and probe_train, in memory that is freed afterwards. Dies (EXIT_SYSTEM) when it is
/// refused.
struct probe_outcome probe_fit(uint16_t *answers, const struct probe_settings *settings,
                               const struct adapter *adapter,
                               const struct probe_set *train,
                               const struct probe_set *test,
                               probe_epoch_function *after_epoch, void *context)
    __attribute__((warn_unused_result));

#endif
