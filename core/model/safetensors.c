#include "core/model/safetensors.h"

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/safetensors_parts.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// From 2^53 on a double, cJSON's type of number, no longer tells neighbouring integers apart.
static const double INTEGER_LIMIT = 9007199254740992.;

// A file while it is checked.
struct reader {
    const char *path;
    char *fault; // (SAFETENSORS_FAULT) what is wrong with it
};

// fault = the path and the text; returns 0, which says that the file is refused.
__attribute__((format(printf, 2, 3))) static int refuse(const struct reader *reader,
                                                        const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(reader->fault, SAFETENSORS_FAULT, "%s: %s", reader->path, text);
    return 0;
}

static int header_length(size_t *length, const char *bytes, size_t size,
                         const struct reader *reader)
{
    if (size < SAFETENSORS_LENGTH)
        return refuse(reader, "%zu bytes are too few for a safetensors file", size);
    uint64_t read = 0;
    for (int i = 0; i < SAFETENSORS_LENGTH; ++i)
        read |= (uint64_t)(unsigned char)bytes[i] << 8 * i;
    if (read == 0 || read > SAFETENSORS_HEADER)
        return refuse(reader, "header of %llu bytes: must be 1 to %d",
                      (unsigned long long)read, SAFETENSORS_HEADER);
    if (read > size - SAFETENSORS_LENGTH)
        return refuse(reader, "the header ends past the end of the file");
    *length = (size_t)read;
    return 1;
}

// cJSON takes every control character for a space and ends a text at \u0000. Both are refused
// here, so that a name is what the file says.
static int header_check_text(const char *text, size_t length,
                             const struct reader *reader)
{
    if (text[0] != '{') return refuse(reader, "the header does not begin with '{'");
    for (size_t i = 0; i < length; ++i)
        if ((unsigned char)text[i] < ' ' && !memchr("\t\n\r", text[i], 3))
            return refuse(reader, "control character at byte %zu of the header", i);
    if (memmem(text, length, "\\u0000", 6))
        return refuse(reader, "the header holds a 0 character");
    return 1;
}

// *root = the header; the caller deletes it, also after a refusal.
static int header_parse(cJSON **root, const char *text, size_t length,
                        const struct reader *reader)
{
    if (!header_check_text(text, length, reader)) return 0;
    const char *end = NULL;
    *root = cJSON_ParseWithLengthOpts(text, length, &end, 0);
    if (!*root) return refuse(reader, "the header is not JSON (byte %td)", end - text);
    for (; end < text + length; ++end)
        if (*end != ' ')
            return refuse(reader, "byte %td of the header follows its end", end - text);
    const char *twice = json_duplicate_key(*root);
    return twice ? refuse(reader, "'%.100s' occurs twice", twice) : 1;
}

static int read_integer(size_t *integer, const cJSON *number, const char *name,
                        const char *what, const struct reader *reader)
{
    double value = cJSON_IsNumber(number) ? number->valuedouble : -1.;
    if (!(value >= 0. && value < INTEGER_LIMIT && floor(value) == value))
        return refuse(reader, "tensor '%.100s': %s is not an integer in [0, 2^53)",
                      name, what);
    *integer = (size_t)value;
    return 1;
}

static int read_type(struct tensor *tensor, const cJSON *entry,
                     const struct reader *reader)
{
    const char *text =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    for (size_t i = 0; text && i < sizeof TENSOR_TYPES / sizeof *TENSOR_TYPES; ++i)
        if (strcmp(text, TENSOR_TYPES[i]) == 0) {
            tensor->type = (enum tensor_type)i;
            return 1;
        }
    return refuse(reader,
                  "tensor '%.100s': dtype %.20s is unknown, F32 and BF16 are not",
                  tensor->name, text ? text : "missing");
}

static int read_shape(struct tensor *tensor, const cJSON *entry,
                      const struct reader *reader)
{
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    if (!cJSON_IsArray(shape))
        return refuse(reader, "tensor '%.100s': shape is not a list", tensor->name);
    tensor->dimensions = 0;
    tensor->count = 1;
    const cJSON *number;
    cJSON_ArrayForEach(number, shape)
    {
        size_t side = 0;
        if (tensor->dimensions == TENSOR_DIMENSIONS)
            return refuse(reader, "tensor '%.100s': more than %d dimensions",
                          tensor->name, TENSOR_DIMENSIONS);
        if (!read_integer(&side, number, tensor->name, "a side of its shape", reader))
            return 0;
        tensor->shape[tensor->dimensions++] = side;
        if (__builtin_mul_overflow(tensor->count, side, &tensor->count))
            return refuse(reader, "tensor '%.100s': the product of its shape overflows",
                          tensor->name);
    }
    return 1;
}

