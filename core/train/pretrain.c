#include "core/train/pretrain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/number.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/linalg/coretype.h"
#include "core/linalg/product.h"
#include "core/train/agreement.h"
#include "core/train/loss.h"
#include "core/train/pretrained.h"
#include "core/train/train_loop.h"
#include "core/train/training_lock.h"

// ====== Masked images ======

void masked_batch_open(struct masked_batch *batch, const struct mae *mae, size_t images,
                       double mask_ratio, enum arithmetic arithmetic, enum mode mode,
                       struct arena *arena)
{
    const size_t tokens = shape_tokens(&mae->shape), patch = shape_patch(&mae->shape),
                 visible = mask_visible(tokens, mask_ratio), hidden = tokens - visible,
                 numbers = size_product(images, tokens * patch);
    require(images > 0 && visible > 0 && hidden > 0, "%zu images, %zu of %zu visible",
            images, visible, tokens);
    *batch = (struct masked_batch){.mae = mae,
                                   .images = images,
                                   .tokens = tokens,
                                   .patch_size = patch,
                                   .mask_ratio = mask_ratio,
                                   .visible_count = visible,
                                   .hidden_count = hidden};
    batch->activations =
        mae_activations_open(mae, images, visible, arithmetic, mode, arena);
    batch->patches = arena_reals(arena, numbers);
    batch->dprediction = arena_reals(arena, numbers);
    batch->visible = arena_take(arena, images * visible, sizeof *batch->visible);
    batch->hidden = arena_take(arena, images * hidden, sizeof *batch->hidden);
}

void masked_batch_load(struct masked_batch *batch, size_t position,
                       const struct images *images, uint32_t image, uint64_t seed,
                       uint32_t epoch)
{
    require(position < batch->images && image < images->count, "position %zu, image %u",
            position, (unsigned)image);
    patches_from_bytes(batch->patches + position * batch->tokens * batch->patch_size,
                       images->pixels + (size_t)image * IMAGE_BYTES,
                       batch->mae->shape.patch);
    mask_draw(batch->visible + position * batch->visible_count,
              batch->hidden + position * batch->hidden_count, batch->tokens,
              batch->mask_ratio, seed, epoch, image);
}

struct mae_input masked_batch_input(const struct masked_batch *batch)
{
    return (struct mae_input){.images = batch->images,
                              .visible_count = batch->visible_count,
                              .patches = batch->patches,
                              .visible = batch->visible};
}

// ====== In memory ======

// The loss of the patches that the recipe's target names, and its gradient by the prediction.
static double target_loss(const struct pretrainer *pretrainer,
                          struct masked_batch *batch, const real *prediction,
                          real share, int worker)
{
    const real *target = batch->patches;
    if (pretrainer->target) {
        target_make(pretrainer->target[worker], batch->patches,
                    batch->images * batch->tokens, &pretrainer->maker);
        target = pretrainer->target[worker];
    }
    const struct {
        const int32_t *patches;
        size_t count;
    } counted[] = {
        [TARGET_HIDDEN] = {batch->hidden, batch->hidden_count},
        [TARGET_VISIBLE] = {batch->visible, batch->visible_count},
        [TARGET_EVERY] = {pretrainer->every, batch->tokens},
    };
    const enum target_patches which = pretrainer->settings->recipe.target.patches;
    return masked_loss(batch->dprediction, prediction, target, counted[which].patches,
                       batch->images, batch->tokens, counted[which].count,
                       batch->patch_size, share);
}

static double masked_gradient(real *gradient, const uint32_t *image,
                              const uint32_t *epoch, real share, int worker,
                              void *context)
{
    struct pretrainer *pretrainer = context;
    const struct pretrain *settings = pretrainer->settings;
    struct masked_batch *batch = &pretrainer->batch[worker];
    for (size_t b = 0; b < batch->images; ++b)
        masked_batch_load(batch, b, settings->images, image[b], settings->seed,
                          epoch[b]);

    struct mae_input input = masked_batch_input(batch);
    // The loss reads no other patch.
    input.hidden_only = settings->recipe.target.patches == TARGET_HIDDEN;
    const struct packed_weights *weights = &pretrainer->trainer.packed;
    const real *prediction =
        mae_forward(batch->activations, &pretrainer->mae, weights, &input);
    double loss = target_loss(pretrainer, batch, prediction, share, worker);
    mae_backward(gradient, batch->activations, &pretrainer->mae, weights, &input,
                 batch->dprediction);
    return loss;
}

