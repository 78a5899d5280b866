#include "core/model/safetensors.h"

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/safetensors_parts.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// From 2^53 on a double, which is what cJSON keeps, no longer tells neighbours apart.
static const double INTEGER_LIMIT = 9007199254740992.;

static size_t header_length(const char *bytes, size_t size, const char *path)
{
    if (size < SAFETENSORS_LENGTH)
        die(EXIT_INPUT,
            "%s: %zu bytes are too few for a safetensors file (truncated? remove it "
            "and make it again)",
            path, size);
    uint64_t length = 0;
    for (int i = 0; i < SAFETENSORS_LENGTH; ++i)
        length |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    if (length == 0 || length > SAFETENSORS_HEADER)
        die(EXIT_INPUT,
            "%s: header of %llu bytes: must be 1 to %d (is it safetensors?)", path,
            (unsigned long long)length, SAFETENSORS_HEADER);
    if (length > size - SAFETENSORS_LENGTH)
        die(EXIT_INPUT,
            "%s: the header ends past the end of the file (truncated? remove it and "
            "make it again)",
            path);
    return (size_t)length;
}

// cJSON takes every control character for a space and ends a text at \u0000; both are
// refused beforehand, so that a name is what the file says.
static void header_check_text(const char *text, size_t length, const char *path)
{
    if (text[0] != '{') die(EXIT_INPUT, "%s: the header does not begin with '{'", path);
    for (size_t i = 0; i < length; ++i)
        if ((unsigned char)text[i] < ' ' && !memchr("\t\n\r", text[i], 3))
            die(EXIT_INPUT, "%s: control character at byte %zu of the header", path, i);
    if (memmem(text, length, "\\u0000", 6))
        die(EXIT_INPUT, "%s: the header holds a 0 character", path);
}

static cJSON *header_parse(const char *text, size_t length, const char *path)
{
    header_check_text(text, length, path);
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!root)
        die(EXIT_INPUT, "%s: the header is not JSON (byte %td)", path, end - text);
    for (; end < text + length; ++end)
        if (*end != ' ')
            die(EXIT_INPUT, "%s: byte %td of the header follows its end", path,
                end - text);
    const char *twice = json_duplicate_key(root);
    if (twice) die(EXIT_INPUT, "%s: '%.100s' occurs twice", path, twice);
    return root;
}

static size_t read_integer(const cJSON *number, const char *path, const char *name,
                           const char *what)
{
    double value = cJSON_IsNumber(number) ? number->valuedouble : -1.;
    if (!(value >= 0. && value < INTEGER_LIMIT && floor(value) == value))
        die(EXIT_INPUT, "%s: tensor '%.100s': %s is not an integer in [0, 2^53)", path,
            name, what);
    return (size_t)value;
}

static enum tensor_type read_type(const cJSON *entry, const char *path,
                                  const char *name)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    for (size_t i = 0; text && i < sizeof TENSOR_TYPES / sizeof *TENSOR_TYPES; ++i)
        if (strcmp(text, TENSOR_TYPES[i]) == 0) return (enum tensor_type)i;
    die(EXIT_INPUT,
        "%s: tensor '%.100s': dtype %.20s is unknown here (F32 and BF16 are)", path,
        name, text ? text : "missing");
}

static void read_shape(struct tensor *tensor, const cJSON *entry, const char *path)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    if (!cJSON_IsArray(shape))
        die(EXIT_INPUT, "%s: tensor '%.100s': shape is not a list", path, tensor->name);
    tensor->dimensions = 0;
    tensor->count = 1;
    const cJSON *number;
    cJSON_ArrayForEach(number, shape)
    {
        if (tensor->dimensions == TENSOR_DIMENSIONS)
            die(EXIT_INPUT, "%s: tensor '%.100s': more than %d dimensions", path,
                tensor->name, TENSOR_DIMENSIONS);
        size_t side = read_integer(number, path, tensor->name, "a side of its shape");
        tensor->shape[tensor->dimensions++] = side;
        if (__builtin_mul_overflow(tensor->count, side, &tensor->count))
            die(EXIT_INPUT, "%s: tensor '%.100s': the product of its shape overflows",
                path, tensor->name);
    }
}

static void read_data(struct tensor *tensor, const cJSON *entry, const char *path,
                      const char *data, size_t size)
{
    const char *name = tensor->name;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        die(EXIT_INPUT, "%s: tensor '%.100s': data_offsets is not a pair", path, name);
    size_t begin =
        read_integer(cJSON_GetArrayItem(offsets, 0), path, name, "a data offset");
    size_t end =
        read_integer(cJSON_GetArrayItem(offsets, 1), path, name, "a data offset");
    if (begin > end)
        die(EXIT_INPUT, "%s: tensor '%.100s': reversed data offsets", path, name);
    if (end > size)
        die(EXIT_INPUT,
            "%s: tensor '%.100s': its data end past the file (truncated? remove it and "
            "make it again)",
            path, name);
    size_t bytes;
    if (__builtin_mul_overflow(tensor->count, TENSOR_BYTES[tensor->type], &bytes) ||
        bytes != end - begin)
        die(EXIT_INPUT, "%s: tensor '%.100s': its shape does not fit %zu bytes of data",
            path, name, end - begin);
    tensor->data = data + begin;
}

static void refuse_non_finite(const struct tensor *tensor, const char *path)
{
    size_t bytes = TENSOR_BYTES[tensor->type];
    const unsigned char *number = tensor->data;
    // Both types keep the exponent in the high bits of the last two bytes.
    for (size_t i = 0; i < tensor->count; ++i, number += bytes) {
        unsigned high = number[bytes - 1] << 8 | number[bytes - 2];
        if ((high & 0x7f80) == 0x7f80)
            die(EXIT_INPUT, "%s: tensor '%.100s': number %zu is not finite", path,
                tensor->name, i);
    }
}