static int read_data(struct tensor *tensor, const cJSON *entry, const char *data,
                     size_t size, const struct reader *reader)
{
    const char *name = tensor->name;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    size_t begin = 0, end = 0, bytes;
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return refuse(reader, "tensor '%.100s': data_offsets is not a pair", name);
    if (!read_integer(&begin, cJSON_GetArrayItem(offsets, 0), name, "a data offset",
                      reader) ||
        !read_integer(&end, cJSON_GetArrayItem(offsets, 1), name, "a data offset",
                      reader))
        return 0;
    if (begin > end)
        return refuse(reader, "tensor '%.100s': reversed data offsets", name);
    if (end > size)
        return refuse(reader, "tensor '%.100s': its data end past the file", name);
    if (__builtin_mul_overflow(tensor->count, TENSOR_BYTES[tensor->type], &bytes) ||
        bytes != end - begin)
        return refuse(reader,
                      "tensor '%.100s': its shape does not fit %zu bytes of data", name,
                      end - begin);
    tensor->data = data + begin;
    return 1;
}

static int numbers_check(const struct tensor *tensor, const struct reader *reader)
{
    size_t bytes = TENSOR_BYTES[tensor->type];
    const unsigned char *number = tensor->data;
    // Both types have the exponent in the high bits of the last two bytes.
    for (size_t i = 0; i < tensor->count; ++i, number += bytes) {
        unsigned high = number[bytes - 1] << 8 | number[bytes - 2];
        if ((high & 0x7f80) == 0x7f80)
            return refuse(reader, "tensor '%.100s': number %zu is not finite",
                          tensor->name, i);
    }
    return 1;
}

static int tensor_parse(struct tensor *tensor, const cJSON *entry, const char *data,
                        size_t size, const struct reader *reader)
{
    tensor->name = entry->string;
    if (!cJSON_IsObject(entry) || cJSON_GetArraySize(entry) != 3 ||
        json_duplicate_key(entry))
        return refuse(reader, "tensor '%.100s': is not {dtype, shape, data_offsets}",
                      tensor->name);
    return read_type(tensor, entry, reader) && read_shape(tensor, entry, reader) &&
           read_data(tensor, entry, data, size, reader) &&
           numbers_check(tensor, reader);
}

static int metadata_check(const cJSON *metadata, const struct reader *reader)
{
    if (!cJSON_IsObject(metadata))
        return refuse(reader, "__metadata__ is not an object");
    const char *twice = json_duplicate_key(metadata);
    if (twice) return refuse(reader, "metadata '%.100s' occurs twice", twice);
    const cJSON *item;
    cJSON_ArrayForEach(item, metadata)
    {
        if (!cJSON_IsString(item))
            return refuse(reader, "metadata '%.100s' is not text", item->string);
    }
    return 1;
}

static int compare_positions(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    uintptr_t p = (uintptr_t)x->data, q = (uintptr_t)y->data;
    if (p != q) return p < q ? -1 : 1;
    return (x->count > y->count) - (x->count < y->count);
}

// Sorts the tensors by position and checks that they tile the data.
static int tensors_tile(struct safetensors *file, const char *data, size_t size,
                        const struct reader *reader)
{
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_positions);
    size_t filled = 0;
    for (size_t i = 0; i < file->count; ++i) {
        const struct tensor *tensor = &file->tensors[i];
        size_t begin = (size_t)((const char *)tensor->data - data);
        if (begin != filled)
            return refuse(reader, "tensor '%.100s': %s before its data", tensor->name,
                          begin < filled ? "an overlap" : "a hole");
        filled += tensor->count * TENSOR_BYTES[tensor->type];
    }
    if (filled != size)
        return refuse(reader, "%zu bytes follow the last tensor", size - filled);
    return 1;
}

