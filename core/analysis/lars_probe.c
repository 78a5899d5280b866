#include "core/analysis/lars_probe.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/data/batches.h"
#include "core/linalg/product.h"
#include "core/model/linear.h"
#include "core/train/classify.h"
#include "core/train/loss.h"
#include "core/train/schedule.h"

const struct lars_recipe LARS_RECIPE = {.batch = 16384,
                                        .group = 512,
                                        .epochs = 90,
                                        .warmup = 10,
                                        .base_rate = .1,
                                        .momentum = .9,
                                        .trust = .001};

double lars_factor(const struct lars_recipe *recipe, double epoch)
{
    static const double PI = 3.14159265358979323846;
    if (epoch < recipe->warmup) return epoch / recipe->warmup;
    const double length = recipe->epochs - recipe->warmup;
    return (1 + cos(PI * (epoch - recipe->warmup) / length)) / 2;
}

// A probe in training.
struct training {
    const struct lars_probe *probe;
    size_t batch, group, width; // B, G, D
    real *weight, *bias;        // (C,D), (C)
    real *dweight, *dbias, *weight_momentum, *bias_momentum;
    struct batch_norm norm,
        others;             // of the first group, and of the rest, which nobody reads
    real *input, *normed;   // (G,D)
    real *logits, *dlogits; // (G,C)
    real *dbias_group;      // (C)
    real *factor;           // the weight packed
    uint16_t *labels;       // (G)
};

static void norm_open(struct batch_norm *norm, size_t width, struct arena *arena)
{
    *norm = (struct batch_norm){arena_zeros(arena, width), arena_reals(arena, width)};
    for (size_t i = 0; i < width; ++i) norm->variance[i] = 1;
}

static void training_open(struct training *training, const struct lars_probe *probe,
                          size_t images, size_t width, struct arena *arena)
{
    const struct lars_recipe *recipe = &probe->recipe;
    const size_t C = probe->classes, D = width,
                 B = images < recipe->batch ? images : recipe->batch,
                 G = B < recipe->group ? B : recipe->group;
    require(B > 1 && C > 1, "a probe of %zu classes on %zu images", C, images);
    *training = (struct training){.probe = probe,
                                  .batch = B,
                                  .group = G,
                                  .width = D,
                                  .weight = arena_reals(arena, C * D),
                                  .bias = arena_zeros(arena, C),
                                  .dweight = arena_reals(arena, C * D),
                                  .dbias = arena_reals(arena, C),
                                  .weight_momentum = arena_zeros(arena, C * D),
                                  .bias_momentum = arena_zeros(arena, C),
                                  .input = arena_reals(arena, G * D),
                                  .normed = arena_reals(arena, G * D),
                                  .logits = arena_reals(arena, G * C),
                                  .dlogits = arena_reals(arena, G * C),
                                  .dbias_group = arena_reals(arena, C),
                                  .factor = arena_reals(arena, operand_b_size(D, C)),
                                  .labels = arena_take(arena, G, sizeof(uint16_t))};
    norm_open(&training->norm, D, arena);
    norm_open(&training->others, D, arena);
    struct rng rng = rng_open(probe->seed, PURPOSE_PROBE, 1, 0);
    for (size_t i = 0; i < C * D; ++i)
        training->weight[i] = (real)(.01 * rng_normal(&rng));
}

// The input of `count` images to training->input, and their logits. Returns the head's input.
static const real *forward(struct training *training, const struct features *features,
                           const uint32_t *image, size_t first, size_t count,
                           struct batch_norm *norm)
{
    const size_t C = training->probe->classes, D = training->width;
    for (size_t b = 0; b < count; ++b) {
        const float *row = features_image(features, image ? image[b] : first + b) +
                           training->probe->row * D;
        for (size_t i = 0; i < D; ++i) training->input[b * D + i] = (real)row[i];
    }
    const real *x = training->input;
    if (training->probe->batch_norm) {
        x = training->normed;
        // One image has no variance: such a group is normalised by the running one.
        if (norm && count > 1)
            batch_norm_train(training->normed, norm, training->input, count, D);
        else
            batch_norm_apply(training->normed, &training->norm, training->input, count,
                             D);
    }
    for (size_t b = 0; b < count; ++b)
        memcpy(training->logits + b * C, training->bias, C * sizeof(real));
    const struct operand_b weight =
        operand_b_pack(training->factor, training->weight, D, TRANSPOSED, D, C);
    product(training->logits, C, operand_a(x, D, PLAIN), weight, FP32, count, C, D, 1);
    return x;
}

// training->dweight, dbias = the gradient of the batch's mean loss, which is returned.
static double gradient(struct training *training, const struct probe_set *set,
                       const uint32_t *image)
{
    const size_t C = training->probe->classes, D = training->width, B = training->batch;
    double loss = 0;
    memset(training->dbias, 0, C * sizeof(real));
    for (size_t g = 0; g < B; g += training->group) {
        const size_t count = B - g < training->group ? B - g : training->group;
        const real *x = forward(training, &set->features, image + g, 0, count,
                                g ? &training->others : &training->norm);
        for (size_t b = 0; b < count; ++b)
            training->labels[b] = set->labels[image[g + b]];
        const double share = (double)count / (double)B;
        loss += share * cross_entropy_loss(training->dlogits, training->logits,
                                           training->labels, count, C, (real)share);
        product(training->dweight, D, operand_a(training->dlogits, C, TRANSPOSED),
                operand_b(x, D), FP32, C, D, count, g > 0);
        linear_backward_bias(training->dbias_group, training->dlogits, count, C);
        for (size_t c = 0; c < C; ++c) training->dbias[c] += training->dbias_group[c];
    }
    return loss;
}