static void tensor_parse(struct tensor *tensor, const cJSON *entry, const char *path,
                         const char *data, size_t size)
{
    tensor->name = entry->string;
    if (!cJSON_IsObject(entry) || cJSON_GetArraySize(entry) != 3 ||
        json_duplicate_key(entry))
        die(EXIT_INPUT, "%s: tensor '%.100s': is not {dtype, shape, data_offsets}",
            path, tensor->name);
    tensor->type = read_type(entry, path, tensor->name);
    read_shape(tensor, entry, path);
    read_data(tensor, entry, path, data, size);
    refuse_non_finite(tensor, path);
}

static void metadata_check(const cJSON *metadata, const char *path)
{
    if (!cJSON_IsObject(metadata))
        die(EXIT_INPUT, "%s: __metadata__ is not an object", path);
    const char *twice = json_duplicate_key(metadata);
    if (twice) die(EXIT_INPUT, "%s: metadata '%.100s' occurs twice", path, twice);
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata)
    {
        if (!cJSON_IsString(item))
            die(EXIT_INPUT, "%s: metadata '%.100s' is not text", path, item->string);
    }
}

static int compare_places(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->data, q = (uintptr_t)y->data;
    if (p != q) return p < q ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count);
}

// Sorts the tensors by place and checks that they tile the data.
static void tensors_tile(struct safetensors *file, const char *data, size_t size)
{
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_places);
    size_t filled = 0;
    for (size_t i = 0; i < file->count; ++i) {
        const struct tensor *tensor = &file->tensors[i];
        size_t begin = (size_t)((const char *)tensor->data - data);
        if (begin != filled)
            die(EXIT_INPUT, "%s: tensor '%.100s': %s before its data", file->path,
                tensor->name, begin < filled ? "an overlap" : "a hole");
        filled += tensor->count * TENSOR_BYTES[tensor->type];
    }
    if (filled != size)
        die(EXIT_INPUT, "%s: %zu bytes follow the last tensor", file->path,
            size - filled);
}

void safetensors_read(struct safetensors *file, const char *path, const char *hint)
{
    size_t size;
    *file = (struct safetensors){.bytes = file_read(&size, path, hint)};
    size_t length = header_length(file->bytes, size, path);
    cJSON *root = header_parse(file->bytes + SAFETENSORS_LENGTH, length, path);
    file->header = root;
    file->path = strdup(path);
    file->tensors = calloc((size_t)cJSON_GetArraySize(root) + 1, sizeof *file->tensors);
    if (!file->path || !file->tensors)
        die(EXIT_SYSTEM, "%s: out of memory reading its header", path);

    const char *data = file->bytes + SAFETENSORS_LENGTH + length;
    size -= SAFETENSORS_LENGTH + length;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, root)
    {
        if (strcmp(entry->string, "__metadata__") == 0)
            metadata_check(entry, path);
        else
            tensor_parse(&file->tensors[file->count++], entry, path, data, size);
    }
    tensors_tile(file, data, size);
    hash_bytes(file->digest, file->bytes, SAFETENSORS_LENGTH + length + size);
}

void safetensors_free(struct safetensors *file)
{
    cJSON_Delete(file->header);
    free(file->tensors);
    free(file->bytes);
    free(file->path);
    *file = (struct safetensors){0};
}

const struct tensor *safetensors_find(const struct safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->count; ++i)
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    return NULL;
}

const char *safetensors_metadata(const struct safetensors *file, const char *key)
{
    const cJSON *metadata =
        cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, key));
}

void tensor_values(real *out, const struct tensor *tensor)
{
    // The bytes of a file have no alignment, hence memcpy.
    const unsigned char *bytes = tensor->data;
    for (size_t i = 0; i < tensor->count; ++i) {
        uint32_t bits;
        uint16_t high;
        if (tensor->type == TENSOR_F32) {
            memcpy(&bits, bytes + 4 * i, sizeof bits);
        } else {
            memcpy(&high, bytes + 2 * i, sizeof high);
            bits = (uint32_t)high << 16;
        }
        float value;
        memcpy(&value, &bits, sizeof value);
        out[i] = (real)value;
    }
}

const struct tensor *tensor_expect(const struct safetensors *file, const char *name,
                                   const struct parameter *row)
{
    const struct tensor *tensor = safetensors_find(file, name);
    if (!tensor) die(EXIT_INPUT, "%s: tensor '%.100s' is missing", file->path, name);
    if (tensor->dimensions != row->dimensions ||
        memcmp(tensor->shape, row->shape,
               (size_t)row->dimensions * sizeof *row->shape) != 0)
        die(EXIT_INPUT, "%s: tensor '%.100s' has another shape than this model's",
            file->path, name);
    return tensor;
}

static void refuse_unknown(const struct parameters *parameters,
                           const struct safetensors *file, const char *prefix)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < file->count; ++i) {
        const char *name = file->tensors[i].name;
        if (strncmp(name, prefix, length) == 0 &&
            !parameters_find(parameters, name + length))
            die(EXIT_INPUT, "%s: tensor '%.100s' has no place in this model",
                file->path, name);
    }
}

void safetensors_weights(real *slab, const struct parameters *parameters,
                         const struct safetensors *file, const char *prefix)
{
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        char name[TENSOR_NAME];
        tensor_name(name, prefix, row->name);
        tensor_values(slab + row->offset, tensor_expect(file, name, row));
    }
    refuse_unknown(parameters, file, prefix);
}