static void targets_open(struct pretrainer *pretrainer)
{
    const struct pretrain *settings = pretrainer->settings;
    const enum target_scale scale = settings->recipe.target.scale;
    const struct masked_batch *batch = pretrainer->batch;
    struct arena *arena = &pretrainer->arena;
    const size_t threads = (size_t)settings->threads, B = batch->images,
                 T = batch->tokens;
    target_maker_open(&pretrainer->maker, scale, settings->images,
                      settings->recipe.shape.patch, arena);
    pretrainer->every = arena_take(arena, B * T, sizeof *pretrainer->every);
    for (size_t i = 0; i < B * T; ++i) pretrainer->every[i] = (int32_t)(i % T);
    if (scale == TARGET_RAW) return;
    pretrainer->target = arena_take(arena, threads, sizeof *pretrainer->target);
    for (size_t w = 0; w < threads; ++w)
        pretrainer->target[w] = arena_reals(arena, B * T * batch->patch_size);
}

void pretrainer_open(struct pretrainer *pretrainer, const struct pretrain *settings)
{
    const struct recipe *recipe = &settings->recipe;
    const char *fault = shape_fault(&recipe->shape);
    require(!fault, "%s: %s", recipe->run, fault);
    *pretrainer = (struct pretrainer){.settings = settings};
    arena_open_growing(&pretrainer->arena, "pretraining");
    mae_open(&pretrainer->mae, &recipe->shape, &pretrainer->arena);
    pretrainer->mae.variant = recipe->variant;
    const struct trainer_plan plan = {.recipe = recipe,
                                      .parameters = &pretrainer->mae.parameters,
                                      .images = settings->images->count,
                                      .seed = settings->seed,
                                      .arithmetic = settings->arithmetic,
                                      .threads = settings->threads,
                                      .ranks = settings->ranks,
                                      .gradient = masked_gradient,
                                      .context = pretrainer};
    trainer_open(&pretrainer->trainer, &plan);

    const size_t threads = (size_t)settings->threads;
    pretrainer->batch =
        arena_take(&pretrainer->arena, threads, sizeof *pretrainer->batch);
    for (size_t w = 0; w < threads; ++w)
        masked_batch_open(&pretrainer->batch[w], &pretrainer->mae,
                          recipe->batch / recipe->micro_batches, recipe->mask_ratio,
                          settings->arithmetic, TRAIN, &pretrainer->arena);
    targets_open(pretrainer);
}

void pretrainer_close(struct pretrainer *pretrainer)
{
    trainer_close(&pretrainer->trainer);
    arena_close(&pretrainer->arena);
}

static void rate_item(size_t i, int worker, void *context)
{
    struct pretrainer *pretrainer = context;
    const struct trainer *trainer = &pretrainer->trainer;
    const size_t count = pretrainer->mae.parameters.count,
                 first = i * pretrainer->batch->images;
    struct arena arena;
    arena_open(&arena, "rate", count * sizeof(real));
    masked_gradient(arena_reals(&arena, count), trainer->image + first,
                    trainer->epoch + first, 1, worker, pretrainer);
    arena_close(&arena);
}

double pretrain_rate(const struct pretrain *settings)
{
    struct pretrainer pretrainer;
    struct trainer *trainer = &pretrainer.trainer;
    struct pretrain alone = *settings;
    alone.ranks = (struct rank_group){0};
    pretrainer_open(&pretrainer, &alone);
    batches_take(trainer->image, trainer->epoch, &trainer->batches, 0);
    packed_weights_pack_all(&trainer->packed);
    size_t items = (size_t)settings->threads;
    if (items > settings->recipe.micro_batches) items = settings->recipe.micro_batches;
    double started = clock_seconds();
    pool_for(trainer->engine, items, rate_item, &pretrainer);
    double seconds = clock_seconds() - started;
    double images = (double)(items * pretrainer.batch->images);
    pretrainer_close(&pretrainer);
    return images / seconds;
}

// ====== Weights that exist ======

// Dies for weights of another program (tools/torch), which this one could not make again.
static void stranger_check(const struct safetensors *file)
{
    const char *trainer = pretrained_trainer(file);
    if (trainer)
        die(EXIT_INPUT,
            "%s: would be replaced, but was trained by %s (move it away, or FORCE=1)",
            file->path, trainer);
}

// Dies unless this training is a longer one of the same: the same identity but for the recipe,
// and more images seen.
static void replacement_check(const struct pretrain *settings,
                              const struct run_identity *identity,
                              const struct safetensors *file)
{
    const struct recipe *recipe = &settings->recipe;
    const struct metadata same[] = {
        {"tier", recipe->tier},
        {"run", recipe->run},
        {"seed", identity->seed},
        {"data_digest", identity->data_digest},
        {"arithmetic", identity->arithmetic},
        {"core_type", identity->core_type},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; ++i) {
        const char *found = safetensors_metadata(file, same[i].key);
        if (!found || strcmp(found, same[i].value))
            die(EXIT_INPUT,
                "%s: would be replaced, but its %s is %s, not %s (move it away, or "
                "FORCE=1)",
                file->path, same[i].key, found ? found : "missing", same[i].value);
    }
    struct recipe_option option[RECIPE_OPTIONS];
    recipe_options(option, recipe);
    for (size_t i = 0; i < RECIPE_OPTIONS; ++i) {
        const char *found = safetensors_metadata(file, option[i].key);
        if (!found) found = option[i].usual;
        if (strcmp(found, option[i].value) != 0)
            die(EXIT_INPUT,
                "%s: would be replaced, but its %s is %s, not %s (move it away, or "
                "FORCE=1)",
                file->path, option[i].key, found, option[i].value);
    }
    const char *text = safetensors_metadata(file, "images_seen");
    uint64_t seen;
    if (!text || !unsigned_scan(&seen, text))
        die(EXIT_INPUT,
            "%s: would be replaced, but its images_seen is %s (move it away, or "
            "FORCE=1)",
            file->path, text ? text : "missing");
    // Not loaded: pretrain_run asks again when they are.
    if (!settings->images->count) return;
    uint64_t sees = recipe->batch * batches_updates(settings->images->count,
                                                    recipe->batch, recipe->epochs);
    if (seen >= sees)
        die(EXIT_INPUT,
            "%s: would be replaced, but its recipe is another and was trained on "
            "%" PRIu64 " images, this training would see %" PRIu64
            " (move it away, or FORCE=1)",
            file->path, seen, sees);
}

