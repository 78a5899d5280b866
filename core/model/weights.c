#include "core/model/weights.h"

#include "core/base/die.h"
#include "core/model/safetensors_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ENCODER[] = "encoder.", DECODER[] = "decoder.", HEAD[] = "head.";

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// How a file names its tensors.
struct naming {
    const struct safetensors *file;
    const char *encoder; // the prefix of the encoder's names: "encoder." or ""
    int decoder;         // whether it holds tensors of a decoder
};

static struct naming naming_find(const struct safetensors *file)
{
    struct naming naming = {file, ENCODER, 0};
    if (!safetensors_find(file, "encoder.cls_token")) naming.encoder = "";
    if (!*naming.encoder && !safetensors_find(file, "cls_token"))
        die(EXIT_INPUT, "%s: neither 'encoder.cls_token' nor 'cls_token' is there",
            file->path);
    for (size_t i = 0; i < file->count; ++i)
        if (begins(file->tensors[i].name, DECODER)) naming.decoder = 1;
    if (!*naming.encoder && naming.decoder)
        die(EXIT_INPUT, "%s: a decoder, but no 'encoder.cls_token'", file->path);
    return naming;
}

// Dimension d of a tensor, small enough for an int; shape_fault judges the rest.
static int side_of(const struct naming *naming, const char *name, int dimensions, int d)
{
    char full[TENSOR_NAME];
    tensor_name(full, naming->encoder, name);
    const struct tensor *tensor = safetensors_find(naming->file, full);
    if (!tensor)
        die(EXIT_INPUT, "%s: tensor '%s' is missing", naming->file->path, full);
    if (tensor->dimensions != dimensions || tensor->shape[d] > 1 << 20)
        die(EXIT_INPUT, "%s: tensor '%s' has a shape that no model here has",
            naming->file->path, full);
    return (int)tensor->shape[d];
}

static int blocks_of(const struct safetensors *file, const char *prefix)
{
    for (int blocks = 0;; ++blocks) {
        char name[TENSOR_NAME];
        snprintf(name, sizeof name, "%stransformer.%d.norm1.weight", prefix, blocks);
        if (!safetensors_find(file, name)) return blocks;
    }
}

// The metadata's number under `key`, 0 when absent.
static int heads_in(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    if (!text) return 0;
    char *end;
    long heads = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || heads < 1 || heads > 1024)
        die(EXIT_INPUT, "%s: metadata '%s' is '%.40s', not a number of heads",
            file->path, key, text);
    return (int)heads;
}

static void heads_decide(struct mae_shape *shape, const struct safetensors *file,
                         int heads)
{
    int known = heads_in(file, "heads"), decoder = heads_in(file, "decoder_heads");
    if (known && heads && known != heads)
        die(EXIT_USAGE,
            "%d heads asked for: %s was trained with %d (leave --heads out)", heads,
            file->path, known);
    if (!known && !heads)
        die(EXIT_USAGE, "%s: does not say how many heads it has (give --heads)",
            file->path);
    if (!known && shape->width % heads)
        die(EXIT_USAGE,
            "%d heads do not divide the width %d of %s (give another --heads)", heads,
            shape->width, file->path);
    shape->encoder_heads = known ? known : heads;
    shape->decoder_heads = decoder ? decoder : shape->encoder_heads;
}

static struct mae_shape shape_find(const struct naming *naming, int heads)
{
    const char *path = naming->file->path;
    struct mae_shape shape = {
        .channels = side_of(naming, "patchify.weight", 4, 1),
        .patch = side_of(naming, "patchify.weight", 4, 2),
        .width = side_of(naming, "patchify.weight", 4, 0),
        .encoder_blocks = blocks_of(naming->file, naming->encoder),
        .decoder_blocks = naming->decoder ? blocks_of(naming->file, DECODER) : 0,
    };
    int tokens = side_of(naming, "pos_embedding", 3, 0), row = 0;
    while (row * row < tokens) ++row;
    if (row * row != tokens)
        die(EXIT_INPUT, "%s: %d positions are not a square", path, tokens);
    shape.image = row * shape.patch;
    heads_decide(&shape, naming->file, heads);
    const char *fault = shape_fault(&shape);
    if (fault) die(EXIT_INPUT, "%s: no model here has this shape: %s", path, fault);
    return shape;
}

