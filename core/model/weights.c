#include "core/model/weights.h"

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/text.h"
#include "core/model/safetensors_parts.h"

#include <stdio.h>
#include <string.h>

static const char ENCODER[] = "encoder.", DECODER[] = "decoder.", HEAD[] = "head.";

// How a file names its tensors.
struct naming {
    const struct safetensors *file;
    char wrapper[24];    // before every name: what wrapped the model when it was saved
    const char *encoder; // then, before the encoder's names: "encoder." or ""
    int decoder;         // whether it holds tensors of a decoder
};

// full (TENSOR_NAME) = a name in the file, of the encoder's tensor `name`.
static void encoder_name(char full[TENSOR_NAME], const struct naming *naming,
                         const char *name)
{
    char prefix[TENSOR_NAME];
    tensor_name(prefix, naming->wrapper, naming->encoder);
    tensor_name(full, prefix, name);
}

static int all_begin(const struct safetensors *file, size_t skip, const char *with)
{
    for (size_t i = 0; i < file->count; ++i)
        if (!text_begins(file->tensors[i].name + skip, with)) return 0;
    return file->count > 0;
}

// Saved from DataParallel, torch.compile or as a member of another module, all names have one
// more prefix.
static void wrapper_find(struct naming *naming)
{
    static const char *const wrappers[] = {"module.", "_orig_mod.", "model."};
    enum { WRAPPERS = sizeof wrappers / sizeof *wrappers };
    size_t length = 0, w = 0;
    while (w < WRAPPERS) {
        const size_t more = strlen(wrappers[w]);
        if (length + more < sizeof naming->wrapper &&
            all_begin(naming->file, length, wrappers[w])) {
            memcpy(naming->wrapper + length, wrappers[w], more + 1);
            length += more;
            w = 0; // any of them may follow
        } else {
            ++w;
        }
    }
}