int pretrain_ready(const struct pretrain *settings)
{
    if (settings->force || !file_kept(settings->weights)) return 0;
    struct run_identity identity;
    run_identity_fill(&identity, &settings->recipe, settings->seed,
                      settings->images->digest, settings->arithmetic, settings->code);
    struct safetensors file;
    safetensors_read(&file, settings->weights, NULL);
    int ready = !run_identity_difference(&identity, &file);
    if (!ready) stranger_check(&file);
    if (!ready && !settings->code) replacement_check(settings, &identity, &file);
    safetensors_free(&file);
    return ready;
}

// ====== To a file ======

struct pretraining {
    struct pretrainer pretrainer;
    struct run_identity identity;
};

static void finish(void *context)
{
    const struct pretraining *pretraining = context;
    const struct pretrainer *pretrainer = &pretraining->pretrainer;
    const struct pretrain *settings = pretrainer->settings;
    trained_weights_write(settings->weights, &pretraining->identity, &settings->recipe,
                          settings->images->name, &pretrainer->mae.parameters,
                          &pretrainer->trainer.state, NULL, 0);
}

// Everything that an update's bits depend on, or that one rank could do otherwise.
static void ranks_check(const struct pretrain *settings,
                        const struct run_identity *identity)
{
    const struct rank_group *ranks = &settings->ranks;
    const size_t most = settings->recipe.micro_batches;
    char program[HASH_HEX], images[HASH_HEX];
    if (ranks->count <= 1) return;
    if (rank_group_lead(ranks) && (size_t)ranks->count > most)
        die(EXIT_USAGE, "%s: %d ranks are more than its %zu micro-batches (RANKS=%zu)",
            settings->recipe.run, ranks->count, most, most);
    hash_file(program, "/proc/self/exe");
    hash_bytes(images, settings->images->pixels, settings->images->count * IMAGE_BYTES);
    const struct agreement_fact facts[] = {
        {"program's digest", program},
        {"core type", identity->core_type},
        {"linear algebra", coretype_library()},
        {"products", product_path()},
        {"arithmetic", identity->arithmetic},
        {"kernel of training", arithmetic_kernel(settings->arithmetic)},
        {"recipe", identity->recipe},
        {"seed", identity->seed},
        {"data digest", identity->data_digest},
        {"images' digest", images},
    };
    ranks_agree(ranks, facts, sizeof facts / sizeof *facts);
}

static void train_to_file(const struct pretrain *settings)
{
    struct pretraining pretraining;
    char label[64];
    snprintf(label, sizeof label, "pretrain %s", settings->recipe.run);
    run_identity_fill(&pretraining.identity, &settings->recipe, settings->seed,
                      settings->images->digest, settings->arithmetic, settings->code);
    ranks_check(settings, &pretraining.identity);
    pretrainer_open(&pretraining.pretrainer, settings);
    const struct train_loop loop = {
        .trainer = &pretraining.pretrainer.trainer,
        .identity = &pretraining.identity,
        .label = label,
        .folder = settings->folder,
        .resume_command = settings->resume_command,
        .checkpoint_seconds = settings->checkpoint_seconds,
        // Weights that count only with their code are those of the smoke tier: made in seconds.
        .discard = settings->force || settings->code,
        .after_update = settings->after_update,
        .finish = finish,
        .context = &pretraining,
    };
    train_loop_run(&loop);
    pretrainer_close(&pretraining.pretrainer);
}

int pretrain_run(const struct pretrain *settings)
{
    const int lead = rank_group_lead(&settings->ranks);
    const int lock = lead ? training_lock(settings->folder) : -1;
    int ready = lead && pretrain_ready(settings);
    rank_group_broadcast(&settings->ranks, &ready, sizeof ready);
    if (ready && lead) train_loop_forget(settings->folder);
    if (!ready) train_to_file(settings);
    if (lead) close(lock);
    return !ready;
}