// The name in the file of a row of the table; NULL when the file need not have it.
static const char *name_in_file(const struct naming *naming,
                                const struct parameter *row)
{
    if (begins(row->name, DECODER) && !naming->decoder) return NULL;
    return row->name + (*naming->encoder ? 0 : strlen(ENCODER));
}

static void refuse_unknown(const struct naming *naming,
                           const struct parameters *parameters)
{
    const struct safetensors *file = naming->file;
    for (size_t i = 0; i < file->count; ++i) {
        char name[TENSOR_NAME];
        const char *given = file->tensors[i].name;
        if (!*naming->encoder && begins(given, HEAD)) continue;
        if (strlen(given) < PARAMETER_NAME) {
            tensor_name(name, *naming->encoder ? "" : ENCODER, given);
            if (parameters_find(parameters, name)) continue;
        }
        die(EXIT_INPUT, "%s: tensor '%.100s' is not part of this model", file->path,
            given);
    }
}

// Bytes for the table, and for a slab that the numbers in the file bound: a decoder that the file
// lacks still has a mask token, positions and a pixel head, each no larger than its counterpart in
// the encoder.
static size_t bytes_needed(const struct safetensors *file,
                           const struct mae_shape *shape)
{
    size_t blocks = (size_t)shape->encoder_blocks + (size_t)shape->decoder_blocks;
    size_t numbers = 0;
    for (size_t i = 0; i < file->count; ++i) numbers += file->tensors[i].count;
    return (1 << 20) + size_product(blocks, 8192) +
           size_product(numbers, 3 * sizeof(real));
}

// Layers in the place of the paper's, which no tensor's shape shows.
static struct mae_variant variant_find(const struct safetensors *file)
{
    struct mae_variant variant = {0};
    const char *norm = safetensors_metadata(file, "decoder_norm"),
               *mixing = safetensors_metadata(file, "mixing");
    if (norm && !norm_find(&variant.decoder_norm, norm))
        die(EXIT_INPUT, "%s: metadata 'decoder_norm' is '%.40s', not a norm",
            file->path, norm);
    if (mixing && !mixing_find(&variant.mixing, mixing))
        die(EXIT_INPUT, "%s: metadata 'mixing' is '%.40s', not a mixing of tokens",
            file->path, mixing);
    return variant;
}

void weights_open(struct weights *weights, const char *path, const char *hint,
                  int heads)
{
    struct safetensors *file = &weights->file;
    safetensors_read(file, path, hint);
    struct naming naming = naming_find(file);
    struct mae_shape shape = shape_find(&naming, heads);
    arena_open(&weights->arena, "weights", bytes_needed(file, &shape));
    mae_open(&weights->mae, &shape, &weights->arena);
    weights->mae.variant = variant_find(file);
    weights->decoder = naming.decoder;

    // Check every tensor before taking the slab, whose size follows from a few of them.
    const struct parameters *parameters = &weights->mae.parameters;
    for (size_t r = 0; r < parameters->rows; ++r) {
        const char *name = name_in_file(&naming, &parameters->row[r]);
        if (name) tensor_expect(file, name, &parameters->row[r]);
    }
    refuse_unknown(&naming, parameters);
    weights->slab = arena_zeros(&weights->arena, parameters->count);
    for (size_t r = 0; r < parameters->rows; ++r) {
        const char *name = name_in_file(&naming, &parameters->row[r]);
        real *to = weights->slab + parameters->row[r].offset;
        if (name) tensor_values(to, safetensors_find(file, name));
    }
}

void weights_close(struct weights *weights)
{
    safetensors_free(&weights->file);
    arena_close(&weights->arena);
    *weights = (struct weights){0};
}
