#include "core/train/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Digest over everything that the continuation depends on: a safetensors file with a flipped bit in a
// number is still a well-formed file.
static void state_digest(char hex[HASH_HEX], const struct run_identity *identity,
                         const struct numbers *numbers, const struct train_state *state,
                         size_t count)
{
    struct metadata words[IDENTITY_KEYS];
    size_t keys = run_identity_metadata(words, identity);
    struct hash hash;
    hash_open(&hash, HASH_SHA256);
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

static _Noreturn void not_ours(const char *path, const char *key,
                               const struct run_identity *identity,
                               const struct safetensors *file)
{
    const char *found = safetensors_metadata(file, key);
    if (!found) found = "none";
    if (strcmp(key, "core_type") == 0)
        die(EXIT_INPUT,
            "%s: was computed by OpenBLAS's %s kernels, not by %s (set "
            "OPENBLAS_CORETYPE=%s to go on with it, or FORCE=1 to start anew)",
            path, found, identity->core_type, found);
    if (strcmp(key, "recipe") == 0)
        die(EXIT_INPUT,
            "%s: belongs to another recipe, '%s', not to '%s' (go on with that one, or "
            "FORCE=1 to start anew)",
            path, found, identity->recipe);
    die(EXIT_INPUT,
        "%s: belongs to a training with another %s, %s (go on with that one, or "
        "FORCE=1 to "
        "start anew)",
        path, key, found);
}

static const char *number_text(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    if (!text)
        die(EXIT_INPUT,
            "%s: is no checkpoint, its metadata lack %s (remove it, or FORCE=1)",
            file->path, key);
    return text;
}

void checkpoint_read(struct train_state *state, const char *path,
                     const struct run_identity *identity,
                     const struct parameters *parameters)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    const char *key = run_identity_difference(identity, &file);
    if (key) not_ours(path, key, identity, &file);

    safetensors_weights(state->weights, parameters, &file, "param/");
    safetensors_weights(state->first_moment, parameters, &file, "m/");
    safetensors_weights(state->second_moment, parameters, &file, "v/");
    const char *recorded = number_text(&file, "state_sha256");
    int good = unsigned_scan(&state->updates, number_text(&file, "updates")) &
               number_scan(&state->loss_sum, number_text(&file, "loss_sum")) &
               unsigned_scan(&state->loss_count, number_text(&file, "loss_count"));

    struct numbers numbers = numbers_of(state);
    char digest[HASH_HEX];
    state_digest(digest, identity, &numbers, state, parameters->count);
    if (!good || strcmp(digest, recorded))
        die(EXIT_INPUT,
            "%s: is corrupt, its digest differs (remove it, or FORCE=1 to start anew)",
            path);
    safetensors_free(&file);
}

// ====== Asking first ======

// Exit handlers belong to the process that asks, which goes on; the first to run ends the child.
static void leave(int code, void *unused)
{
    (void)unused;
    _exit(code);
}

// Reads the checkpoint in a child, where death is an answer; what it says goes into `sink`.
static _Noreturn void read_and_leave(int sink, struct train_state *state,
                                     const char *path,
                                     const struct run_identity *identity,
                                     const struct parameters *parameters)
{
    if (on_exit(leave, NULL) || dup2(sink, STDERR_FILENO) < 0) _exit(EXIT_SYSTEM);
    checkpoint_read(state, path, identity, parameters);
    _exit(0);
}

// reason = what the child says, until it ends, as one line without the program's name.
static void listen(char reason[CHECKPOINT_REASON], int source)
{
    char rest[256], *end = reason + CHECKPOINT_REASON - 1, *at = reason;
    for (ssize_t got; (got = read(source, at, (size_t)(end - at))) > 0 && at < end;)
        at += got;
    while (read(source, rest, sizeof rest) > 0) continue;
    *at = 0;
    reason[strcspn(reason, "\n")] = 0;
    size_t name = strlen(program_invocation_short_name);
    if (!strncmp(reason, program_invocation_short_name, name) &&
        !strncmp(reason + name, ": ", 2))
        memmove(reason, reason + name + 2, strlen(reason + name + 2) + 1);
}

int checkpoint_fits(char reason[CHECKPOINT_REASON], struct train_state *state,
                    const char *path, const struct run_identity *identity,
                    const struct parameters *parameters)
{
    int ends[2], status;
    fflush(NULL); // or the child would write it again
    if (pipe(ends)) die(EXIT_SYSTEM, "%s: no pipe: %s", path, strerror(errno));
    pid_t child = fork();
    if (child < 0) die(EXIT_SYSTEM, "%s: no process: %s", path, strerror(errno));
    if (child == 0) read_and_leave(ends[1], state, path, identity, parameters);
    close(ends[1]);
    listen(reason, ends[0]);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die(EXIT_SYSTEM, "%s: lost its check: %s", path, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 1;
    // Anything but a refusal, such as no memory, says nothing about the file.
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_INPUT)
        die(EXIT_SYSTEM, "%s: cannot be checked: %s (try again)", path, reason);
    return 0;
}

void trained_weights_write(const char *path, const struct run_identity *identity,
                           const struct recipe *recipe, const char *data,
                           const struct parameters *parameters,
                           const struct train_state *state, const struct metadata *more,
                           size_t more_count)
{
    enum { OWN_KEYS = 11, MORE_KEYS = 8 };
    char updates[24], seen[24], epochs[40], heads[12], decoder_heads[12], patch[12],
        ratio[40];
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
    for (size_t i = 0; i < more_count; ++i) metadata[keys++] = more[i];
    keys += run_identity_metadata(metadata + keys, identity);
    const struct slab slab = {"", state->weights};
    safetensors_write(path, parameters, &slab, 1, metadata, keys, TENSOR_F32);
}
