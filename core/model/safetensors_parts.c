#include "core/model/safetensors_parts.h"

#include "core/base/die.h"
#include "core/model/safetensors.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const TENSOR_TYPES[2] = {[TENSOR_F32] = "F32", [TENSOR_BF16] = "BF16"};
const size_t TENSOR_BYTES[2] = {[TENSOR_F32] = 4, [TENSOR_BF16] = 2};

static void *json_take(size_t size)
{
    void *block = malloc(size);
    if (!block)
        die(EXIT_SYSTEM,
            "safetensors header: no memory for %zu bytes (free memory, or raise "
            "ulimit -v)",
            size);
    return block;
}

// Without memory cJSON would say that a text is not JSON, and a sound file would be told to be
// corrupt. So what allocates for it dies. Set before main, because nobody may use it earlier.
__attribute__((constructor)) static void json_prepare(void)
{
    cJSON_Hooks hooks = {.malloc_fn = json_take, .free_fn = free};
    cJSON_InitHooks(&hooks);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *json_duplicate_key(const struct cJSON *object)
{
    size_t count = (size_t)cJSON_GetArraySize(object), filled = 0;
    const char **keys = calloc(count + 1, sizeof *keys), *twice = NULL;
    if (!keys)
        die(EXIT_SYSTEM, "safetensors header: out of memory for %zu keys", count);
    const cJSON *item;
    cJSON_ArrayForEach(item, object) keys[filled++] = item->string;
    qsort(keys, count, sizeof *keys, compare_texts);
    for (size_t i = 1; i < count && !twice; ++i)
        if (strcmp(keys[i - 1], keys[i]) == 0) twice = keys[i];
    free(keys);
    return twice;
}

int tensors_recorded(char hex[HASH_HEX], const struct safetensors *file,
                     const char *recorded)
{
    enum { PIECE = 4096 }; // numbers widened at a time
    uint32_t wide[PIECE];
    struct hash hash;
    hash_open(&hash);
    for (size_t t = 0; t < file->count; ++t) {
        const struct tensor *tensor = &file->tensors[t];
        const unsigned char *bytes = tensor->data;
        if (tensor->type == TENSOR_F32) {
            hash_add(&hash, bytes, tensor->count * sizeof *wide);
            continue;
        }
        for (size_t first = 0; first < tensor->count; first += PIECE) {
            const size_t left = tensor->count - first, n = left < PIECE ? left : PIECE;
            for (size_t i = 0; i < n; ++i) {
                uint16_t high;
                memcpy(&high, bytes + 2 * (first + i), sizeof high);
                wide[i] = (uint32_t)high << 16;
            }
            hash_add(&hash, wide, n * sizeof *wide);
        }
    }
    hash_close(hex, &hash);
    return strcmp(hex, recorded) == 0;
}

void tensor_name(char out[TENSOR_NAME], const char *prefix, const char *name)
{
    int length = snprintf(out, TENSOR_NAME, "%s%s", prefix, name);
    require(length >= 0 && length < TENSOR_NAME, "tensor name '%s%s' is too long",
            prefix, name);
}