// The public code of other models, told apart by a name that theirs alone have.
static void refuse_foreign(const struct naming *naming)
{
    static const struct {
        const char *name, *whose;
    } foreign[] = {
        {"patch_embed.proj.weight", "facebookresearch/mae and of timm"},
        {"vit.embeddings.cls_token", "Hugging Face's ViTMAE and ViT"},
        {"embeddings.cls_token", "Hugging Face's ViTMAE and ViT"},
        {"conv_proj.weight", "torchvision's ViT"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; ++i) {
        char full[TENSOR_NAME];
        tensor_name(full, naming->wrapper, foreign[i].name);
        if (safetensors_find(naming->file, full))
            die(EXIT_INPUT,
                "%s: has the names of %s ('%s'), whose blocks are not this model's "
                "(read are encoder.cls_token, encoder.patchify.weight and so on, as "
                "`make pretrain` writes them)",
                naming->file->path, foreign[i].whose, full);
    }
}

static struct naming naming_find(const struct safetensors *file)
{
    struct naming naming = {.file = file, .encoder = ENCODER};
    char full[TENSOR_NAME];
    wrapper_find(&naming);
    refuse_foreign(&naming);
    encoder_name(full, &naming, "cls_token");
    if (!safetensors_find(file, full)) naming.encoder = "";
    encoder_name(full, &naming, "cls_token");
    if (!safetensors_find(file, full))
        die(EXIT_INPUT,
            "%s: neither 'encoder.cls_token' nor 'cls_token' is there, but '%.100s' "
            "(weights are read as `make pretrain` names them)",
            file->path, file->count ? file->tensors[0].name : "nothing");
    for (size_t i = 0; i < file->count; ++i)
        if (text_begins(file->tensors[i].name + strlen(naming.wrapper), DECODER))
            naming.decoder = 1;
    if (!*naming.encoder && naming.decoder)
        die(EXIT_INPUT, "%s: a decoder, but no 'encoder.cls_token'", file->path);
    return naming;
}

int weights_side(const struct safetensors *file, const char *name, int dimensions,
                 int d)
{
    const struct tensor *tensor = safetensors_find(file, name);
    if (!tensor) die(EXIT_INPUT, "%s: tensor '%s' is missing", file->path, name);
    if (tensor->dimensions != dimensions || tensor->shape[d] < 1 ||
        tensor->shape[d] > 1 << 20)
        die(EXIT_INPUT, "%s: tensor '%s' has a shape that no model here has",
            file->path, name);
    return (int)tensor->shape[d];
}

int weights_heads(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    uint64_t heads;
    if (!text) return 0;
    if (!unsigned_scan(&heads, text) || heads < 1 || heads > 1024)
        die(EXIT_INPUT, "%s: metadata '%s' is '%.40s', not a number of heads",
            file->path, key, text);
    return (int)heads;
}

int weights_encoder_heads(const struct safetensors *file, int width, int heads,
                          const char *option)
{
    const int known = weights_heads(file, "heads");
    if (known && heads && known != heads)
        die(EXIT_USAGE, "%d heads asked for: %s was trained with %d (leave %s out)",
            heads, file->path, known, option);
    if (known) return known;
    if (!heads)
        die(EXIT_USAGE, "%s: does not say how many heads it has (give %s)", file->path,
            option);
    if (width % heads)
        die(EXIT_USAGE, "%s: %d heads do not divide the width %d (give another %s)",
            file->path, heads, width, option);
    return heads;
}

static int side_of(const struct naming *naming, const char *name, int dimensions, int d)
{
    char full[TENSOR_NAME];
    encoder_name(full, naming, name);
    return weights_side(naming->file, full, dimensions, d);
}

static int blocks_of(const struct naming *naming, const char *prefix)
{
    for (int blocks = 0;; ++blocks) {
        char name[TENSOR_NAME];
        snprintf(name, sizeof name, "%s%stransformer.%d.norm1.weight", naming->wrapper,
                 prefix, blocks);
        if (!safetensors_find(naming->file, name)) return blocks;
    }
}

static struct mae_shape shape_find(const struct naming *naming, int heads)
{
    const char *path = naming->file->path;
    struct mae_shape shape = {
        .channels = side_of(naming, "patchify.weight", 4, 1),
        .patch = side_of(naming, "patchify.weight", 4, 2),
        .width = side_of(naming, "patchify.weight", 4, 0),
        .encoder_blocks = blocks_of(naming, naming->encoder),
        .decoder_blocks = naming->decoder ? blocks_of(naming, DECODER) : 0,
    };
    int tokens = side_of(naming, "pos_embedding", 3, 0), row = 0;
    while (row * row < tokens) ++row;
    if (row * row != tokens)
        die(EXIT_INPUT, "%s: %d positions are not a square", path, tokens);
    shape.image = row * shape.patch;
    const int decoder_heads = weights_heads(naming->file, "decoder_heads");
    shape.encoder_heads =
        weights_encoder_heads(naming->file, shape.width, heads, "--heads");
    shape.decoder_heads = decoder_heads ? decoder_heads : shape.encoder_heads;
    const char *fault = shape_fault(&shape);
    if (fault) die(EXIT_INPUT, "%s: no model here has this shape: %s", path, fault);
    return shape;
}

// name = the name in the file of a row of the table. Returns 0 when the file need not have it.
static int name_in_file(char name[TENSOR_NAME], const struct naming *naming,
                        const struct parameter *row)
{
    if (text_begins(row->name, DECODER) && !naming->decoder) return 0;
    tensor_name(name, naming->wrapper,
                row->name + (*naming->encoder ? 0 : strlen(ENCODER)));
    return 1;
}

static void refuse_unknown(const struct naming *naming,
                           const struct parameters *parameters)
{
    const struct safetensors *file = naming->file;
    for (size_t i = 0; i < file->count; ++i) {
        char name[TENSOR_NAME];
        const char *given = file->tensors[i].name + strlen(naming->wrapper);
        // A classifier is an encoder and a head.
        if (!naming->decoder && text_begins(given, HEAD)) continue;
        if (strlen(given) < PARAMETER_NAME) {
            tensor_name(name, *naming->encoder ? "" : ENCODER, given);
            if (parameters_find(parameters, name)) continue;
        }
        die(EXIT_INPUT, "%s: tensor '%.100s' is not part of this model", file->path,
            file->tensors[i].name);
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
        char name[TENSOR_NAME];
        if (name_in_file(name, &naming, &parameters->row[r]))
            tensor_expect(file, name, &parameters->row[r]);
    }
    refuse_unknown(&naming, parameters);
    weights->slab = arena_zeros(&weights->arena, parameters->count);
    for (size_t r = 0; r < parameters->rows; ++r) {
        char name[TENSOR_NAME];
        real *to = weights->slab + parameters->row[r].offset;
        if (name_in_file(name, &naming, &parameters->row[r]))
            tensor_values(to, safetensors_find(file, name));
    }
}

void weights_close(struct weights *weights)
{
    safetensors_free(&weights->file);
    arena_close(&weights->arena);
    *weights = (struct weights){0};
}
