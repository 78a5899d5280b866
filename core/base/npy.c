#include "core/base/npy.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [NPY_F4] = {"<f4", 4}, [NPY_F8] = {"<f8", 8}, [NPY_I4] = {"<i4", 4},
    [NPY_I8] = {"<i8", 8}, [NPY_U1] = {"|u1", 1},
};
enum { TYPES = sizeof types / sizeof *types };

// Magic number and version 1.0; two bytes of header length; the data start at a multiple of 64.
static const char magic[] = "\x93NUMPY\x01";
enum {
    MAGIC_SIZE = 8,
    PREFIX_SIZE = MAGIC_SIZE + 2,
    HEADER_SIZE = 256,
    DATA_UNIT = 64
};

// text (HEADER_SIZE) = the header, padded. Returns its length.
static size_t format_header(char text[HEADER_SIZE], enum npy_type type, int dimensions,
                            const size_t *shape)
{
    size_t used = (size_t)snprintf(text, HEADER_SIZE,
                                   "{'descr': '%s', 'fortran_order': False, 'shape': (",
                                   types[type].name);
    for (int i = 0; i < dimensions; ++i)
        used += (size_t)snprintf(text + used, HEADER_SIZE - used, "%s%zu",
                                 i ? ", " : "", shape[i]);
    used += (size_t)snprintf(text + used, HEADER_SIZE - used, "%s), }",
                             dimensions == 1 ? "," : "");
    while ((PREFIX_SIZE + used + 1) % DATA_UNIT) text[used++] = ' ';
    text[used++] = '\n';
    return used;
}

void npy_write(const char *path, enum npy_type type, int dimensions,
               const size_t *shape, const void *data)
{
    require(dimensions >= 0 && dimensions <= NPY_DIMENSIONS, "%d dimensions",
            dimensions);
    require((unsigned)type < TYPES, "type %d", (int)type);
    size_t count = 1;
    for (int i = 0; i < dimensions; ++i)
        require(!__builtin_mul_overflow(count, shape[i], &count),
                "the shape overflows");

    char header[HEADER_SIZE];
    size_t length = format_header(header, type, dimensions, shape);
    unsigned char bytes[2] = {length & 255, length >> 8};
    struct output output;
    output_open(&output, path);
    fwrite(magic, 1, MAGIC_SIZE, output.file);
    fwrite(bytes, 1, sizeof bytes, output.file);
    fwrite(header, 1, length, output.file);
    fwrite(data, types[type].size, count, output.file);
    output_close(&output);
}

// The header is a Python literal. A cursor advances through it and refuses anything unexpected.
struct cursor {
    const char *at, *path;
};

static _Noreturn void bad_header(const struct cursor *cursor)
{
    die(EXIT_INPUT, "%s: bad .npy header at '%.20s' (write it with numpy.save)",
        cursor->path, cursor->at);
}

// Skips spaces, then `text` if it comes next. Returns whether it did.
static int skip(struct cursor *cursor, const char *text)
{
    cursor->at += strspn(cursor->at, " ");
    size_t length = strlen(text);
    if (strncmp(cursor->at, text, length)) return 0;
    cursor->at += length;
    return 1;
}

static void expect(struct cursor *cursor, const char *text)
{
    if (!skip(cursor, text)) bad_header(cursor);
}

static enum npy_type read_type(struct cursor *cursor)
{
    expect(cursor, "'");
    for (int type = 0; type < TYPES; ++type) {
        size_t length = strlen(types[type].name);
        if (strncmp(cursor->at, types[type].name, length)) continue;
        cursor->at += length;
        expect(cursor, "'");
        return (enum npy_type)type;
    }
    const char *kind = cursor->at + strspn(cursor->at, "<>|=");
    die(EXIT_INPUT,
        "%s: numbers of type '%.*s' are not read (save them as little-endian %s: "
        "array.astype('%s'))",
        cursor->path, (int)strcspn(cursor->at, "'"), cursor->at,
        strchr("iub", *kind) && *kind ? "int32" : "float32",
        strchr("iub", *kind) && *kind ? "<i4" : "<f4");
}

static size_t read_length(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " ");
    const char *digits = cursor->at;
    size_t length = 0;
    for (; *cursor->at >= '0' && *cursor->at <= '9'; ++cursor->at)
        if (__builtin_mul_overflow(length, (size_t)10, &length) ||
            __builtin_add_overflow(length, (size_t)(*cursor->at - '0'), &length))
            die(EXIT_INPUT, "%s: its shape is too large", cursor->path);
    if (cursor->at == digits || (*digits == '0' && cursor->at > digits + 1))
        bad_header(cursor);
    return length;
}

