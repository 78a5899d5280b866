/// A linear probe by the recipe of MAE's linear probing (He et al. 2022, App. A.1;
/// facebookresearch/mae, main_linprobe.py and util/lars.py): LARS without weight decay (You et al.
/// 2017), batches of 16,384, a rate of .1 * 16,384 / 256 = 6.4, 90 epochs of which 10 warm up, then
/// half a cosine. With g the gradient, w the weight, b the bias and m their momenta:
///     m_w = .9 m_w + .001 |w| / |g_w| g_w,   w -= rate m_w;   m_b = .9 m_b + g_b,   b -= rate m_b
/// BatchNorm without parameters sees 512 images at a time, as each GPU of the original did, and its
/// running statistics are those of the first 512 of each batch.
///
/// Not as in the original: images are centre crops, without random crops and flips.
#ifndef MASKBOOK_ANALYSIS_LARS_PROBE_H
#define MASKBOOK_ANALYSIS_LARS_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "core/analysis/probe.h"
#include "core/data/shard_order.h"

struct lars_recipe {
    size_t batch, group;   ///< images an update, images of a batch normalisation
    double epochs, warmup; ///< epochs
    double base_rate;      ///< of 256 images: the rate is base_rate batch / 256
    double momentum, trust;
};

/// MAE's.
extern const struct lars_recipe LARS_RECIPE;

/// The rate factor at update t of an epoch-long schedule: e = t / (updates an epoch) epochs in,
///     e / warmup before the warm-up's end, then (1 + cos(pi (e - warmup) / (epochs - warmup))) / 2
double lars_factor(const struct lars_recipe *recipe, double epoch);

struct lars_probe {
    struct lars_recipe recipe;
    size_t classes, row; ///< C; which row of an image's features is its input
    int batch_norm;
    uint64_t seed; ///< of the initial weights N(0, .01^2) and the order of images
};

/// Trains on the images of `train` that `absent` (images; or NULL) does not leave out, and answers
/// on `test` once, after the last update. A batch is at most all of them, in which case it is
/// smaller than the recipe's, and so is the rate; what is left of an epoch after its last whole
/// batch is dropped.
/// answers (test->features.images)
/// Returns the last epoch's mean loss. Sums have one order: one thread trains. Work: 4 C D flops
/// an image and epoch.
double lars_probe_fit(uint16_t *answers, const struct lars_probe *probe,
                      const struct probe_set *train, size_t shard,
                      const uint8_t *absent, const struct probe_set *test,
                      probe_epoch_function *after_epoch, void *context)
    __attribute__((warn_unused_result));

/// The probe of core/analysis/probe.h in the order of shards: the public code's finetuning recipe,
/// AdamW, on a set that is larger than memory. What the next images need is read ahead.
/// Returns the outcome of probe_train with last_only.
struct probe_outcome
streamed_probe_fit(uint16_t *answers, const struct probe_settings *settings,
                   const struct adapter *adapter, const struct probe_set *train,
                   size_t shard, const uint8_t *absent, const struct probe_set *test,
                   probe_epoch_function *after_epoch, void *context);

#endif
