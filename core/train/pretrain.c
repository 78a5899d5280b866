#include "core/train/pretrain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/number.h"
#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "core/train/training.h"
#include "core/train/turn.h"

// ====== Weights that are there already ======

// Dies unless the file, which is not this training's product, is an earlier stage of the same one: the
// recipe may differ as far as this training sees more images.
static void replacement_check(const struct pretrain *settings,
                              const struct identity *identity,
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
    const char *text = safetensors_metadata(file, "images_seen");
    uint64_t seen;
    if (!text || !unsigned_scan(&seen, text))
        die(EXIT_INPUT,
            "%s: would be replaced, but its images_seen is %s (move it away, or "
            "FORCE=1)",
            file->path, text ? text : "missing");
    // Before the images are loaded nobody knows how many there are; pretrain_run asks again.
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
    if (settings->force || !file_exists(settings->weights)) return 0;
    struct identity identity;
    identity_fill(&identity, &settings->recipe, settings->seed,
                  settings->images->digest, settings->arithmetic, settings->code);
    struct safetensors file;
    safetensors_read(&file, settings->weights, NULL);
    int ready = !identity_difference(&identity, &file);
    if (!ready && !settings->code) replacement_check(settings, &identity, &file);
    safetensors_free(&file);
    return ready;
}

// ====== Training ======

struct pretraining {
    struct trainer trainer;
    struct identity identity;
};

static void weights_write(void *context)
{
    const struct pretraining *pretraining = context;
    const struct trainer *trainer = &pretraining->trainer;
    const struct pretrain *settings = trainer->settings;
    const uint64_t done = trainer->descent.updates;
    const struct recipe *recipe = &settings->recipe;
    char updates[24], seen[24], epochs[40], heads[12], decoder_heads[12], patch[12],
        ratio[40];
    snprintf(updates, sizeof updates, "%" PRIu64, done);
    snprintf(seen, sizeof seen, "%" PRIu64, done * recipe->batch);
    snprintf(epochs, sizeof epochs, "%.15g", recipe->epochs);
    snprintf(heads, sizeof heads, "%d", recipe->shape.encoder_heads);
    snprintf(decoder_heads, sizeof decoder_heads, "%d", recipe->shape.decoder_heads);
    snprintf(patch, sizeof patch, "%d", recipe->shape.patch);
    snprintf(ratio, sizeof ratio, "%.15g", recipe->mask_ratio);
    struct metadata metadata[11 + IDENTITY_KEYS] = {
        {"format", "pt"},
        {"run", recipe->run},
        {"tier", recipe->tier},
        {"data", settings->images->name},
        {"updates", updates},
        {"images_seen", seen},
        {"epochs", epochs},
        {"heads", heads},
        {"decoder_heads", decoder_heads},
        {"patch", patch},
        {"mask_ratio", ratio},
    };
    size_t keys = 11 + identity_metadata(metadata + 11, &pretraining->identity);
    struct slab slab = {"", trainer->descent.state.weights};
    safetensors_write(settings->weights, &trainer->mae.parameters, &slab, 1, metadata,
                      keys, TENSOR_F32);
}

static void train_to_file(const struct pretrain *settings)
{
    struct pretraining pretraining;
    char label[64];
    snprintf(label, sizeof label, "pretrain %s", settings->recipe.run);
    identity_fill(&pretraining.identity, &settings->recipe, settings->seed,
                  settings->images->digest, settings->arithmetic, settings->code);
    trainer_open(&pretraining.trainer, settings);
    // Weights of the smoke tier, which count only with their code, are too cheap to ask about.
    struct training training = {
        .descent = &pretraining.trainer.descent,
        .identity = &pretraining.identity,
        .label = label,
        .folder = settings->folder,
        .resume_command = settings->resume_command,
        .checkpoint_seconds = settings->checkpoint_seconds,
        .discard = settings->force || settings->code,
        .after_update = settings->after_update,
        .finish = weights_write,
        .context = &pretraining,
    };
    training_run(&training);
    trainer_close(&pretraining.trainer);
}

int pretrain_run(const struct pretrain *settings)
{
    int turn = turn_take(settings->folder);
    int ready = pretrain_ready(settings);
    if (!ready) train_to_file(settings);
    close(turn);
    return !ready;
}