// Fills the file, whose bytes (size) have been read.
static int file_parse(struct safetensors *file, size_t size,
                      const struct reader *reader)
{
    size_t length = 0;
    cJSON *root = NULL;
    if (!header_length(&length, file->bytes, size, reader)) return 0;
    int parsed = header_parse(&root, file->bytes + SAFETENSORS_LENGTH, length, reader);
    file->header = root;
    if (!parsed) return 0;
    file->path = strdup(reader->path);
    file->tensors = calloc((size_t)cJSON_GetArraySize(root) + 1, sizeof *file->tensors);
    if (!file->path || !file->tensors)
        die(EXIT_SYSTEM, "%s: out of memory reading its header", reader->path);

    const char *data = file->bytes + SAFETENSORS_LENGTH + length;
    const size_t data_size = size - SAFETENSORS_LENGTH - length;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, root)
    {
        int good = strcmp(entry->string, "__metadata__") == 0
                       ? metadata_check(entry, reader)
                       : tensor_parse(&file->tensors[file->count++], entry, data,
                                      data_size, reader);
        if (!good) return 0;
    }
    if (!tensors_tile(file, data, data_size, reader)) return 0;
    // With a flipped bit a file is still well formed.
    char digest[HASH_HEX];
    const char *recorded = safetensors_metadata(file, SAFETENSORS_DIGEST);
    if (recorded && !tensors_recorded(digest, file, recorded))
        return refuse(reader,
                      "is damaged: the SHA-256 of its numbers is %s, recorded is %.64s",
                      digest, recorded);
    hash_bytes(file->digest, file->bytes, size);
    return 1;
}

int safetensors_open(struct safetensors *file, const char *path,
                     char fault[SAFETENSORS_FAULT])
{
    struct reader reader = {.path = path};
    reader.fault = fault;
    size_t size;
    *file = (struct safetensors){0};
    if (!file_exists(path)) return refuse(&reader, "is missing or cannot be read");
    file->bytes = file_read(&size, path, NULL);
    if (file_parse(file, size, &reader)) return 1;
    safetensors_free(file);
    return 0;
}

void safetensors_read(struct safetensors *file, const char *path, const char *hint)
{
    char fault[SAFETENSORS_FAULT];
    const struct reader reader = {path, fault};
    size_t size;
    *file = (struct safetensors){.bytes = file_read(&size, path, hint)};
    if (!file_parse(file, size, &reader))
        die(EXIT_INPUT, "%s (%s)", fault, hint ? hint : "remove it and make it again");
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
    // The bytes of a file are not aligned: memcpy.
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

// NULL with a fault when the tensor is missing or has another shape than the row.
static const struct tensor *tensor_match(const struct safetensors *file,
                                         const char *name, const struct parameter *row,
                                         const struct reader *reader)
{
    const struct tensor *tensor = safetensors_find(file, name);
    if (tensor && tensor->dimensions == row->dimensions &&
        memcmp(tensor->shape, row->shape,
               (size_t)row->dimensions * sizeof *row->shape) == 0)
        return tensor;
    refuse(reader,
           tensor ? "tensor '%.100s' has another shape than this model's"
                  : "tensor '%.100s' is missing",
           name);
    return NULL;
}

static _Noreturn void die_of(const char *fault)
{
    die(EXIT_INPUT, "%s (give weights of this model)", fault);
}

const struct tensor *tensor_expect(const struct safetensors *file, const char *name,
                                   const struct parameter *row)
{
    char fault[SAFETENSORS_FAULT];
    const struct reader reader = {file->path, fault};
    const struct tensor *tensor = tensor_match(file, name, row, &reader);
    if (!tensor) die_of(fault);
    return tensor;
}

static int names_known(const struct parameters *parameters,
                       const struct safetensors *file, const char *prefix,
                       const struct reader *reader)
{
    size_t length = strlen(prefix);
    for (size_t i = 0; i < file->count; ++i) {
        const char *name = file->tensors[i].name;
        if (strncmp(name, prefix, length) == 0 &&
            !parameters_find(parameters, name + length))
            return refuse(reader, "tensor '%.100s' is not part of this model", name);
    }
    return 1;
}

int safetensors_slab(real *slab, const struct parameters *parameters,
                     const struct safetensors *file, const char *prefix,
                     char fault[SAFETENSORS_FAULT])
{
    struct reader reader = {.path = file->path};
    reader.fault = fault;
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        char name[TENSOR_NAME];
        tensor_name(name, prefix, row->name);
        const struct tensor *tensor = tensor_match(file, name, row, &reader);
        if (!tensor) return 0;
        tensor_values(slab + row->offset, tensor);
    }
    return names_known(parameters, file, prefix, &reader);
}

void safetensors_weights(real *slab, const struct parameters *parameters,
                         const struct safetensors *file, const char *prefix)
{
    char fault[SAFETENSORS_FAULT];
    if (!safetensors_slab(slab, parameters, file, prefix, fault)) die_of(fault);
}
