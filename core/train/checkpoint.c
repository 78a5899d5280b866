#include "core/train/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/linalg/coretype.h"

// ====== Identity ======

void identity_fill(struct identity *identity, const struct recipe *recipe,
                   uint64_t seed, const char *data_digest, enum arithmetic arithmetic,
                   const char *code)
{
    *identity =
        (struct identity){.arithmetic = arithmetic_name(arithmetic), .code = code};
    recipe_text(identity->recipe, recipe);
    snprintf(identity->seed, sizeof identity->seed, "%" PRIu64, seed);
    snprintf(identity->data_digest, sizeof identity->data_digest, "%s", data_digest);
    snprintf(identity->core_type, sizeof identity->core_type, "%s", coretype_name());
}

size_t identity_metadata(struct metadata *metadata, const struct identity *identity)
{
    size_t count = 0;
    metadata[count++] = (struct metadata){"recipe", identity->recipe};
    metadata[count++] = (struct metadata){"seed", identity->seed};
    metadata[count++] = (struct metadata){"data_digest", identity->data_digest};
    metadata[count++] = (struct metadata){"arithmetic", identity->arithmetic};
    metadata[count++] = (struct metadata){"core_type", identity->core_type};
    if (identity->code) metadata[count++] = (struct metadata){"code", identity->code};
    return count;
}

const char *identity_difference(const struct identity *identity,
                                const struct safetensors *file)
{
    struct metadata expected[IDENTITY_KEYS];
    size_t count = identity_metadata(expected, identity);
    for (size_t i = 0; i < count; ++i) {
        const char *found = safetensors_metadata(file, expected[i].key);
        if (!found || strcmp(found, expected[i].value)) return expected[i].key;
    }
    return NULL;
}

// ====== Slabs ======

enum { PIECE = 4096 }; // numbers converted at a time

static void slab_hash(struct hash *hash, const real *slab, size_t count)
{
    float piece[PIECE];
    for (size_t first = 0; first < count; first += PIECE) {
        size_t length = count - first < PIECE ? count - first : PIECE;
        for (size_t i = 0; i < length; ++i) piece[i] = (float)slab[first + i];
        hash_add(hash, piece, length * sizeof *piece);
    }
}

void slab_digest(char hex[HASH_HEX], const real *slab, size_t count)
{
    struct hash hash;
    hash_open(&hash, HASH_SHA256);
    slab_hash(&hash, slab, count);
    hash_close(hex, &hash);
}

int slab_finite(const real *slab, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (!isfinite(slab[i])) return 0;
    return 1;
}

// ====== Checkpoints ======

// The state's numbers as text: what metadata can hold.
struct numbers {
    char updates[24], loss_sum[40], loss_count[24];
};

static struct numbers numbers_of(const struct state *state)
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
static void state_digest(char hex[HASH_HEX], const struct identity *identity,
                         const struct numbers *numbers, const struct state *state,
                         size_t count)
{
    struct metadata words[IDENTITY_KEYS];
    size_t keys = identity_metadata(words, identity);
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

void checkpoint_write(const char *path, const struct identity *identity,
                      const struct parameters *parameters, const struct state *state)
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
    size_t keys = 5 + identity_metadata(metadata + 5, identity);
    const struct slab slabs[] = {{"param/", state->weights},
                                 {"m/", state->first_moment},
                                 {"v/", state->second_moment}};
    safetensors_write(path, parameters, slabs, 3, metadata, keys, TENSOR_F32);
}

static _Noreturn void not_ours(const char *path, const char *key,
                               const struct identity *identity,
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

void checkpoint_read(struct state *state, const char *path,
                     const struct identity *identity,
                     const struct parameters *parameters)
{
    struct safetensors file;
    safetensors_read(&file, path, NULL);
    const char *key = identity_difference(identity, &file);
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
static _Noreturn void read_and_leave(int sink, struct state *state, const char *path,
                                     const struct identity *identity,
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

int checkpoint_fits(char reason[CHECKPOINT_REASON], struct state *state,
                    const char *path, const struct identity *identity,
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
