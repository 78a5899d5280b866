#include "core/analysis/probe.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/data/batches.h"
#include "core/linalg/product.h"
#include "core/model/linear.h"
#include "core/train/adamw.h"
#include "core/train/classify.h"
#include "core/train/loss.h"
#include "core/train/schedule.h"

const struct probe_recipe PROBE_RECIPE = {.batch = 128,
                                          .epochs = 100,
                                          .warmup = 5,
                                          .learning_rate = 5e-4,
                                          .beta1 = .9,
                                          .beta2 = .999,
                                          .epsilon = 1e-8,
                                          .weight_decay = .05};

struct probe_recipe probe_recipe_shorten(const struct probe_recipe *recipe,
                                         double epochs)
{
    struct probe_recipe shorter = *recipe;
    shorter.warmup *= epochs / recipe->epochs;
    shorter.epochs = epochs;
    return shorter;
}

// Streams of one probe; neither shares its numbers with the order of images.
enum { STREAM_WEIGHT, STREAM_BIAS };

static void head_initial(real *numbers, size_t count, size_t width, uint64_t seed,
                         uint32_t stream)
{
    const double bound = 1 / sqrt((double)width);
    struct rng rng = rng_open(seed, PURPOSE_PROBE, 0, stream);
    for (size_t i = 0; i < count; ++i)
        numbers[i] = (real)(bound * (2 * rng_uniform(&rng) - 1));
}

void probe_open(struct probe *probe, const struct probe_settings *settings,
                const struct adapter *adapter, struct arena *arena)
{
    const size_t B = settings->recipe.batch, D = adapter->width, C = settings->classes;
    require(C > 1, "%zu classes", C);
    require(!settings->batch_norm || adapter->count == 0,
            "batch normalisation passes no gradient to what lies before it");
    const size_t count = adapter->count + C * (D + 1);
    *probe = (struct probe){
        .settings = *settings,
        .adapter = *adapter,
        .workspace = adapter->open(adapter, B, arena),
        .count = count,
        .slab = arena_reals(arena, count),
        .first_moment = arena_zeros(arena, count),
        .second_moment = arena_zeros(arena, count),
        .gradient = arena_reals(arena, count),
        .norm = {arena_zeros(arena, D), arena_reals(arena, D)},
        .rows = arena_take(arena, B, sizeof(float *)),
        .labels = arena_take(arena, B, sizeof(uint16_t)),
        .input = arena_reals(arena, B * D),
        .normed = arena_reals(arena, B * D),
        .dinput = arena_reals(arena, B * D),
        .logits = arena_reals(arena, B * C),
        .dlogits = arena_reals(arena, B * C),
        .factor = arena_reals(arena, operand_b_size(D, C)),
    };
    for (size_t j = 0; j < D; ++j) probe->norm.variance[j] = 1;
    if (adapter->initial) adapter->initial(probe->slab, adapter);
    real *head = probe->slab + adapter->count;
    head_initial(head, C * D, D, settings->seed, STREAM_WEIGHT);
    head_initial(head + C * D, C, D, settings->seed, STREAM_BIAS);
}

const real *probe_head_weight(const struct probe *probe)
{
    return probe->slab + probe->adapter.count;
}

const real *probe_head_bias(const struct probe *probe)
{
    return probe_head_weight(probe) + probe->settings.classes * probe->adapter.width;
}

// logits = W x + b of the images at probe->rows. Returns the head's input x (B,D).
static const real *forward(struct probe *probe, int training)
{
    const size_t B = probe->settings.recipe.batch, D = probe->adapter.width,
                 C = probe->settings.classes;
    const real *bias = probe_head_bias(probe), *x = probe->input;
    probe->adapter.forward(probe->input, probe->slab, probe->rows, probe->workspace);
    if (probe->settings.batch_norm) {
        x = probe->normed;
        if (training)
            batch_norm_train(probe->normed, &probe->norm, probe->input, B, D);
        else
            batch_norm_apply(probe->normed, &probe->norm, probe->input, B, D);
    }
    for (size_t b = 0; b < B; ++b)
        memcpy(probe->logits + b * C, bias, C * sizeof *bias);
    product(
        probe->logits, C, operand_a(x, D, PLAIN),
        operand_b_pack(probe->factor, probe_head_weight(probe), D, TRANSPOSED, D, C),
        FP32, B, C, D, 1);
    return x;
}