static void read_shape(struct npy *array, struct cursor *cursor)
{
    array->dimensions = 0;
    expect(cursor, "(");
    while (!skip(cursor, ")")) {
        if (array->dimensions == NPY_DIMENSIONS)
            die(EXIT_INPUT, "%s: has more than %d dimensions", cursor->path,
                NPY_DIMENSIONS);
        array->shape[array->dimensions++] = read_length(cursor);
        // In Python "(3)" is a number: a shape of one length needs a comma.
        if (skip(cursor, ",")) continue;
        if (array->dimensions < 2) bad_header(cursor);
        expect(cursor, ")");
        break;
    }
}

static void read_header(struct npy *array, struct cursor *cursor)
{
    enum { TYPE = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
    int seen = 0;
    expect(cursor, "{");
    while (!skip(cursor, "}")) {
        const char *start = cursor->at;
        int key = skip(cursor, "'descr'")           ? TYPE
                  : skip(cursor, "'fortran_order'") ? ORDER
                  : skip(cursor, "'shape'")         ? SHAPE
                                                    : 0;
        if (!key || seen & key) {
            cursor->at = start;
            bad_header(cursor);
        }
        seen |= key;
        expect(cursor, ":");
        if (key == TYPE) array->type = read_type(cursor);
        if (key == SHAPE) read_shape(array, cursor);
        if (key == ORDER && skip(cursor, "True"))
            die(EXIT_INPUT,
                "%s: is in Fortran order (save numpy.ascontiguousarray of it)",
                cursor->path);
        if (key == ORDER) expect(cursor, "False");
        if (skip(cursor, ",")) continue;
        expect(cursor, "}");
        break;
    }
    expect(cursor, "\n");
    if (seen != ALL || *cursor->at) bad_header(cursor);
}

// Bytes of data that the shape requires.
static size_t data_bytes(struct npy *array, const char *path)
{
    size_t bytes = types[array->type].size;
    array->count = 1;
    // A length of zero makes the array empty, but must not hide an overflow of the others.
    for (int i = 0; i < array->dimensions; ++i) {
        size_t length = array->shape[i] ? array->shape[i] : 1;
        if (__builtin_mul_overflow(bytes, length, &bytes) || bytes > SIZE_MAX / 2)
            die(EXIT_INPUT, "%s: its shape is too large", path);
        array->count *= array->shape[i];
    }
    return array->count ? bytes : 0;
}

void npy_read(struct npy *array, const char *path)
{
    size_t size;
    char *bytes = file_read(&size, path, NULL);
    if (size < PREFIX_SIZE || memcmp(bytes, magic, MAGIC_SIZE))
        die(EXIT_INPUT,
            "%s: is not a .npy file of version 1.0 (write it with numpy.save)", path);
    size_t length = (unsigned char)bytes[MAGIC_SIZE] |
                    (size_t)(unsigned char)bytes[MAGIC_SIZE + 1] << 8;
    if (size - PREFIX_SIZE < length) die(EXIT_INPUT, "%s: is cut short", path);

    // Copied with a final 0, where parsing stops.
    char *header = strndup(bytes + PREFIX_SIZE, length);
    if (!header) die(EXIT_SYSTEM, "%s: no memory for its header", path);
    struct cursor cursor = {header, path};
    if (strlen(header) != length) die(EXIT_INPUT, "%s: a 0 byte in its header", path);
    read_header(array, &cursor);
    free(header);

    size_t wanted = data_bytes(array, path), got = size - PREFIX_SIZE - length;
    if (got != wanted)
        die(EXIT_INPUT, "%s: holds %zu bytes of data where its shape needs %zu", path,
            got, wanted);
    // The data move to the front of the buffer, which malloc aligned for every type.
    memmove(bytes, bytes + PREFIX_SIZE + length, wanted);
    array->data = bytes;
}

void npy_free(struct npy *array)
{
    free(array->data);
    *array = (struct npy){0};
}

const char *npy_type_name(enum npy_type type)
{
    static const char *const names[] = {
        [NPY_F4] = "float32", [NPY_F8] = "float64", [NPY_I4] = "int32",
        [NPY_I8] = "int64",   [NPY_U1] = "uint8",
    };
    return names[type];
}

void npy_shape_text(char text[NPY_SHAPE_TEXT], const struct npy *array)
{
    size_t used = 0;
    for (int d = 0; d < array->dimensions; ++d)
        used += (size_t)snprintf(text + used, NPY_SHAPE_TEXT - used, "%s%zu",
                                 d ? "," : "(", array->shape[d]);
    snprintf(text + used, NPY_SHAPE_TEXT - used, "%s", array->dimensions ? ")" : "()");
}