static double norm_of(const real *x, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += (double)x[i] * (double)x[i];
    return sqrt(sum);
}

// One tensor's update; `scale` is LARS's of its gradient.
static void update(real *weight, real *momentum, const real *slope, size_t count,
                   double scale, double keep, double rate)
{
    for (size_t i = 0; i < count; ++i) {
        momentum[i] = (real)(keep * (double)momentum[i] + scale * (double)slope[i]);
        weight[i] -= (real)(rate * (double)momentum[i]);
    }
}

static void step(struct training *training, double rate)
{
    const struct lars_recipe *recipe = &training->probe->recipe;
    const size_t C = training->probe->classes, n = C * training->width;
    const double weight = norm_of(training->weight, n),
                 slope = norm_of(training->dweight, n),
                 scale = weight > 0 && slope > 0 ? recipe->trust * weight / slope : 1;
    update(training->weight, training->weight_momentum, training->dweight, n, scale,
           recipe->momentum, rate);
    update(training->bias, training->bias_momentum, training->dbias, C, 1,
           recipe->momentum, rate);
}

static void predict(uint16_t *answers, struct training *training,
                    const struct features *features)
{
    const size_t C = training->probe->classes, G = training->group,
                 n = features->images;
    for (size_t first = 0; first < n; first += G) {
        const size_t count = n - first < G ? n - first : G;
        forward(training, features, NULL, first, count, NULL);
        for (size_t b = 0; b < count; ++b)
            answers[first + b] = (uint16_t)likeliest(training->logits + b * C, C);
    }
}

double lars_probe_fit(uint16_t *answers, const struct lars_probe *probe,
                      const struct probe_set *train, size_t shard,
                      const uint8_t *absent, const struct probe_set *test,
                      probe_epoch_function *after_epoch, void *context)
{
    const struct lars_recipe *recipe = &probe->recipe;
    struct arena arena;
    struct shard_order order;
    struct training training;
    arena_open_growing(&arena, "probe");
    shard_order_open(&order, train->features.images, shard, absent, probe->seed,
                     &arena);
    training_open(&training, probe, order.kept, train->features.width, &arena);
    const size_t B = training.batch, updates = order.kept / B,
                 all = (size_t)batches_updates(updates, 1, recipe->epochs);
    const double rate = recipe->base_rate * (double)B / 256;
    uint32_t *image = arena_take(&arena, B, sizeof *image);
    double loss = 0;
    for (size_t first = 0; first < all; first += updates) {
        const size_t count = all - first < updates ? all - first : updates;
        loss = 0;
        for (size_t t = 0; t < count; ++t) {
            shard_order_take(image, &order, B);
            loss += gradient(&training, train, image) / (double)count;
            const double epoch =
                (double)(first / updates) + (double)t / (double)updates;
            step(&training, rate * lars_factor(recipe, epoch));
        }
        shard_order_skip(&order);
        if (after_epoch) after_epoch(context);
    }
    predict(answers, &training, &test->features);
    arena_close(&arena);
    return loss;
}

// ====== AdamW in the order of shards ======

// Asks the system to read the shards of the next pool.
static void read_ahead(const struct features *features, const struct shard_order *order,
                       size_t from)
{
    const size_t one = features->rows * features->width * sizeof(float), page = 4096;
    for (size_t i = from; i < from + SHARD_POOL * order->shard && i < order->kept;
         ++i) {
        // A shard's pages are asked for once, at its image that comes first.
        const size_t s = order->order[i] / order->shard;
        if (order->order[i] % order->shard) continue;
        const size_t left = features->images - s * order->shard,
                     images = left < order->shard ? left : order->shard;
        const char *at = (const char *)features->data + s * order->shard * one;
        const size_t before = (size_t)at % page;
        // Advice: what it returns changes nothing.
        (void)madvise((void *)(at - before), images * one + before, MADV_WILLNEED);
    }
}

struct probe_outcome
streamed_probe_fit(uint16_t *answers, const struct probe_settings *settings,
                   const struct adapter *adapter, const struct probe_set *train,
                   size_t shard, const uint8_t *absent, const struct probe_set *test,
                   probe_epoch_function *after_epoch, void *context)
{
    const struct probe_recipe *recipe = &settings->recipe;
    struct arena arena;
    struct probe probe;
    struct shard_order order;
    arena_open_growing(&arena, "probe");
    probe_open(&probe, settings, adapter, &arena);
    shard_order_open(&order, train->features.images, shard, absent, settings->seed,
                     &arena);
    const size_t B = recipe->batch, n = order.kept, pool = SHARD_POOL * shard;
    const double step = (double)B / (double)n;
    const uint64_t updates = batches_updates(n, B, recipe->epochs);
    uint32_t *image = arena_take(&arena, B, sizeof *image);
    struct probe_outcome outcome = {.best = (double)NAN};
    for (uint64_t t = 0, since = 0; t < updates; ++t) {
        const size_t seen = order.taken;
        shard_order_take(image, &order, B);
        if (order.taken / pool != seen / pool || t == 0)
            read_ahead(&train->features, &order, (order.taken / pool + 1) * pool);
        const double factor =
            schedule_factor((double)t * step, step, recipe->warmup, recipe->epochs);
        outcome.loss +=
            probe_update(&probe, train, image, factor * recipe->learning_rate);
        const int last = t + 1 == updates;
        if ((t + 1) * B / n == t * B / n && !last) continue;
        outcome.loss /= (double)(t + 1 - since);
        since = t + 1;
        if (after_epoch) after_epoch(context);
        if (!last) outcome.loss = 0;
    }
    probe_predict(answers, &probe, &test->features);
    outcome.accuracy =
        classification_accuracy(answers, test->labels, test->features.images);
    arena_close(&arena);
    return outcome;
}