static void backward(struct probe *probe, const real *x)
{
    const size_t B = probe->settings.recipe.batch, D = probe->adapter.width,
                 C = probe->settings.classes;
    real *dweight = probe->gradient + probe->adapter.count, *dbias = dweight + C * D;
    product(dweight, D, operand_a(probe->dlogits, C, TRANSPOSED), operand_b(x, D), FP32,
            C, D, B, 0);
    linear_backward_bias(dbias, probe->dlogits, B, C);
    if (!probe->adapter.backward) return;
    product(probe->dinput, D, operand_a(probe->dlogits, C, PLAIN),
            operand_b(probe_head_weight(probe), D), FP32, B, D, C, 0);
    probe->adapter.backward(probe->gradient, probe->dinput, probe->slab,
                            probe->workspace);
}

double probe_update(struct probe *probe, const struct probe_set *set,
                    const uint32_t *image, double rate)
{
    const struct probe_recipe *recipe = &probe->settings.recipe;
    const size_t B = recipe->batch;
    for (size_t b = 0; b < B; ++b) {
        probe->rows[b] = features_image(&set->features, image[b]);
        probe->labels[b] = set->labels[image[b]];
    }
    const real *x = forward(probe, 1);
    double loss = cross_entropy_loss(probe->dlogits, probe->logits, probe->labels, B,
                                     probe->settings.classes, 1);
    backward(probe, x);
    const struct adamw adamw = {rate, recipe->beta1, recipe->beta2, recipe->epsilon,
                                recipe->weight_decay};
    adamw_update(probe->slab, probe->first_moment, probe->second_moment,
                 probe->gradient, 0, probe->count, ++probe->updates, &adamw);
    return loss;
}

void probe_predict(uint16_t *answers, struct probe *probe,
                   const struct features *features)
{
    const size_t B = probe->settings.recipe.batch, C = probe->settings.classes,
                 n = features->images;
    for (size_t first = 0; first < n; first += B) {
        const size_t rest = n - first < B ? n - first : B;
        for (size_t b = 0; b < B; ++b)
            probe->rows[b] =
                features_image(features, first + (b < rest ? b : rest - 1));
        forward(probe, 0);
        for (size_t b = 0; b < rest; ++b)
            answers[first + b] = (uint16_t)likeliest(probe->logits + b * C, C);
    }
}

struct probe_outcome probe_train(uint16_t *answers, struct probe *probe,
                                 const struct probe_set *train,
                                 const struct probe_set *test,
                                 probe_epoch_function *after_epoch, void *context,
                                 struct arena *arena)
{
    const struct probe_recipe *recipe = &probe->settings.recipe;
    const size_t B = recipe->batch, n = train->features.images,
                 tests = test->features.images, mark = arena_mark(arena);
    const uint64_t updates = batches_updates(n, B, recipe->epochs);
    const double step = (double)B / (double)n;
    uint32_t *image = arena_take(arena, B, sizeof *image),
             *epoch = arena_take(arena, B, sizeof *epoch);
    struct batches batches;
    batches_open(&batches, n, B, probe->settings.seed, arena);

    struct probe_outcome outcome = {0};
    double sum = 0;
    for (uint64_t t = 0, since = 0; t < updates; ++t) {
        double factor =
            schedule_factor((double)t * step, step, recipe->warmup, recipe->epochs);
        batches_take(image, epoch, &batches, t);
        sum += probe_update(probe, train, image, factor * recipe->learning_rate);
        // An epoch ends at the first update that completes it, and at the last.
        const int last = t + 1 == updates;
        if ((t + 1) * B / n == t * B / n && !last) continue;
        outcome.loss = sum / (double)(t + 1 - since);
        sum = 0;
        since = t + 1;
        if (last || !probe->settings.last_only) {
            probe_predict(answers, probe, &test->features);
            outcome.accuracy = classification_accuracy(answers, test->labels, tests);
            outcome.best = fmax(outcome.best, outcome.accuracy);
        }
        if (after_epoch) after_epoch(context);
    }
    if (probe->settings.batch_norm)
        outcome.fusion = batch_norm_compare(
            answers, &probe->norm, probe_head_weight(probe), probe_head_bias(probe),
            probe->settings.classes, &test->features, probe->adapter.choice, arena);
    arena_reset(arena, mark);
    return outcome;
}

struct probe_outcome probe_fit(uint16_t *answers, const struct probe_settings *settings,
                               const struct adapter *adapter,
                               const struct probe_set *train,
                               const struct probe_set *test,
                               probe_epoch_function *after_epoch, void *context)
{
    struct arena arena;
    struct probe probe;
    arena_open_growing(&arena, "probe");
    probe_open(&probe, settings, adapter, &arena);
    const struct probe_outcome outcome =
        probe_train(answers, &probe, train, test, after_epoch, context, &arena);
    arena_close(&arena);
    return outcome;
}

void probe_check(double loss, double rate)
{
    if (!isfinite(loss))
        die(EXIT_INPUT,
            "a probe's loss is %g after training at rate %g (the weights' tokens are "
            "out of scale)",
            loss, rate);
}
