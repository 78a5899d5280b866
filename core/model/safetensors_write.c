#include "core/model/safetensors.h"

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/linalg/bf16.h"
#include "core/model/safetensors_parts.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// What is being written, and how.
struct job {
    const struct parameters *parameters;
    enum tensor_type type;
};

// The largest magnitude that stays finite: F32's largest, and for BF16 every number that rounds
// below 2^128, that is, lies below the midpoint of 2^128 and BF16's largest number.
static double largest(enum tensor_type type)
{
    return type == TENSOR_F32 ? 0x1.fffffep127 : 0x1.fefffep127;
}

static void require_finite(const struct job *job, const struct slab *slab)
{
    double limit = largest(job->type);
    for (size_t r = 0; r < job->parameters->rows; ++r) {
        const struct parameter *row = &job->parameters->row[r];
        for (size_t i = 0; i < row->count; ++i)
            require(fabs((double)slab->data[row->offset + i]) <= limit,
                    "tensor '%s%s': number %zu is not finite as %s", slab->prefix,
                    row->name, i, TENSOR_TYPES[job->type]);
    }
}

static void json_add(cJSON *object, const char *key, cJSON *item)
{
    if (!item || !cJSON_AddItemToObject(object, key, item))
        die(EXIT_SYSTEM, "safetensors header: out of memory at '%s'", key);
}

static void json_append(cJSON *list, size_t number)
{
    cJSON *item = cJSON_CreateNumber((double)number);
    if (!item || !cJSON_AddItemToArray(list, item))
        die(EXIT_SYSTEM, "safetensors header: out of memory");
}

static cJSON *metadata_json(const struct metadata *metadata, size_t count)
{
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < count; ++i)
        json_add(object, metadata[i].key, cJSON_CreateString(metadata[i].value));
    const char *twice = json_duplicate_key(object);
    require(!twice, "metadata '%s' is given twice", twice);
    return object;
}

static cJSON *tensor_json(const struct parameter *row, enum tensor_type type,
                          size_t begin, size_t end)
{
    cJSON *entry = cJSON_CreateObject(), *shape = cJSON_CreateArray();
    cJSON *offsets = cJSON_CreateArray();
    for (int d = 0; d < row->dimensions; ++d) json_append(shape, row->shape[d]);
    json_append(offsets, begin);
    json_append(offsets, end);
    json_add(entry, "dtype", cJSON_CreateString(TENSOR_TYPES[type]));
    json_add(entry, "shape", shape);
    json_add(entry, "data_offsets", offsets);
    return entry;
}

// The header's text, to be freed by the caller.
static char *header_text(const struct job *job, const struct slab *slabs,
                         size_t slab_count, const struct metadata *metadata,
                         size_t metadata_count)
{
    cJSON *root = cJSON_CreateObject();
    size_t begin = 0, end;
    if (metadata_count > 0)
        json_add(root, "__metadata__", metadata_json(metadata, metadata_count));
    for (size_t s = 0; s < slab_count; ++s)
        for (size_t r = 0; r < job->parameters->rows; ++r, begin = end) {
            const struct parameter *row = &job->parameters->row[r];
            char name[TENSOR_NAME];
            tensor_name(name, slabs[s].prefix, row->name);
            size_t bytes = size_product(row->count, TENSOR_BYTES[job->type]);
            require(!__builtin_add_overflow(begin, bytes, &end), "%s: too large", name);
            json_add(root, name, tensor_json(row, job->type, begin, end));
        }
    const char *twice = json_duplicate_key(root);
    require(!twice, "tensor '%s' is given twice", twice);
    char *text = cJSON_PrintUnformatted(root);
    if (!text) die(EXIT_SYSTEM, "safetensors header: out of memory");
    cJSON_Delete(root);
    return text;
}

// Errors of fwrite are collected by output_close.
static void header_put(FILE *file, const char *text)
{
    size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    require(padded <= SAFETENSORS_HEADER, "a header of %zu bytes", padded);
    for (int i = 0; i < SAFETENSORS_LENGTH; ++i)
        fputc((int)((uint64_t)padded >> 8 * i & 0xff), file);
    fprintf(file, "%-*s", (int)padded, text);
}

static void numbers_put(FILE *file, const real *data, size_t count,
                        enum tensor_type type)
{
    enum { CHUNK = 4096 };
    float wide[CHUNK];
    uint16_t narrow[CHUNK];
    for (size_t first = 0; first < count; first += CHUNK) {
        size_t n = count - first < CHUNK ? count - first : CHUNK;
        for (size_t i = 0; i < n; ++i) wide[i] = (float)data[first + i];
        for (size_t i = 0; i < n; ++i) narrow[i] = bf16_round_finite(wide[i]);
        const void *numbers = type == TENSOR_F32 ? (void *)wide : (void *)narrow;
        fwrite(numbers, TENSOR_BYTES[type], n, file);
    }
}

const char *safetensors_trained(const struct safetensors *file)
{
    const char *trained = safetensors_metadata(file, SAFETENSORS_TRAINED);
    return trained ? trained : safetensors_metadata(file, SAFETENSORS_DIGEST);
}

void safetensors_round(real *slab, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        slab[i] = (real)bf16_widen(bf16_round_finite((float)slab[i]));
}

void safetensors_write_rounded(const char *path, const struct safetensors *from,
                               const struct parameters *parameters, real *slab)
{
    char rounded[HASH_HEX];
    const char *trained = safetensors_metadata(from, SAFETENSORS_DIGEST);
    const cJSON *item,
        *all = cJSON_GetObjectItemCaseSensitive(from->header, "__metadata__");
    require(trained && !safetensors_metadata(from, SAFETENSORS_TRAINED),
            "%s: not what a training wrote", from->path);
    safetensors_round(slab, parameters->count);
    slab_digest(rounded, slab, parameters->count);

    size_t count = 0;
    struct metadata *metadata =
        calloc((size_t)cJSON_GetArraySize(all) + 1, sizeof *metadata);
    if (!metadata) die(EXIT_SYSTEM, "%s: out of memory for its metadata", path);
    cJSON_ArrayForEach(item, all)
    {
        const int digest = strcmp(item->string, SAFETENSORS_DIGEST) == 0;
        metadata[count++] =
            (struct metadata){item->string, digest ? rounded : item->valuestring};
    }
    metadata[count++] = (struct metadata){SAFETENSORS_TRAINED, trained};
    const struct slab one = {"", slab};
    safetensors_write(path, parameters, &one, 1, metadata, count, TENSOR_BF16);
    free(metadata);
}

void safetensors_write(const char *path, const struct parameters *parameters,
                       const struct slab *slabs, size_t slab_count,
                       const struct metadata *metadata, size_t metadata_count,
                       enum tensor_type type)
{
    struct job job = {parameters, type};
    for (size_t s = 0; s < slab_count; ++s) require_finite(&job, &slabs[s]);
    char *text = header_text(&job, slabs, slab_count, metadata, metadata_count);
    struct output output;
    output_open(&output, path);
    header_put(output.file, text);
    for (size_t s = 0; s < slab_count; ++s)
        for (size_t r = 0; r < parameters->rows; ++r) {
            const struct parameter *row = &parameters->row[r];
            numbers_put(output.file, slabs[s].data + row->offset, row->count, type);
        }
    output_close(&output);
    free(text);
}
