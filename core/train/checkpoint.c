#include "core/train/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"

// The state's numbers as text: what metadata can hold.
struct numbers {
    char updates[24], loss_sum[40], loss_count[24];
};

static struct numbers numbers_of(const struct train_state *state)
{
    struct numbers numbers;
    snprintf(numbers.updates, sizeof numbers.updates, "%" PRIu64, state->updates);
    snprintf(numbers.loss_sum, sizeof numbers.loss_sum, "%.17g", state->loss_sum);
    snprintf(numbers.loss_count, sizeof numbers.loss_count, "%" PRIu64,
             state->loss_count);
    return numbers;
}

// Digest over everything that the continuation depends on, because a safetensors file with a
// flipped bit in a number is still well formed.
static void state_digest(char hex[HASH_HEX], const struct run_identity *identity,
                         const struct numbers *numbers, const struct train_state *state,
                         size_t count)
{
    struct metadata words[IDENTITY_KEYS];
    size_t keys = run_identity_metadata(words, identity);
    struct hash hash;
    hash_open(&hash);
    for (size_t i = 0; i < keys; ++i)
        hash_add(&hash, words[i].value, strlen(words[i].value) + 1);
    hash_add(&hash, numbers->updates, strlen(numbers->updates) + 1);
    hash_add(&hash, numbers->loss_sum, strlen(numbers->loss_sum) + 1);
    hash_add(&hash, numbers->loss_count, strlen(numbers->loss_count) + 1);
    slab_hash(&hash, state->weights, count);
    slab_hash(&hash, state->first_moment, count);
    slab_hash(&hash, state->second_moment, count);
    hash_close(hex, &hash);
}

void checkpoint_write(const char *path, const struct run_identity *identity,
                      const struct parameters *parameters,
                      const struct train_state *state)
{
    struct numbers numbers = numbers_of(state);
    char digest[HASH_HEX];
    state_digest(digest, identity, &numbers, state, parameters->count);
    struct metadata metadata[IDENTITY_KEYS + 5] = {
        {"format", "pt"},
        {"updates", numbers.updates},
        {"loss_sum", numbers.loss_sum},
        {"loss_count", numbers.loss_count},
        {"state_sha256", digest},
    };
    size_t keys = 5 + run_identity_metadata(metadata + 5, identity);
    const struct slab slabs[] = {{"param/", state->weights},
                                 {"m/", state->first_moment},
                                 {"v/", state->second_moment}};
    safetensors_write(path, parameters, slabs, 3, metadata, keys, TENSOR_F32);
}

static void fault_of_another(char fault[SAFETENSORS_FAULT], const char *key,
                             const struct run_identity *identity,
                             const struct safetensors *file)
{
    const char *found = safetensors_metadata(file, key);
    if (!found) found = "none";
    if (strcmp(key, "core_type") == 0)
        snprintf(fault, SAFETENSORS_FAULT,
                 "%s: was computed by OpenBLAS's %s kernels, not by %s (set "
                 "OPENBLAS_CORETYPE=%s to continue it, or FORCE=1 to start anew)",
                 file->path, found, identity->core_type, found);
    else if (strcmp(key, "recipe") == 0)
        snprintf(fault, SAFETENSORS_FAULT,
                 "%s: belongs to another recipe, '%s', not to '%s' (continue that one, "
                 "or FORCE=1 to start anew)",
                 file->path, found, identity->recipe);
    else
        snprintf(fault, SAFETENSORS_FAULT,
                 "%s: belongs to a training with another %s, %s (continue that one, or "
                 "FORCE=1 to start anew)",
                 file->path, key, found);
}

// Returns 1 when the file holds a whole state; `fault` has no advice yet.
static int state_load(struct train_state *state, const struct safetensors *file,
                      const struct run_identity *identity,
                      const struct parameters *parameters,
                      char fault[SAFETENSORS_FAULT])
{
    static const char *const keys[] = {"state_sha256", "updates", "loss_sum",
                                       "loss_count"};
    const char *text[4];
    for (int i = 0; i < 4; ++i)
        if (!(text[i] = safetensors_metadata(file, keys[i]))) {
            snprintf(fault, SAFETENSORS_FAULT,
                     "%s: is no checkpoint, its metadata lack %s", file->path, keys[i]);
            return 0;
        }
    if (!safetensors_slab(state->weights, parameters, file, "param/", fault) ||
        !safetensors_slab(state->first_moment, parameters, file, "m/", fault) ||
        !safetensors_slab(state->second_moment, parameters, file, "v/", fault))
        return 0;
    int good = unsigned_scan(&state->updates, text[1]) &
               number_scan(&state->loss_sum, text[2]) &
               unsigned_scan(&state->loss_count, text[3]);
    const struct numbers numbers = numbers_of(state);
    char digest[HASH_HEX];
    state_digest(digest, identity, &numbers, state, parameters->count);
    if (good && strcmp(digest, text[0]) == 0) return 1;
    snprintf(fault, SAFETENSORS_FAULT, "%s: is corrupt, its digest differs",
             file->path);
    return 0;
}

static void advise(char fault[SAFETENSORS_FAULT])
{
    const size_t used = strlen(fault);
    snprintf(fault + used, SAFETENSORS_FAULT - used, " (remove it, or FORCE=1)");
}

int checkpoint_open(struct train_state *state, const char *path,
                    const struct run_identity *identity,
                    const struct parameters *parameters, char fault[SAFETENSORS_FAULT])
{
    struct safetensors file;
    if (!safetensors_open(&file, path, fault)) {
        advise(fault);
        return 0;
    }
    const char *key = run_identity_difference(identity, &file);
    int good = 0;
    if (key) {
        fault_of_another(fault, key, identity, &file);
    } else {
        // The state stays as it is until all of the file has been checked.
        const size_t count = parameters->count, bytes = count * sizeof(real);
        struct arena arena;
        arena_open_growing(&arena, "checkpoint");
        struct train_state read = {.weights = arena_reals(&arena, count),
                                   .first_moment = arena_reals(&arena, count),
                                   .second_moment = arena_reals(&arena, count)};
        good = state_load(&read, &file, identity, parameters, fault);
        if (good) {
            memcpy(state->weights, read.weights, bytes);
            memcpy(state->first_moment, read.first_moment, bytes);
            memcpy(state->second_moment, read.second_moment, bytes);
            state->updates = read.updates;
            state->loss_sum = read.loss_sum;
            state->loss_count = read.loss_count;
        } else {
            advise(fault);
        }
        arena_close(&arena);
    }
    safetensors_free(&file);
    return good;
}

void checkpoint_read(struct train_state *state, const char *path,
                     const struct run_identity *identity,
                     const struct parameters *parameters)
{
    char fault[SAFETENSORS_FAULT];
    if (!checkpoint_open(state, path, identity, parameters, fault))
        die(EXIT_INPUT, "%s", fault);
}

void trained_weights_write(const char *path, const struct run_identity *identity,
                           const struct recipe *recipe, const char *data,
                           const struct parameters *parameters,
                           const struct train_state *state, const struct metadata *more,
                           size_t more_count)
{
    enum { OWN_KEYS = 12 + RECIPE_OPTIONS, MORE_KEYS = 8 };
    char updates[24], seen[24], epochs[40], heads[12], decoder_heads[12], patch[12],
        ratio[40], digest[HASH_HEX];
    require(more_count <= MORE_KEYS, "%zu keys of metadata", more_count);
    snprintf(updates, sizeof updates, "%" PRIu64, state->updates);
    snprintf(seen, sizeof seen, "%" PRIu64, state->updates * recipe->batch);
    snprintf(epochs, sizeof epochs, "%.15g", recipe->epochs);
    snprintf(heads, sizeof heads, "%d", recipe->shape.encoder_heads);
    snprintf(decoder_heads, sizeof decoder_heads, "%d", recipe->shape.decoder_heads);
    snprintf(patch, sizeof patch, "%d", recipe->shape.patch);
    snprintf(ratio, sizeof ratio, "%.15g", recipe->mask_ratio);
    struct metadata metadata[OWN_KEYS + MORE_KEYS + IDENTITY_KEYS] = {
        {"format", "pt"},   {"run", recipe->run}, {"tier", recipe->tier},
        {"data", data},     {"updates", updates}, {"images_seen", seen},
        {"epochs", epochs}, {"heads", heads},
    };
    size_t keys = 8;
    const int decodes = recipe->mask_ratio > 0;
    if (decodes) metadata[keys++] = (struct metadata){"decoder_heads", decoder_heads};
    metadata[keys++] = (struct metadata){"patch", patch};
    if (decodes) metadata[keys++] = (struct metadata){"mask_ratio", ratio};
    slab_digest(digest, state->weights, parameters->count);
    metadata[keys++] = (struct metadata){SAFETENSORS_DIGEST, digest};
    struct recipe_option option[RECIPE_OPTIONS];
    recipe_options(option, recipe);
    for (size_t i = 0; i < RECIPE_OPTIONS; ++i)
        if (strcmp(option[i].value, option[i].usual) != 0)
            metadata[keys++] = (struct metadata){option[i].key, option[i].value};
    for (size_t i = 0; i < more_count; ++i) metadata[keys++] = more[i];
    keys += run_identity_metadata(metadata + keys, identity);
    const struct slab slab = {"", state->weights};
    safetensors_write(path, parameters, &slab, 1, metadata, keys, TENSOR_F32);
}
